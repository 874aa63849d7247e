import Database from 'better-sqlite3'
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../base/fault.ts'
import { toStoreFault } from './database.ts'

/** Who holds a data folder. */
export interface Holder {
  readonly pid: number
  /** Unix ms. */
  readonly startedMs: number
  /** The program in words a person knows: `posthorn serve`. */
  readonly what: string
}

/** The right to use a data folder. The system takes it back at the holder's death. */
export interface Lock {
  release(): void
}

/**
 * Takes the lock of a data folder, which is made if it is missing, for `what`. Throws `store.locked` with its holder when
 * another has it. Never waits.
 */
export function takeLock(folder: string, what: string, options: { readonly nativeBinding?: string } = {}): Lock {
  const path = join(folder, 'lock.db')
  let db: Database.Database | undefined
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (process.platform !== 'win32') chmodSync(folder, 0o700)
    closeSync(openSync(path, 'a', 0o600))
    // SQLite's own locks are the same on three systems; a file with a pid in it is stale after a crash.
    db = new Database(path, { timeout: 0, ...options })
    // Nothing is ever committed here: without a journal on the disk a full one can be locked, too.
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
    writeHolder(folder, { pid: process.pid, startedMs: Date.now(), what })
    return hold(folder, db)
  } catch (error) {
    db?.close()
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')))
      throw toStoreFault(error, path, 'lock the data folder')
    const holder = holderOf(folder)
    const by = holder === undefined ? 'another program' : `${holder.what} (process ${holder.pid})`
    throw new Fault(
      'store.locked',
      `open the data folder "${folder}": ${by} is using it`,
      { path: folder, ...(holder === undefined ? {} : { holder: by }) },
      error,
    )
  }
}

/** Keeps every lock reachable: a connection that is collected as garbage would let go of it. */
const held = new Set<Database.Database>()

function hold(folder: string, db: Database.Database): Lock {
  held.add(db)
  return {
    release() {
      if (!held.delete(db)) return
      rmSync(holderPath(folder), { force: true }) // while it is still ours
      db.close()
    },
  }
}

const holderPath = (folder: string) => join(folder, 'holder.json')

/** Only a courtesy to whoever comes second: a full disk must not keep a person from his mail. */
function writeHolder(folder: string, holder: Holder): void {
  const fresh = `${holderPath(folder)}.new`
  try {
    writeFileSync(fresh, JSON.stringify(holder), { mode: 0o600 })
    renameSync(fresh, holderPath(folder))
  } catch {
    for (const path of [fresh, holderPath(folder)]) rmSync(path, { force: true }) // better nobody than another
  }
}

/** Who said last that he holds the folder; undefined when nobody has. A crash leaves it behind, so only the lock itself counts. */
export function holderOf(folder: string): Holder | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(holderPath(folder), 'utf8'))
    if (typeof found !== 'object' || found === null) return undefined
    if (!('pid' in found && 'startedMs' in found && 'what' in found)) return undefined
    const { pid, startedMs, what } = found
    if (typeof pid !== 'number' || typeof startedMs !== 'number' || typeof what !== 'string') return undefined
    return { pid, startedMs, what }
  } catch {
    return undefined
  }
}
