import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import type { TranscriptEvent } from '../../model/transcript.ts'
import { asWriteDb } from '../database.ts'
import { migrate, migrations } from '../migrate.ts'
import { linksOf, listEvents } from '../session-segment.ts'
import { lastSessionId, listSessions, sessionsOfEntry, sessionsOfMessage, sessionsOfRecipient } from '../session.ts'

const line = (n: number): TranscriptEvent => ({
  kind: 'line',
  from: n % 2 === 0 ? 'S' : 'C',
  tls: false,
  spans: n % 10 === 3 ? ['PASS ', { secret: true }] : [`line ${n} \x07\xff ${'x'.repeat(n % 300)}`],
  bytes: n % 10 === 3 ? 5 : 10 + String(n).length - 2 + (n % 300),
  atMs: 1_700_000_000_000 + n,
  sinceMs: n / 10,
})
const lines = (from: number, count: number) => Array.from({ length: count }, (_, i) => line(from + i))

/** A database of version 11 with a log that somebody has looked at. */
function used(): Database.Database {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(
    db,
    'mail.db',
    migrations.filter(({ version }) => version < 12),
  )
  const session = db.prepare(
    `INSERT INTO session (id, protocol, side, peer, address, started_ms, ended_ms, state, worst, tls, bytes_in, bytes_out, messages,
      stored_bytes) VALUES (?, ?, 'client', 'mx.example', '192.0.2.1:25', 5, 9, ?, '250', 0, 1, 2, 3, 77)`,
  )
  session.run(3, 'smtp', 'ok')
  session.run(4, 'pop3', 'failed')
  session.run(5, 'smtp', 'ok')
  session.run(6, 'smtp', 'live')
  const events = db.prepare('INSERT INTO session_events (session_id, seq, events) VALUES (?, ?, ?)')
  for (let n = 0; n < 30; n++) {
    events.run(3, n * 20, JSON.stringify(lines(n * 20, 20)))
    events.run(4, n * 10, JSON.stringify(lines(n * 10, 10)))
  }
  events.run(6, 0, JSON.stringify(lines(0, 1)))
  const link = db.prepare(
    `INSERT INTO session_link (session_id, entry_id, recipient_id, attempt_id, message_id) VALUES (?, ?, ?, ?, ?)`,
  )
  link.run(3, 8, null, null, null)
  link.run(3, 8, 80, 800, null)
  link.run(4, null, null, null, 2 ** 50)
  link.run(5, 9, null, null, null)
  db.exec(`INSERT INTO counter (name, value) VALUES ('transcript-bytes', 231), ('last-removed-session', 2)`)
  return db
}

test('a log of version 11 is whole in version 12', () => {
  const db = used()
  const heads = listHeads(db)
  migrate(
    db,
    'mail.db',
    migrations.filter(({ version }) => version <= 12),
  )
  const read = asWriteDb(db)
  expect(listHeads(db)).toEqual(heads)
  const numbered = (count: number) => lines(0, count).map((event, seq) => ({ seq, event }))
  expect(listEvents(read, 3, 0, 1000)).toEqual(numbered(600))
  expect(listEvents(read, 3, 590, 5)).toEqual(numbered(600).slice(590, 595))
  expect(listEvents(read, 4, 0, 1000)).toEqual(numbered(300))
  expect(listEvents(read, 5, 0, 1000)).toEqual([])
  expect(listEvents(read, 6, 0, 1000)).toEqual(numbered(1))
  expect(linksOf(read, 3)).toEqual([{ entryId: 8 }, { entryId: 8, recipientId: 80, attemptId: 800 }])
  expect(linksOf(read, 4)).toEqual([{ messageId: 2 ** 50 }])
  expect([sessionsOfEntry(read, 8), sessionsOfRecipient(read, 8, 80), sessionsOfEntry(read, 9)]).toEqual([
    [3],
    [3],
    [5],
  ])
  expect(sessionsOfMessage(read, 2 ** 50)).toEqual([4])
  expect(listSessions(read, { limit: 10, entryId: 9 }).map(({ id }) => id)).toEqual([5])
  expect(lastSessionId(read)).toBe(6)
  const stored = db.prepare('SELECT sum(length(data)) FROM session_segment').pluck().get()
  expect(db.prepare(`SELECT value FROM counter WHERE name = 'transcript-bytes'`).pluck().get()).toBe(stored)
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
})

const listHeads = (db: Database.Database) =>
  db
    .prepare(
      'SELECT id, protocol, side, peer, address, started_ms, ended_ms, state, worst, tls, bytes_in, bytes_out, messages FROM session',
    )
    .all()

test('a log that was empty stays so', () => {
  const db = new Database(':memory:')
  migrate(db, 'mail.db')
  expect(db.prepare('SELECT count(*) FROM session_segment').pluck().get()).toBe(0)
  expect(lastSessionId(asWriteDb(db))).toBe(0)
  db.close()
})
