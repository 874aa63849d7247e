import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { migrate, migrations } from '../migrate.ts'

const MESSAGE = `
  INSERT INTO message (id, folder_id, blob_id, prefix, removed, size_bytes, message_id, subject, author_name, author_address,
    addressees, preview, date_ms, received_ms, attachments, seen, change)
  VALUES (?, 1, 1, '', '[]', 10, '', 'hi', '', '', '', '', 0, 0, 0, 0, 1)`

/** A database of version 8 with an IMAP account in it. */
function used(): Database.Database {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, 'mail.db', migrations.slice(0, 8))
  db.exec(`
    INSERT INTO account (id, kind, name, host, port, tls, login, keep, every_seconds, created_ms, next_fetch_ms)
      VALUES (1, 'imap', 'Work', 'imap.work.example', 993, 'implicit', 'ada@work.example', 1, 600, 1, 1);
    INSERT INTO imap_account (account_id, sent_copy) VALUES (1, 'append');
    INSERT INTO folder (id, account_id, role, name, total) VALUES (1, 1, 'inbox', 'Inbox', 2), (2, 1, 'other', 'Lists', 0),
      (3, 1, 'other', 'New', 0);
    INSERT INTO imap_folder (folder_id, account_id, path, uid_validity, uid_next) VALUES (1, 1, 'INBOX', 7, 12), (2, 1, 'Lists', 8, NULL),
      (3, 1, 'New', NULL, NULL);
    INSERT INTO blob (id, state, size_bytes, created_ms) VALUES (1, 'whole', 10, 0);`)
  for (const id of [1, 2]) db.prepare(MESSAGE).run(id)
  db.exec('INSERT INTO imap_place (folder_id, uid, message_id, flags) VALUES (1, 11, 1, 0), (2, 40, 2, 0)')
  return db
}

test('mail of version 8 is whole in version 9, and no rule is asked about what is here already', () => {
  const db = used()
  migrate(db, 'mail.db', migrations.slice(0, 9))
  expect(db.prepare('SELECT id, folder_id, subject FROM message').all()).toEqual([
    { id: 1, folder_id: 1, subject: 'hi' },
    { id: 2, folder_id: 1, subject: 'hi' },
  ])
  expect(db.prepare('SELECT uid, message_id FROM imap_place ORDER BY uid').all()).toEqual([
    { uid: 11, message_id: 1 },
    { uid: 40, message_id: 2 },
  ])
  // The next number of a folder where it is known, else the one after the last; none where nobody has looked.
  expect(db.prepare('SELECT folder_id, uid_next, rules_from_uid FROM imap_folder ORDER BY folder_id').all()).toEqual([
    { folder_id: 1, uid_next: 12, rules_from_uid: 12 },
    { folder_id: 2, uid_next: null, rules_from_uid: 41 },
    { folder_id: 3, uid_next: null, rules_from_uid: null },
  ])
  for (const table of ['rule', 'rule_todo', 'rule_history', 'rule_send', 'rule_sent', 'rule_trust'])
    expect(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get(), table).toBe(0)
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
})

test('mail that goes takes along what was to be done with it, but not what is about to be sent of it', () => {
  const db = used()
  migrate(db, 'mail.db')
  db.exec(`
    INSERT INTO rule_todo (message_id, source, source_id, due_ms) VALUES (1, 'account', 1, 0);
    INSERT INTO rule_send (message_id, rule_id, history_id, step, kind, blob_id, prefix, removed, size_bytes, job, due_ms)
      VALUES (1, 1, 1, 0, 'forward', 1, '', '[]', 10, '{}', 0);
    INSERT INTO rule_trust (account_id, authserv_id) VALUES (1, 'mx.work.example');
    DELETE FROM imap_place; DELETE FROM message WHERE id = 1;`)
  expect(db.prepare('SELECT count(*) FROM rule_todo').pluck().get()).toBe(0)
  expect(db.prepare('SELECT count(*) FROM rule_send').pluck().get()).toBe(1)
  db.close()
})
