import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { migrate, migrations } from '../migrate.ts'

/** A database of version 5 as somebody has used it. */
function used(): Database.Database {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, 'mail.db', migrations.slice(0, 5))
  db.exec(`
    INSERT INTO account (id, kind, name, host, port, tls, login, keep, every_seconds, created_ms, next_fetch_ms)
      VALUES (4, 'pop3', 'Ada', 'mail.test', 995, 'implicit', 'ada', 1, 300, 5, 6);
    INSERT INTO folder (id, account_id, role, name, total) VALUES (1, 4, 'inbox', 'Inbox', 1);
    INSERT INTO blob (id, state, size_bytes, created_ms) VALUES (1, 'whole', 10, 0);
    INSERT INTO message (id, folder_id, blob_id, prefix, removed, size_bytes, message_id, subject, author_name, author_address,
      addressees, preview, date_ms, received_ms, attachments, seen, change) VALUES (9, 1, 1, '', '[]', 10, '', 'hi', '', '', '', '', 0, 0, 0, 0, 1);
    INSERT INTO pop3_seen (account_id, uidl, message_id, fetched_ms) VALUES (4, 'one', 9, 7), (4, 'two', NULL, 7);`)
  return db
}

test('a used database of version 5 is whole in version 6, and its accounts have the usual rules', () => {
  const db = used()
  migrate(db, 'mail.db', migrations.slice(0, 6))
  expect(db.prepare('SELECT id, kind, name, login, keep FROM account').all()).toEqual([
    { id: 4, kind: 'pop3', name: 'Ada', login: 'ada', keep: 1 },
  ])
  expect(db.prepare('SELECT uidl, message_id, fetched_ms, gone_ms FROM pop3_seen').all()).toEqual([
    { uidl: 'one', message_id: 9, fetched_ms: 7, gone_ms: null },
    { uidl: 'two', message_id: null, fetched_ms: 7, gone_ms: null },
  ])
  expect(db.prepare('SELECT * FROM pop3_account').all()).toEqual([
    {
      account_id: 4,
      delete_after_days: null,
      delete_when_removed: 0,
      headers_only_over_mb: null,
      newest_first: 0,
      allow_apop: 1,
      signed_in_by: null,
      login_delay_seconds: null,
      expire_days: null,
    },
  ])
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
})

test('what is known of a maildrop goes with its account, and what is missing of a message with the message', () => {
  const db = used()
  migrate(db, 'mail.db', migrations.slice(0, 6))
  db.exec(`INSERT INTO message_partial (message_id, size_bytes) VALUES (9, 1000); DELETE FROM message WHERE id = 9`)
  expect(db.prepare('SELECT count(*) FROM message_partial').pluck().get()).toBe(0)
  db.exec('DELETE FROM account WHERE id = 4')
  expect(db.prepare('SELECT count(*) FROM pop3_account').pluck().get()).toBe(0)
  expect(db.prepare('SELECT count(*) FROM pop3_seen').pluck().get()).toBe(0)
  db.close()
})
