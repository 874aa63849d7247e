import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { migrate, migrations } from '../migrate.ts'

test('identities of version 18 are whole in version 19, without a signature, and templates have names of their own', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(
    db,
    'mail.db',
    migrations.filter((step) => step.version <= 18),
  )
  db.exec(`INSERT INTO identity (id, name, local, domain, created_ms) VALUES (4, 'Nora', 'nora', 'feldt.test', 1)`)
  const before = db.prepare('SELECT * FROM identity').all() as Record<string, unknown>[]
  migrate(
    db,
    'mail.db',
    migrations.filter((step) => step.version <= 19),
  )
  const added = { reply_to: '', signature: '', signs_answers: 1 }
  expect(db.prepare('SELECT * FROM identity').all()).toEqual(before.map((row) => ({ ...row, ...added })))
  expect(() => db.exec('UPDATE identity SET signs_answers = 2')).toThrow('CHECK')
  db.exec(`INSERT INTO template (name, content, changed_ms) VALUES ('Thanks', '{}', 1)`)
  expect(() => db.exec(`INSERT INTO template (name, content, changed_ms) VALUES ('thanks', '{}', 1)`)).toThrow('UNIQUE')
  db.close()
})
