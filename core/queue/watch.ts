import type { Cancel, Clock } from '../base/clock.ts'

/** How often clock and network are looked at while mail waits. */
const TICK_MS = 60_000
/** RFC 5321 has nothing to say of clocks; a step this small moves no schedule. */
const LARGE_STEP_MS = 300_000
/** A gap longer than this is no sleep: the clock was wrong before it, or is now. */
const LONGEST_SLEEP_MS = 30 * 86_400_000

/** What is known of the network serves for so long. */
const ASK_AGAIN_MS = 1000

/** The network as this computer sees it. */
export interface Network {
  /** Whether any address but its own can be reached at all. */
  readonly isUp: boolean
  /** Changes when another network is joined. */
  readonly name: string
}

/** What watching time and network is wired to. */
export interface WatchContext {
  readonly clock: Clock
  readonly network: () => Network
  /** The clock was set by so much, and not because the machine slept (ms). */
  readonly onClockSet: (byMs: number) => void
  /** The machine has slept, or another network is there. */
  readonly onResume: (what: 'sleep' | 'network') => void
}

/** Notices sleep, a clock that was set, and another network. */
export class Watch {
  readonly #context: WatchContext
  #wallMs: number
  #monotonicMs: number
  #sleptMs: number
  #network: string
  #isUp: boolean
  /** It was gone at some time since it was looked at. */
  #wasDown: boolean
  #askedMs: number
  #cancel: Cancel | undefined

  constructor(context: WatchContext) {
    this.#context = context
    const { isUp, name } = context.network()
    this.#network = name
    this.#isUp = isUp
    this.#wasDown = !isUp
    this.#askedMs = context.clock.monotonicMs()
    this.#wallMs = context.clock.nowMs()
    this.#monotonicMs = context.clock.monotonicMs()
    this.#sleptMs = context.clock.sleptMs?.() ?? 0
  }

  /** Whether there is a network now, as it was seen within the last second: asking costs more than a message does. */
  get hasNetwork(): boolean {
    const monotonicMs = this.#context.clock.monotonicMs()
    if (monotonicMs - this.#askedMs >= ASK_AGAIN_MS) {
      this.#askedMs = monotonicMs
      this.#isUp = this.#context.network().isUp
      this.#wasDown ||= !this.#isUp
    }
    return this.#isUp
  }

  /** Looks every minute while `waits`; and whenever it is asked to. */
  run(waits: boolean): void {
    if (waits && this.#cancel === undefined) this.#arm()
    if (waits) return
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** Somebody who knows has told of a sleep: it is not noticed a second time. */
  sleepIsKnown(): void {
    const { clock } = this.#context
    const sleptMs = clock.sleptMs?.()
    if (sleptMs === undefined) this.#wallMs = clock.nowMs() - (clock.monotonicMs() - this.#monotonicMs)
    else this.#wallMs += sleptMs - this.#sleptMs
    this.#sleptMs = sleptMs ?? 0
  }

  /** Looks now. */
  check(): void {
    const { clock, network, onClockSet, onResume } = this.#context
    const wallMs = clock.nowMs()
    const monotonicMs = clock.monotonicMs()
    const passedMs = monotonicMs - this.#monotonicMs
    const aheadMs = wallMs - this.#wallMs - passedMs
    const sleptMs = clock.sleptMs?.()
    // Where nobody can tell, it slept while the wall clock alone went on.
    const seenMs = aheadMs > LONGEST_SLEEP_MS ? 0 : Math.max(0, aheadMs)
    const asleepMs = sleptMs === undefined ? seenMs : sleptMs - this.#sleptMs
    const setMs = aheadMs - asleepMs
    this.#wallMs = wallMs
    this.#monotonicMs = monotonicMs
    this.#sleptMs = sleptMs ?? 0
    const now = network()
    const isOther = now.isUp && (now.name !== this.#network || this.#wasDown)
    this.#network = now.name
    this.#isUp = now.isUp
    this.#wasDown = !now.isUp
    this.#askedMs = monotonicMs
    if (Math.abs(setMs) > LARGE_STEP_MS) onClockSet(setMs)
    // A timer that is late says nothing: a busy computer is late, too.
    if (asleepMs > TICK_MS) onResume('sleep')
    if (isOther) onResume('network')
  }

  #arm(): void {
    this.#cancel = this.#context.clock.after(TICK_MS, () => {
      this.check()
      if (this.#cancel !== undefined) this.#arm()
    })
  }
}
