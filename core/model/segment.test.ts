import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { packParts, readParts } from './segment.ts'
import { eventsIn, linksIn, sizesIn, withoutSessions } from './segment-reader.ts'
import { SegmentWriter } from './segment-writer.ts'
import type { ContentRef, SessionLink, TranscriptEvent } from './transcript.ts'

const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) })
const text = fc.string({ unit: 'grapheme' })
const id = fc.integer({ min: 0, max: 2 ** 52 })
const when = fc.record({
  atMs: fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 }),
  sinceMs: fc.integer({ min: 0, max: 1e9 }).map((tenths) => tenths / 10),
})
const side = fc.record({ from: fc.constantFrom('C' as const, 'S' as const), tls: fc.boolean() })
const ref = fc.oneof<fc.Arbitrary<ContentRef>[]>(
  id.map((entryId) => ({ kind: 'entry', entryId })),
  id.map((messageId) => ({ kind: 'message', messageId })),
  text.map((uidl) => ({ kind: 'fetched', uidl })),
  fc.record({ kind: fc.constant('kept' as const), first: latin1, last: latin1, sha256: text }),
)
const facts = fc.record({ version: text, cipher: text, trusted: fc.boolean(), subject: text, fingerprint256: text })
const secret = fc
  .option(text, { nil: undefined })
  .map((user) => ({ secret: true as const, ...(user !== undefined && { user }) }))
const size = fc.integer({ min: 0, max: 2 ** 40 })
const event: fc.Arbitrary<TranscriptEvent> = fc
  .tuple(
    when,
    side,
    fc.oneof(
      fc.tuple(latin1, fc.boolean()).map(([line, odd]) => ({
        kind: 'line' as const,
        spans: [line],
        bytes: line.length,
        ...(odd && { odd: true }),
      })),
      fc.record({
        kind: fc.constant('line' as const),
        // A piece without a byte is none.
        spans: fc.array(
          fc.oneof(
            latin1.filter((piece) => piece !== ''),
            secret,
          ),
          { maxLength: 5 },
        ),
        bytes: size,
      }),
      fc.record({ kind: fc.constant('content' as const), bytes: size, ref }),
    ),
  )
  .map(([at, by, said]) => ({ ...at, ...by, ...said }))
const other: fc.Arbitrary<TranscriptEvent> = fc
  .tuple(
    when,
    fc.oneof(
      fc.record({ kind: fc.constant('tls' as const), facts }),
      fc.record({ kind: fc.constant('note' as const), text }),
      fc.record({
        kind: fc.constant('closed' as const),
        by: fc.constantFrom('C' as const, 'S' as const, 'us' as const),
      }),
      fc.record({ kind: fc.constant('closed' as const), by: fc.constant('us' as const), why: text }),
    ),
  )
  .map(([at, said]) => ({ ...at, ...said }))
const link: fc.Arbitrary<SessionLink> = fc.record(
  { entryId: id, recipientId: id, attemptId: id, messageId: id },
  { requiredKeys: [] },
)
const said = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.oneof(event, other), fc.option(link)), {
  maxLength: 30,
})

function written(all: readonly (readonly [number, TranscriptEvent, SessionLink | null])[]): SegmentWriter {
  const writer = new SegmentWriter(1_700_000_000_000)
  for (const [sessionId, one, made] of all) {
    const { spans = [], bytes } = one.kind === 'line' ? one : {}
    const [only] = spans
    // As the recorder does: what is whole goes the short way.
    if (one.kind === 'line' && spans.length === 1 && typeof only === 'string' && only.length === bytes)
      writer.line(sessionId, one, one.from, one.tls, only, one.odd === true)
    else writer.event(sessionId, one, one)
    if (made !== null) writer.link(sessionId, one, made)
  }
  return writer
}

test('what was written is read as it was, of all sessions or of one', () => {
  fc.assert(
    fc.property(said, (all) => {
      const { bytes } = written(all)
      const events = all.map(([sessionId, one]) => ({ sessionId, event: one }))
      const links = all.flatMap(([sessionId, , made]) => (made === null ? [] : [{ sessionId, link: made }]))
      expect(eventsIn(bytes)).toEqual(events)
      expect(linksIn(bytes)).toEqual(links)
      for (const one of [1, 2, 3, 4]) {
        expect(eventsIn(bytes, one)).toEqual(events.filter(({ sessionId }) => sessionId === one))
        expect(linksIn(bytes, one)).toEqual(links.filter(({ sessionId }) => sessionId === one))
      }
    }),
  )
})

test('sessions that are taken out leave nothing, and the others as they were', () => {
  fc.assert(
    fc.property(said, fc.uniqueArray(fc.integer({ min: 1, max: 4 })), (all, gone) => {
      const { bytes } = written(all)
      const rest = withoutSessions(bytes, (sessionId) => gone.includes(sessionId))
      const kept = all.filter(([sessionId]) => !gone.includes(sessionId))
      expect(rest === undefined).toBe(kept.length === 0)
      if (rest === undefined) return
      expect(eventsIn(rest)).toEqual(kept.map(([sessionId, one]) => ({ sessionId, event: one })))
      expect(Buffer.from(rest)).toEqual(Buffer.from(written(kept).bytes))
      const sizes = sizesIn(bytes)
      expect(bytes.length - rest.length).toBe(gone.reduce((sum, one) => sum + (sizes.get(one) ?? 0), 0))
    }),
  )
})

test('bytes that are no segment, or the start of one, are read as far as they go', () => {
  fc.assert(
    fc.property(said, fc.nat(), fc.uint8Array(), (all, cut, noise) => {
      const { bytes } = written(all)
      const part = bytes.subarray(0, cut % (bytes.length + 1))
      expect(eventsIn(bytes).slice(0, eventsIn(part).length)).toEqual(eventsIn(part))
      expect(sizesIn(noise).size).toBeLessThanOrEqual(noise.length)
    }),
  )
})

test('a line stands in a segment byte for byte', () => {
  const writer = new SegmentWriter(0)
  const line = Buffer.from('MAIL FROM:<\xe4da@author.example>', 'latin1')
  writer.line(1, { atMs: 0, sinceMs: 0 }, 'C', false, line, false)
  writer.line(1, { atMs: 0, sinceMs: 0 }, 'C', false, line.toString('latin1'), false)
  expect(Buffer.from(writer.bytes).toString('latin1').split(line.toString('latin1'))).toHaveLength(3)
})

test('who is in a segment is told by a few bytes', () => {
  const part = fc.record({ sessionId: id, seq: fc.nat(), count: fc.nat() })
  fc.assert(fc.property(fc.array(part), (parts) => void expect(readParts(packParts(parts))).toEqual(parts)))
})
