import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { migrate, migrations } from '../migrate.ts'

const upTo = (version: number) => migrations.filter((step) => step.version <= version)

/** A database of version 9 as somebody has used it. */
function used(): Database.Database {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, 'mail.db', upTo(9))
  db.exec(`
    INSERT INTO folder (id, role, name, total) VALUES (1, 'inbox', 'Inbox', 1), (2, 'other', 'Old', 0);
    INSERT INTO blob (id, state, size_bytes, created_ms) VALUES (1, 'whole', 10, 0);
    INSERT INTO message (id, folder_id, blob_id, prefix, removed, size_bytes, message_id, subject, author_name, author_address,
      addressees, preview, date_ms, received_ms, attachments, seen, starred, change)
    VALUES (9, 1, 1, '', '[]', 10, '', 'hi', 'Ada', 'ada@x', '', '', 5, 6, 1, 0, 1, 3);`)
  return db
}

test('mail and folders of version 9 are whole in version 10', () => {
  const db = used()
  const rows = () => ['folder', 'blob', 'message'].map((table) => db.prepare(`SELECT * FROM ${table}`).all())
  const before = rows()
  migrate(db, 'mail.db', upTo(10))
  expect(rows()).toEqual(before)
  expect(db.pragma('foreign_key_check')).toEqual([])
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  db.close()
})

test('what is known of an import goes with it, its folder may go before it, and a hash goes with its message', () => {
  const db = used()
  migrate(db, 'mail.db', upTo(10))
  db.exec(`
    INSERT INTO import_job (id, origin, is_upload, quoting, folder_id, folder, state, started_ms)
      VALUES (1, '["/a"]', 0, 'auto', 2, 'Old', 'running', 5);
    INSERT INTO import_source (job_id, kind, path, folder, size_bytes) VALUES (1, 'mbox', '/a', 'Old', 7);
    INSERT INTO import_problem (job_id, path, place, what, reason, subject) VALUES (1, '/a', 3, 'refused', 'no mail', '');
    INSERT INTO import_nameless (message_id, digest) VALUES (9, -5);
    DELETE FROM folder WHERE id = 2;
    DELETE FROM message WHERE id = 9;`)
  expect(db.prepare('SELECT folder_id, folder FROM import_job').get()).toEqual({ folder_id: null, folder: 'Old' })
  db.exec('DELETE FROM import_job')
  const left = ['import_source', 'import_problem', 'import_nameless'].map((table) =>
    db.prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
  )
  expect(left).toEqual([0, 0, 0])
  db.close()
})
