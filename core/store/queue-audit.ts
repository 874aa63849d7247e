import { prepared } from './prepared.ts'
import type { ReadDb, WriteDb } from './types.ts'

/** Who asks for a change of the queue, and the reason he gives; '' for none. */
export interface Asked {
  readonly who: 'window' | 'command' | 'engine'
  readonly why: string
}
/** What was done to the queue. */
export interface Audit extends Asked {
  readonly id: number
  readonly atMs: number
  readonly what: string
  /** Null: all of the queue, or all mail of `domain`. */
  readonly entryId: number | null
  readonly recipientId: number | null
  readonly domain: string | null
  readonly detail: string
}

const COLUMNS = `
  SELECT id, at_ms AS atMs, who, what, entry_id AS entryId, recipient_id AS recipientId, domain, detail, why FROM queue_audit`
const INSERT = `
  INSERT INTO queue_audit (at_ms, who, what, entry_id, recipient_id, domain, detail, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
const LIST = `${COLUMNS} WHERE id < ? ORDER BY id DESC LIMIT ?`
const OF_ENTRY = `${COLUMNS} WHERE entry_id = ? ORDER BY id LIMIT 500`
// Index queue_audit_entry holds those of nobody together, in order of id and so of time.
const OF_ALL = `
  SELECT * FROM (${COLUMNS} WHERE entry_id IS NULL AND at_ms >= ? AND at_ms <= ? ORDER BY id DESC LIMIT 100) ORDER BY id`

/** What is to be written of a change. */
export type NewAudit = Asked &
  Pick<Audit, 'what'> &
  Partial<Pick<Audit, 'entryId' | 'recipientId' | 'domain' | 'detail'>>

/** Writes down a change, in the operation that makes it. */
export function insertAudit(db: WriteDb, one: NewAudit, nowMs: number): void {
  const { who, what, entryId = null, recipientId = null, domain = null, detail = '', why } = one
  prepared(db, INSERT).run(nowMs, who, what, entryId, recipientId, domain, detail, why)
}

/** Changes of all kinds, newest first; those with a smaller id than `before`. */
export function listAudit(db: ReadDb, before: number, limit: number): Audit[] {
  return prepared<[number, number], Audit>(db, LIST).all(before, limit)
}

/** What was done to an entry, alone or with the whole queue while it was there; oldest first. */
export function listAuditOfEntry(
  db: ReadDb,
  entry: { readonly id: number; readonly createdMs: number; readonly doneMs: number | null },
  domains: ReadonlySet<string>,
): Audit[] {
  const own = prepared<[number], Audit>(db, OF_ENTRY).all(entry.id)
  const until = entry.doneMs ?? Number.MAX_SAFE_INTEGER
  const shared = prepared<[number, number], Audit>(db, OF_ALL).all(entry.createdMs, until)
  return [...own, ...shared.filter(({ domain }) => domain === null || domains.has(domain))].toSorted(
    (a, b) => a.id - b.id,
  )
}
