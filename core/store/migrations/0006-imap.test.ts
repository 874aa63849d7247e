import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { migrate, migrations } from '../migrate.ts'

const upTo = (version: number) => migrations.filter((step) => step.version <= version)

/** A database of version 5 as somebody has used it, who has removed an account and a folder. */
function used(): Database.Database {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, 'mail.db', upTo(5))
  db.exec(`
    INSERT INTO local_user (id, local, domain, created_ms) VALUES (1, 'ada', 'here.test', 5);
    INSERT INTO account (id, kind, name, host, port, tls, login, keep, every_seconds, created_ms, last_error, next_fetch_ms)
      VALUES (3, 'pop3', 'Ada', 'pop.test', 995, 'implicit', 'ada', 1, 300, 7, 'no', 9),
        (8, 'pop3', 'Gone', 'pop.test', 995, 'implicit', 'kim', 1, 300, 7, NULL, 9);
    INSERT INTO folder (id, account_id, user_id, role, name) VALUES (1, 3, NULL, 'inbox', 'Inbox'), (2, NULL, 1, 'trash', 'Trash'),
      (9, NULL, NULL, 'other', 'Gone');
    INSERT INTO blob (id, state, size_bytes, created_ms) VALUES (1, 'whole', 10, 0);
    INSERT INTO pop3_seen (account_id, uidl, message_id, fetched_ms) VALUES (3, 'a', 77, 1);
    DELETE FROM account WHERE id = 8;
    DELETE FROM folder WHERE id = 9;`)
  message(db, 77, 1, 100)
  return db
}
function message(db: Database.Database, id: number, folderId: number, bytes: number): void {
  db.prepare(
    `INSERT INTO message (id, folder_id, blob_id, prefix, removed, size_bytes, message_id, subject, author_name, author_address,
      addressees, preview, date_ms, received_ms, attachments, seen, change)
    VALUES (?, ?, 1, '', '[]', ?, '', 'hi', '', '', '', '', 0, 0, 0, 0, 1)`,
  ).run(id, folderId, bytes)
}

test('accounts and folders of version 5 are whole in version 6, with all that refers to them', () => {
  const db = used()
  const tables = ['account', 'folder', 'message', 'pop3_seen', 'local_user']
  const rows = () => tables.map((table) => db.prepare(`SELECT * FROM ${table}`).all())
  const before = rows()
  migrate(db, 'mail.db', upTo(6))
  const after = rows()
  for (const [index, table] of tables.entries())
    expect(after[index], table).toMatchObject(before[index] as Record<string, unknown>[])
  expect(db.pragma('foreign_keys', { simple: true })).toBe(1)
  expect(db.pragma('legacy_alter_table', { simple: true })).toBe(0)
  expect(db.pragma('foreign_key_check')).toEqual([])
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  db.close()
})

test('what hung on accounts and folders in version 5 does so in version 6', () => {
  const db = used()
  migrate(db, 'mail.db', upTo(6))
  message(db, 78, 1, 20)
  const sizes = () => db.prepare('SELECT size_bytes FROM folder ORDER BY id').pluck().all()
  expect(sizes()).toEqual([120, 0])
  db.exec('UPDATE message SET folder_id = 2 WHERE id = 77')
  expect(sizes()).toEqual([20, 100])
  const added = db.prepare(`INSERT INTO folder (account_id, role, name) VALUES (3, 'junk', 'Junk')`).run()
  expect(added.lastInsertRowid).toBe(10) // never an id that was somebody else's
  expect(() => db.exec(`INSERT INTO folder (account_id, role, name) VALUES (3, 'junk', 'Spam')`)).toThrow('UNIQUE')
  const account = `INSERT INTO account (kind, name, host, port, tls, login, keep, every_seconds, created_ms, next_fetch_ms)
    VALUES (?, 'A', 'h', 993, 'implicit', 'a', 1, 300, 1, 1)`
  expect(db.prepare(account).run('imap').lastInsertRowid).toBe(9)
  expect(() => db.prepare(account).run('nntp')).toThrow('CHECK')
  db.exec('DELETE FROM message; DELETE FROM account WHERE id = 3')
  expect(db.prepare('SELECT id FROM folder').pluck().all()).toEqual([2])
  expect(db.prepare('SELECT count(*) FROM pop3_seen').pluck().get()).toBe(0)
  db.close()
})

test('a step that would leave a row without its parent is not taken', () => {
  const db = used()
  const broken = { version: 6, withoutForeignKeys: true, sql: 'DELETE FROM account' } as const
  expect(() => migrate(db, 'mail.db', [...upTo(5), broken])).toThrow('refers to one of account that is not there')
  expect(db.pragma('user_version', { simple: true })).toBe(5)
  expect(db.pragma('foreign_keys', { simple: true })).toBe(1)
  expect(db.prepare('SELECT count(*) FROM account').pluck().get()).toBe(1)
  db.close()
})
