import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { asWriteDb } from '../database.ts'
import { migrate, migrations } from '../migrate.ts'
import { getReceiptAnswer, receiptOperations } from '../receipt.ts'

test('mail of version 20 is whole in version 21, its receipts are unanswered, and an answer goes with its message', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(
    db,
    'mail.db',
    migrations.filter((step) => step.version <= 20),
  )
  db.exec(`
    INSERT INTO folder (id, role, name, total) VALUES (1, 'inbox', 'Inbox', 1);
    INSERT INTO blob (id, state, size_bytes, created_ms) VALUES (1, 'whole', 10, 0);
    INSERT INTO message (id, folder_id, blob_id, prefix, removed, size_bytes, message_id, subject, author_name, author_address,
      addressees, preview, date_ms, received_ms, attachments, seen, starred, change)
    VALUES (9, 1, 1, '', '[]', 10, '<a@x>', 'hi', 'Ada', 'ada@x', '', '', 5, 6, 0, 0, 0, 3);`)
  const before = db.prepare('SELECT * FROM message').all()
  migrate(db, 'mail.db')
  const write = asWriteDb(db)
  expect(db.prepare('SELECT * FROM message').all()).toEqual(before)
  expect(getReceiptAnswer(write, 9)).toBeNull()
  expect(receiptOperations['receipt.answer'](write, { messageId: 9, sent: true }, 7)).toBe(true)
  // The first answer counts: a second receipt must not be sent (RFC 8098 §2.1).
  expect(receiptOperations['receipt.answer'](write, { messageId: 9, sent: false }, 8)).toBe(false)
  expect(receiptOperations['receipt.answer'](write, { messageId: 1, sent: true }, 8)).toBe(false)
  expect(getReceiptAnswer(write, 9)).toBe('sent')
  db.exec('DELETE FROM message')
  expect(db.prepare('SELECT count(*) FROM receipt_answer').pluck().get()).toBe(0)
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
})
