import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { asWriteDb } from '../database.ts'
import { migrate, migrations } from '../migrate.ts'
import { getServerSize, serverSizeOperations } from '../server-size.ts'

test('routes of version 22 are whole in version 23, and of servers the last word counts', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(
    db,
    'mail.db',
    migrations.filter((step) => step.version <= 22),
  )
  db.exec(
    `INSERT INTO route (id, kind, host, port, tls, created_ms) VALUES (1, 'smarthost', 'relay.test', 587, 'starttls', 0);`,
  )
  const before = db.prepare('SELECT * FROM route').all()
  migrate(db, 'mail.db')
  const write = asWriteDb(db)
  expect(db.prepare('SELECT * FROM route').all()).toEqual(before)
  expect(getServerSize(write, 'relay.test', 587)).toBeUndefined()
  const seen = (largestBytes: number | null, nowMs: number) =>
    serverSizeOperations['serverSize.seen'](write, { host: 'relay.test', port: 587, largestBytes }, nowMs)
  seen(10_000_000, 5)
  seen(25_000_000, 6)
  expect(getServerSize(write, 'relay.test', 587)).toEqual({ largestBytes: 25_000_000, seenMs: 6 })
  expect(getServerSize(write, 'relay.test', 25)).toBeUndefined()
  seen(null, 7)
  expect(getServerSize(write, 'relay.test', 587)).toEqual({ largestBytes: null, seenMs: 7 })
  serverSizeOperations['serverSize.expire'](write, { beforeMs: 8 })
  expect(getServerSize(write, 'relay.test', 587)).toBeUndefined()
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
})
