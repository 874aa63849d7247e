import type { Clock } from '../base/clock.ts'
import { listDue, nextDueMs, type DueCursor, type DueRecipient } from '../store/queue-due.ts'
import type { Store } from '../store/types.ts'

/** Rows read before others have their turn of the event loop. */
const ROWS_A_SLICE = 200
const START: DueCursor = { ms: Number.MIN_SAFE_INTEGER, id: 0 }

/** What reading the due recipients is wired to. */
export interface DueReaderContext {
  readonly store: Pick<Store, 'read'>
  readonly clock: Clock
  /** Takes in a recipient that is due; one it has already is passed over. */
  readonly onDue: (due: readonly DueRecipient[]) => void
  /** True while no more are to be read. */
  readonly isFull: () => boolean
}

/** Reads what is due out of the store, each row once as a rule: it remembers how far it has come. */
export class DueReader {
  readonly #context: DueReaderContext
  #cursor = START
  #reading: Promise<void> | undefined
  #again = false
  #isCutShort = false
  /** What `nextMs` has read; undefined once it may not hold any more. */
  #next: { readonly ms: number | undefined } | undefined

  constructor(context: DueReaderContext) {
    this.#context = context
  }

  /** True when the last reading stopped before its end, for enough was held. */
  get isCutShort(): boolean {
    return this.#isCutShort
  }

  /** The next reading begins with the longest overdue again. */
  startOver(): void {
    this.#moveTo(START)
  }

  #moveTo(cursor: DueCursor): void {
    this.#cursor = cursor
    this.#next = undefined
  }

  /** Tells of a row that is due at `ms`: the next reading must not have passed it by, however the clock jumped. */
  expect(ms: number): void {
    if (ms <= this.#cursor.ms) this.#moveTo({ ms: ms - 1, id: 0 })
    else if (this.#next && ms < (this.#next.ms ?? Infinity)) this.#next = { ms }
  }

  /**
   * When the first recipient after those that were read is due (Unix ms). Read once a reading: what is due sooner by then was
   * told to `expect`, or is in a lane already.
   */
  nextMs(): number | undefined {
    this.#next ??= { ms: nextDueMs(this.#context.store.read, this.#cursor.ms) }
    return this.#next.ms
  }

  /** Reads all that is due now, in slices; a call while it runs makes it run once more. */
  read(): Promise<void> {
    this.#again = true
    this.#reading ??= this.#readAll().finally(() => (this.#reading = undefined))
    return this.#reading
  }

  /** Resolves when nothing is being read; never throws. */
  async settled(): Promise<void> {
    await this.#reading?.catch(() => {}) // who asked for it hears of it
  }

  async #readAll(): Promise<void> {
    while (this.#again) {
      this.#again = false
      await this.#readOnce()
    }
  }

  async #readOnce(): Promise<void> {
    const { store, clock, onDue, isFull } = this.#context
    const nowMs = clock.nowMs()
    for (;;) {
      this.#isCutShort = isFull()
      if (this.#isCutShort) return
      const due = listDue(store.read, nowMs, this.#cursor, ROWS_A_SLICE)
      const last = due.at(-1)
      if (last && due.length === ROWS_A_SLICE) this.#moveTo({ ms: last.nextAttemptMs, id: last.id })
      else if (nowMs > this.#cursor.ms) this.#moveTo({ ms: nowMs, id: Number.MAX_SAFE_INTEGER })
      onDue(due)
      if (due.length < ROWS_A_SLICE) return
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
