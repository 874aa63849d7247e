import { sizesIn } from '../model/segment-reader.ts'
import type { Protocol } from '../model/transcript.ts'
import { addToCounter } from './counter.ts'
import { prepared } from './prepared.ts'
import { STORED_BYTES } from './session-record.ts'
import {
  ENDED_COLUMNS,
  REMOVED_AT_ONCE,
  removeSessions,
  SEGMENTS_AT_ONCE,
  segmentsOf,
  type Ended,
  type Removal,
} from './session-remove.ts'
import { segmentData } from './session-segment.ts'
import type { Operation, Query, ReadDb, WriteDb } from './types.ts'

/** What the sessions of one protocol take up. */
export interface LogUse {
  readonly protocol: Protocol
  readonly sessions: number
  /** Of what was said in them. */
  readonly bytes: number
  /** When the oldest began; null where there is none. */
  readonly oldestMs: number | null
}

const PROTOCOLS: readonly Protocol[] = ['smtp', 'pop3', 'imap']
const SEGMENTS_AT_A_LOOK = 500

const COUNT = 'SELECT count(*) AS n FROM session WHERE protocol = ?' // index session_protocol
const OLDEST = 'SELECT started_ms AS ms FROM session WHERE protocol = ? ORDER BY id LIMIT 1'
const SIZES = `SELECT id, protocol, length(data) AS bytes FROM session_segment WHERE id > ? ORDER BY id LIMIT ${SEGMENTS_AT_A_LOOK}`
const ENDED = `${ENDED_COLUMNS} WHERE protocol = ? AND state <> 'live' ORDER BY id LIMIT ${REMOVED_AT_ONCE}`
// Sessions count up as they begin, so the first that began too late ends the look.
const BEGUN = `
  SELECT id, first_segment AS first, last_segment AS last, started_ms AS startedMs, ended_ms AS endedMs, state FROM session
  WHERE protocol = ? ORDER BY id`

interface Begun extends Ended {
  readonly startedMs: number
  readonly endedMs: number | null
  readonly state: string
}

/** What the log takes up, a slice at a time. */
export function* logUse(db: ReadDb, _args: null): Generator<undefined, LogUse[], undefined> {
  const bytes = new Map<Protocol, number>()
  const sizes = prepared<[number], { id: number; protocol: Protocol; bytes: number }>(db, SIZES)
  for (let after = 0; ;) {
    const rows = sizes.all(after)
    for (const row of rows) bytes.set(row.protocol, (bytes.get(row.protocol) ?? 0) + row.bytes)
    if (rows.length < SEGMENTS_AT_A_LOOK) break
    after = rows.at(-1)?.id ?? 0
    yield undefined
  }
  return PROTOCOLS.map((protocol) => ({
    protocol,
    sessions: prepared<[string], { n: number }>(db, COUNT).get(protocol)?.n ?? 0,
    bytes: bytes.get(protocol) ?? 0,
    oldestMs: prepared<[string], { ms: number }>(db, OLDEST).get(protocol)?.ms ?? null,
  }))
}

/** Sessions of a protocol that ended before a moment, the oldest, as many as go at once. */
function endedBefore(db: ReadDb, protocol: Protocol, beforeMs: number): Ended[] {
  const found: Ended[] = []
  for (const row of prepared<[string], Begun>(db, BEGUN).iterate(protocol)) {
    if (row.startedMs >= beforeMs) break
    if (row.state === 'live' || (row.endedMs ?? row.startedMs) >= beforeMs) continue
    found.push({ id: row.id, first: row.first, last: row.last })
    if (found.length === REMOVED_AT_ONCE) break
  }
  return found
}

/** The oldest sessions of a protocol that have ended, as many as take so many bytes. */
function oldest(db: ReadDb, protocol: Protocol, bytes: number): Ended[] {
  const ended = prepared<[string], Ended>(db, ENDED).all(protocol)
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

/** What is to go: of one protocol, what ended longer ago than that, then the oldest until so many bytes are free. */
export interface Expiry {
  readonly protocol: Protocol
  readonly keepMs: number
  readonly overBytes: number
}

/** Removes sessions; true where it was not all of them. */
function removeSome(db: WriteDb, sessions: readonly Ended[]): { readonly removed: number; readonly isCut: boolean } {
  const removed = removeSessions(db, sessions)
  return { removed, isCut: removed < sessions.length }
}

export const logExpireOperations = {
  /** Removes some of the sessions that are too old or, oldest first, too many. Call it again while `more`. */
  'session.expire': (
    db: WriteDb,
    { protocol, keepMs, overBytes }: Expiry,
    nowMs: number,
  ): Removal & { readonly freed: number } => {
    const before = addToCounter(db, STORED_BYTES, 0)
    const freed = () => before - addToCounter(db, STORED_BYTES, 0)
    const old = endedBefore(db, protocol, nowMs - keepMs)
    const first = removeSome(db, old)
    if (old.length === REMOVED_AT_ONCE || first.isCut) return { removed: first.removed, more: true, freed: freed() }
    const over = overBytes - freed()
    const surplus = over > 0 ? oldest(db, protocol, over) : []
    const second = removeSome(db, surplus)
    const isOver = surplus.length > 0 && freed() < overBytes
    return { removed: first.removed + second.removed, more: second.isCut || isOver, freed: freed() }
  },
} satisfies Record<string, Operation<never, unknown>>

export const logExpireQueries = {
  'log.use': logUse,
} satisfies Record<string, Query<never, unknown>>
