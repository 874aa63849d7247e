import Database from 'better-sqlite3'
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, isFault, reasonOf } from '../base/fault.ts'
import { isKeyOf, saltOf } from './key-check.ts'
import type { ReadDb, WriteDb } from './types.ts'

/** What every thread needs to open the same database; survives a structured clone. */
export interface DatabaseAt {
  /** The file, or `:memory:`. */
  readonly path: string
  /** 32 bytes. */
  readonly key: Uint8Array
  /** Path of the native addon, where a bundle can't find it by itself. */
  readonly nativeBinding?: string | undefined
  /** Largest size in pages, for tests of a full disk. */
  readonly maxPages?: number | undefined
}

const BUSY_MS = 10_000
/**
 * Pages kept decrypted, a connection. More was not faster, for the system keeps the file, and to decrypt a page is a matter of
 * microseconds. A connection that reads forgets them all with each commit, so that only long reads gain by them; what writes the
 * log back does not use them, and of bodies on their way out each page is read once.
 */
const CACHE_KIB = { points: 2 * 1024, read: 8 * 1024, passing: 256, write: 4 * 1024, log: 512 }
/** What the log may keep of its size once it has been written back. */
const LOG_BYTES = 64 * 1024 * 1024

/** The database file of a data folder. */
export function databasePath(folder: string): string {
  return join(folder, 'mail.db')
}

/** Makes the data folder (0700) and the database file (0600) where they are missing, and takes them from all others. */
export function prepareFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (process.platform === 'win32') return // a folder of the user's profile is his own there
  chmodSync(folder, 0o700)
  // Created before SQLite does: it would use 0644, and its journal files take the mode of this one.
  closeSync(openSync(databasePath(folder), 'a', 0o600))
  chmodSync(databasePath(folder), 0o600)
}

/**
 * Opens a connection and proves that the key fits. Throws `vault.key-wrong`, `store.corrupt` or `store.io`; a file that
 * can't be read is left as it is. `cache`: what its pages are kept for.
 */
export function openDatabase(
  at: DatabaseAt,
  mode: 'read' | 'write',
  cache: keyof typeof CACHE_KIB = mode,
): Database.Database {
  const { path, key } = at
  let db: Database.Database | undefined
  try {
    db = new Database(path, {
      readonly: mode === 'read',
      timeout: BUSY_MS,
      ...(at.nativeBinding === undefined ? {} : { nativeBinding: at.nativeBinding }),
    })
    unlock(db, key)
    db.prepare('SELECT count(*) FROM sqlite_schema').get() // the first page that is read tells whether the key fits
    keepPages(db, cache)
    // Sorting must not spill plain text into a temporary file.
    db.pragma('temp_store = MEMORY')
    if (mode === 'read') db.pragma('query_only = ON')
    else setUpWriting(db, at)
    return db
  } catch (error) {
    db?.close()
    if (isNotDatabase(error) && !isKeyOf(path, key))
      throw new Fault(
        'vault.key-wrong',
        `open the store at "${path}": the key does not fit; it is the key of another data folder, or the whole file is damaged`,
        { path, reason: 'no page can be read with this key' },
      )
    throw toStoreFault(error, path, 'open the store')
  }
}

/** Sets what a connection's pages are kept for; those that are too many then are let go of. */
export function keepPages(db: Database.Database, cache: keyof typeof CACHE_KIB): void {
  db.pragma(`cache_size = -${CACHE_KIB[cache]}`)
}

/** Gives a connection the key; what opens the file beside the product has to do the same. */
export function unlock(db: Database.Database, key: Uint8Array): void {
  // Authenticated encryption of every page, so damage to the file is noticed, not read as mail.
  db.pragma(`cipher = 'aegis'`)
  db.pragma(`algorithm = 'aegis-256'`)
  db.pragma(`key = "raw:${Buffer.concat([key, saltOf(key)]).toString('hex')}"`)
}

function setUpWriting(db: Database.Database, { maxPages }: DatabaseAt): void {
  db.pragma('journal_mode = WAL')
  // Said by hand: the library is built with NORMAL for WAL, which loses acknowledged mail at a power cut.
  db.pragma('synchronous = FULL')
  if (process.platform === 'darwin') {
    db.pragma('fullfsync = ON')
    db.pragma('checkpoint_fullfsync = ON')
  }
  db.pragma('foreign_keys = ON')
  db.pragma('wal_autocheckpoint = 0') // the writer thread decides when
  db.pragma(`journal_size_limit = ${LOG_BYTES}`)
  if (maxPages !== undefined) db.pragma(`max_page_count = ${maxPages}`)
}

/** The same connection, as readers see it. */
export function asReadDb(db: Database.Database): ReadDb {
  return db as unknown as ReadDb
}

/** The same for the main thread: what SQLite throws comes as a fault whose words a person understands. */
export function asMainReadDb(db: Database.Database, path: string): ReadDb {
  const asFault = <T>(read: () => T): T => {
    try {
      return read()
    } catch (error) {
      throw toStoreFault(error, path, 'read from the store')
    }
  }
  const prepare = (sql: string): Database.Statement => {
    const statement = asFault(() => db.prepare(sql))
    const { get, all, iterate } = statement
    return Object.assign(statement, {
      get: (...values: unknown[]) => asFault(() => get.apply(statement, values)),
      all: (...values: unknown[]) => asFault(() => all.apply(statement, values)),
      iterate: function* (...values: unknown[]) {
        const rows = asFault(() => iterate.apply(statement, values))
        try {
          for (let row = asFault(() => rows.next()); !row.done; row = asFault(() => rows.next())) yield row.value
        } finally {
          rows.return?.() // or the connection stays busy with it
        }
      },
    })
  }
  return { prepare } as unknown as ReadDb
}

/** The same connection, as operations see it. */
export function asWriteDb(db: Database.Database): WriteDb {
  return db as unknown as WriteDb
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

const isNotDatabase = (error: unknown) => codeOf(error) === 'SQLITE_NOTADB'

/** True when there was no room for what was written. */
export function isFull(error: unknown): boolean {
  // The second: no room for the index of the log, which is the first thing a start writes.
  return isFault(error, 'store.full') || ['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE'].includes(codeOf(error))
}

/** What SQLite threw, as the fault a person can do something about. Faults pass through. */
export function toStoreFault(error: unknown, path: string, doing: string): Fault {
  if (isFault(error)) return error
  const reason = reasonOf(error)
  const code = codeOf(error)
  if (isFull(error)) return new Fault('store.full', `${doing} at "${path}": the disk is full`, { path }, error)
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT'))
    return new Fault('store.corrupt', `${doing} at "${path}": the file is damaged (${reason})`, { path, reason }, error)
  if (code.startsWith('SQLITE_IOERR') || /^SQLITE_(CANTOPEN|READONLY|PERM|BUSY|LOCKED|NOMEM|PROTOCOL)/.test(code))
    return new Fault('store.io', `${doing} at "${path}": ${reason}`, { path, reason }, error)
  if (/^E[A-Z]+$/.test(code)) return new Fault('store.io', `${doing} at "${path}": ${reason}`, { path, reason }, error)
  return new Fault('store.operation', `${doing}: ${reason}`, { operation: doing, reason }, error)
}
