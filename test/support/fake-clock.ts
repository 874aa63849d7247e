import type { Clock } from '../../core/base/clock.ts'

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** Moves to the next timer and runs it; false when there is none. */
  next(): boolean
  /** Moves on, running every timer on the way. */
  advance(ms: number): void
  /** Sets the wall clock, as a person or a time server does: no time passes, and no timer runs. */
  set(byMs: number): void
  /** When the next timer runs, by the wall clock; undefined when there is none. */
  readonly nextMs: number | undefined
}

/** Starts a fake clock at `startMs` (Unix ms). */
export function fakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  /** Since the start, by the clock that never jumps: timers go by it, as they do in a real machine, asleep or set. */
  let passedMs = 0
  let wallMs = startMs
  let serial = 0
  const timers = new Map<number, { readonly atMs: number; readonly run: () => void }>()
  const first = () => {
    let least: [number, { readonly atMs: number; readonly run: () => void }] | undefined
    for (const one of timers) if (least === undefined || one[1].atMs < least[1].atMs) least = one
    return least
  }
  const fire = ([id, timer]: [number, { readonly atMs: number; readonly run: () => void }]) => {
    timers.delete(id)
    passedMs = Math.max(passedMs, timer.atMs)
    timer.run()
  }
  return {
    nowMs: () => wallMs + passedMs,
    monotonicMs: () => passedMs,
    after(delayMs, run) {
      const id = serial++
      timers.set(id, { atMs: passedMs + Math.max(delayMs, 0), run })
      return () => void timers.delete(id)
    },
    next() {
      const timer = first()
      if (timer) fire(timer)
      return timer !== undefined
    },
    advance(ms) {
      const until = passedMs + ms
      for (let timer = first(); timer && timer[1].atMs <= until; timer = first()) fire(timer)
      passedMs = until
    },
    set(byMs) {
      wallMs += byMs
    },
    get nextMs() {
      const timer = first()
      return timer && wallMs + timer[1].atMs
    },
  }
}
