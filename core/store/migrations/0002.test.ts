import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { migrate } from '../migrate.ts'
import { migration as first } from './0001-first.ts'
import { migration as second } from './0002-access.ts'

const MESSAGE = `
  INSERT INTO message (id, folder_id, blob_id, prefix, removed, size_bytes, message_id, subject, author_name, author_address,
    addressees, preview, date_ms, received_ms, attachments, seen, change)
  VALUES (?, ?, 1, '', '[]', ?, '', 'hi', '', '', '', '', 0, 0, 0, 0, 1)`

/** A database of version 1 as somebody has used it. */
function used(): Database.Database {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, 'mail.db', [first])
  db.exec(`
    INSERT INTO local_user (id, local, domain, created_ms) VALUES (1, 'ada', 'here.test', 5);
    INSERT INTO folder (id, user_id, role, name, total) VALUES (1, 1, 'inbox', 'Inbox', 2), (2, 1, 'trash', 'Trash', 0),
      (3, NULL, 'inbox', 'Inbox', 1);
    INSERT INTO blob (id, state, size_bytes, created_ms) VALUES (1, 'whole', 10, 0);
    INSERT INTO queue_entry (id, blob_id, prefix, removed, size_bytes, origin, message_id, subject, is_8bit, needs_utf8, created_ms, open_count)
      VALUES (1, 1, '', '[]', 10, 'window', '', 'hi', 0, 0, 0, 1);
    INSERT INTO queue_recipient (id, entry_id, local, domain, state) VALUES (1, 1, 'kim', 'far.test', 'waiting');`)
  const add = db.prepare(MESSAGE)
  add.run(1, 1, 100)
  add.run(2, 1, 20)
  add.run(3, 3, 7)
  return db
}
const sizes = (db: Database.Database) => db.prepare('SELECT size_bytes FROM folder ORDER BY id').pluck().all()

test('a used database of version 1 is whole in version 2, and its folders know what they hold', () => {
  const db = used()
  const count = (table: string) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()
  const before = ['local_user', 'folder', 'message', 'blob', 'queue_entry', 'queue_recipient'].map(count)
  migrate(db, 'mail.db', [first, second])
  expect(['local_user', 'folder', 'message', 'blob', 'queue_entry', 'queue_recipient'].map(count)).toEqual(before)
  expect(db.prepare('SELECT local, domain, created_ms, quota_bytes FROM local_user').all()).toEqual([
    { local: 'ada', domain: 'here.test', created_ms: 5, quota_bytes: null },
  ])
  expect(sizes(db)).toEqual([120, 0, 7])
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
})

test('what a folder holds follows every message that comes, moves and goes', () => {
  const db = used()
  migrate(db, 'mail.db', [first, second])
  db.prepare(MESSAGE).run(4, 2, 1000)
  expect(sizes(db)).toEqual([120, 1000, 7])
  db.prepare('UPDATE message SET folder_id = 2 WHERE id = 1').run()
  expect(sizes(db)).toEqual([20, 1100, 7])
  db.prepare('UPDATE message SET seen = 1 WHERE id = 1').run()
  db.prepare('DELETE FROM message WHERE id IN (2, 4)').run()
  expect(sizes(db)).toEqual([0, 100, 7])
  db.close()
})

test('a recipient that is gone leaves nothing behind of having been sent on', () => {
  const db = used()
  migrate(db, 'mail.db', [first, second])
  db.prepare('INSERT INTO forwarded (recipient_id) VALUES (1)').run()
  db.prepare('DELETE FROM queue_entry').run()
  expect(db.prepare('SELECT count(*) FROM forwarded').pluck().get()).toBe(0)
  db.close()
})

test('users and identities of version 1 can have app passwords in version 2', () => {
  const db = used()
  db.exec(
    `INSERT INTO identity (id, name, local, domain, user_id, created_ms) VALUES (1, '', 'me', 'work.test', NULL, 5)`,
  )
  db.exec(
    `INSERT INTO secret (kind, name, value, created_ms) VALUES ('local-user', '1', x'01', 5), ('app-password', '1', x'02', 5)`,
  )
  migrate(db, 'mail.db', [first, second])
  const add = db.prepare('INSERT INTO app_password (user_id, identity_id, name, created_ms) VALUES (?, ?, ?, 6)')
  add.run(1, null, 'mutt')
  add.run(null, 1, 'mutt')
  expect(() => add.run(1, null, 'mutt')).toThrow('UNIQUE')
  expect(() => add.run(1, 1, 'git')).toThrow('CHECK')
  db.exec('DELETE FROM app_password WHERE user_id = 1')
  expect(db.prepare('SELECT kind, name FROM secret').all()).toEqual([{ kind: 'local-user', name: '1' }])
  db.close()
})
