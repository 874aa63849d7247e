import type Database from 'better-sqlite3'
import type { WriteRequest } from './thread-messages.ts'

/** Pages of log after which a quiet moment is used to write them back, and after which it is done at once. */
const ENOUGH_PAGES = 1000
const TOO_MANY_PAGES = 16_000
/** So long nothing must come before a moment counts as quiet. */
const QUIET_MS = 250
/** Asking how long the log is costs little, but not nothing. */
const ASK_EVERY = 32

/** What was removed by these shall be gone from the log too, not only from the file. */
const SCRUBBING = new Set(['session.clear', 'session.expire', 'secret.remove', 'secret.put'])

/** Writes the write-ahead log back into the database, off the hot path: no commit pays for it while others wait. */
export class LogKeeper {
  readonly #db: Database.Database
  #timer: NodeJS.Timeout | undefined
  #groups = 0
  #dirty = false
  #scrub = false

  constructor(db: Database.Database) {
    this.#db = db
  }

  /** Work has come: the quiet moment is over. */
  busy(): void {
    clearTimeout(this.#timer)
  }

  wrote(group: readonly WriteRequest[]): void {
    this.#dirty = true
    this.#scrub ||= group.some(({ name }) => SCRUBBING.has(name))
    if (++this.#groups % ASK_EVERY === 0 && this.#pages() > TOO_MANY_PAGES) this.#checkpoint('PASSIVE')
  }

  /** Nothing waits any more. */
  idle(): void {
    if (!this.#dirty) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      if (this.#scrub) this.#checkpoint('TRUNCATE')
      else if (this.#pages() > ENOUGH_PAGES) this.#checkpoint('PASSIVE')
      this.#dirty = false
    }, QUIET_MS)
    this.#timer.unref()
  }

  /** Pages that are not written back yet. */
  #pages(): number {
    const [state] = this.#db.pragma('wal_checkpoint(NOOP)') as { log: number; checkpointed: number }[]
    return state === undefined ? 0 : state.log - state.checkpointed
  }

  #checkpoint(how: 'PASSIVE' | 'TRUNCATE'): void {
    try {
      const [ended] = this.#db.pragma(`wal_checkpoint(${how})`) as { busy: number }[]
      if (how === 'TRUNCATE' && ended?.busy === 0) this.#scrub = false
    } catch {
      // The log stays as it is and grows; the commits themselves will say what is wrong with the disk.
    }
  }
}
