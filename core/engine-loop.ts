import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Cancel, Clock } from './base/clock.ts'

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
      this.#sinceMs = performance.now()
    }
    this.#histogram.enable()
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

/** A look at the loop every so often; one that comes so much later than it should is a stall. */
const HEARTBEAT_MS = 1000
const STALL_MS = 100
const STALLS_KEPT = 20
/** While nobody looks, the loop is measured for a part of each minute: a timer that never rests costs a battery. */
const MEASURE_MS = 10_000
const REST_MS = 50_000
const SETTLE_MS = 4000

/** Watches the main thread's event loop for as long as the program runs. */
export class LoopGuard {
  readonly #clock: Clock
  readonly #watch = new LoopWatch()
  readonly #stalls: { atMs: number; forMs: number }[] = []
  #cancel: Cancel[] = []
  /** What the last minutes had, while the watch rests. */
  #last: LoopDelay = { p50Ms: 0, p99Ms: 0, maxMs: 0, forMs: 0 }
  #resting = true

  constructor(clock: Clock) {
    this.#clock = clock
  }

  start(): void {
    this.#beat(this.#clock.monotonicMs())
    this.#measure()
    // What starting cost is no stutter of a window.
    this.#cancel[2] = this.#clock.after(SETTLE_MS, () => void this.#watch.read(true))
  }

  /** What was measured last, for ten seconds of each minute. */
  read(): LoopDelay {
    return this.#resting ? this.#last : this.#watch.read(false)
  }

  /** Latest first; Unix ms. */
  stalls(): { atMs: number; forMs: number }[] {
    return this.#stalls.toReversed()
  }

  stop(): void {
    for (const cancel of this.#cancel) cancel()
    this.#cancel = []
    this.#watch.stop()
  }

  #beat(atMs: number): void {
    this.#cancel[0] = this.#clock.after(HEARTBEAT_MS, () => {
      const nowMs = this.#clock.monotonicMs()
      const lateMs = nowMs - atMs - HEARTBEAT_MS
      // A computer that slept was not busy.
      if (lateMs > STALL_MS && lateMs < 60_000) {
        this.#stalls.push({ atMs: this.#clock.nowMs(), forMs: lateMs })
        if (this.#stalls.length > STALLS_KEPT) this.#stalls.shift()
      }
      this.#beat(nowMs)
    })
  }

  #measure(): void {
    this.#resting = false
    this.#watch.read(true)
    this.#cancel[1] = this.#clock.after(MEASURE_MS, () => {
      this.#last = this.#watch.read(true)
      this.#watch.stop()
      this.#resting = true
      this.#cancel[1] = this.#clock.after(REST_MS, () => this.#measure())
    })
  }
}
