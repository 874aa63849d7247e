import type { LaterReport } from '../model/later-report.ts'
import { prepared } from './prepared.ts'
import { getEntry, type QueueEntry } from './queue.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

const PENDING = 'SELECT message_id AS id FROM incoming_report ORDER BY message_id LIMIT ?'
const DONE = 'DELETE FROM incoming_report WHERE message_id = ?'
const NAMED = `SELECT value FROM counter WHERE name = 'queue.named'`
const BY_MESSAGE = `
  SELECT id FROM (
    SELECT e.id FROM queue_message m JOIN queue_entry e ON e.id = m.entry_id
    WHERE m.name = substr(@messageId, 2, 16) AND e.message_id = @messageId
    UNION SELECT id FROM queue_entry WHERE id > (${NAMED}) AND message_id = @messageId)
  ORDER BY id DESC LIMIT @limit`
const NAMES = `
  SELECT id, substr(message_id, 2, 16) AS name FROM queue_entry WHERE id > (${NAMED}) ORDER BY id LIMIT ?`
const PUT_NAME = 'INSERT OR IGNORE INTO queue_message (name, entry_id) VALUES (?, ?)'
const NAMED_UP_TO = `UPDATE counter SET value = ? WHERE name = 'queue.named'`
const BY_ENVID = 'SELECT id FROM queue_entry WHERE envid = ? ORDER BY id DESC LIMIT ?' // index queue_entry_envid
const NOTES = 'SELECT later_dsn AS notes FROM queue_recipient WHERE id = ?'
const NOTE = `UPDATE queue_recipient SET later_dsn = ? WHERE id = ? AND state IN ('delivered', 'unknown')`

/** Reports of one recipient that are kept; who knows the Message-ID can send any number. */
const MOST_NOTES = 5
/** Entries put in by one operation. */
const NAMED_AT_ONCE = 2000
/** Entries of one Message-ID: the same mail handed in again. */
const MOST_ENTRIES = 20

/** Ids of messages that are reports nobody has looked at, oldest first. */
export function listIncomingReports(db: ReadDb, limit: number): number[] {
  return prepared<[number], { id: number }>(db, PENDING)
    .all(limit)
    .map(({ id }) => id)
}

/** Entries of that Message-ID, newest first. Looks through all that `queue.name` has not put in yet. */
export function entriesOfMessageId(db: ReadDb, messageId: string): QueueEntry[] {
  const rows = prepared<[object], { id: number }>(db, BY_MESSAGE).all({ messageId, limit: MOST_ENTRIES })
  return toEntries(db, rows)
}

/** Entries whose sender gave the transaction this name, newest first. */
export function entriesOfEnvid(db: ReadDb, envid: string): QueueEntry[] {
  return toEntries(db, prepared<[string, number], { id: number }>(db, BY_ENVID).all(envid, MOST_ENTRIES))
}

const toEntries = (db: ReadDb, rows: readonly { readonly id: number }[]) =>
  rows.flatMap(({ id }) => getEntry(db, id) ?? [])

/** What a report says of a recipient of ours. */
export interface ReportNote {
  readonly recipientId: number
  readonly report: LaterReport
}

/** Puts a new note beside the others: of one message one only, failures before all else, then the newest. */
function withNote(notes: readonly LaterReport[], report: LaterReport): LaterReport[] {
  const others = notes.filter(({ messageId }) => messageId !== report.messageId)
  const rank = ({ action }: LaterReport) => (action === 'failed' ? 0 : 1)
  return [report, ...others].toSorted((a, b) => rank(a) - rank(b) || b.atMs - a.atMs).slice(0, MOST_NOTES)
}

/** Notes what a report says, and that it has been looked at. A recipient's state stays what it is. Returns how many were noted. */
function note(db: WriteDb, args: { readonly messageId: number; readonly notes: readonly ReportNote[] }): number {
  let noted = 0
  for (const { recipientId, report } of args.notes) {
    const row = prepared<[number], { notes: string | null }>(db, NOTES).get(recipientId)
    if (row === undefined) continue
    const before = row.notes === null ? [] : (JSON.parse(row.notes) as LaterReport[])
    noted += prepared(db, NOTE).run(JSON.stringify(withNote(before, report)), recipientId).changes
  }
  prepared(db, DONE).run(args.messageId)
  return noted
}

/** Makes some more entries to be found by their Message-ID. Call it again while `more`. */
function name(db: WriteDb, _args: null): { readonly more: boolean } {
  const rows = prepared<[number], { id: number; name: string }>(db, NAMES).all(NAMED_AT_ONCE)
  const last = rows.at(-1)
  if (last === undefined) return { more: false }
  // Sorted, many of them fall into one page.
  for (const one of rows.toSorted((a, b) => (a.name < b.name ? -1 : 1))) prepared(db, PUT_NAME).run(one.name, one.id)
  prepared(db, NAMED_UP_TO).run(last.id)
  return { more: rows.length === NAMED_AT_ONCE }
}

export const incomingReportOperations = {
  'report.note': note,
  'queue.name': name,
} satisfies Record<string, Operation<never, unknown>>
