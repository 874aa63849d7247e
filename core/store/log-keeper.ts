import type Database from 'better-sqlite3'
import type { Worker } from 'node:worker_threads'
import { startThread } from '../base/start-thread.ts'
import type { DatabaseAt } from './database.ts'
import { CALM } from './thread-line.ts'
import type { WriteRequest } from './thread-messages.ts'

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
const CLOSE_MS = 5000

/** What was removed by these shall be gone from the log too, not only from the file. */
const SCRUBBING = new Set(['session.clear', 'session.expire', 'secret.remove', 'secret.put'])

/**
 * Writes the write-ahead log back into the database, off the hot path: under load a thread of its own does it beside the
 * commits, else the writer in a quiet moment.
 */
export class LogKeeper {
  readonly #db: Database.Database
  readonly #at: DatabaseAt
  readonly #busy = new Int32Array(new SharedArrayBuffer(4))
  #thread: Worker | undefined
  #timer: NodeJS.Timeout | undefined
  #bytes = 0
  #dirty = false
  #scrub = false

  constructor(db: Database.Database, at: DatabaseAt) {
    this.#db = db
    this.#at = at
  }

  /** Work has come: the quiet moment is over. */
  busy(): void {
    clearTimeout(this.#timer)
  }

  wrote(group: readonly WriteRequest[]): void {
    this.#dirty = true
    this.#scrub ||= group.some(({ name }) => SCRUBBING.has(name))
    this.#bytes += group.reduce((sum, { bytes }) => sum + bytes + BYTES_OF_AN_OPERATION, 0)
    if (this.#bytes < ASK_EVERY_BYTES || Atomics.load(this.#busy, 0) === 1) return
    this.#bytes = 0
    const { length, left } = this.#state()
    if (length > (left < MANY_PAGES ? LONGEST_LOG_PAGES : 2 * LONGEST_LOG_PAGES)) this.#writeBack('PASSIVE')
    else if (left > MANY_PAGES) this.#tell('write back')
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

  /** Ends the thread, so that the writer's connection is the last and closing it removes the log. */
  close(): void {
    clearTimeout(this.#timer)
    if (this.#thread === undefined) return
    Atomics.wait(this.#busy, 0, 1, CLOSE_MS)
    this.#tell('close')
    Atomics.wait(this.#busy, 0, 1, CLOSE_MS)
  }

  #tell(what: 'write back' | 'close'): void {
    // Started when it is first needed: most hosts never write that much at once.
    this.#thread ??= this.#start()
    Atomics.store(this.#busy, 0, 1)
    this.#thread.postMessage(what)
  }

  /** Without the thread the writer goes on alone; the next time one is needed, another is started. */
  #start(): Worker {
    const thread = startThread('store', 'log', { ...this.#at, busy: this.#busy.buffer }, CALM)
    thread.on('error', () => {}) // the commits themselves will say what is wrong with the disk
    thread.on('exit', () => {
      if (this.#thread === thread) this.#thread = undefined
      Atomics.store(this.#busy, 0, 0)
    })
    return thread
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
      // As in the thread: the commits will say what is wrong.
    }
  }
}
