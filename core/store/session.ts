import type { SessionHead, SessionLink, TranscriptEvent } from '../model/transcript.ts'
import { addToCounter } from './counter.ts'
import { prepared } from './prepared.ts'
import { scrubbing } from './scrub.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** How long a transcript is kept, and how many bytes all of them may take. */
export const KEEP_SESSIONS_MS = 30 * 86_400_000
export const KEEP_SESSIONS_BYTES = 200 * 1024 * 1024
/** Sessions one removal takes, so that no group of the writer grows long by it. */
const REMOVED_AT_ONCE = 100
const STORED_BYTES = 'transcript-bytes'
const LAST_REMOVED = 'last-removed-session'

const COLUMNS = `
  session.id, protocol, side, peer, address, account_id, started_ms, ended_ms, state, worst, tls, bytes_in, bytes_out, messages`
const PUT = `
  INSERT INTO session (id, protocol, side, peer, address, account_id, started_ms, ended_ms, state, worst, tls, bytes_in, bytes_out, messages)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET ended_ms = excluded.ended_ms, state = excluded.state, worst = excluded.worst, tls = excluded.tls,
    bytes_in = excluded.bytes_in, bytes_out = excluded.bytes_out, messages = excluded.messages`
const ADD_BYTES = 'UPDATE session SET stored_bytes = stored_bytes + ? WHERE id = ?'
const PUT_EVENTS = 'INSERT OR IGNORE INTO session_events (session_id, seq, events) VALUES (?, ?, ?)'
const EXISTS = 'SELECT 1 FROM session WHERE id = ?'
const HAS_LINK = `
  SELECT 1 FROM session_link
  WHERE session_id = ? AND entry_id IS ? AND recipient_id IS ? AND attempt_id IS ? AND message_id IS ?` // index session_link_all
const PUT_LINK = `
  INSERT INTO session_link (session_id, entry_id, recipient_id, attempt_id, message_id) VALUES (?, ?, ?, ?, ?)`
const MARK_ABORTED = `UPDATE session SET state = 'aborted', ended_ms = ? WHERE state = 'live'`

const GET = `SELECT ${COLUMNS} FROM session WHERE id = ?`
// Ids of removed sessions are not used again: an attempt may still name one.
const LAST = `SELECT max(coalesce((SELECT max(id) FROM session), 0), coalesce((SELECT value FROM counter WHERE name = ?), 0)) AS id`
const KEEP_LAST = `
  INSERT INTO counter (name, value) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)`
const LINKS = 'SELECT entry_id, recipient_id, attempt_id, message_id FROM session_link WHERE session_id = ? LIMIT 1000'
const OF_ENTRY = 'SELECT DISTINCT session_id AS id FROM session_link WHERE entry_id = ? ORDER BY id LIMIT 200'
const OF_RECIPIENT = `
  SELECT DISTINCT session_id AS id FROM session_link WHERE entry_id = ? AND recipient_id = ? ORDER BY id LIMIT 200`
const OF_MESSAGE = 'SELECT DISTINCT session_id AS id FROM session_link WHERE message_id = ? ORDER BY id LIMIT 200'
const EVENTS = `
  SELECT seq, events FROM session_events
  WHERE session_id = @id AND seq >= coalesce((SELECT max(seq) FROM session_events WHERE session_id = @id AND seq <= @fromSeq), 0)
  ORDER BY seq`

const ENDED = `SELECT id, stored_bytes FROM session WHERE state <> 'live' ORDER BY id LIMIT ?`
const ENDED_BEFORE = `
  SELECT id, stored_bytes FROM session WHERE state <> 'live' AND coalesce(ended_ms, started_ms) < ? ORDER BY id LIMIT ?`
const REMOVE = 'DELETE FROM session WHERE id = ?'

interface Row {
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

function toHead(row: Row): SessionHead {
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
  add('session.id IN (SELECT session_id FROM session_link WHERE entry_id = ?)', filter.entryId)
  add('session.id IN (SELECT session_id FROM session_link WHERE message_id = ?)', filter.messageId)
  if (filter.problemsOnly === true) where.push(`state IN ('deferred', 'failed', 'aborted')`)
  const sql = `SELECT ${COLUMNS} FROM session WHERE ${where.join(' AND ')} ORDER BY session.id DESC LIMIT ?`
  return prepared<unknown[], Row>(db, sql)
    .all(...values, Math.min(filter.limit, 200))
    .map(toHead)
}

/** The head of one session, or undefined. */
export function getSession(db: ReadDb, id: number): SessionHead | undefined {
  const row = prepared<[number], Row>(db, GET).get(id)
  return row === undefined ? undefined : toHead(row)
}

/** The highest session id ever in use, 0 when there was none: where a recorder goes on counting. */
export function lastSessionId(db: ReadDb): number {
  return prepared<[string], { id: number }>(db, LAST).get(LAST_REMOVED)?.id ?? 0
}

/** At most `limit` events of a session, from number `fromSeq` on. */
export function listEvents(
  db: ReadDb,
  id: number,
  fromSeq: number,
  limit: number,
): { readonly seq: number; readonly event: TranscriptEvent }[] {
  const found: { seq: number; event: TranscriptEvent }[] = []
  const batches = prepared<[{ id: number; fromSeq: number }], { seq: number; events: string }>(db, EVENTS)
  for (const batch of batches.iterate({ id, fromSeq })) {
    const events = JSON.parse(batch.events) as TranscriptEvent[]
    for (const [i, event] of events.entries()) {
      if (batch.seq + i >= fromSeq && found.length < limit) found.push({ seq: batch.seq + i, event })
    }
    if (found.length >= limit) break
  }
  return found
}

/** What a session had to do with. */
export function linksOf(db: ReadDb, id: number): SessionLink[] {
  const rows = prepared<
    [number],
    { entry_id: number | null; recipient_id: number | null; attempt_id: number | null; message_id: number | null }
  >(db, LINKS).all(id)
  return rows.map((row) => ({
    ...(row.entry_id === null ? {} : { entryId: row.entry_id }),
    ...(row.recipient_id === null ? {} : { recipientId: row.recipient_id }),
    ...(row.attempt_id === null ? {} : { attemptId: row.attempt_id }),
    ...(row.message_id === null ? {} : { messageId: row.message_id }),
  }))
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

/** Sessions that brought or sent a stored message, oldest first. */
export function sessionsOfMessage(db: ReadDb, messageId: number): number[] {
  return ids(prepared<[number], { id: number }>(db, OF_MESSAGE).all(messageId))
}

/** What changed since the last batch of a recorder (core/transcript/sink.ts says more). */
export interface Batch {
  readonly heads: readonly SessionHead[]
  readonly events: readonly {
    readonly sessionId: number
    readonly seq: number
    /** A string where they are JSON already, as they are stored. */
    readonly events: readonly TranscriptEvent[] | string
    /** The same as `events`, which then is not looked at. */
    readonly json?: string
  }[]
  readonly links: readonly { readonly sessionId: number; readonly link: SessionLink }[]
}

/** What one operation takes of a batch: small enough to ride along with a group of others. */
const SLICE_BYTES = 16 * 1024
const HEAD_BYTES = 256
const LINK_BYTES = 64

/**
 * The batch in slices, events as JSON: a string crosses to the writer at a fraction of what thousands of small objects cost on
 * both sides. With each its bytes. A session's head comes before what belongs to it.
 */
export function packBatch(batch: Batch): (readonly [Batch, number])[] {
  const heads = new Map(batch.heads.map((head) => [head.id, head]))
  const slices: (readonly [Batch, number])[] = []
  let open: { heads: SessionHead[]; events: Batch['events'][number][]; links: Batch['links'][number][] } | undefined
  let bytes = 0
  const room = (more: number) => {
    if (open !== undefined && bytes + more > SLICE_BYTES) end()
    bytes += more
    return (open ??= { heads: [], events: [], links: [] })
  }
  const end = () => {
    if (open !== undefined) slices.push([open, bytes])
    open = undefined
    bytes = 0
  }
  for (const some of batch.events) {
    const { sessionId, seq } = some
    // `events` may have to be read from `json` first: it is not asked for in vain.
    const text = some.json ?? (typeof some.events === 'string' ? some.events : JSON.stringify(some.events))
    const slice = room(text.length + HEAD_BYTES)
    const head = heads.get(sessionId)
    if (head !== undefined && heads.delete(sessionId)) slice.heads.push(head)
    slice.events.push({ sessionId, seq, events: text })
  }
  for (const head of heads.values()) room(HEAD_BYTES).heads.push(head)
  for (const link of batch.links) room(LINK_BYTES).links.push(link)
  end()
  return slices
}

function record(db: WriteDb, { heads, events, links }: Batch): void {
  for (const head of heads) {
    prepared(db, PUT).run(
      head.id,
      head.protocol,
      head.side,
      head.peer,
      head.address,
      head.accountId ?? null,
      head.startedMs,
      head.endedMs ?? null,
      head.state,
      head.worst,
      head.tls ? 1 : 0,
      head.bytesIn,
      head.bytesOut,
      head.messages,
    )
  }
  let added = 0
  for (const batch of events) {
    const json = typeof batch.events === 'string' ? batch.events : JSON.stringify(batch.events)
    // A session that was removed meanwhile stays removed; the rest of the batch goes in.
    if (prepared(db, ADD_BYTES).run(json.length, batch.sessionId).changes === 0) continue
    prepared(db, PUT_EVENTS).run(batch.sessionId, batch.seq, json)
    added += json.length
  }
  if (added > 0) addToCounter(db, STORED_BYTES, added)
  const known = new Map<number, boolean>()
  for (const { sessionId, link } of links) {
    let exists = known.get(sessionId)
    if (exists === undefined) known.set(sessionId, (exists = prepared(db, EXISTS).get(sessionId) !== undefined))
    const { entryId = null, recipientId = null, attemptId = null, messageId = null } = link
    const row = [sessionId, entryId, recipientId, attemptId, messageId]
    if (exists && prepared(db, HAS_LINK).get(...row) === undefined) prepared(db, PUT_LINK).run(...row)
  }
}

interface Ended {
  readonly id: number
  readonly stored_bytes: number
}

function remove(db: WriteDb, sessions: readonly Ended[]): void {
  if (sessions.length === 0) return
  prepared(db, KEEP_LAST).run(LAST_REMOVED, Math.max(...sessions.map(({ id }) => id)))
  scrubbing(db, () => {
    for (const { id } of sessions) prepared(db, REMOVE).run(id)
  })
  const freed = sessions.reduce((sum, { stored_bytes }) => sum + stored_bytes, 0)
  if (freed > 0) addToCounter(db, STORED_BYTES, -freed)
}

/** Marks sessions a crash left open. At start, before a new one is recorded. */
export function markAborted(db: WriteDb, nowMs: number): number {
  return prepared(db, MARK_ABORTED).run(nowMs).changes
}

export const sessionOperations = {
  'session.record': record,
  'session.markAborted': (db: WriteDb, _args: null, nowMs: number) => markAborted(db, nowMs),
  /** Removes some of the sessions that have ended, truly. Call it again while `more`. */
  'session.clear': (db: WriteDb, _args: null): { removed: number; more: boolean } => {
    const ended = prepared<[number], Ended>(db, ENDED).all(REMOVED_AT_ONCE)
    remove(db, ended)
    return { removed: ended.length, more: ended.length === REMOVED_AT_ONCE }
  },
  /** Removes some of the sessions that are too old or, oldest first, too many. Call it again while `more`. */
  'session.expire': (
    db: WriteDb,
    { keepMs = KEEP_SESSIONS_MS, keepBytes = KEEP_SESSIONS_BYTES }: { keepMs?: number; keepBytes?: number },
    nowMs: number,
  ): { removed: number; more: boolean } => {
    const old = prepared<[number, number], Ended>(db, ENDED_BEFORE).all(nowMs - keepMs, REMOVED_AT_ONCE)
    remove(db, old)
    if (old.length === REMOVED_AT_ONCE) return { removed: old.length, more: true }
    let over = addToCounter(db, STORED_BYTES, 0) - keepBytes
    const oldest = over > 0 ? prepared<[number], Ended>(db, ENDED).all(REMOVED_AT_ONCE) : []
    const surplus = oldest.filter(({ stored_bytes }) => {
      if (over <= 0) return false
      over -= stored_bytes
      return true
    })
    remove(db, surplus)
    return { removed: old.length + surplus.length, more: over > 0 && surplus.length === REMOVED_AT_ONCE }
  },
} satisfies Record<string, Operation<never, unknown>>
