import Database from 'better-sqlite3'
import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { Fault } from '../base/fault.ts'
import { databasePath, openDatabase, toStoreFault, unlock } from './database.ts'
import { saltOf } from './key-check.ts'

/** Where the database is written anew. What lies there was cut off and is nobody's. */
const copyPath = (path: string) => `${path}.rekey`

/**
 * Encrypts the database of a folder anew. A copy gets the new key and is read through, then takes the old one's place by one
 * rename: at any moment the file is whole, with the old key or with the new one. `beforeSwap` makes sure that the new key is kept.
 * The caller holds the folder's lock, and nobody has the store open. Throws `store.*`, and leaves the old file as it was.
 */
export function rekeyDatabase(at: {
  readonly folder: string
  readonly key: Uint8Array
  readonly newKey: Uint8Array
  readonly nativeBinding?: string | undefined
  readonly beforeSwap: () => void
}): void {
  const path = databasePath(at.folder)
  const copy = copyPath(path)
  dropCopy(at.folder)
  try {
    writeBackLog(path, at)
    copyFileSync(path, copy)
    encryptAnew(copy, at)
    check(copy, at)
    sync(copy)
    at.beforeSwap()
    renameSync(copy, path)
    if (process.platform !== 'win32') sync(dirname(path))
  } catch (error) {
    throw toStoreFault(error, path, 'encrypt the store anew')
  } finally {
    dropCopy(at.folder)
  }
}

/** Removes what a rekey left behind that was cut off. */
export function dropCopy(folder: string): void {
  const copy = copyPath(databasePath(folder))
  for (const ending of ['', '-journal', '-wal', '-shm']) rmSync(`${copy}${ending}`, { force: true })
}

type At = Parameters<typeof rekeyDatabase>[0]

/** A log that stayed behind would be read as one of the new file, whose key it does not have. */
function writeBackLog(path: string, { key, nativeBinding }: At): void {
  const db = openDatabase({ path, key, nativeBinding }, 'write')
  try {
    db.pragma('wal_checkpoint(TRUNCATE)')
  } finally {
    db.close()
  }
  const log = `${path}-wal`
  if (existsSync(log) && statSync(log).size > 0)
    throw new Fault('store.io', `encrypt the store anew at "${path}": its log could not be written back`, {
      path,
      reason: 'the log is in use',
    })
  rmSync(log, { force: true })
}

function encryptAnew(copy: string, { key, newKey, nativeBinding }: At): void {
  const db = new Database(copy, nativeBinding === undefined ? {} : { nativeBinding })
  try {
    unlock(db, key)
    // A page at a time is only replaced outside the write-ahead log; and what is cut off is thrown away, so nothing is kept for it.
    db.pragma('journal_mode = DELETE')
    db.pragma('journal_mode = OFF')
    db.pragma('synchronous = OFF')
    db.pragma('temp_store = MEMORY')
    db.pragma(`rekey = "raw:${Buffer.concat([newKey, saltOf(newKey)]).toString('hex')}"`)
  } finally {
    db.close()
  }
}

/** Every page is authenticated: one that was not written right does not open. */
function check(copy: string, { newKey, nativeBinding }: At): void {
  const db = openDatabase({ path: copy, key: newKey, nativeBinding }, 'read')
  try {
    const found = db.pragma('quick_check', { simple: true })
    if (found !== 'ok')
      throw new Fault('store.corrupt', `encrypt the store anew: the copy is damaged (${String(found)})`, {
        path: copy,
        reason: String(found),
      })
  } finally {
    db.close()
  }
}

function sync(path: string): void {
  const file = openSync(path, process.platform === 'win32' ? 'r+' : 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
