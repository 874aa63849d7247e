import { SegmentWriter } from '../../core/model/segment-writer.ts'
import type { SessionHead, SessionLink, TranscriptEvent } from '../../core/model/transcript.ts'
import { packBatch, sessionRecordOperations } from '../../core/store/session-record.ts'
import type { WriteDb } from '../../core/store/types.ts'

/** What a session said from a number on. */
export interface Said {
  readonly sessionId: number
  readonly seq: number
  readonly events: readonly TranscriptEvent[]
}

/** A session of SMTP with everything at its usual; times count up with the id. */
export const headOf = (id: number, more: Partial<SessionHead> = {}): SessionHead => ({
  id,
  protocol: 'smtp',
  side: 'client',
  peer: 'mx.example',
  address: '192.0.2.1:25',
  startedMs: id * 1000,
  endedMs: id * 1000 + 500,
  state: 'ok',
  worst: '250',
  tls: false,
  bytesIn: 0,
  bytesOut: 0,
  messages: 0,
  ...more,
})

/** `C: …`, `S: …` as lines, anything else as a note; each 10 ms after the one before. */
export function eventsOf(said: readonly string[], fromMs = 0): TranscriptEvent[] {
  return said.map((text, n) => {
    const at = { atMs: fromMs + n * 10, sinceMs: n * 10 }
    const [, from, line] = /^([CS]): (.*)$/s.exec(text) ?? []
    if (line === undefined) return { ...at, kind: 'note', text }
    return { ...at, kind: 'line', from: from as 'C' | 'S', tls: false, spans: [line], bytes: line.length }
  })
}

/** Keeps sessions, with what they said in one segment. */
export function keepSaid(
  db: WriteDb,
  heads: readonly SessionHead[],
  said: readonly Said[] = [],
  links: readonly { readonly sessionId: number; readonly link: SessionLink }[] = [],
): void {
  const writer = new SegmentWriter(0)
  for (const { sessionId, events } of said) for (const event of events) writer.event(sessionId, event, event)
  for (const { sessionId, link } of links) writer.link(sessionId, { atMs: 0, sinceMs: 0 }, link)
  const parts = said.map(({ sessionId, seq, events }) => ({ sessionId, seq, count: events.length }))
  const silent = links.map(({ sessionId }) => ({ sessionId, seq: 0, count: 0 }))
  const protocol = heads[0]?.protocol ?? 'smtp'
  const segments =
    said.length + links.length === 0 ? [] : [{ protocol, bytes: writer.bytes, parts: [...parts, ...silent] }]
  for (const [packed] of packBatch({ heads, segments, links })) sessionRecordOperations['session.record'](db, packed)
}

/** Runs a sliced query to its end. */
export function drained<T>(steps: Iterator<unknown, T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
