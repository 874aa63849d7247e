import type Database from 'better-sqlite3'
import type { Fault } from '../base/fault.ts'
import { toStoreFault } from './database.ts'
import { Flushes, FlushPace, openFlushes } from './flushes.ts'
import type { Answer } from './thread-messages.ts'

/** From here on a flush is worth the turns of the loop that it costs to wait for it beside other work (ms). */
const SLOW_MS = 3

/** What the writer hears of its commits. */
export interface DurabilityEvents {
  /** These may be answered: what they did outlives a power cut. In the order of their commits. */
  kept(answers: readonly Answer[]): void
  /** Another group may be begun, or all is done. Never called from within a commit. */
  hasRoom(): void
  /** A flush failed beside us: who waits for it, and nothing that is committed from here on can be trusted to last. */
  failed(fault: Fault, ids: readonly number[]): void
}

interface Beside {
  readonly flushes: Flushes<readonly Answer[]>
  readonly close: () => void
}

/**
 * When a commit counts as durable. Where flushes are quick, SQLite makes them itself, each within its COMMIT
 * (`synchronous=FULL`). Where they are slow, COMMIT only writes (`NORMAL`) and the log is flushed here, so that groups are
 * written while the ones before are on their way to the disk; nothing is answered before a flush that began behind its COMMIT
 * has ended. That is safe with SQLite's log: recovery takes all of its frames up to the first that is not whole, so whatever
 * lies before a flushed group is there with it; a checkpoint flushes the log by itself before it writes a page, and the
 * database before the log may begin anew.
 */
export class Durability {
  readonly #db: Database.Database
  readonly #path: string
  readonly #events: DurabilityEvents
  readonly #pace: FlushPace
  #beside: Beside | 'none' | undefined
  #isBeside = false

  constructor(db: Database.Database, path: string, slowMs: number | undefined, events: DurabilityEvents) {
    this.#db = db
    this.#path = path
    this.#events = events
    this.#pace = new FlushPace(slowMs ?? SLOW_MS)
  }

  /** Whether commits are flushed beside the writer now. */
  get isBeside(): boolean {
    return this.#isBeside
  }
  /** No flush is under way. */
  get isIdle(): boolean {
    return this.#flushes?.isIdle ?? true
  }
  get #flushes(): Flushes<readonly Answer[]> | undefined {
    return typeof this.#beside === 'object' ? this.#beside.flushes : undefined
  }

  /** Whether a group may be begun; if not, `hasRoom` will be called. To be asked while no transaction is open. */
  isReady(): boolean {
    if (this.#pace.isSlow !== this.#isBeside && this.isIdle) this.#change(this.#pace.isSlow)
    return !this.#isBeside || (this.#flushes?.hasRoom ?? true)
  }

  /** Runs a commit of about that size, whose answers are given by `kept`. */
  commit(run: () => readonly Answer[], bytes: number): void {
    const startMs = performance.now()
    const answers = run()
    if (this.#isBeside) return this.#flushes?.hold(answers, bytes)
    this.#pace.took(performance.now() - startMs, bytes)
    this.#events.kept(answers)
  }

  /** Runs a commit that a power cut may take back; the next one that is flushed keeps it, too. */
  never<T>(run: () => T): T {
    if (this.#isBeside) return run()
    this.#db.pragma('synchronous = NORMAL')
    try {
      return run()
    } finally {
      this.#db.pragma('synchronous = FULL')
    }
  }

  close(): void {
    if (typeof this.#beside === 'object') this.#beside.close()
    this.#beside = 'none'
  }

  #change(isBeside: boolean): void {
    if (isBeside) this.#beside ??= this.#open()
    this.#isBeside = isBeside && this.#beside !== 'none'
    this.#db.pragma(`synchronous = ${this.#isBeside ? 'NORMAL' : 'FULL'}`)
  }

  /** The log is the same file for as long as the writer's connection is open. */
  #open(): Beside | 'none' {
    try {
      const { flushes, close } = openFlushes(`${this.#path}-wal`)
      return {
        close,
        flushes: new Flushes(flushes, {
          kept: (answers) => this.#events.kept(answers),
          ended: (ms, bytes) => {
            this.#pace.took(ms, bytes)
            this.#events.hasRoom()
          },
          failed: (error, held) => {
            const fault = toStoreFault(error, this.#path, 'commit to the store')
            this.#events.failed(
              fault,
              held.flatMap((answers) => answers.map(({ id }) => id)),
            )
          },
        }),
      }
    } catch {
      return 'none' // SQLite flushes its own handle, then, as it does where flushes are quick
    }
  }
}
