import type { Clock } from '../base/clock.ts'
import { Fault, isFault } from '../base/fault.ts'
import { OneAtATime } from '../base/one-at-a-time.ts'

/** Slips of the keyboard cost nothing more than their time. */
const FREE = 3
const LONGEST_MS = 30_000
const MAY_WAIT = 8

/** Slows down whoever tries passphrases: one at a time, and after a few wrong ones each waits twice as long as the last. */
export class Attempts {
  readonly #clock: Pick<Clock, 'after' | 'monotonicMs'>
  readonly #turns = new OneAtATime()
  #waiting = 0
  #wrong = 0
  #notBeforeMs = 0

  constructor(clock: Pick<Clock, 'after' | 'monotonicMs'>) {
    this.#clock = clock
  }

  /** Runs a try when its turn has come. Throws what it throws, and `conflict` when too many wait already. */
  async run<T>(attempt: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MAY_WAIT)
      throw new Fault('conflict', `try a passphrase: ${MAY_WAIT} others wait already`, {
        what: 'passphrase',
        reason: 'too many tries',
      })
    this.#waiting++
    try {
      return await this.#turns.run(async () => {
        await this.#pause()
        return this.#counted(attempt)
      })
    } finally {
      this.#waiting--
    }
  }

  async #pause(): Promise<void> {
    const leftMs = this.#notBeforeMs - this.#clock.monotonicMs()
    if (leftMs > 0) await new Promise<void>((resolve) => void this.#clock.after(leftMs, resolve))
  }

  async #counted<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      const found = await attempt()
      this.#wrong = 0
      return found
    } catch (error) {
      if (isFault(error, 'vault.passphrase-wrong')) {
        this.#wrong++
        const waitMs = this.#wrong < FREE ? 0 : Math.min(1000 * 2 ** (this.#wrong - FREE), LONGEST_MS)
        this.#notBeforeMs = this.#clock.monotonicMs() + waitMs
      }
      throw error
    }
  }
}
