import type Database from 'better-sqlite3'
import type { WriteRequest } from './thread-messages.ts'
import type { WriteBackLine } from './write-back.ts'

/** Pages that are not written back yet after which it is done: in a quiet moment, or while commits go on. */
const ENOUGH_PAGES = 1000
const MANY_PAGES = 1000
/** Length of the log after which the writer itself writes back the last few, so that the next commit begins it anew. */
const LONGEST_LOG_PAGES = 8000
/** So long nothing must come before a moment counts as quiet. */
const QUIET_MS = 250
/** Asking how long the log is costs little, but not nothing. */
const ASK_EVERY_BYTES = 2 * 1024 * 1024
const BYTES_OF_AN_OPERATION = 4096

/** What was removed by these shall be gone from the log too, not only from the file. */
const SCRUBBING = new Set(['session.clear', 'session.expire', 'secret.remove', 'secret.put'])

/**
 * Has the write-ahead log written back into the database, off the hot path: under load the reader does it beside the commits, else
 * the writer in a quiet moment.
 */
export class LogKeeper {
  readonly #db: Database.Database
  readonly #line: WriteBackLine
  #timer: NodeJS.Timeout | undefined
  #bytes = 0
  #dirty = false
  #scrub = false

  constructor(db: Database.Database, line: WriteBackLine) {
    this.#db = db
    this.#line = line
  }

  /** Work has come: the quiet moment is over. */
  busy(): void {
    clearTimeout(this.#timer)
  }

  wrote(group: readonly WriteRequest[]): void {
    this.#dirty = true
    this.#scrub ||= group.some(({ name }) => SCRUBBING.has(name))
    this.#bytes += group.reduce((sum, { bytes }) => sum + bytes + BYTES_OF_AN_OPERATION, 0)
    if (this.#bytes < ASK_EVERY_BYTES || Atomics.load(this.#line.busy, 0) === 1) return
    this.#bytes = 0
    const { length, left } = this.#state()
    if (length > (left < MANY_PAGES ? LONGEST_LOG_PAGES : 2 * LONGEST_LOG_PAGES)) this.#writeBack('PASSIVE')
    else if (left > MANY_PAGES) {
      Atomics.store(this.#line.busy, 0, 1)
      this.#line.port.postMessage('write back')
    }
  }

  /** Nothing waits any more. */
  idle(): void {
    if (!this.#dirty) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      if (this.#scrub) this.#writeBack('TRUNCATE')
      else if (this.#state().left > ENOUGH_PAGES) this.#writeBack('PASSIVE')
      this.#dirty = false
    }, QUIET_MS)
    this.#timer.unref()
  }

  /** The reader is gone by then: the writer's connection is the last, and closing it removes the log. */
  close(): void {
    clearTimeout(this.#timer)
    this.#line.port.close()
  }

  #state(): { length: number; left: number } {
    const [state] = this.#db.pragma('wal_checkpoint(NOOP)') as { log: number; checkpointed: number }[]
    return { length: state?.log ?? 0, left: (state?.log ?? 0) - (state?.checkpointed ?? 0) }
  }

  #writeBack(how: 'PASSIVE' | 'TRUNCATE'): void {
    try {
      const [ended] = this.#db.pragma(`wal_checkpoint(${how})`) as { busy: number }[]
      if (how === 'TRUNCATE' && ended?.busy === 0) this.#scrub = false
    } catch {
      // The commits themselves will say what is wrong with the disk.
    }
  }
}
