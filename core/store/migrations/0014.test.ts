import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { asWriteDb } from '../database.ts'
import { entriesOfMessageId, incomingReportOperations } from '../incoming-report.ts'
import { migrate, migrations } from '../migrate.ts'

const upTo = (version: number) => migrations.filter((step) => step.version <= version)

function addEntry(db: Database.Database, id: number, messageId: string): void {
  db.prepare(
    `INSERT INTO queue_entry (id, blob_id, prefix, removed, size_bytes, origin, message_id, subject, is_8bit, needs_utf8, created_ms,
      open_count) VALUES (?, 1, '', '[]', 3, 'window', ?, '', 0, 0, 1, 1)`,
  ).run(id, messageId)
}

test('entries of version 13 are found by their Message-ID in version 14, and so are new ones', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, 'mail.db', upTo(13))
  db.exec(`INSERT INTO blob (id, state, size_bytes, sha256, created_ms) VALUES (1, 'whole', 3, x'00', 1)`)
  addEntry(db, 3, '<same-first-letters-1@a.test>')
  addEntry(db, 4, '<same-first-letters-2@a.test>')
  migrate(db, 'mail.db')
  addEntry(db, 7, '<same-first-letters-1@a.test>')
  const write = asWriteDb(db)
  const found = (messageId: string) => entriesOfMessageId(write, messageId).map(({ id }) => id)
  expect(found('<same-first-letters-2@a.test>')).toEqual([4])
  expect(incomingReportOperations['queue.name'](write, null)).toEqual({ more: false })
  expect(found('<same-first-letters-1@a.test>')).toEqual([7, 3])
  db.prepare('DELETE FROM queue_entry WHERE id = 3').run()
  expect(found('<same-first-letters-1@a.test>')).toEqual([7])
  expect(db.prepare('SELECT count(*) FROM queue_message').pluck().get()).toBe(2)
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
})

test('a queue that is empty has nothing to put in', () => {
  const db = new Database(':memory:')
  migrate(db, 'mail.db')
  expect(incomingReportOperations['queue.name'](asWriteDb(db), null)).toEqual({ more: false })
  expect(entriesOfMessageId(asWriteDb(db), '<a@b>')).toEqual([])
  db.close()
})

test('a long queue is put in some at a time', () => {
  const db = new Database(':memory:')
  migrate(db, 'mail.db')
  db.exec(`INSERT INTO blob (id, state, size_bytes, sha256, created_ms) VALUES (1, 'whole', 3, x'00', 1)`)
  for (let id = 1; id <= 2500; id++) addEntry(db, id, `<${id}@a.test>`)
  const name = () => incomingReportOperations['queue.name'](asWriteDb(db), null)
  expect([name(), name(), name()]).toEqual([{ more: true }, { more: false }, { more: false }])
  expect(db.prepare('SELECT count(*) FROM queue_message').pluck().get()).toBe(2500)
  expect(entriesOfMessageId(asWriteDb(db), '<1234@a.test>').map(({ id }) => id)).toEqual([1234])
  db.close()
})
