import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { asWriteDb } from '../database.ts'
import { migrate, migrations } from '../migrate.ts'
import { getSession } from '../session.ts'

test('a log of version 14 is whole in version 15, and queries of it can be kept', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(
    db,
    'mail.db',
    migrations.filter((step) => step.version <= 14),
  )
  db.exec(`INSERT INTO session (id, protocol, side, peer, address, started_ms, state, worst, tls, bytes_in, bytes_out, messages)
    VALUES (7, 'smtp', 'client', 'mx.example', '192.0.2.1:25', 5, 'ok', '250', 1, 10, 20, 1);
    INSERT INTO session_segment (protocol, parts, data) VALUES ('smtp', x'070001', x'01')`)
  migrate(db, 'mail.db')
  expect(getSession(asWriteDb(db), 7)).toMatchObject({ peer: 'mx.example', worst: '250' })
  expect(db.prepare('SELECT count(*) FROM session_segment').pluck().get()).toBe(1)
  db.exec(`INSERT INTO log_query (name, text, notify, created_ms) VALUES ('a', 'code:5xx', 1, 1)`)
  expect(db.prepare('SELECT found, last_ms FROM log_query').get()).toEqual({ found: 0, last_ms: null })
  expect(() => db.exec(`INSERT INTO log_query (name, text, notify, created_ms) VALUES ('a', 'x', 0, 1)`)).toThrow(
    'UNIQUE',
  )
  db.close()
})
