import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { asWriteDb } from '../database.ts'
import { migrate, migrations } from '../migrate.ts'
import { getUpload, uploadOperations } from '../upload.ts'

test('drafts of version 21 are whole in version 22, and hold files that stay as long as they are named', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(
    db,
    'mail.db',
    migrations.filter((step) => step.version <= 21),
  )
  db.exec(`
    INSERT INTO blob (id, state, size_bytes, sha256, created_ms) VALUES (1, 'staged', 3, x'01', 0), (2, 'staged', 4, x'02', 0);
    INSERT INTO draft (id, content, changed_ms) VALUES (5, '{"subject":"hi","attachments":[{"handle":"one"}]}', 6);`)
  const before = db.prepare('SELECT * FROM draft').all()
  migrate(db, 'mail.db')
  const write = asWriteDb(db)
  expect(db.prepare('SELECT * FROM draft').all()).toEqual(before)
  const keep = (handle: string, stagedBlobId: number, sizeBytes: number) =>
    uploadOperations['upload.keep'](
      write,
      {
        handle,
        filename: 'a.txt',
        contentType: 'text/plain',
        body: { stagedBlobId, sizeBytes, sha256: new Uint8Array([stagedBlobId]) },
      },
      10,
    )
  keep('one', 1, 3)
  keep('two', 2, 4)
  expect(uploadOperations['upload.expire'](write, { beforeMs: 11, except: ['two'] })).toBe(0)
  expect(uploadOperations['upload.expire'](write, { beforeMs: 11, except: [] })).toBe(1)
  expect(getUpload(write, 'one')).toEqual({ filename: 'a.txt', contentType: 'text/plain', blobId: 1, sizeBytes: 3 })
  expect(getUpload(write, 'two')).toBeUndefined()
  expect(db.prepare('SELECT id FROM blob').pluck().all()).toEqual([1])
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
})
