import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { migrate, migrations } from '../migrate.ts'

/** A database of version 17 as somebody has used it. */
function used(): Database.Database {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(
    db,
    'mail.db',
    migrations.filter((step) => step.version <= 17),
  )
  db.exec(`
    INSERT INTO folder (id, role, name, total) VALUES (1, 'inbox', 'Inbox', 2);
    INSERT INTO blob (id, state, size_bytes, created_ms) VALUES (1, 'whole', 10, 0);
    INSERT INTO message (id, folder_id, blob_id, prefix, removed, size_bytes, message_id, subject, author_name, author_address,
      addressees, preview, date_ms, received_ms, attachments, seen, starred, change, thread_id)
    VALUES (9, 1, 1, '', '[]', 10, '<a@x>', 'hi', 'Ada', 'ada@x', '', '', 5, 6, 1, 0, 1, 3, 9),
      (12, 1, 1, '', '[]', 20, '<b@x>', 'Re: hi', 'Bob', 'bob@x', '', '', 7, 8, 0, 1, 0, 4, 9);`)
  return db
}

test('messages of version 17 are whole in version 18, none is snoozed, and lists have them by their date', () => {
  const db = used()
  const before = db.prepare('SELECT * FROM message ORDER BY id').all() as Record<string, unknown>[]
  migrate(
    db,
    'mail.db',
    migrations.filter((step) => step.version <= 18),
  )
  expect(db.prepare('SELECT * FROM message ORDER BY id').all()).toEqual(
    before.map((row) => ({ ...row, snoozed_ms: null, woken_ms: null, list_ms: row['date_ms'] })),
  )
  expect(db.pragma('foreign_key_check')).toEqual([])
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  db.close()
})

test('a folder is listed by an index, and what was unsubscribed goes with its message', () => {
  const db = used()
  migrate(db, 'mail.db')
  const plan = db
    .prepare<[], { detail: string }>(
      `EXPLAIN QUERY PLAN SELECT id FROM message WHERE folder_id = 1 AND (list_ms, id) < (9, 9) ORDER BY list_ms DESC, id DESC LIMIT 3`,
    )
    .all()
    .map(({ detail }) => detail)
  expect(plan).toEqual(['SEARCH message USING INDEX message_folder_list (folder_id=? AND list_ms<?)'])
  db.exec(`INSERT INTO message_unsubscribed (message_id, asked_ms, host, status, reason) VALUES (9, 1, 'x', 200, '');
    DELETE FROM message WHERE id = 9`)
  expect(db.prepare('SELECT count(*) FROM message_unsubscribed').pluck().get()).toBe(0)
  db.close()
})
