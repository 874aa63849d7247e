/** Stops a timer; a second call does nothing. */
export type Cancel = () => void

/** Time as the engine sees it. Handed in, so that five days can be lived through in a second. */
export interface Clock {
  /** Wall clock, Unix ms. May jump. */
  nowMs(): number
  /** Never goes back; ms with a fraction, from an arbitrary start. */
  monotonicMs(): number
  /** Calls `run` once after `delayMs` (clamped to 0 … 2³¹−1). Does not keep the process alive. */
  after(delayMs: number, run: () => void): Cancel
}

const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), LONGEST_TIMER_MS))
    timer.unref()
    return () => clearTimeout(timer)
  },
}
