import { createHmac, randomBytes } from 'node:crypto'
import type { Cancel, Clock } from '../base/clock.ts'

/** The first guesses of a pair cost nothing beyond what their session makes them wait: people mistype. */
const FREE_GUESSES = 3
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 30_000
/** Behind a queue longer than this nobody waits: mail programs would have given up. */
const LONGEST_QUEUE_MS = 60_000
/** A pair that has not guessed wrong for so long is forgotten. */
const REMEMBERED_MS = 15 * 60_000
/** Pairs remembered; an attacker with many names must not fill the memory. */
const MOST_PAIRS = 1000

interface Pair {
  failures: number
  lastMs: number
  /** When the next guess may be checked. */
  freeAtMs: number
  lastPassword: string | undefined
}

/**
 * Makes guessing slow for a pair of client address and user, across connections: after three wrong passwords each further try
 * waits 1, 2, 4 … up to 30 s before it is looked at, one behind the other. It is the pair and not the address that is slowed, for
 * every program of this computer has the same address. The same wrong password again is no guess: that is a program whose
 * password was changed, and it must not shut out the others of its user. Times are monotonic.
 */
export class Guesses {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'after'>
  readonly #pairs = new Map<string, Pair>()
  readonly #waiting = new Set<() => void>()
  /** Passwords are remembered as what nobody can test guesses against once this process has ended. */
  readonly #key = randomBytes(32)
  #isClosing = false

  constructor(clock: Pick<Clock, 'monotonicMs' | 'after'>) {
    this.#clock = clock
  }

  /** Pairs that are remembered. */
  get size(): number {
    return this.#pairs.size
  }

  /** Resolves when a guess of the pair may be checked. Throws when others of the pair wait so long that it would be no use. */
  async turn(pair: string): Promise<void> {
    const known = this.#get(pair)
    if (known === undefined || known.failures < FREE_GUESSES) return
    const nowMs = this.#clock.monotonicMs()
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (known.failures - FREE_GUESSES), LONGEST_WAIT_MS)
    const atMs = Math.max(nowMs, known.freeAtMs) + waitMs
    if (atMs - nowMs > LONGEST_QUEUE_MS || this.#isClosing) throw new Error('check a password: too many guesses wait')
    // Whoever comes meanwhile waits behind this one.
    known.freeAtMs = atMs
    await this.#until(atMs - nowMs)
  }

  /** A wrong password; undefined where nobody knows which it was, as with SCRAM. */
  failed(pair: string, password: string | undefined): void {
    const nowMs = this.#clock.monotonicMs()
    const said = password === undefined ? undefined : createHmac('sha256', this.#key).update(password).digest('base64')
    const known = this.#get(pair)
    if (known === undefined) {
      if (this.#pairs.size >= MOST_PAIRS) this.#makeRoom(nowMs)
      this.#pairs.set(pair, { failures: 1, lastMs: nowMs, freeAtMs: nowMs, lastPassword: said })
      return
    }
    known.lastMs = nowMs
    if (said !== undefined && said === known.lastPassword) return
    known.failures++
    known.lastPassword = said
  }

  /** The right password: the pair begins anew. */
  succeeded(pair: string): void {
    this.#pairs.delete(pair)
  }

  /** Nobody waits any more. */
  close(): void {
    this.#isClosing = true
    for (const goOn of this.#waiting) goOn()
  }

  #get(pair: string): Pair | undefined {
    const known = this.#pairs.get(pair)
    if (known === undefined || this.#clock.monotonicMs() - known.lastMs < REMEMBERED_MS) return known
    this.#pairs.delete(pair)
    return undefined
  }

  /** Forgets what has passed; where that is nothing, who has guessed the least, and among those the oldest. */
  #makeRoom(nowMs: number): void {
    let least: { readonly name: string; readonly pair: Pair } | undefined
    for (const [name, pair] of this.#pairs) {
      if (nowMs - pair.lastMs >= REMEMBERED_MS) this.#pairs.delete(name)
      else if (least === undefined || pair.failures < least.pair.failures) least = { name, pair }
    }
    if (this.#pairs.size >= MOST_PAIRS && least !== undefined) this.#pairs.delete(least.name)
  }

  #until(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      let cancel: Cancel = () => {}
      const goOn = () => {
        cancel()
        this.#waiting.delete(goOn)
        resolve()
      }
      this.#waiting.add(goOn)
      cancel = this.#clock.after(delayMs, goOn)
    })
  }
}
