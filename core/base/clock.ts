import { uptime } from 'node:os'

/** Stops a timer; a second call does nothing. */
export type Cancel = () => void

/** Time as the engine sees it. Handed in, so that five days can be lived through in a second. */
export interface Clock {
  /** Wall clock, Unix ms. May jump. */
  nowMs(): number
  /** Never goes back; ms with a fraction, from an arbitrary start. */
  monotonicMs(): number
  /**
   * How long this computer has slept in all, ms from an arbitrary start. Left out where nobody can tell: then it is seen where
   * `monotonicMs` stands still during sleep.
   */
  sleptMs?(): number
  /** Calls `run` once after `delayMs` (clamped to 0 … 2³¹−1). Does not keep the process alive. */
  after(delayMs: number, run: () => void): Cancel
}

const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  // Linux counts sleep in how long it is up, and not in this clock; elsewhere both go on.
  ...(process.platform === 'linux' ? { sleptMs: () => uptime() * 1000 - performance.now() } : {}),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), LONGEST_TIMER_MS))
    timer.unref()
    return () => clearTimeout(timer)
  },
}
