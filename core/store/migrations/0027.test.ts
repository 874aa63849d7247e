import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import type { Domain } from '../../model/address.ts'
import { asWriteDb } from '../database.ts'
import { getIdentity, saveIdentity } from '../identity.ts'
import { migrate, migrations } from '../migrate.ts'

test('identities of version 26 are whole in version 27, and keep their copies in Sent until a folder is chosen', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(
    db,
    'mail.db',
    migrations.filter((step) => step.version <= 26),
  )
  db.exec(`
    INSERT INTO identity (id, name, local, domain, signature, language, created_ms)
      VALUES (3, 'Nora', 'nora', 'feldt.test', 'Nora F.', 'fr', 5);
    INSERT INTO folder (id, role, name) VALUES (8, 'other', 'Letters')`)
  migrate(db, 'mail.db')
  const write = asWriteDb(db)
  const before = getIdentity(write, 3)
  expect(before).toMatchObject({ name: 'Nora', signature: 'Nora F.', language: 'fr', sentFolderId: null })
  const mailbox = { local: 'nora', domain: 'feldt.test' as Domain }
  saveIdentity(write, { id: 3, name: 'Nora', mailbox, routeId: null, sentFolderId: 8 }, 6)
  expect(getIdentity(write, 3)).toEqual({ ...before, sentFolderId: 8 })
  db.exec('DELETE FROM folder WHERE id = 8')
  expect(getIdentity(write, 3)).toEqual(before)
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
})
