import type { Domain, ForwardPath, ReversePath } from '../model/address.ts'
import type { BlobView } from '../model/blob-view.ts'
import type { Cause, RecipientState } from '../model/outcome.ts'
import type { Submission } from '../model/submission.ts'
import { prepared } from './prepared.ts'
import type { Query, ReadDb } from './types.ts'

/** One accepted message. Its bytes are final. */
export interface QueueEntry {
  readonly id: number
  readonly view: BlobView
  readonly from: ReversePath
  /** Whose Inbox hears of it; null for the person who runs Posthorn. */
  readonly userId: number | null
  readonly origin: Submission['origin']
  readonly messageId: string
  readonly subject: string
  readonly is8bit: boolean
  readonly needsUtf8: boolean
  readonly createdMs: number
  readonly warnedMs: number | null
  readonly doneMs: number | null
  /** What the online counter said when it was accepted: see `onlineMs`. */
  readonly onlineAtMs: number
}
/** One forward-path of an entry. */
export interface QueueRecipient {
  readonly id: number
  readonly entryId: number
  readonly to: ForwardPath
  readonly state: RecipientState
  readonly attempts: number
  readonly lastAttemptMs: number | null
  readonly nextAttemptMs: number | null
  readonly lastReply: string | null
  readonly lastCause: Cause | null
  readonly mx: string | null
  readonly unknowns: number
  readonly cancelAsked: boolean
}
/** A recipient that is due, with what decides its route. */
export interface DueRecipient {
  readonly id: number
  readonly entryId: number
  readonly domain: Domain
  readonly from: ReversePath
  readonly nextAttemptMs: number
}

const ENTRY = `
  SELECT id, blob_id, prefix, removed, size_bytes, from_local, from_domain, user_id, origin, message_id, subject, is_8bit,
    needs_utf8, created_ms, warned_ms, done_ms, online_ms
  FROM queue_entry`
const GET_ENTRY = `${ENTRY} WHERE id = ?`
const OPEN_ENTRIES = `${ENTRY} WHERE done_ms IS NULL ORDER BY id DESC LIMIT ?` // index queue_entry_done
const DONE_ENTRIES = `${ENTRY} WHERE done_ms IS NOT NULL ORDER BY done_ms DESC, id DESC LIMIT ?`
const ENTRIES_BEFORE = `${ENTRY} WHERE id < ? ORDER BY id DESC LIMIT ?`
const RECIPIENT = `
  SELECT id, entry_id, local, domain, state, attempts, last_attempt_ms, next_attempt_ms, last_reply, last_cause, mx, unknowns,
    cancel_asked
  FROM queue_recipient`
const OF_ENTRY = `${RECIPIENT} WHERE entry_id = ? ORDER BY id`
const GET_RECIPIENT = `${RECIPIENT} WHERE id = ?`
const DUE_COLUMNS = `
  SELECT r.id, r.entry_id, r.domain, r.next_attempt_ms, e.from_local, e.from_domain
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
const ONLINE = `SELECT value FROM counter WHERE name = 'queue.online-ms'`

interface EntryRow {
  readonly id: number
  readonly blob_id: number
  readonly prefix: string
  readonly removed: string
  readonly size_bytes: number
  readonly from_local: string | null
  readonly from_domain: string | null
  readonly user_id: number | null
  readonly origin: Submission['origin']
  readonly message_id: string
  readonly subject: string
  readonly is_8bit: number
  readonly needs_utf8: number
  readonly created_ms: number
  readonly warned_ms: number | null
  readonly done_ms: number | null
  readonly online_ms: number
}
interface RecipientRow {
  readonly id: number
  readonly entry_id: number
  readonly local: string
  readonly domain: string
  readonly state: RecipientState
  readonly attempts: number
  readonly last_attempt_ms: number | null
  readonly next_attempt_ms: number | null
  readonly last_reply: string | null
  readonly last_cause: string | null
  readonly mx: string | null
  readonly unknowns: number
  readonly cancel_asked: number
}
interface DueRow {
  readonly id: number
  readonly entry_id: number
  readonly domain: string
  readonly next_attempt_ms: number
  readonly from_local: string | null
  readonly from_domain: string | null
}

// Domains were parsed before they were stored, so the brand may be put back on.
const toPath = (local: string | null, domain: string | null): ReversePath =>
  local === null || domain === null ? null : { local, domain: domain as Domain }

function toEntry(row: EntryRow): QueueEntry {
  return {
    id: row.id,
    view: {
      blobId: row.blob_id,
      prefix: row.prefix,
      removed: JSON.parse(row.removed) as [number, number][],
      sizeBytes: row.size_bytes,
    },
    from: toPath(row.from_local, row.from_domain),
    userId: row.user_id,
    origin: row.origin,
    messageId: row.message_id,
    subject: row.subject,
    is8bit: row.is_8bit === 1,
    needsUtf8: row.needs_utf8 === 1,
    createdMs: row.created_ms,
    warnedMs: row.warned_ms,
    doneMs: row.done_ms,
    onlineAtMs: row.online_ms,
  }
}

function toRecipient(row: RecipientRow): QueueRecipient {
  return {
    id: row.id,
    entryId: row.entry_id,
    to: { local: row.local, domain: row.domain as Domain },
    state: row.state,
    attempts: row.attempts,
    lastAttemptMs: row.last_attempt_ms,
    nextAttemptMs: row.next_attempt_ms,
    lastReply: row.last_reply,
    lastCause: row.last_cause === null ? null : (JSON.parse(row.last_cause) as Cause),
    mx: row.mx,
    unknowns: row.unknowns,
    cancelAsked: row.cancel_asked === 1,
  }
}

const toDue = (row: DueRow): DueRecipient => ({
  id: row.id,
  entryId: row.entry_id,
  domain: row.domain as Domain,
  from: toPath(row.from_local, row.from_domain),
  nextAttemptMs: row.next_attempt_ms,
})

/** The entry of that id, or undefined. */
export function getEntry(db: ReadDb, id: number): QueueEntry | undefined {
  const row = prepared<[number], EntryRow>(db, GET_ENTRY).get(id)
  return row && toEntry(row)
}

/** All recipients of an entry, in the order they were given. At most 1,000: the door takes no more. */
export function listRecipients(db: ReadDb, entryId: number): QueueRecipient[] {
  return prepared<[number], RecipientRow>(db, OF_ENTRY).all(entryId).map(toRecipient)
}

/** The recipient of that id, or undefined. */
export function getRecipient(db: ReadDb, id: number): QueueRecipient | undefined {
  const row = prepared<[number], RecipientRow>(db, GET_RECIPIENT).get(id)
  return row && toRecipient(row)
}

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

/** Time the engine has been online with mail waiting, all in all (ms). An entry's own is this less its `onlineAtMs`. */
export function onlineMs(db: ReadDb): number {
  return prepared<[], { value: number }>(db, ONLINE).get()?.value ?? 0
}

/** An entry with its recipients. */
export interface QueueEntryWhole extends QueueEntry {
  readonly recipients: readonly QueueRecipient[]
}
/** Recipients one answer may carry; a longer list ends early, at a whole entry. */
const MOST_RECIPIENTS = 5000

function openFirst(db: ReadDb, limit: number): EntryRow[] {
  const open = prepared<[number], EntryRow>(db, OPEN_ENTRIES).all(limit)
  return [...open, ...prepared<[number], EntryRow>(db, DONE_ENTRIES).all(limit - open.length)]
}

function* listWhole(
  db: ReadDb,
  { limit, before }: { readonly limit: number; readonly before?: number | undefined },
): Generator<undefined, QueueEntryWhole[], undefined> {
  const rows =
    before === undefined
      ? openFirst(db, limit)
      : prepared<[number, number], EntryRow>(db, ENTRIES_BEFORE).all(before, limit)
  const found: QueueEntryWhole[] = []
  let recipients = 0
  for (const row of rows) {
    const entry = { ...toEntry(row), recipients: listRecipients(db, row.id) }
    recipients += entry.recipients.length
    if (found.length > 0 && recipients > MOST_RECIPIENTS) break
    found.push(entry)
    if (found.length % 20 === 0) yield
  }
  return found
}

export const queueQueries = {
  /** Entries with open recipients first, each kind newest first; with `before`, entries older than that id whatever their state. */
  'queue.list': listWhole,
  'queue.get': (db: ReadDb, { id }: { readonly id: number }): QueueEntryWhole | null => {
    const entry = getEntry(db, id)
    return entry === undefined ? null : { ...entry, recipients: listRecipients(db, id) }
  },
} satisfies Record<string, Query<never, unknown>>
