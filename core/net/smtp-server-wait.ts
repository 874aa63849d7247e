import type { Clock } from '../base/clock.ts'

/** Whoever is asked has this long: then the client hears that it has to come again, and its place is free. */
const ANSWER_MS = 300_000
/** A message may take longer to store, but not until its client gives up (RFC 5321 §4.5.3.2.6: ten minutes). */
export const STORE_MS = 540_000

/** What a wait needs of its session. */
export interface Waiter {
  readonly clock: Clock
  /** It waits from here on: what was said goes out first. */
  begun(): void
  /** What was waited for is there, or is not coming; false when the session is over and wants none of it. */
  settled(): boolean
  failed(error: unknown): void
  /** What was to be done with an answer has thrown. */
  broken(error: unknown): void
  goOn(): void
}

/** What one session waits for before it reads on: an answer of ours, TLS, or a time that its client is put off for. */
export class SmtpServerWait {
  readonly #waiter: Waiter
  #hurry: (() => void) | undefined
  isOn = false
  /** When what is waited for has taken too long, monotonic ms. */
  endsAt = Infinity

  constructor(waiter: Waiter) {
    this.#waiter = waiter
  }

  /** Puts the client off for so long. */
  putOff(ms: number): void {
    this.isOn = true
    this.#waiter.begun()
    const goOn = () => {
      cancel()
      this.#hurry = undefined
      this.isOn = false
      this.#waiter.goOn()
    }
    const cancel = this.#waiter.clock.after(ms, goOn)
    this.#hurry = goOn
  }
  /** Ends a time the client is put off for. */
  hurry(): void {
    this.#hurry?.()
  }

  /** Holds the session until `asked` settles. */
  hold<T>(asked: Promise<T>, answer: (value: T) => void, failed?: (error: unknown) => void, ms = ANSWER_MS): void {
    const waiter = this.#waiter
    this.isOn = true
    waiter.begun()
    this.endsAt = waiter.clock.monotonicMs() + ms
    const settle = (run: () => void) => {
      this.isOn = false
      this.endsAt = Infinity
      try {
        if (waiter.settled()) run()
      } catch (error) {
        waiter.broken(error)
      }
      waiter.goOn()
    }
    asked.then(
      (value) => settle(() => answer(value)),
      (error: unknown) => {
        waiter.failed(error)
        settle(() => failed?.(error))
      },
    )
  }
}
