import { packParts, readParts, type SegmentPart } from '../model/segment.ts'
import { linksIn, sizesIn, withoutSessions } from '../model/segment-reader.ts'
import { addToCounter } from './counter.ts'
import { prepared } from './prepared.ts'
import { scrubbing } from './scrub.ts'
import { LAST_REMOVED } from './session.ts'
import { STORED_BYTES } from './session-record.ts'
import { segmentData } from './session-segment.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** How long a transcript is kept, and how many bytes all of them may take. */
export const KEEP_SESSIONS_MS = 30 * 86_400_000
export const KEEP_SESSIONS_BYTES = 200 * 1024 * 1024
/** Sessions and segments that one removal takes, so that no group of the writer grows long by it. */
const REMOVED_AT_ONCE = 100
const SEGMENTS_AT_ONCE = 64

// Ids of removed sessions are not used again: an attempt may still name one.
const KEEP_LAST = `
  INSERT INTO counter (name, value) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)`
const COLUMNS = 'SELECT id, first_segment AS first, last_segment AS last FROM session'
const ENDED = `${COLUMNS} WHERE state <> 'live' ORDER BY id LIMIT ?`
const ENDED_BEFORE = `${COLUMNS} WHERE state <> 'live' AND coalesce(ended_ms, started_ms) < ? ORDER BY id LIMIT ?`
const PARTS = 'SELECT id, parts FROM session_segment WHERE id BETWEEN ? AND ? ORDER BY id'
const REMOVE = 'DELETE FROM session WHERE id = ?'
const REMOVE_SEGMENT = 'DELETE FROM session_segment WHERE id = ?'
const PUT_REST = 'UPDATE session_segment SET parts = ?, data = ? WHERE id = ?'
const REMOVE_ENTRY = 'DELETE FROM session_entry WHERE entry_id = ? AND recipient_id = ? AND session_id = ?'
const REMOVE_MESSAGE = 'DELETE FROM session_message WHERE message_id = ? AND session_id = ?'

/** A session that has ended, and in which segments it lies. */
interface Ended {
  readonly id: number
  readonly first: number | null
  readonly last: number | null
}
interface Touched {
  readonly id: number
  readonly parts: readonly SegmentPart[]
}

/** The first segments that hold something of those sessions. */
function segmentsOf(db: ReadDb, sessions: readonly Ended[], most: number): Touched[] {
  const firsts = sessions.flatMap(({ first }) => first ?? [])
  if (firsts.length === 0) return []
  const from = firsts.reduce((least, one) => Math.min(least, one))
  const to = sessions.reduce((greatest, { first, last }) => Math.max(greatest, last ?? first ?? 0), from)
  const ids = new Set(sessions.map(({ id }) => id))
  const found: Touched[] = []
  for (const row of prepared<[number, number], { id: number; parts: Uint8Array }>(db, PARTS).iterate(from, to)) {
    const parts = readParts(row.parts)
    if (!parts.some(({ sessionId }) => ids.has(sessionId))) continue
    found.push({ id: row.id, parts })
    if (found.length === most) break
  }
  return found
}

/** Takes sessions out of a segment. Returns how many bytes that freed. */
function takeOut(db: WriteDb, { id, parts }: Touched, gone: ReadonlySet<number>): number {
  const data = segmentData(db, id) ?? new Uint8Array()
  for (const { sessionId, link } of linksIn(data)) {
    if (!gone.has(sessionId)) continue
    if (link.entryId !== undefined) prepared(db, REMOVE_ENTRY).run(link.entryId, link.recipientId ?? 0, sessionId)
    if (link.messageId !== undefined) prepared(db, REMOVE_MESSAGE).run(link.messageId, sessionId)
  }
  const rest = withoutSessions(data, (sessionId) => gone.has(sessionId))
  if (rest === undefined) prepared(db, REMOVE_SEGMENT).run(id)
  else prepared(db, PUT_REST).run(packParts(parts.filter(({ sessionId }) => !gone.has(sessionId))), rest, id)
  return data.length - (rest?.length ?? 0)
}

/** Removes sessions with all that is stored of them. Returns how many are gone: none while segments of theirs are left. */
function remove(db: WriteDb, sessions: readonly Ended[]): number {
  if (sessions.length === 0) return 0
  const gone = new Set(sessions.map(({ id }) => id))
  const touched = segmentsOf(db, sessions, SEGMENTS_AT_ONCE)
  const isLast = touched.length < SEGMENTS_AT_ONCE
  let freed = 0
  scrubbing(db, () => {
    for (const segment of touched) freed += takeOut(db, segment, gone)
    if (isLast) for (const { id } of sessions) prepared(db, REMOVE).run(id)
  })
  if (freed > 0) addToCounter(db, STORED_BYTES, -freed)
  if (!isLast) return 0
  prepared(db, KEEP_LAST).run(LAST_REMOVED, Math.max(...gone))
  return sessions.length
}

/** The oldest sessions that have ended, as many as take so many bytes. */
function oldest(db: ReadDb, bytes: number): Ended[] {
  const ended = prepared<[number], Ended>(db, ENDED).all(REMOVED_AT_ONCE)
  const sizes = new Map<number, number>()
  for (const { id } of segmentsOf(db, ended, SEGMENTS_AT_ONCE))
    for (const [sessionId, size] of sizesIn(segmentData(db, id) ?? new Uint8Array()))
      sizes.set(sessionId, (sizes.get(sessionId) ?? 0) + size)
  let over = bytes
  return ended.filter(({ id }) => {
    if (over <= 0) return false
    over -= sizes.get(id) ?? 0
    return true
  })
}

/** What a removal came to: `more` asks to be called again. */
export interface Removal {
  readonly removed: number
  readonly more: boolean
}

export const sessionRemoveOperations = {
  /** Removes some of the sessions that have ended, truly. Call it again while `more`. */
  'session.clear': (db: WriteDb, _args: null): Removal => {
    const ended = prepared<[number], Ended>(db, ENDED).all(REMOVED_AT_ONCE)
    const removed = remove(db, ended)
    return { removed, more: ended.length === REMOVED_AT_ONCE || removed < ended.length }
  },
  /** Removes some of the sessions that are too old or, oldest first, too many. Call it again while `more`. */
  'session.expire': (
    db: WriteDb,
    { keepMs = KEEP_SESSIONS_MS, keepBytes = KEEP_SESSIONS_BYTES }: { keepMs?: number; keepBytes?: number },
    nowMs: number,
  ): Removal => {
    const old = prepared<[number, number], Ended>(db, ENDED_BEFORE).all(nowMs - keepMs, REMOVED_AT_ONCE)
    const removed = remove(db, old)
    if (old.length === REMOVED_AT_ONCE || removed < old.length) return { removed, more: true }
    const over = addToCounter(db, STORED_BYTES, 0) - keepBytes
    if (over <= 0) return { removed, more: false }
    const surplus = oldest(db, over)
    const removedToo = remove(db, surplus)
    const isStillOver = addToCounter(db, STORED_BYTES, 0) > keepBytes
    return { removed: removed + removedToo, more: isStillOver && surplus.length > 0 }
  },
} satisfies Record<string, Operation<never, unknown>>
