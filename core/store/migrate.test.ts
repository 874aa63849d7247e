import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { latestVersion, migrate, migrations } from './migrate.ts'
import { migration as first } from './migrations/0001-first.ts'

const version = (db: Database.Database) => db.pragma('user_version', { simple: true })
const tables = (db: Database.Database) =>
  db.prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`).pluck().all()

test('every migration is one version after the last', () => {
  expect(migrations.map((step) => step.version)).toEqual(migrations.map((_, i) => i + 1))
})

test('brings an empty database to version 1', () => {
  const db = new Database(':memory:')
  expect(migrate(db, 'mail.db', [first])).toBe(0)
  expect(version(db)).toBe(1)
  expect(tables(db)).toEqual(expect.arrayContaining(['blob', 'message', 'queue_entry', 'secret', 'session']))
  expect(migrate(db, 'mail.db')).toBe(1)
  expect(version(db)).toBe(latestVersion())
  db.close()
})

test('every table of ours is STRICT', () => {
  const db = new Database(':memory:')
  migrate(db, 'mail.db')
  const loose = db
    .prepare<[], string>(
      `SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'`,
    )
    .pluck()
    .all()
  expect(loose.filter((name) => !name.startsWith('message_text'))).toEqual([])
  db.close()
})

test('every column that refers to another table has an index, or removing there would read everything here', () => {
  const db = new Database(':memory:')
  migrate(db, 'mail.db')
  const plans = tables(db).flatMap((table) =>
    db
      .prepare<[string], { from: string }>('SELECT "from" FROM pragma_foreign_key_list(?)')
      .all(table)
      .filter(({ from }) => ['blob_id', 'entry_id', 'recipient_id', 'session_id', 'folder_id'].includes(from))
      .map(({ from }) => db.prepare(`EXPLAIN QUERY PLAN SELECT 1 FROM ${table} WHERE ${from} = 1`).get()),
  )
  expect(plans.length).toBeGreaterThan(4)
  for (const plan of plans) expect(plan).toEqual(expect.objectContaining({ detail: expect.stringContaining('SEARCH') }))
  db.close()
})

test('leaves a database of a newer version as it is', () => {
  const db = new Database(':memory:')
  db.pragma(`user_version = ${latestVersion() + 1}`)
  expect(() => migrate(db, '/data/mail.db')).toThrowError(
    expect.objectContaining({
      code: 'store.newer',
      details: { path: '/data/mail.db', version: latestVersion() + 1, supported: latestVersion() },
    }),
  )
  expect(tables(db)).toEqual([])
  db.close()
})

test('a step that fails leaves the version before it, whole', () => {
  const db = new Database(':memory:')
  const steps = [
    { version: 1, sql: 'CREATE TABLE one (id INTEGER) STRICT' },
    {
      version: 2,
      sql: 'CREATE TABLE two (id INTEGER) STRICT',
      after: () => {
        throw new Error('no')
      },
    },
  ]
  expect(() => migrate(db, 'mail.db', steps)).toThrowError('no')
  expect(version(db)).toBe(1)
  expect(tables(db)).toEqual(['one'])
  db.close()
})
