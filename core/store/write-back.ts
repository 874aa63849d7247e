import type Database from 'better-sqlite3'
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads'
import { openDatabase } from './database.ts'
import type { DatabaseAt } from './database.ts'

/** How the writer asks the reader to write the log back: by a message, and nobody asks again while `busy` holds 1. */
export interface WriteBackLine {
  readonly port: MessagePort
  readonly busy: Int32Array
}

/**
 * Writes the log back into the database while the writer goes on committing: it costs as much as the commits themselves, and SQLite
 * lets both happen at once. The reader does it between two slices, with a connection that can change nothing else: a thread of its
 * own would be twelve megabytes.
 */
export class WriteBack {
  readonly #at: DatabaseAt
  readonly #line: WriteBackLine
  #db: Database.Database | undefined

  constructor(at: DatabaseAt, line: WriteBackLine) {
    this.#at = at
    this.#line = line
    line.port.on('message', () => this.#run())
  }

  /** Does what was asked for meanwhile: for a thread that does not come back to its event loop soon. */
  hear(): void {
    if (Atomics.load(this.#line.busy, 0) === 1 && receiveMessageOnPort(this.#line.port) !== undefined) this.#run()
  }

  close(): void {
    this.#line.port.close()
    this.#db?.close()
  }

  #run(): void {
    try {
      // Opened when it is first needed: most hosts never write that much at once.
      this.#db ??= this.#open()
      this.#db.pragma('wal_checkpoint(PASSIVE)')
    } catch {
      // The log stays as it is and grows; the commits themselves will say what is wrong with the disk.
    }
    Atomics.store(this.#line.busy, 0, 0)
  }

  #open(): Database.Database {
    const db = openDatabase(this.#at, 'write', 'log')
    db.pragma('query_only = ON')
    return db
  }
}
