import { beforeEach, expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { isFault } from '../base/fault.ts'
import { parseMailbox, type Mailbox } from '../model/address.ts'
import { saveIdentity } from './identity.ts'
import {
  findLogin,
  findUser,
  getUser,
  listOwnAddresses,
  listUsers,
  userOperations,
  VERIFIER_KIND,
} from './local-user.ts'
import { getSecret } from './secret.ts'
import type { WriteDb } from './types.ts'

const mailbox = (text: string): Mailbox => parseMailbox(text) ?? expect.unreachable(text)
const verifier = new Uint8Array([1, 2, 3])
let db: WriteDb
beforeEach(() => void ({ db } = openTestDb()))
const add = (address: string) => userOperations['user.add'](db, { mailbox: mailbox(address), verifier }, 1000)

test('adds a user with the verifier of his password, and lists him', () => {
  const ada = add('Ada@example.org')
  expect(listUsers(db)).toEqual([ada])
  expect(getUser(db, ada.id)).toEqual({
    id: ada.id,
    mailbox: { local: 'Ada', domain: 'example.org' },
    createdMs: 1000,
    lastLoginMs: null,
  })
  expect([...(getSecret(db, VERIFIER_KIND, String(ada.id)) ?? [])]).toEqual([1, 2, 3])
})
test('refuses a second user of one address, in whatever case', () => {
  add('ada@example.org')
  try {
    add('ADA@example.org')
    expect.unreachable()
  } catch (error) {
    expect(isFault(error, 'conflict')).toBe(true)
    expect(String(error)).toContain('add the user "ADA@example.org": there is one already')
  }
  expect(listUsers(db)).toHaveLength(1)
})
test('finds who signs in by address, and by local part while it is the only one', () => {
  const ada = add('ada@example.org')
  expect(findUser(db, mailbox('ADA@example.org'))).toEqual(ada)
  expect(findLogin(db, 'ada@EXAMPLE.org')).toEqual(ada)
  expect(findLogin(db, 'Ada')).toEqual(ada)
  expect(findLogin(db, 'bob')).toBeUndefined()
  expect(findLogin(db, "' OR 1=1 --")).toBeUndefined()
  add('ada@example.net')
  expect(findLogin(db, 'ada')).toBeUndefined()
})
test('lets a user send as himself and as the identities that are his', () => {
  const ada = add('ada@example.org')
  const id = saveIdentity(db, { name: 'A', mailbox: mailbox('countess@example.org'), routeId: null }, 0)
  saveIdentity(db, { name: 'B', mailbox: mailbox('bob@example.org'), routeId: null }, 0)
  db.prepare('UPDATE identity SET user_id = ? WHERE id = ?').run(ada.id, id)
  expect(listOwnAddresses(db, ada.id).map(({ local }) => local)).toEqual(['ada', 'countess'])
  expect(listOwnAddresses(db, ada.id + 1)).toEqual([])
})
