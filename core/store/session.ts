import type { SessionHead } from '../model/transcript.ts'
import { prepared } from './prepared.ts'
import type { ReadDb, WriteDb } from './types.ts'

/** The counter that holds the highest id of a session that was removed. */
export const LAST_REMOVED = 'last-removed-session'

/** What `toHead` needs of the table. */
export const SESSION_COLUMNS = `
  session.id, protocol, side, peer, address, account_id, started_ms, ended_ms, state, worst, tls, bytes_in, bytes_out, messages`
// How far it came is stored now and then only: it may have something in any segment behind that.
const MARK_ABORTED = `
  UPDATE session SET state = 'aborted', ended_ms = ?, last_segment = coalesce((SELECT max(id) FROM session_segment), last_segment)
  WHERE state = 'live'`

const GET = `SELECT ${SESSION_COLUMNS} FROM session WHERE id = ?`
// Ids of removed sessions are not used again: an attempt may still name one.
const LAST = `SELECT max(coalesce((SELECT max(id) FROM session), 0), coalesce((SELECT value FROM counter WHERE name = ?), 0)) AS id`
const OF_ENTRY = 'SELECT DISTINCT session_id AS id FROM session_entry WHERE entry_id = ? ORDER BY id LIMIT 200'
const OF_RECIPIENT = `
  SELECT DISTINCT session_id AS id FROM session_entry WHERE entry_id = ? AND recipient_id = ? ORDER BY id LIMIT 200`
const BY_RECIPIENT = `
  SELECT DISTINCT recipient_id AS recipientId, session_id AS id FROM session_entry
  WHERE entry_id = ? AND recipient_id <> 0 ORDER BY recipient_id, session_id LIMIT 20000`
const OF_MESSAGE = 'SELECT session_id AS id FROM session_message WHERE message_id = ? ORDER BY id LIMIT 200'

/** A row of `session` as it is stored. */
export interface SessionRow {
  readonly id: number
  readonly protocol: SessionHead['protocol']
  readonly side: SessionHead['side']
  readonly peer: string
  readonly address: string
  readonly account_id: number | null
  readonly started_ms: number
  readonly ended_ms: number | null
  readonly state: SessionHead['state']
  readonly worst: string
  readonly tls: number
  readonly bytes_in: number
  readonly bytes_out: number
  readonly messages: number
}

/** Makes the head of a session of its row. */
export function toHead(row: SessionRow): SessionHead {
  return {
    id: row.id,
    protocol: row.protocol,
    side: row.side,
    peer: row.peer,
    address: row.address,
    ...(row.account_id === null ? {} : { accountId: row.account_id }),
    startedMs: row.started_ms,
    ...(row.ended_ms === null ? {} : { endedMs: row.ended_ms }),
    state: row.state,
    worst: row.worst,
    tls: row.tls === 1,
    bytesIn: row.bytes_in,
    bytesOut: row.bytes_out,
    messages: row.messages,
  }
}

/** Which sessions a list shows. */
export interface SessionFilter {
  /** Only sessions older than that id. */
  readonly before?: number | null
  /** At most 200. */
  readonly limit: number
  readonly protocol?: SessionHead['protocol'] | null
  /** Only those that ended with something deferred, failed or aborted. */
  readonly problemsOnly?: boolean
  readonly entryId?: number | null
  readonly messageId?: number | null
  readonly accountId?: number | null
}

/** Session heads, newest first. */
export function listSessions(db: ReadDb, filter: SessionFilter): SessionHead[] {
  // Each filter is a piece of constant SQL, so there are few statements to keep.
  const where: string[] = ['session.id < ?']
  const values: (string | number)[] = [filter.before ?? Number.MAX_SAFE_INTEGER]
  const add = (sql: string, value: string | number | null | undefined) => {
    if (value === null || value === undefined) return
    where.push(sql)
    values.push(value)
  }
  add('protocol = ?', filter.protocol)
  add('account_id = ?', filter.accountId)
  add('session.id IN (SELECT session_id FROM session_entry WHERE entry_id = ?)', filter.entryId)
  add('session.id IN (SELECT session_id FROM session_message WHERE message_id = ?)', filter.messageId)
  if (filter.problemsOnly === true) where.push(`state IN ('deferred', 'failed', 'aborted')`)
  const sql = `SELECT ${SESSION_COLUMNS} FROM session WHERE ${where.join(' AND ')} ORDER BY session.id DESC LIMIT ?`
  return prepared<unknown[], SessionRow>(db, sql)
    .all(...values, Math.min(filter.limit, 200))
    .map(toHead)
}

/** The head of one session, or undefined. */
export function getSession(db: ReadDb, id: number): SessionHead | undefined {
  const row = prepared<[number], SessionRow>(db, GET).get(id)
  return row === undefined ? undefined : toHead(row)
}

/** The highest session id ever in use, 0 when there was none: where a recorder goes on counting. */
export function lastSessionId(db: ReadDb): number {
  return prepared<[string], { id: number }>(db, LAST).get(LAST_REMOVED)?.id ?? 0
}

const ids = (rows: readonly { id: number }[]) => rows.map((row) => row.id)

/** Sessions that had to do with a queue entry, oldest first. */
export function sessionsOfEntry(db: ReadDb, entryId: number): number[] {
  return ids(prepared<[number], { id: number }>(db, OF_ENTRY).all(entryId))
}

/** Sessions that tried to deliver to one recipient of an entry, oldest first. */
export function sessionsOfRecipient(db: ReadDb, entryId: number, recipientId: number): number[] {
  return ids(prepared<[number, number], { id: number }>(db, OF_RECIPIENT).all(entryId, recipientId))
}

/** The same for all recipients of an entry at once, by recipient. */
export function sessionsByRecipient(db: ReadDb, entryId: number): Map<number, number[]> {
  const found = new Map<number, number[]>()
  for (const { recipientId, id } of prepared<[number], { recipientId: number; id: number }>(db, BY_RECIPIENT).all(
    entryId,
  )) {
    const known = found.get(recipientId)
    if (known) known.push(id)
    else found.set(recipientId, [id])
  }
  return found
}

/** Sessions that brought or sent a stored message, oldest first. */
export function sessionsOfMessage(db: ReadDb, messageId: number): number[] {
  return ids(prepared<[number], { id: number }>(db, OF_MESSAGE).all(messageId))
}

/** Marks sessions a crash left open. At start, before a new one is recorded. */
export function markAborted(db: WriteDb, nowMs: number): number {
  return prepared(db, MARK_ABORTED).run(nowMs).changes
}
