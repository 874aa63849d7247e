import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { migrate, migrations } from '../migrate.ts'

const upTo = (version: number) => migrations.filter((step) => step.version <= version)

test('routes and tries of version 3 are whole in version 4: nobody signs in, and nothing is known of how they went', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, 'mail.db', upTo(3))
  db.exec(`
    INSERT INTO route (id, kind, host, port, tls, created_ms) VALUES (7, 'smarthost', 'smart.test', 587, 'starttls', 5);
    INSERT INTO identity (name, local, domain, route_id, created_ms) VALUES ('Ada', 'ada', 'here.test', 7, 5);
    INSERT INTO blob (id, state, size_bytes, created_ms) VALUES (1, 'whole', 10, 0);
    INSERT INTO queue_entry (id, blob_id, prefix, removed, size_bytes, origin, message_id, subject, is_8bit, needs_utf8, created_ms, open_count)
      VALUES (1, 1, '', '[]', 10, 'window', '', 'hi', 0, 0, 0, 1);
    INSERT INTO queue_recipient (id, entry_id, local, domain, state) VALUES (1, 1, 'kim', 'far.test', 'deferred');
    INSERT INTO attempt (id, recipient_id, started_ms, ended_ms, outcome, cause, mx, session_id)
      VALUES (3, 1, 1, 2, 'deferred', '{"at":"dns"}', 'mx.far.test', 9);`)
  migrate(db, 'mail.db', upTo(4))
  expect(db.prepare('SELECT * FROM route').all()).toEqual([
    {
      id: 7,
      kind: 'smarthost',
      host: 'smart.test',
      port: 587,
      tls: 'starttls',
      created_ms: 5,
      login_user: null,
      login_kind: null,
      trouble: null,
      trouble_ms: null,
    },
  ])
  expect(db.prepare('SELECT route_id FROM identity').pluck().all()).toEqual([7])
  expect(db.prepare('SELECT outcome, cause, mx, session_id, route, tls FROM attempt').all()).toEqual([
    { outcome: 'deferred', cause: '{"at":"dns"}', mx: 'mx.far.test', session_id: 9, route: null, tls: null },
  ])
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
})

test('a rule names a smarthost with its action, and only then', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, 'mail.db')
  db.exec(
    `INSERT INTO route (id, kind, host, port, tls, created_ms) VALUES (7, 'smarthost', 'smart.test', 587, 'starttls', 5)`,
  )
  const add = db.prepare(
    `INSERT INTO route_rule (position, sender, recipient, after_tries, action, route_id, created_ms) VALUES (0, '', '', 0, ?, ?, 0)`,
  )
  add.run('smarthost', 7)
  add.run('hold', null)
  for (const [action, route] of [
    ['smarthost', null],
    ['direct', 7],
    ['elsewhere', null],
    ['smarthost', 8],
  ])
    expect(() => add.run(action, route)).toThrow('constraint')
  db.close()
})
