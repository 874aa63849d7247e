import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How late the main thread's event loop was, in ms beyond the sampling interval. */
export interface LoopDelay {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** How long this has been measured, ms. */
  readonly forMs: number
}

const SAMPLE_MS = 5

/** Measures from the first time it is asked: nobody pays for a timer that nobody reads. */
export class LoopWatch {
  #histogram: ReturnType<typeof monitorEventLoopDelay> | undefined
  #sinceMs = 0

  /** What was measured since the start or the last reset. */
  read(reset: boolean): LoopDelay {
    if (!this.#histogram) {
      this.#histogram = monitorEventLoopDelay({ resolution: SAMPLE_MS })
      this.#histogram.enable()
      this.#sinceMs = performance.now()
    }
    const histogram = this.#histogram
    const late = (ns: number) => (Number.isFinite(ns) ? Math.max(0, ns / 1e6 - SAMPLE_MS) : 0)
    const empty = histogram.count === 0
    const now = {
      p50Ms: empty ? 0 : late(histogram.percentile(50)),
      p99Ms: empty ? 0 : late(histogram.percentile(99)),
      maxMs: empty ? 0 : late(histogram.max),
      forMs: performance.now() - this.#sinceMs,
    }
    if (reset) {
      histogram.reset()
      this.#sinceMs = performance.now()
    }
    return now
  }

  stop(): void {
    this.#histogram?.disable()
  }
}
