import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { migrate, migrations } from '../migrate.ts'

const upTo = (version: number) => migrations.filter((step) => step.version <= version)

/** A database of version 6 as somebody has used it. */
function used(): Database.Database {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, 'mail.db', upTo(6))
  db.exec(`
    INSERT INTO folder (id, role, name, total) VALUES (1, 'inbox', 'Inbox', 2);
    INSERT INTO blob (id, state, size_bytes, created_ms) VALUES (1, 'whole', 10, 0);
    INSERT INTO message (id, folder_id, blob_id, prefix, removed, size_bytes, message_id, subject, author_name, author_address,
      addressees, preview, date_ms, received_ms, attachments, seen, starred, change)
    VALUES (9, 1, 1, '', '[]', 10, '<a@x>', 'hi', 'Ada', 'ada@x', '', '', 5, 6, 1, 0, 1, 3),
      (12, 1, 1, '', '[]', 20, '<b@x>', 'Re: hi', 'Bob', 'bob@x', '', '', 7, 8, 0, 1, 0, 4);`)
  return db
}

test('messages of version 6 are whole in version 7, in no thread yet, and neither answered nor forwarded', () => {
  const db = used()
  const before = db.prepare('SELECT * FROM message ORDER BY id').all() as Record<string, unknown>[]
  migrate(db, 'mail.db', upTo(7))
  const added = { thread_id: null, answered: 0, forwarded: 0 }
  expect(db.prepare('SELECT * FROM message ORDER BY id').all()).toEqual(before.map((row) => ({ ...row, ...added })))
  expect(db.prepare('SELECT size_bytes FROM folder').pluck().get()).toBe(30)
  expect(db.pragma('foreign_key_check')).toEqual([])
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  db.close()
})

test('tags, attachments and words of contacts go with what they belong to', () => {
  const db = used()
  migrate(db, 'mail.db', upTo(7))
  db.exec(`
    INSERT INTO tag (id, name, name_key, colour, number) VALUES (1, 'Work', 'work', '#ff0000', 1), (2, 'b', 'b', '#ff0000', NULL);
    INSERT INTO message_tag (message_id, tag_id) VALUES (9, 1), (9, 2), (12, 1);
    INSERT INTO message_part (message_id, place, filename, content_type, size_bytes) VALUES (9, 0, 'a.pdf', 'application/pdf', 3);
    INSERT INTO contact (id, address, address_key, name, sort_key, is_kept, uses, rank_ms) VALUES (1, 'a@x', 'a@x', '', 'a@x', 0, 1, 1);
    INSERT INTO contact_word (word, contact_id) VALUES ('a@x', 1);`)
  expect(() => db.exec(`INSERT INTO tag (name, name_key, colour, number) VALUES ('c', 'c', '#000000', 10)`)).toThrow(
    'CHECK',
  )
  expect(() => db.exec(`INSERT INTO tag (name, name_key, colour, number) VALUES ('c', 'c', '#000000', 1)`)).toThrow(
    'UNIQUE',
  )
  db.exec('DELETE FROM message WHERE id = 9; DELETE FROM contact')
  const left = ['message_tag', 'message_part', 'contact_word'].map((table) =>
    db.prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
  )
  expect(left).toEqual([1, 0, 0])
  db.exec('DELETE FROM tag WHERE id = 1')
  expect(db.prepare('SELECT count(*) FROM message_tag').pluck().get()).toBe(0)
  db.close()
})
