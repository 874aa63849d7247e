import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { migrate, migrations } from '../migrate.ts'

test('contacts of version 19 are whole in version 20, know nothing more, and belong to no group', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(
    db,
    'mail.db',
    migrations.filter((step) => step.version <= 19),
  )
  db.exec(`
    INSERT INTO contact (id, address, address_key, name, sort_key, is_kept, uses, last_used_ms, rank_ms)
    VALUES (3, 'Ada@One.test', 'ada@one.test', 'Ada', 'ada', 1, 4, 100, 200), (5, 'b@x', 'b@x', '', 'b@x', 0, 1, 7, 7);
    INSERT INTO contact_word (word, contact_id) VALUES ('ada', 3);`)
  const before = db.prepare('SELECT * FROM contact ORDER BY id').all() as object[]
  migrate(db, 'mail.db')
  expect(db.prepare('SELECT * FROM contact ORDER BY id').all()).toEqual(
    before.map((row) => ({ ...row, organisation: '', phone: '', note: '' })),
  )
  db.exec(`INSERT INTO contact_group (id, name, name_key) VALUES (1, 'Family', 'family');
    INSERT INTO contact_member (group_id, contact_id) VALUES (1, 3); DELETE FROM contact WHERE id = 3`)
  expect(db.prepare('SELECT count(*) FROM contact_member').pluck().get()).toBe(0)
  expect(db.pragma('foreign_key_check')).toEqual([])
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  db.close()
})
