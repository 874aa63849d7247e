import type Database from 'better-sqlite3'
import { Fault } from '../base/fault.ts'
import { migration as first } from './migrations/0001-first.ts'
import { migration as access } from './migrations/0002-access.ts'
import { migration as sending } from './migrations/0003-sending.ts'
import { migration as relaying } from './migrations/0004-relaying.ts'
import { migration as signing } from './migrations/0005-signing.ts'
import { migration as fetching } from './migrations/0006-fetching.ts'
import { migration as reading } from './migrations/0007-reading.ts'
import { migration as telling } from './migrations/0008-telling.ts'
import { migration as sorting } from './migrations/0009-sorting.ts'
import { migration as importing } from './migrations/0010-importing.ts'
import { migration as signingIn } from './migrations/0011-signing-in.ts'
import { migration as protocolLog } from './migrations/0012-protocol-log.ts'
import { migration as indexing } from './migrations/0013-indexing.ts'
import { migration as accepting } from './migrations/0014-accepting.ts'
import { migration as logQueries } from './migrations/0015-log-queries.ts'
import { migration as drafting } from './migrations/0016-drafting.ts'
import { migration as headersFirst } from './migrations/0017-headers-first.ts'
import { migration as snoozing } from './migrations/0018-snoozing.ts'
import { migration as writing } from './migrations/0019-writing.ts'
import { migration as people } from './migrations/0020-people.ts'
import { migration as receipts } from './migrations/0021-receipts.ts'
import { migration as uploading } from './migrations/0022-uploading.ts'
import { migration as sizing } from './migrations/0023-sizing.ts'
import { migration as coming } from './migrations/0024-coming.ts'
import { migration as speaking } from './migrations/0025-speaking.ts'
import { migration as tellingJunk } from './migrations/0026-telling-junk.ts'
import { migration as filing } from './migrations/0027-filing.ts'

/** One step of the schema. */
export interface Migration {
  /** The version after it; each is one more than the last. */
  readonly version: number
  readonly sql: string
  /** Rebuilds tables that others refer to: dropping one would take their rows along. All is checked before the commit. */
  readonly withoutForeignKeys?: true
  /** What SQL can't say, in the same transaction. */
  readonly after?: (db: Database.Database) => void
}

/** All steps there are, oldest first. */
export const migrations: readonly Migration[] = [
  first,
  access,
  sending,
  relaying,
  signing,
  fetching,
  reading,
  telling,
  sorting,
  importing,
  signingIn,
  protocolLog,
  indexing,
  accepting,
  logQueries,
  drafting,
  headersFirst,
  snoozing,
  writing,
  people,
  receipts,
  uploading,
  sizing,
  coming,
  speaking,
  tellingJunk,
  filing,
]

/** The version a database has once every step ran. */
export function latestVersion(steps: readonly Migration[] = migrations): number {
  return steps.at(-1)?.version ?? 0
}

/**
 * Brings a database to the newest version, each step in a transaction of its own. Returns the version it was. Throws
 * `store.newer` for a database a newer program has written, before anything is changed.
 */
export function migrate(db: Database.Database, path: string, steps: readonly Migration[] = migrations): number {
  const before = Number(db.pragma('user_version', { simple: true }))
  const supported = latestVersion(steps)
  if (before > supported)
    throw new Fault(
      'store.newer',
      `open the store at "${path}": version ${before} was written by a newer Posthorn, this one knows ${supported}`,
      { path, version: before, supported },
    )
  for (const step of steps) {
    if (step.version <= before) continue
    const hadForeignKeys = Number(db.pragma('foreign_keys', { simple: true })) === 1
    // Without effect inside a transaction, hence around it.
    if (step.withoutForeignKeys) db.pragma('foreign_keys = OFF')
    try {
      db.transaction(() => {
        db.exec(step.sql)
        step.after?.(db)
        if (step.withoutForeignKeys) refuseLost(db, path)
        db.pragma(`user_version = ${step.version}`)
      }).immediate()
    } finally {
      if (hadForeignKeys) db.pragma('foreign_keys = ON')
    }
  }
  return before
}

function refuseLost(db: Database.Database, path: string): void {
  const [lost] = db.pragma('foreign_key_check') as { readonly table: string; readonly parent: string }[]
  if (lost === undefined) return
  const reason = `a row of ${lost.table} refers to one of ${lost.parent} that is not there`
  throw new Fault('store.corrupt', `bring the store at "${path}" up to date: ${reason}`, { path, reason })
}
