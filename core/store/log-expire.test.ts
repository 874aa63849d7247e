import { afterEach, beforeEach, expect, test } from 'vitest'
import { drained, eventsOf, headOf, keepSaid } from '../../test/support/logged.ts'
import { openTestDb } from '../../test/support/store.ts'
import type { Protocol } from '../model/transcript.ts'
import { logExpireOperations, logUse } from './log-expire.ts'
import { listSessions } from './session.ts'
import { listEvents } from './session-segment.ts'
import type { WriteDb } from './types.ts'

let db: WriteDb
let close: () => void
beforeEach(() => {
  const opened = openTestDb()
  db = opened.db
  close = () => opened.connection.close()
})
afterEach(() => close())

const LINES = eventsOf(Array.from({ length: 20 }, (_, n) => `C: NOOP ${n}`))
const keep = (id: number, protocol: Protocol, more = {}) =>
  keepSaid(db, [headOf(id, { protocol, ...more })], [{ sessionId: id, seq: 0, events: LINES }])
const expire = (what: { protocol: Protocol; keepMs?: number; overBytes?: number }, nowMs: number) =>
  logExpireOperations['session.expire'](db, { keepMs: 1e12, overBytes: 0, ...what }, nowMs)
const left = () => listSessions(db, { limit: 200 }).map(({ id }) => id)
const use = () => drained(logUse(db, null))

test('forgets what is too old of one protocol, and leaves what is live and what is of another', () => {
  for (const id of [1, 2, 3, 4, 5])
    keep(id, id === 2 ? 'imap' : 'smtp', id === 3 ? { state: 'live', endedMs: undefined } : {})
  expect(expire({ protocol: 'smtp', keepMs: 2000 }, 6600)).toMatchObject({ removed: 2, more: false })
  expect(left()).toEqual([5, 3, 2])
  expect(listEvents(db, 5, 0, 100)).toHaveLength(20)
})

test('a session that began long ago and has just ended is not old', () => {
  keep(1, 'imap', { endedMs: 100_000 })
  keep(2, 'imap')
  expect(expire({ protocol: 'imap', keepMs: 50_000 }, 101_000)).toMatchObject({ removed: 1, more: false })
  expect(left()).toEqual([1])
})

test('makes room by the oldest sessions of a protocol, and says how much', () => {
  for (let id = 1; id <= 10; id++) keep(id, id % 2 === 0 ? 'pop3' : 'smtp')
  const before = use()
  const [smtp] = before
  expect(before.map(({ protocol, sessions, oldestMs }) => [protocol, sessions, oldestMs])).toEqual([
    ['smtp', 5, 1000],
    ['pop3', 5, 2000],
    ['imap', 0, null],
  ])
  const each = smtp!.bytes / 5
  const { removed, freed, more } = expire({ protocol: 'smtp', overBytes: 2 * each - 20 }, 0)
  expect([removed, more]).toEqual([2, false])
  expect(freed).toBeGreaterThanOrEqual(2 * each - 20)
  expect(left()).toEqual([10, 9, 8, 7, 6, 5, 4, 2])
  expect(use().map(({ bytes }) => bytes)).toEqual([smtp!.bytes - freed, before[1]!.bytes, 0])
})

test('goes a hundred sessions at a time', () => {
  for (let id = 1; id <= 250; id++) keepSaid(db, [headOf(id)])
  expect([1, 2, 3].map(() => expire({ protocol: 'smtp', keepMs: 0 }, 1e9))).toMatchObject([
    { removed: 100, more: true },
    { removed: 100, more: true },
    { removed: 50, more: false },
  ])
  expect(expire({ protocol: 'smtp', overBytes: 1e9 }, 1e9)).toMatchObject({ removed: 0, more: false })
})
