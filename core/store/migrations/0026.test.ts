import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { asWriteDb } from '../database.ts'
import { junkCounts, junkLesson, junkLessons, learnJunk } from '../junk.ts'
import { migrate, migrations } from '../migrate.ts'

test('mail of version 25 is whole in version 26, and junk is learnt from it: once, the other way round, and beyond its end', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(
    db,
    'mail.db',
    migrations.filter((step) => step.version <= 25),
  )
  const folder = db.prepare(`INSERT INTO folder (role, name) VALUES ('inbox', 'Inbox') RETURNING id`).pluck().get()
  const message = db
    .prepare('SELECT * FROM message LIMIT 0')
    .columns()
    .map(({ name }) => name)
  expect(message).toContain('folder_id')
  migrate(db, 'mail.db')
  expect(db.prepare('SELECT id FROM folder WHERE id = ?').pluck().get(folder)).toBe(folder)
  const write = asWriteDb(db)
  expect(junkLessons(write)).toEqual({ junk: 0, good: 0 })
  expect(learnJunk(write, { messageId: 5, isJunk: true, words: ['offer'] }), 'a message that is gone').toEqual({
    changed: false,
  })
  expect(junkLesson(write, 5)).toBeUndefined()
  expect(junkCounts(write, ['offer']).size).toBe(0)
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
})
