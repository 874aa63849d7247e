import { packParts, readParts, type Segment } from '../model/segment.ts'
import { withoutSessions } from '../model/segment-reader.ts'
import type { SessionHead, SessionLink } from '../model/transcript.ts'
import { addToCounter } from './counter.ts'
import { prepared } from './prepared.ts'
import type { Operation, WriteDb } from './types.ts'

/** The counter that holds how many bytes all transcripts have. */
export const STORED_BYTES = 'transcript-bytes'

const PUT = `
  INSERT INTO session (id, protocol, side, peer, address, account_id, started_ms, ended_ms, state, worst, tls, bytes_in, bytes_out,
    messages, first_segment, last_segment)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET ended_ms = excluded.ended_ms, state = excluded.state, worst = excluded.worst, tls = excluded.tls,
    bytes_in = excluded.bytes_in, bytes_out = excluded.bytes_out, messages = excluded.messages,
    first_segment = coalesce(first_segment, excluded.first_segment), last_segment = coalesce(excluded.last_segment, last_segment)`
// What a session says later is behind all there is now.
const NEXT_SEGMENT = 'SELECT coalesce(max(id), 0) + 1 AS id FROM session_segment'
const EXISTS = 'SELECT 1 FROM session WHERE id = ?'
const PUT_SEGMENT = 'INSERT INTO session_segment (protocol, parts, data) VALUES (?, ?, ?)'
const PUT_ENTRY = 'INSERT OR IGNORE INTO session_entry (entry_id, recipient_id, session_id) VALUES (?, ?, ?)'
const PUT_MESSAGE = 'INSERT OR IGNORE INTO session_message (message_id, session_id) VALUES (?, ?)'

/** What changed since the last batch of a recorder (core/transcript/sink.ts says more). */
export interface Batch {
  readonly heads: readonly SessionHead[]
  readonly segments: readonly Segment[]
  readonly links: readonly { readonly sessionId: number; readonly link: SessionLink }[]
}
type Links = Batch['links']

/** One segment on its way to the writer, with the heads of who is in it. Heads and links are JSON. */
export interface PackedBatch {
  readonly heads: string
  readonly links: string
  readonly segment: {
    readonly protocol: Segment['protocol']
    readonly parts: Uint8Array<ArrayBuffer>
    readonly data: Uint8Array<ArrayBuffer>
  } | null
}

const HEAD_BYTES = 256
const LINK_BYTES = 32
const HEADS_AT_ONCE = 100
const LINKS_AT_ONCE = 1000

/**
 * The batch as operations, each small enough to ride along with a group of others, and with each its bytes. Text and bytes cross
 * to the writer at a fraction of what thousands of small objects cost on both sides.
 */
export function packBatch({ heads, segments, links }: Batch): (readonly [PackedBatch, number])[] {
  const packed: (readonly [PackedBatch, number])[] = []
  const add = (some: readonly SessionHead[], made: Links, segment: PackedBatch['segment']) => {
    const bytes = some.length * HEAD_BYTES + made.length * LINK_BYTES + (segment?.data.length ?? 0)
    packed.push([{ heads: JSON.stringify(some), links: JSON.stringify(made), segment }, bytes])
  }
  const known = new Map(heads.map((head) => [head.id, head]))
  const left = new Set(heads)
  // A head goes with each segment that it is in, for it says where its session begins and ends; links go behind all heads.
  const inEach = segments.map(({ parts }) => parts.flatMap(({ sessionId }) => known.get(sessionId) ?? []))
  for (const head of inEach.flat()) left.delete(head)
  for (const some of slices([...left], HEADS_AT_ONCE)) add(some, [], null)
  const [first = [], ...others] = slices(links, LINKS_AT_ONCE)
  for (const [n, { protocol, parts, bytes }] of segments.entries()) {
    const isLast = n === segments.length - 1
    add(inEach[n] ?? [], isLast ? first : [], { protocol, parts: packParts(parts), data: new Uint8Array(bytes) })
  }
  for (const some of segments.length > 0 ? others : [first, ...others]) if (some.length > 0) add([], some, null)
  return packed
}

function slices<T>(all: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, n) => all.slice(n * most, (n + 1) * most))
}

function record(db: WriteDb, { heads, links, segment }: PackedBatch): void {
  const put = JSON.parse(heads) as SessionHead[]
  const segmentId = segment === null ? null : putSegment(db, segment, new Set(put.map(({ id }) => id)))
  const from = segmentId ?? prepared<[], { id: number }>(db, NEXT_SEGMENT).get()?.id ?? null
  for (const head of put) {
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
      from,
      segmentId,
    )
  }
  putLinks(db, JSON.parse(links) as Links, new Map(put.map(({ id }) => [id, true])))
}

/** Keeps a segment; returns its id, or null where nothing is left of it. */
function putSegment(
  db: WriteDb,
  { protocol, parts, data }: NonNullable<PackedBatch['segment']>,
  known: ReadonlySet<number>,
): number | null {
  // A session that was removed meanwhile stays removed.
  const all = readParts(parts)
  const gone = new Set(
    all.flatMap(({ sessionId: id }) => (known.has(id) || prepared(db, EXISTS).get(id) !== undefined ? [] : [id])),
  )
  const kept = gone.size === 0 ? data : withoutSessions(data, (id) => gone.has(id))
  if (kept === undefined) return null
  const keptParts = gone.size === 0 ? parts : packParts(all.filter(({ sessionId }) => !gone.has(sessionId)))
  addToCounter(db, STORED_BYTES, kept.length)
  return Number(prepared(db, PUT_SEGMENT).run(protocol, keptParts, kept).lastInsertRowid)
}

/** `known`: whether sessions are there, as far as that is known; it grows. */
function putLinks(db: WriteDb, links: Links, known: Map<number, boolean>): void {
  for (const { sessionId, link } of links) {
    let exists = known.get(sessionId)
    if (exists === undefined) known.set(sessionId, (exists = prepared(db, EXISTS).get(sessionId) !== undefined))
    if (!exists) continue
    if (link.entryId !== undefined) prepared(db, PUT_ENTRY).run(link.entryId, link.recipientId ?? 0, sessionId)
    if (link.messageId !== undefined) prepared(db, PUT_MESSAGE).run(link.messageId, sessionId)
  }
}

export const sessionRecordOperations = {
  'session.record': record,
} satisfies Record<string, Operation<never, unknown>>
