import type { Clock } from '../../core/base/clock.ts'

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** Moves to the next timer and runs it; false when there is none. */
  next(): boolean
  /** Moves on, running every timer on the way. */
  advance(ms: number): void
  /** When the next timer runs; undefined when there is none. */
  readonly nextMs: number | undefined
}

/** Starts a fake clock at `startMs` (Unix ms). */
export function fakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let nowMs = startMs
  let serial = 0
  const timers = new Map<number, { readonly atMs: number; readonly run: () => void }>()
  const first = () => [...timers].toSorted(([a, x], [b, y]) => x.atMs - y.atMs || a - b)[0]
  const fire = ([id, timer]: [number, { readonly atMs: number; readonly run: () => void }]) => {
    timers.delete(id)
    nowMs = Math.max(nowMs, timer.atMs)
    timer.run()
  }
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    after(delayMs, run) {
      const id = serial++
      timers.set(id, { atMs: nowMs + Math.max(delayMs, 0), run })
      return () => void timers.delete(id)
    },
    next() {
      const timer = first()
      if (timer) fire(timer)
      return timer !== undefined
    },
    advance(ms) {
      const until = nowMs + ms
      for (let timer = first(); timer && timer[1].atMs <= until; timer = first()) fire(timer)
      nowMs = until
    },
    get nextMs() {
      return first()?.[1].atMs
    },
  }
}
