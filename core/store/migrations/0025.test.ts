import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import type { Domain } from '../../model/address.ts'
import { asWriteDb } from '../database.ts'
import { getIdentity, saveIdentity } from '../identity.ts'
import { migrate, migrations } from '../migrate.ts'

test('identities of version 24 are whole in version 25, and write in the language of the window until one is chosen', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(
    db,
    'mail.db',
    migrations.filter((step) => step.version <= 24),
  )
  db.exec(`
    INSERT INTO identity (id, name, local, domain, signature, created_ms) VALUES (3, 'Nora', 'nora', 'feldt.test', 'Nora F.', 5)`)
  migrate(db, 'mail.db')
  const write = asWriteDb(db)
  const before = getIdentity(write, 3)
  expect(before).toMatchObject({ name: 'Nora', signature: 'Nora F.', language: '' })
  const mailbox = { local: 'nora', domain: 'feldt.test' as Domain }
  saveIdentity(write, { id: 3, name: 'Nora', mailbox, routeId: null, language: 'de-CH' }, 6)
  expect(getIdentity(write, 3)).toEqual({ ...before, language: 'de-CH' })
  saveIdentity(write, { id: 3, name: 'Nora', mailbox, routeId: null }, 7)
  expect(getIdentity(write, 3)?.language).toBe('de-CH')
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
})
