import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { migrate, migrations } from '../migrate.ts'

test('a database of version 12 keeps its mail and its index, and nothing waits to be indexed', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, 'mail.db', migrations.slice(0, 12))
  db.exec(`
    INSERT INTO folder (id, role, name) VALUES (1, 'inbox', 'Inbox');
    INSERT INTO blob (id, state, size_bytes, sha256, created_ms) VALUES (1, 'whole', 3, x'00', 1);
    INSERT INTO message (id, folder_id, blob_id, prefix, removed, size_bytes, message_id, subject, author_name, author_address,
      addressees, preview, date_ms, received_ms, attachments, seen, starred, change)
    VALUES (7, 1, 1, '', '[]', 3, '<1@author.example>', 'x', '', '', '', '', 1, 1, 0, 0, 0, 1);
    INSERT INTO message_text (rowid, subject, author, addressees, cc, body, files) VALUES (7, 'x', '', '', '', 'quendel', '');`)
  expect(migrate(db, 'mail.db')).toBe(12)
  expect(db.prepare('SELECT id, subject FROM message').all()).toEqual([{ id: 7, subject: 'x' }])
  expect(db.prepare(`SELECT rowid FROM message_text WHERE message_text MATCH 'quendel'`).all()).toEqual([{ rowid: 7 }])
  expect(db.prepare('SELECT * FROM search_pending').all()).toEqual([])
  db.exec('INSERT INTO search_pending VALUES (7); DELETE FROM message WHERE id = 7')
  expect(db.prepare('SELECT * FROM search_pending').all()).toEqual([])
  db.close()
})
