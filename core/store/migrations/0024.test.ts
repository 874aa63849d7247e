import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { cameBy } from '../came-by.ts'
import { asReadDb } from '../database.ts'
import { migrate, migrations } from '../migrate.ts'

test('mail of version 23 is whole in version 24, and came by the account that has it', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(
    db,
    'mail.db',
    migrations.filter((step) => step.version <= 23),
  )
  const accounts = db.prepare(
    `INSERT INTO account (id, kind, name, host, port, tls, login, keep, every_seconds, created_ms, next_fetch_ms)
       VALUES (?, 'pop3', ?, 'pop.test', 995, 'implicit', 'ada', 1, 300, 0, 0)`,
  )
  for (const id of [7, 8]) accounts.run(id, `a${id}`)
  db.exec(`
    INSERT INTO folder (id, account_id, role, name) VALUES (100, 7, 'inbox', 'Inbox'), (101, 7, 'sent', 'Sent'), (102, NULL, 'other', 'Kept');
    INSERT INTO blob (id, size_bytes, state, created_ms) VALUES (1, 0, 'whole', 0);`)
  const messages = db.prepare(
    `INSERT INTO message (id, folder_id, blob_id, prefix, removed, size_bytes, message_id, subject, author_name, author_address, addressees,
       preview, date_ms, received_ms, attachments, seen, change) VALUES (?, ?, 1, '', '[]', 0, '', '', '', '', '', '', 0, 0, 0, 0, 0)`,
  )
  for (const [id, folderId] of [
    [1, 100], // in an account's Inbox
    [2, 101], // sent by it
    [3, 102], // moved out of it since
    [4, 102],
  ] as const)
    messages.run(id, folderId)
  db.exec(`
    INSERT INTO pop3_seen (account_id, uidl, message_id, fetched_ms) VALUES (8, 'u3', 3, 0), (8, 'gone', NULL, 0), (8, 'lost', 999, 0);`)
  const before = db.prepare('SELECT * FROM message ORDER BY id').all()
  migrate(db, 'mail.db')
  expect(db.prepare('SELECT * FROM message ORDER BY id').all()).toEqual(before)
  expect([1, 2, 3, 4, 999].map((id) => cameBy(asReadDb(db), id))).toEqual([7, undefined, 8, undefined, undefined])
  db.exec('DELETE FROM message WHERE id = 1')
  expect(cameBy(asReadDb(db), 1)).toBeUndefined()
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
})
