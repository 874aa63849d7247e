import { packParts, readParts, type SegmentPart } from '../model/segment.ts'
import { linksIn, withoutSessions } from '../model/segment-reader.ts'
import { addToCounter } from './counter.ts'
import { prepared } from './prepared.ts'
import { scrubbing } from './scrub.ts'
import { LAST_REMOVED } from './session.ts'
import { STORED_BYTES } from './session-record.ts'
import { segmentData } from './session-segment.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** Sessions and segments that one removal takes, so that no group of the writer grows long by it. */
export const REMOVED_AT_ONCE = 100
export const SEGMENTS_AT_ONCE = 64

// Ids of removed sessions are not used again: an attempt may still name one.
const KEEP_LAST = `
  INSERT INTO counter (name, value) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)`
/** Reads an `Ended`. */
export const ENDED_COLUMNS = 'SELECT id, first_segment AS first, last_segment AS last FROM session'
const ENDED = `${ENDED_COLUMNS} WHERE state <> 'live' ORDER BY id LIMIT ?`
const PARTS = 'SELECT id, parts FROM session_segment WHERE id BETWEEN ? AND ? ORDER BY id'
const REMOVE = 'DELETE FROM session WHERE id = ?'
const REMOVE_SEGMENT = 'DELETE FROM session_segment WHERE id = ?'
const PUT_REST = 'UPDATE session_segment SET parts = ?, data = ? WHERE id = ?'
const REMOVE_ENTRY = 'DELETE FROM session_entry WHERE entry_id = ? AND recipient_id = ? AND session_id = ?'
const REMOVE_MESSAGE = 'DELETE FROM session_message WHERE message_id = ? AND session_id = ?'

/** A session that has ended, and in which segments it lies. */
export interface Ended {
  readonly id: number
  readonly first: number | null
  readonly last: number | null
}
interface Touched {
  readonly id: number
  readonly parts: readonly SegmentPart[]
}

/** The first segments that hold something of those sessions. */
export function segmentsOf(db: ReadDb, sessions: readonly Ended[], most: number): Touched[] {
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
export function removeSessions(db: WriteDb, sessions: readonly Ended[]): number {
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

/** What a removal came to: `more` asks to be called again. */
export interface Removal {
  readonly removed: number
  readonly more: boolean
}

export const sessionRemoveOperations = {
  /** Removes some of the sessions that have ended, truly. Call it again while `more`. */
  'session.clear': (db: WriteDb, _args: null): Removal => {
    const ended = prepared<[number], Ended>(db, ENDED).all(REMOVED_AT_ONCE)
    const removed = removeSessions(db, ended)
    return { removed, more: ended.length === REMOVED_AT_ONCE || removed < ended.length }
  },
} satisfies Record<string, Operation<never, unknown>>
