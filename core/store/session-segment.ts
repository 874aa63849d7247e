import { readParts, type SegmentPart } from '../model/segment.ts'
import { eventsIn, linksIn } from '../model/segment-reader.ts'
import type { SessionLink, TranscriptEvent } from '../model/transcript.ts'
import { prepared } from './prepared.ts'
import type { Query, ReadDb } from './types.ts'

/** Segments looked at in one slice of a read. */
const SLICE = 64
/** Events are asked for by the page. */
const MOST_EVENTS = 1000
const MOST_LINKS = 1000

const WHERE = 'SELECT protocol, first_segment, last_segment, state FROM session WHERE id = ?'
// What a segment holds stands before its bytes: a segment of others is passed over without reading them.
const PARTS = `
  SELECT id, parts FROM session_segment
  WHERE protocol = ? AND id BETWEEN ? AND ? ORDER BY id LIMIT ${SLICE}`
const DATA = 'SELECT data FROM session_segment WHERE id = ?'

interface Place {
  readonly protocol: string
  readonly first_segment: number | null
  readonly last_segment: number | null
  readonly state: string
}
/** A segment, and what a session has in it. */
export interface SegmentRow {
  readonly id: number
  readonly part: SegmentPart
}

/** The bytes of a segment, or undefined. */
export function segmentData(db: ReadDb, id: number): Uint8Array | undefined {
  return prepared<[number], { data: Uint8Array }>(db, DATA).get(id)?.data
}

/** The segments that hold something of a session, in order, some at a time. */
function* segmentsOf(db: ReadDb, sessionId: number): Generator<SegmentRow[], void, void> {
  const place = prepared<[number], Place>(db, WHERE).get(sessionId)
  if (place === undefined || place.first_segment === null) return
  // How far a session that goes on has come is stored now and then only.
  const last = place.state === 'live' ? Number.MAX_SAFE_INTEGER : (place.last_segment ?? place.first_segment)
  for (let next = place.first_segment; ;) {
    const rows = prepared<unknown[], { id: number; parts: Uint8Array }>(db, PARTS).all(place.protocol, next, last)
    yield rows.flatMap(({ id, parts }) => {
      const part = readParts(parts).find((one) => one.sessionId === sessionId)
      return part === undefined ? [] : [{ id, part }]
    })
    if (rows.length < SLICE) return
    next = (rows.at(-1)?.id ?? 0) + 1
  }
}

/** An event with its number in its session. */
export interface NumberedEvent {
  readonly seq: number
  readonly event: TranscriptEvent
}

function* events(
  db: ReadDb,
  { id, fromSeq, limit }: { readonly id: number; readonly fromSeq: number; readonly limit: number },
): Generator<undefined, NumberedEvent[], undefined> {
  const found: NumberedEvent[] = []
  const most = Math.min(limit, MOST_EVENTS)
  for (const some of segmentsOf(db, id)) {
    for (const { id: segment, part } of some) {
      if (part.seq + part.count <= fromSeq) continue
      const data = segmentData(db, segment)
      if (data === undefined) continue // removed meanwhile
      eventsIn(data, id).forEach(({ event }, n) => {
        if (part.seq + n >= fromSeq && found.length < most) found.push({ seq: part.seq + n, event })
      })
      if (found.length >= most) return found
      yield
    }
    yield
  }
  return found
}

/** How many events of a session are kept, which is the number behind its last one. */
function* extent(db: ReadDb, { id }: { readonly id: number }): Generator<undefined, number, undefined> {
  let events = 0
  for (const some of segmentsOf(db, id)) {
    for (const { part } of some) events = Math.max(events, part.seq + part.count)
    yield
  }
  return events
}

function* links(db: ReadDb, { id }: { readonly id: number }): Generator<undefined, SessionLink[], undefined> {
  const found = new Map<string, SessionLink>()
  for (const some of segmentsOf(db, id)) {
    for (const { id: segment } of some) {
      const data = segmentData(db, segment)
      for (const { link } of data === undefined ? [] : linksIn(data, id)) {
        // What a session has done twice it had to do with once.
        found.set(`${link.entryId} ${link.recipientId} ${link.attemptId} ${link.messageId}`, link)
        if (found.size >= MOST_LINKS) return [...found.values()]
      }
      yield
    }
    yield
  }
  return [...found.values()]
}

export const sessionSegmentQueries = {
  /** At most `limit` events of a session, from number `fromSeq` on. */
  'session.events': events,
  /** How many events a session has, up to the last that is kept. */
  'session.extent': extent,
  /** What a session had to do with. */
  'session.links': links,
} satisfies Record<string, Query<never, unknown>>

/** `session.events` at once: for tests and tools. */
export function listEvents(db: ReadDb, id: number, fromSeq: number, limit: number): NumberedEvent[] {
  return drained(events(db, { id, fromSeq, limit }))
}
/** `session.links` at once: for tests and tools. */
export function linksOf(db: ReadDb, id: number): SessionLink[] {
  return drained(links(db, { id }))
}

function drained<T>(steps: Generator<undefined, T, undefined>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
