import {
  FLAG,
  FORMAT,
  HEAD_BYTES,
  KIND,
  LENGTH_BYTES,
  Numbers,
  readHead,
  REFS,
  SPEAKERS,
  type RecordHead,
} from './segment.ts'
import { SegmentWriter } from './segment-writer.ts'
import type { SessionLink, Span, TranscriptEvent } from './transcript.ts'

const viewOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Calls `visit` with each record and where it begins and ends, in order; of one session, or of all. */
export function eachRecord(
  bytes: Uint8Array,
  ofSession: number | undefined,
  visit: (sessionId: number, start: number, end: number) => void,
): void {
  if (bytes[0] !== FORMAT) return
  const session = new Numbers(bytes)
  for (let at = HEAD_BYTES; at + LENGTH_BYTES < bytes.length;) {
    const size = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)
    const end = at + LENGTH_BYTES + size
    if (end > bytes.length) return
    session.at = at + LENGTH_BYTES
    const sessionId = session.next()
    if (ofSession === undefined || ofSession === sessionId) visit(sessionId, at, end)
    at = end
  }
}

const baseOf = (view: Buffer) => (view.length < HEAD_BYTES ? 0 : view.readDoubleLE(1))

/** The events of a segment, in order: of one session, or of all. */
export function eventsIn(bytes: Uint8Array, ofSession?: number): { sessionId: number; event: TranscriptEvent }[] {
  const view = viewOf(bytes)
  const baseMs = baseOf(view)
  const found: { sessionId: number; event: TranscriptEvent }[] = []
  eachRecord(view, ofSession, (sessionId, start, end) => {
    const event = toEvent(view.subarray(0, end), readHead(view, start + LENGTH_BYTES, baseMs))
    if (event !== undefined) found.push({ sessionId, event })
  })
  return found
}

/** The links of a segment: of one session, or of all. */
export function linksIn(bytes: Uint8Array, ofSession?: number): { sessionId: number; link: SessionLink }[] {
  const view = viewOf(bytes)
  const found: { sessionId: number; link: SessionLink }[] = []
  eachRecord(view, ofSession, (sessionId, start, end) => {
    const { flags, at } = readHead(view, start + LENGTH_BYTES, 0)
    if ((flags & FLAG.kind) !== KIND.link) return
    const numbers = new Numbers(view.subarray(0, end), at)
    const [entryId = 0, recipientId = 0, attemptId = 0, messageId = 0] = Array.from({ length: 4 }, () => numbers.next())
    const link = {
      ...(entryId > 0 && { entryId: entryId - 1 }),
      ...(recipientId > 0 && { recipientId: recipientId - 1 }),
      ...(attemptId > 0 && { attemptId: attemptId - 1 }),
      ...(messageId > 0 && { messageId: messageId - 1 }),
    }
    found.push({ sessionId, link })
  })
  return found
}

/** The segment's bytes without those sessions; undefined when nothing is left. */
export function withoutSessions(bytes: Uint8Array, isGone: (sessionId: number) => boolean): Uint8Array | undefined {
  const view = viewOf(bytes)
  const baseMs = baseOf(view)
  const writer = new SegmentWriter(baseMs)
  eachRecord(view, undefined, (sessionId, start, end) => {
    if (!isGone(sessionId)) writer.copy(view.subarray(start, end), baseMs)
  })
  return writer.size === HEAD_BYTES ? undefined : writer.bytes
}

function toEvent(bytes: Buffer, head: RecordHead): TranscriptEvent | undefined {
  const { flags, atMs, at } = head
  const when = { atMs, sinceMs: head.sinceTenths / 10 }
  const from = (flags & FLAG.fromServer) === 0 ? 'C' : 'S'
  const tls = (flags & FLAG.tls) !== 0
  switch (flags & FLAG.kind) {
    case KIND.line: {
      const { spans, size } = (flags & FLAG.more) === 0 ? toPlain(bytes, at) : toSpans(bytes, at)
      const odd = (flags & FLAG.odd) === 0 ? {} : { odd: true }
      return { ...when, kind: 'line', from, tls, spans, bytes: size, ...odd }
    }
    case KIND.content: {
      const numbers = new Numbers(bytes, at)
      const size = numbers.next()
      const kind = REFS[bytes[numbers.at++] ?? 0]
      const text = () => bytes.toString('utf8', numbers.at)
      const content = { ...when, kind: 'content', from, tls, bytes: size } as const
      if (kind === 'entry') return { ...content, ref: { kind, entryId: numbers.next() } }
      if (kind === 'message') return { ...content, ref: { kind, messageId: numbers.next() } }
      if (kind === 'fetched') return { ...content, ref: { kind, uidl: text() } }
      return { ...content, ref: JSON.parse(text()) as Extract<TranscriptEvent, { kind: 'content' }>['ref'] }
    }
    case KIND.tls: {
      const facts = JSON.parse(bytes.toString('utf8', at)) as Extract<TranscriptEvent, { kind: 'tls' }>['facts']
      return { ...when, kind: 'tls', facts }
    }
    case KIND.note:
      return { ...when, kind: 'note', text: bytes.toString('utf8', at) }
    case KIND.closed: {
      const by = SPEAKERS[bytes[at] ?? 0] ?? 'us'
      return (flags & FLAG.more) === 0
        ? { ...when, kind: 'closed', by }
        : { ...when, kind: 'closed', by, why: bytes.toString('utf8', at + 1) }
    }
    default:
      return undefined // a link
  }
}

const toPlain = (bytes: Buffer, at: number) => ({ spans: [bytes.toString('latin1', at)], size: bytes.length - at })

function toSpans(bytes: Buffer, at: number): { readonly spans: readonly Span[]; readonly size: number } {
  const numbers = new Numbers(bytes, at)
  const size = numbers.next()
  const spans: Span[] = []
  while (numbers.at < bytes.length) {
    const length = numbers.next()
    if (length === 0) spans.push({ secret: true })
    else if (length === 1) {
      const end = numbers.next() + numbers.at
      spans.push({ secret: true, user: bytes.toString('utf8', numbers.at, end) })
      numbers.at = end
    } else {
      spans.push(bytes.toString('latin1', numbers.at, numbers.at + length - 1))
      numbers.at += length - 1
    }
  }
  return { spans, size }
}

/** How many bytes each session has in a segment. */
export function sizesIn(bytes: Uint8Array): Map<number, number> {
  const sizes = new Map<number, number>()
  eachRecord(bytes, undefined, (sessionId, start, end) =>
    sizes.set(sessionId, (sizes.get(sessionId) ?? 0) + end - start),
  )
  return sizes
}
