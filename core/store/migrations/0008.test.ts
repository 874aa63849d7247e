import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { asReadDb } from '../database.ts'
import { migrate, migrations } from '../migrate.ts'
import { listUntoldEntries } from '../queue-tell.ts'

test('a database of version 7 keeps its queue, and everybody in it has been told', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, 'mail.db', migrations.slice(0, 7))
  db.exec(`
    INSERT INTO blob (id, state, size_bytes, sha256, created_ms) VALUES (1, 'whole', 3, x'00', 1);
    INSERT INTO queue_entry (id, blob_id, prefix, removed, size_bytes, from_local, from_domain, origin, message_id, subject, is_8bit,
      needs_utf8, created_ms, open_count)
    VALUES (1, 1, '', '[]', 3, 'ada', 'author.example', 'window', '<1@author.example>', 'x', 0, 0, 1, 1);
    INSERT INTO queue_recipient (id, entry_id, local, domain, state) VALUES (7, 1, 'bob', 'remote.example', 'bounced');`)
  expect(migrate(db, 'mail.db')).toBe(7)
  expect(db.prepare('SELECT id, local, state, untold_ms FROM queue_recipient').all()).toEqual([
    { id: 7, local: 'bob', state: 'bounced', untold_ms: null },
  ])
  expect(listUntoldEntries(asReadDb(db))).toEqual([])
  db.close()
})
