import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { asReadDb, asWriteDb } from '../database.ts'
import { migrate, migrations } from '../migrate.ts'
import { getRebuild, listUnindexed, searchIndexOperations } from '../search-index.ts'

let db: Database.Database
beforeEach(() => {
  db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, 'mail.db', migrations.slice(0, 6))
})
afterEach(() => db.close())

/** Three messages of version 6, in its index. */
function fill(): void {
  db.exec(`
    INSERT INTO folder (id, role, name, total) VALUES (1, 'inbox', 'Inbox', 3);
    INSERT INTO blob (id, state, size_bytes, sha256, created_ms) VALUES (1, 'whole', 3, x'00', 1);`)
  for (const id of [5, 6, 9]) {
    db.prepare(
      `INSERT INTO message (id, folder_id, blob_id, prefix, removed, size_bytes, message_id, subject, author_name, author_address,
        addressees, preview, date_ms, received_ms, attachments, seen, change)
      VALUES (?, 1, 1, '', '[]', 3, '', 'plans', '', '', '', '', 7, 7, 0, 0, ?)`,
    ).run(id, id)
    db.prepare(
      `INSERT INTO message_text (rowid, subject, author, addressees, body) VALUES (?, 'plans', '', '', 'x')`,
    ).run(id)
  }
}

test('mail of version 6 is whole in version 7, and all of it is to be indexed anew', () => {
  fill()
  expect(migrate(db, 'mail.db')).toBe(6)
  expect(db.prepare('SELECT id, subject, date_ms, change FROM message ORDER BY id').all()).toEqual(
    [5, 6, 9].map((id) => ({ id, subject: 'plans', date_ms: 7, change: id })),
  )
  expect(getRebuild(asReadDb(db))).toEqual({ below: 10, done: 0, total: 3 })
  expect(listUnindexed(asReadDb(db), 10, 2)).toEqual([9, 6])
  const fields = { subject: 'plans', authorName: '', authorAddress: '', addressees: '', body: 'über' }
  const index = searchIndexOperations['search.index']
  expect(index(asWriteDb(db), { messages: [{ id: 9, fields }], below: 9 })).toEqual({ below: 9, done: 1, total: 3 })
  expect(index(asWriteDb(db), { messages: [5, 6].map((id) => ({ id, fields })), below: null })).toBeNull()
  expect(
    db.prepare(`SELECT rowid FROM message_text WHERE message_text MATCH 'uber' ORDER BY rowid`).pluck().all(),
  ).toEqual([5, 6, 9])
  expect(db.pragma('foreign_key_check')).toEqual([])
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
})

test('an empty database has nothing to be indexed', () => {
  migrate(db, 'mail.db')
  expect(getRebuild(asReadDb(db))).toBeNull()
})

test('what a search filters by is read from an index, not from the rows', () => {
  migrate(db, 'mail.db')
  const plan = db
    .prepare<[], { detail: string }>(
      'EXPLAIN QUERY PLAN SELECT id FROM message INDEXED BY message_facts WHERE id BETWEEN 1 AND 9 AND seen = 0 AND size_bytes > 3 AND date_ms < 5 ORDER BY id DESC',
    )
    .all()
  expect(plan.map(({ detail }) => detail).join()).toMatch(
    /^SEARCH message USING COVERING INDEX message_facts \(id>\? AND id<\?\)$/,
  )
})
