import type { Domain, ReversePath } from '../model/address.ts'
import type { Way } from '../model/way.ts'
import { prepared } from './prepared.ts'
import { toPath, toWay } from './queue.ts'
import type { ReadDb } from './types.ts'

/** A recipient that is due, with what decides its route. */
export interface DueRecipient {
  readonly id: number
  readonly entryId: number
  readonly domain: Domain
  readonly from: ReversePath
  /** Tries that failed so far. */
  readonly attempts: number
  readonly way: Way
  readonly nextAttemptMs: number
}

const DUE_COLUMNS = `
  SELECT r.id, r.entry_id, r.domain, r.attempts, r.way, r.way_route_id, r.next_attempt_ms, e.from_local, e.from_domain
  FROM queue_recipient r JOIN queue_entry e ON e.id = r.entry_id`
const DUE = `${DUE_COLUMNS}
  WHERE r.next_attempt_ms <= ? AND (r.next_attempt_ms, r.id) > (?, ?)
  ORDER BY r.next_attempt_ms, r.id
  LIMIT ?` // index queue_recipient_due
const DUE_OF_ENTRY = `${DUE_COLUMNS} WHERE r.entry_id = ? AND r.next_attempt_ms <= ? ORDER BY r.id`
const NEXT = 'SELECT min(next_attempt_ms) AS ms FROM queue_recipient WHERE next_attempt_ms > ?'
const FIRST = 'SELECT min(next_attempt_ms) AS ms FROM queue_recipient WHERE next_attempt_ms IS NOT NULL'
const WAITING = `
  SELECT count(*) AS n FROM (SELECT 1 FROM queue_recipient WHERE next_attempt_ms IS NOT NULL LIMIT 10000)`
const COUNT_DUE = 'SELECT count(*) AS n FROM (SELECT 1 FROM queue_recipient WHERE next_attempt_ms <= ? LIMIT 10000)'

interface DueRow {
  readonly id: number
  readonly entry_id: number
  readonly domain: string
  readonly attempts: number
  readonly way: 'direct' | 'smarthost' | null
  readonly way_route_id: number | null
  readonly next_attempt_ms: number
  readonly from_local: string | null
  readonly from_domain: string | null
}

const toDue = (row: DueRow): DueRecipient => ({
  id: row.id,
  entryId: row.entry_id,
  domain: row.domain as Domain,
  from: toPath(row.from_local, row.from_domain),
  attempts: row.attempts,
  way: toWay(row),
  nextAttemptMs: row.next_attempt_ms,
})

/** Where a walk over the due recipients has come to: it goes on after that time and id. */
export interface DueCursor {
  readonly ms: number
  readonly id: number
}

/** Recipients due at or before `nowMs` after the cursor, longest overdue first. */
export function listDue(db: ReadDb, nowMs: number, after: DueCursor, limit: number): DueRecipient[] {
  return prepared<[number, number, number, number], DueRow>(db, DUE).all(nowMs, after.ms, after.id, limit).map(toDue)
}

/** Recipients of one entry due at or before `nowMs`. */
export function listDueOfEntry(db: ReadDb, entryId: number, nowMs: number): DueRecipient[] {
  return prepared<[number, number], DueRow>(db, DUE_OF_ENTRY).all(entryId, nowMs).map(toDue)
}

/** When the first recipient after `afterMs` is due (Unix ms); undefined when none waits. */
export function nextDueMs(db: ReadDb, afterMs: number): number | undefined {
  return prepared<[number], { ms: number | null }>(db, NEXT).get(afterMs)?.ms ?? undefined
}

/** How many recipients are due at or before `nowMs`, counted up to 10,000. */
export function countDue(db: ReadDb, nowMs: number): number {
  return prepared<[number], { n: number }>(db, COUNT_DUE).get(nowMs)?.n ?? 0
}

/** How many recipients wait (counted up to 10,000), and when the first of them is or was due; null when none waits. */
export function queueCounts(db: ReadDb): { readonly waiting: number; readonly nextAttemptMs: number | null } {
  return {
    waiting: prepared<[], { n: number }>(db, WAITING).get()?.n ?? 0,
    nextAttemptMs: prepared<[], { ms: number | null }>(db, FIRST).get()?.ms ?? null,
  }
}

const BY_IDS = `
  SELECT r.id, r.entry_id, r.domain, r.attempts, r.way, r.way_route_id, r.next_attempt_ms, e.from_local, e.from_domain
  FROM json_each(?) AS wanted JOIN queue_recipient r ON r.id = wanted.value JOIN queue_entry e ON e.id = r.entry_id
  WHERE r.next_attempt_ms IS NOT NULL`

/** Those of the recipients that wait for a try, as they stand now; in no order. At most 200 at once. */
export function listDueByIds(db: ReadDb, ids: readonly number[]): DueRecipient[] {
  return prepared<[string], DueRow>(db, BY_IDS).all(JSON.stringify(ids)).map(toDue)
}
