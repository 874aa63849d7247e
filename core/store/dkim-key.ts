import { Fault } from '../base/fault.ts'
import type { DkimAlgorithm, DkimKey } from '../model/dkim-key.ts'
import type { Cause } from '../model/outcome.ts'
import { prepared } from './prepared.ts'
import { putSecret, removeSecret } from './secret.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** The kind of secret a private key is kept as; its name is the key's id. */
export const DKIM_SECRET = 'dkim'

const COLUMNS = 'id, domain, selector, algorithm, public_key, active, published, checked_ms, created_ms'
const LIST = `SELECT ${COLUMNS} FROM dkim_key ORDER BY domain, id LIMIT 200`
const GET = `SELECT ${COLUMNS} FROM dkim_key WHERE id = ?`
const NAMED = 'SELECT 1 FROM dkim_key WHERE domain = ? AND selector = ?'
const ADD = 'INSERT INTO dkim_key (domain, selector, algorithm, public_key, created_ms) VALUES (?, ?, ?, ?, ?)'
const CHECKED = 'UPDATE dkim_key SET published = ?, checked_ms = ? WHERE id = ?'
const ACTIVE = 'UPDATE dkim_key SET active = ? WHERE id = ?'
// Two of one kind for one domain would sign each message twice: the newer takes over.
const REST = 'UPDATE dkim_key SET active = 0 WHERE domain = ? AND algorithm = ? AND id <> ?'
const SIGNED = 'UPDATE queue_entry SET signed_by = ? WHERE id = ?'
const SIGN_ANEW = 'UPDATE queue_entry SET prefix = ?, size_bytes = ?, signed_by = ? WHERE id = ?'
const HOLD = `
  UPDATE queue_recipient SET state = 'held', held_by = 'user', next_attempt_ms = NULL, last_cause = ?
  WHERE entry_id = ? AND state = 'waiting'`
const REMOVE = 'DELETE FROM dkim_key WHERE id = ?'

interface Row {
  readonly id: number
  readonly domain: string
  readonly selector: string
  readonly algorithm: DkimAlgorithm
  readonly public_key: string
  readonly active: number
  readonly published: DkimKey['published']
  readonly checked_ms: number | null
  readonly created_ms: number
}
const toKey = (row: Row): DkimKey => ({
  id: row.id,
  domain: row.domain,
  selector: row.selector,
  algorithm: row.algorithm,
  publicKey: row.public_key,
  isActive: row.active === 1,
  published: row.published,
  checkedMs: row.checked_ms,
  createdMs: row.created_ms,
})

/** All keys by domain, at most 200. */
export function listDkimKeys(db: ReadDb): DkimKey[] {
  return prepared<[], Row>(db, LIST).all().map(toKey)
}

/** One key; undefined when it is gone. */
export function getDkimKey(db: ReadDb, id: number): DkimKey | undefined {
  const row = prepared<[number], Row>(db, GET).get(id)
  return row && toKey(row)
}

function requireKey(db: ReadDb, id: number): DkimKey {
  const key = getDkimKey(db, id)
  if (key) return key
  throw new Fault('not-found', `find DKIM key ${id}: there is none`, { what: 'DKIM key', id: String(id) })
}

/** What signing came to: the names of the keys that signed; or why nothing leaves until somebody says so. */
export type Signing = { readonly signedBy: readonly string[] } | { readonly held: Cause }

/** Writes down what signing a new entry came to, in the operation that makes the entry. */
export function noteSigning(db: WriteDb, entryId: number, signing: Signing): void {
  if ('held' in signing) prepared(db, HOLD).run(JSON.stringify(signing.held), entryId)
  else prepared(db, SIGNED).run(signing.signedBy.join(' '), entryId)
}

export const dkimKeyOperations = {
  /** Adds a key, which signs nothing yet. Throws `conflict` where the selector is taken. */
  'dkim.add': (
    db: WriteDb,
    args: Pick<DkimKey, 'domain' | 'selector' | 'algorithm' | 'publicKey'> & { readonly privateKey: Uint8Array },
    nowMs: number,
  ): DkimKey => {
    const { domain, selector, algorithm, publicKey, privateKey } = args
    if (prepared<[string, string], unknown>(db, NAMED).get(domain, selector) !== undefined)
      throw new Fault('conflict', `make the DKIM key "${selector}" for ${domain}: there is one of that name`, {
        what: 'DKIM key',
        reason: 'there is one of that name',
      })
    const { lastInsertRowid } = prepared(db, ADD).run(domain, selector, algorithm, publicKey, nowMs)
    putSecret(db, { kind: DKIM_SECRET, name: String(lastInsertRowid), value: privateKey }, nowMs)
    return requireKey(db, Number(lastInsertRowid))
  },
  /** Writes down what DNS said. `activate`: the key signs from now on. Throws `not-found`. */
  'dkim.checked': (
    db: WriteDb,
    args: { readonly id: number; readonly published: DkimKey['published']; readonly activate: boolean },
    nowMs: number,
  ): DkimKey => {
    prepared(db, CHECKED).run(args.published, nowMs, args.id)
    if (args.activate) setActive(db, { id: args.id, active: true })
    return requireKey(db, args.id)
  },
  /** Puts other signatures before an entry whose own are over. */
  'queue.signAnew': (
    db: WriteDb,
    args: {
      readonly entryId: number
      readonly prefix: string
      readonly sizeBytes: number
      readonly signedBy: readonly string[]
    },
  ): void => {
    const { entryId, prefix, sizeBytes, signedBy } = args
    prepared(db, SIGN_ANEW).run(prefix, sizeBytes, signedBy.length === 0 ? null : signedBy.join(' '), entryId)
  },
  /** Throws `not-found`. */
  'dkim.setActive': setActive,
  /** Removes a key and its private half. Throws `not-found`. */
  'dkim.remove': (db: WriteDb, { id }: { readonly id: number }): void => {
    requireKey(db, id)
    removeSecret(db, { kind: DKIM_SECRET, name: String(id) })
    prepared(db, REMOVE).run(id)
  },
} satisfies Record<string, Operation<never, unknown>>

function setActive(db: WriteDb, { id, active }: { readonly id: number; readonly active: boolean }): DkimKey {
  const { domain, algorithm } = requireKey(db, id)
  prepared(db, ACTIVE).run(active ? 1 : 0, id)
  if (active) prepared(db, REST).run(domain, algorithm, id)
  return requireKey(db, id)
}
