import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrate, migrations } from '../migrate.ts'

let db: Database.Database
beforeEach(() => {
  db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, 'mail.db', migrations.slice(0, 4))
})
afterEach(() => db.close())

test('a database of version 4 keeps its queue, unsigned and with no reports', () => {
  db.exec(`
    INSERT INTO blob (id, state, size_bytes, sha256, created_ms) VALUES (1, 'whole', 3, x'00', 1);
    INSERT INTO queue_entry (id, blob_id, prefix, removed, size_bytes, from_local, from_domain, origin, message_id, subject, is_8bit,
      needs_utf8, created_ms, open_count, envid)
    VALUES (1, 1, '', '[]', 3, 'ada', 'author.example', 'window', '<1@author.example>', 'x', 0, 0, 1, 1, 'QQ');
    INSERT INTO queue_recipient (id, entry_id, local, domain, state, next_attempt_ms) VALUES (7, 1, 'bob', 'remote.example', 'waiting', 1);`)
  expect(migrate(db, 'mail.db')).toBe(4)
  expect(db.prepare('SELECT message_id, signed_by FROM queue_entry').all()).toEqual([
    { message_id: '<1@author.example>', signed_by: null },
  ])
  expect(db.prepare('SELECT id, local, state, later_dsn FROM queue_recipient').all()).toEqual([
    { id: 7, local: 'bob', state: 'waiting', later_dsn: null },
  ])
  expect(db.prepare('SELECT count(*) FROM suppression').pluck().get()).toBe(0)
  expect(db.pragma('foreign_key_check')).toEqual([])
})

test.each([
  ['SELECT id FROM queue_entry WHERE envid = @a', 'queue_entry_envid'],
  ['SELECT local FROM suppression WHERE since_ms IS NOT NULL ORDER BY since_ms DESC LIMIT 1', 'suppression_since'],
])('%s reads an index', (sql, index) => {
  migrate(db, 'mail.db')
  expect(db.prepare<object, { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).get({ a: 'x' })?.detail).toContain(index)
})

test("a selector is a domain's own, and a key is of a kind that we sign with", () => {
  migrate(db, 'mail.db')
  const add = db.prepare(
    `INSERT INTO dkim_key (domain, selector, algorithm, public_key, created_ms) VALUES (?, ?, ?, 'x', 0)`,
  )
  add.run('a.test', 's', 'rsa-sha256')
  add.run('b.test', 's', 'ed25519-sha256')
  expect(() => add.run('a.test', 's', 'rsa-sha256')).toThrow('constraint')
  expect(() => add.run('a.test', 't', 'rsa-sha1')).toThrow('constraint')
  expect(db.prepare('SELECT active, published FROM dkim_key').all()).toEqual([
    { active: 0, published: 'unchecked' },
    { active: 0, published: 'unchecked' },
  ])
})
