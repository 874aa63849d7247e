import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import type { Segment } from '../model/segment.ts'
import { SegmentWriter } from '../model/segment-writer.ts'
import type { SessionHead, TranscriptEvent } from '../model/transcript.ts'
import { asWriteDb } from './database.ts'
import { migrate } from './migrate.ts'
import { packBatch, sessionRecordOperations, type Batch } from './session-record.ts'
import { sessionRemoveOperations } from './session-remove.ts'
import { linksOf, listEvents } from './session-segment.ts'
import {
  getSession,
  lastSessionId,
  listSessions,
  markAborted,
  sessionsOfEntry,
  sessionsOfMessage,
  sessionsOfRecipient,
} from './session.ts'
import type { WriteDb } from './types.ts'

let db: WriteDb
let close: () => void
beforeEach(() => {
  const opened = openTestDb()
  db = opened.db
  close = () => opened.connection.close()
})
afterEach(() => close())

/** Events of sessions, of which some may have links. */
interface Said {
  readonly sessionId: number
  readonly seq: number
  readonly events: readonly TranscriptEvent[]
}
const clear = () => sessionRemoveOperations['session.clear'](db, null)
function segmentOf(said: readonly Said[], links: Batch['links'] = []): Segment {
  const writer = new SegmentWriter(0)
  for (const { sessionId, events } of said) for (const event of events) writer.event(sessionId, event, event)
  for (const { sessionId, link } of links) writer.link(sessionId, { atMs: 0, sinceMs: 0 }, link)
  const silent = links.map(({ sessionId }) => ({ sessionId, seq: 0, count: 0 }))
  const parts = said.map(({ sessionId, seq, events }) => ({ sessionId, seq, count: events.length }))
  return { protocol: 'smtp', bytes: writer.bytes, parts: [...parts, ...silent] }
}
function record(to: WriteDb, batch: Batch): void {
  for (const [packed] of packBatch(batch)) sessionRecordOperations['session.record'](to, packed)
}
const head = (id: number, more: Partial<SessionHead> = {}): SessionHead => ({
  id,
  protocol: 'smtp',
  side: 'client',
  peer: 'mx.example',
  address: '192.0.2.1:25',
  startedMs: id * 1000,
  state: 'live',
  worst: '',
  tls: false,
  bytesIn: 0,
  bytesOut: 0,
  messages: 0,
  ...more,
})
const note = (n: number): TranscriptEvent => ({ kind: 'note', text: `event ${n}`, atMs: n, sinceMs: n })
const notes = (from: number, count: number) => Array.from({ length: count }, (_, i) => note(from + i))
/** Each with a segment of its own. */
const put = (heads: SessionHead[], said: readonly Said[] = []) =>
  record(db, { heads, segments: said.map((one) => segmentOf([one])), links: [] })

test('keeps a head as it last stood', () => {
  put([head(1)])
  const ended = head(1, {
    state: 'failed',
    worst: '550',
    endedMs: 9000,
    tls: true,
    bytesIn: 7,
    bytesOut: 8,
    messages: 1,
  })
  put([ended])
  expect(getSession(db, 1)).toEqual(ended)
  put([head(2, { protocol: 'pop3', accountId: 4 })])
  expect(getSession(db, 2)).toEqual(head(2, { protocol: 'pop3', accountId: 4 }))
  expect(getSession(db, 3)).toBe(undefined)
  expect(lastSessionId(db)).toBe(2)
})

test('gives events from any number on, however they were batched', () => {
  put(
    [head(1), head(2)],
    [
      { sessionId: 1, seq: 0, events: notes(0, 3) },
      { sessionId: 2, seq: 0, events: notes(100, 5) },
      { sessionId: 1, seq: 3, events: notes(3, 1) },
    ],
  )
  put([], [{ sessionId: 1, seq: 4, events: notes(4, 6) }])
  const all = notes(0, 10).map((event, seq) => ({ seq, event }))
  for (let from = 0; from <= 10; from++)
    for (const limit of [1, 2, 3, 10, 50]) expect(listEvents(db, 1, from, limit)).toEqual(all.slice(from, from + limit))
  expect(listEvents(db, 9, 0, 10)).toEqual([])
})

test('lists newest first, page by page, by protocol and by trouble', () => {
  const states = ['ok', 'failed', 'deferred', 'aborted', 'live'] as const
  put(
    Array.from({ length: 20 }, (_, i) =>
      head(i + 1, { state: states[i % 5] ?? 'ok', protocol: i % 2 ? 'pop3' : 'smtp' }),
    ),
  )
  const ids = (filter: Parameters<typeof listSessions>[1]) => listSessions(db, filter).map(({ id }) => id)
  expect(ids({ limit: 3 })).toEqual([20, 19, 18])
  expect(ids({ limit: 3, before: 18 })).toEqual([17, 16, 15])
  expect(ids({ limit: 4, protocol: 'pop3' })).toEqual([20, 18, 16, 14])
  expect(ids({ limit: 4, problemsOnly: true })).toEqual([19, 18, 17, 14])
  expect(ids({ limit: 2, problemsOnly: true, protocol: 'smtp', before: 17 })).toEqual([13, 9])
})

test('finds sessions by what they had to do with, both ways', () => {
  const links = [
    { sessionId: 1, link: { entryId: 5, recipientId: 50, attemptId: 500 } },
    { sessionId: 1, link: { entryId: 5, recipientId: 50, attemptId: 500 } },
    { sessionId: 2, link: { entryId: 5, recipientId: 51 } },
    { sessionId: 3, link: { messageId: 7 } },
    { sessionId: 99, link: { messageId: 7 } },
  ]
  record(db, { heads: [head(1), head(2), head(3)], segments: [segmentOf([], links)], links })
  expect(sessionsOfEntry(db, 5)).toEqual([1, 2])
  expect(sessionsOfRecipient(db, 5, 51)).toEqual([2])
  expect(sessionsOfMessage(db, 7)).toEqual([3])
  expect(linksOf(db, 1)).toEqual([{ entryId: 5, recipientId: 50, attemptId: 500 }])
  expect(listSessions(db, { limit: 10, entryId: 5 }).map(({ id }) => id)).toEqual([2, 1])
  expect(listSessions(db, { limit: 10, messageId: 7 }).map(({ id }) => id)).toEqual([3])
})

test('closes what a crash left open', () => {
  put([head(1), head(2, { state: 'ok', endedMs: 5 })])
  expect(markAborted(db, 77)).toBe(1)
  expect(getSession(db, 1)).toMatchObject({ state: 'aborted', endedMs: 77 })
  expect(getSession(db, 2)).toMatchObject({ state: 'ok', endedMs: 5 })
})

test('clears what has ended, a few at a time, and leaves what is live', () => {
  put(
    Array.from({ length: 150 }, (_, i) => head(i + 1, { state: i === 3 ? 'live' : 'ok' })),
    [
      { sessionId: 2, seq: 0, events: notes(0, 2) },
      { sessionId: 4, seq: 0, events: notes(0, 2) },
    ],
  )
  expect(clear()).toEqual({ removed: 100, more: true })
  expect(clear()).toEqual({ removed: 49, more: false })
  expect(listSessions(db, { limit: 10 }).map(({ id }) => id)).toEqual([4])
  expect(listEvents(db, 2, 0, 10)).toEqual([])
  expect(listEvents(db, 4, 0, 10)).toHaveLength(2)
})

test('never counts back: the id of a session that is gone is not used again', () => {
  put([head(7, { state: 'ok' }), head(3)])
  clear()
  expect(listSessions(db, { limit: 5 }).map(({ id }) => id)).toEqual([3])
  expect(lastSessionId(db)).toBe(7)
})

test('takes no more events of a session that was removed', () => {
  put([head(1, { state: 'ok' }), head(2)])
  clear()
  put(
    [],
    [
      { sessionId: 1, seq: 5, events: notes(0, 1) },
      { sessionId: 2, seq: 0, events: notes(0, 1) },
    ],
  )
  expect(listEvents(db, 1, 0, 10)).toEqual([])
  expect(listEvents(db, 2, 0, 10)).toHaveLength(1)
})

test('what is cleared is gone from the file, not only from the list', () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-clear-'))
  const path = join(folder, 'plain.db') // without encryption, or nothing could be looked for
  const plain = new Database(path)
  migrate(plain, path)
  const marker = 'MAIL FROM:<marker@example.org>'
  const events = [{ kind: 'note', text: marker, atMs: 0, sinceMs: 0 }] as const
  const segments = [segmentOf([{ sessionId: 1, seq: 0, events }])]
  record(asWriteDb(plain), { heads: [head(1, { state: 'ok' })], segments, links: [] })
  expect(readFileSync(path).includes(marker)).toBe(true)
  sessionRemoveOperations['session.clear'](asWriteDb(plain), null)
  expect(readFileSync(path).includes(marker)).toBe(false)
  plain.close()
  rmSync(folder, { recursive: true })
})

test('problems of one protocol are found without walking through all that went well', () => {
  const plans: string[] = []
  const prepare = (sql: string) => {
    const constant = sql.replaceAll('?', '1')
    const steps = db.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${constant}`).all()
    plans.push(...steps.map(({ detail }) => detail))
    return db.prepare(sql)
  }
  listSessions({ prepare } as unknown as WriteDb, { limit: 10, protocol: 'pop3', problemsOnly: true })
  expect(plans).toEqual(['SEARCH session USING INDEX session_problem_protocol (protocol=? AND id<?)'])
})

test('a large batch crosses in slices that keep all of it', () => {
  const ids = Array.from({ length: 400 }, (_, i) => i + 1)
  const links = ids.flatMap((sessionId) => [1, 2, 3].map((n) => ({ sessionId, link: { entryId: sessionId * 10 + n } })))
  const said = ids.slice(10, 60).map((sessionId) => ({ sessionId, seq: 0, events: notes(0, 50) }))
  const segments = [segmentOf(said.slice(0, 20)), segmentOf(said.slice(20)), segmentOf([], links)]
  const slices = packBatch({ heads: ids.map((id) => head(id)), segments, links })
  expect(slices.length).toBeGreaterThan(3)
  for (const [slice] of slices) sessionRecordOperations['session.record'](db, slice)
  for (const id of ids) {
    expect(getSession(db, id)).toEqual(head(id))
    expect(linksOf(db, id)).toEqual([1, 2, 3].map((n) => ({ entryId: id * 10 + n })))
    expect(listEvents(db, id, 0, 100)).toHaveLength(id > 10 && id <= 60 ? 50 : 0)
  }
})

test('of a session that shares its segments with others nothing is left, and of the others everything', () => {
  const ids = [1, 2, 3]
  const links = ids.map((sessionId) => ({ sessionId, link: { entryId: 5, messageId: 2 ** 50 + sessionId } }))
  const round = (seq: number) => segmentOf(ids.map((sessionId) => ({ sessionId, seq, events: notes(seq, 4) })))
  put([head(2), head(1, { state: 'ok' }), head(3, { state: 'failed' })])
  record(db, { heads: ids.map((id) => getSession(db, id)!), segments: [round(0), segmentOf([], links)], links })
  record(db, { heads: [], segments: [round(4)], links: [] }) // the end of a head may come later
  record(db, { heads: ids.map((id) => getSession(db, id)!), segments: [round(8)], links: [] })
  expect(listEvents(db, 1, 0, 100).map(({ seq }) => seq)).toEqual([...Array(12).keys()])
  expect(clear()).toEqual({ removed: 2, more: false })
  expect(listEvents(db, 2, 0, 100)).toEqual(notes(0, 12).map((event, seq) => ({ seq, event })))
  expect([1, 3].flatMap((id) => listEvents(db, id, 0, 100))).toEqual([])
  expect(ids.map((id) => sessionsOfMessage(db, 2 ** 50 + id))).toEqual([[], [2], []])
  expect(sessionsOfEntry(db, 5)).toEqual([2])
  expect(linksOf(db, 2)).toEqual([{ entryId: 5, messageId: 2 ** 50 + 2 }])
  const stored = db.prepare<[], { bytes: number }>('SELECT sum(length(data)) AS bytes FROM session_segment').get()
  expect(db.prepare(`SELECT value AS bytes FROM counter WHERE name = 'transcript-bytes'`).get()).toEqual(stored)
})

test('sessions in very many segments go a few segments at a time', () => {
  for (let seq = 0; seq < 150; seq++)
    put([head(1), head(2, { state: 'ok' })], [{ sessionId: 2, seq, events: notes(seq, 1) }])
  expect([clear(), clear(), clear()]).toEqual([
    { removed: 0, more: true },
    { removed: 0, more: true },
    { removed: 1, more: false },
  ])
  expect(db.prepare('SELECT count(*) AS n FROM session_segment').get()).toEqual({ n: 0 })
})

test('what a session said last is found, too, when a crash kept its head from being stored', () => {
  put([head(1)], [{ sessionId: 1, seq: 0, events: notes(0, 2) }])
  record(db, { heads: [], segments: [segmentOf([{ sessionId: 1, seq: 2, events: notes(2, 2) }])], links: [] })
  expect(listEvents(db, 1, 0, 10)).toHaveLength(4)
  markAborted(db, 77)
  expect(listEvents(db, 1, 0, 10)).toHaveLength(4)
})
