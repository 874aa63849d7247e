import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import type { SessionHead, TranscriptEvent } from '../model/transcript.ts'
import { asWriteDb } from './database.ts'
import { migrate } from './migrate.ts'
import {
  getSession,
  lastSessionId,
  linksOf,
  listEvents,
  listSessions,
  markAborted,
  packBatch,
  sessionOperations,
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

const record = sessionOperations['session.record']
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
const put = (heads: SessionHead[], events: Parameters<typeof record>[1]['events'] = []) =>
  record(db, { heads, events, links: [] })

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
  record(db, {
    heads: [head(1), head(2), head(3)],
    events: [],
    links: [
      { sessionId: 1, link: { entryId: 5, recipientId: 50, attemptId: 500 } },
      { sessionId: 1, link: { entryId: 5, recipientId: 50, attemptId: 500 } },
      { sessionId: 2, link: { entryId: 5, recipientId: 51 } },
      { sessionId: 3, link: { messageId: 7 } },
      { sessionId: 99, link: { messageId: 7 } },
    ],
  })
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
  expect(sessionOperations['session.clear'](db, null)).toEqual({ removed: 100, more: true })
  expect(sessionOperations['session.clear'](db, null)).toEqual({ removed: 49, more: false })
  expect(listSessions(db, { limit: 10 }).map(({ id }) => id)).toEqual([4])
  expect(listEvents(db, 2, 0, 10)).toEqual([])
  expect(listEvents(db, 4, 0, 10)).toHaveLength(2)
})

test('never counts back: the id of a session that is gone is not used again', () => {
  put([head(7, { state: 'ok' }), head(3)])
  sessionOperations['session.clear'](db, null)
  expect(listSessions(db, { limit: 5 }).map(({ id }) => id)).toEqual([3])
  expect(lastSessionId(db)).toBe(7)
})

test('takes no more events of a session that was removed', () => {
  put([head(1, { state: 'ok' }), head(2)])
  sessionOperations['session.clear'](db, null)
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

test('forgets what is too old, then the oldest of what is too much', () => {
  const events = (sessionId: number) => ({ sessionId, seq: 0, events: notes(0, 10) })
  const ids = Array.from({ length: 10 }, (_, i) => i + 1)
  put(
    ids.map((id) => head(id, { state: 'ok', endedMs: id * 1000 })),
    ids.map(events),
  )
  const left = () => listSessions(db, { limit: 20 }).map(({ id }) => id)
  const expire = sessionOperations['session.expire']
  expect(expire(db, { keepMs: 8500 }, 12_000)).toEqual({ removed: 3, more: false })
  expect(left()).toEqual([10, 9, 8, 7, 6, 5, 4])
  const each = JSON.stringify(notes(0, 10)).length
  expect(expire(db, { keepMs: 1e9, keepBytes: 2 * each }, 12_000)).toEqual({ removed: 5, more: false })
  expect(left()).toEqual([10, 9])
  expect(expire(db, {}, 12_000)).toEqual({ removed: 0, more: false })
})

test('what is cleared is gone from the file, not only from the list', () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-clear-'))
  const path = join(folder, 'plain.db') // without encryption, or nothing could be looked for
  const plain = new Database(path)
  migrate(plain, path)
  const marker = 'MAIL FROM:<marker@example.org>'
  const events = [{ kind: 'note', text: marker, atMs: 0, sinceMs: 0 }] as const
  record(asWriteDb(plain), { heads: [head(1, { state: 'ok' })], events: [{ sessionId: 1, seq: 0, events }], links: [] })
  expect(readFileSync(path).includes(marker)).toBe(true)
  sessionOperations['session.clear'](asWriteDb(plain), null)
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

test('a large batch crosses in slices that keep all of it, none long and each head before what belongs to it', () => {
  const ids = Array.from({ length: 40 }, (_, i) => i + 1)
  const batch = {
    heads: ids.map((id) => head(id)),
    events: ids.slice(10).map((sessionId) => ({ sessionId, seq: 0, events: notes(0, 50) })),
    links: ids.flatMap((sessionId) => [1, 2, 3].map((n) => ({ sessionId, link: { entryId: sessionId * 10 + n } }))),
  }
  const slices = packBatch(batch)
  expect(slices.length).toBeGreaterThan(4)
  for (const [slice, bytes] of slices) {
    expect(bytes).toBeLessThan(16 * 1024 + 5000)
    record(db, slice)
  }
  for (const id of ids) {
    expect(getSession(db, id)).toEqual(head(id))
    expect(linksOf(db, id)).toEqual([1, 2, 3].map((n) => ({ entryId: id * 10 + n })))
    expect(listEvents(db, id, 0, 100)).toHaveLength(id > 10 ? 50 : 0)
  }
})
