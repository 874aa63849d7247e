import { beforeEach, expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { isFault } from '../base/fault.ts'
import { parseMailbox, type Mailbox } from '../model/address.ts'
import {
  appPasswordOperations,
  APP_PASSWORD_KIND,
  isAppPassword,
  listAppPasswords,
  listLoginKeys,
  ownerOf,
  type AppPassword,
} from './app-password.ts'
import { identityOperations, saveIdentity } from './identity.ts'
import { getUser, userOperations, VERIFIER_KIND } from './local-user.ts'
import { getSecret, listSecretNames } from './secret.ts'
import type { WriteDb } from './types.ts'

const mailbox = (text: string): Mailbox => parseMailbox(text) ?? expect.unreachable(text)
const verifier = new Uint8Array([1, 2, 3])
let db: WriteDb
beforeEach(() => void ({ db } = openTestDb()))

const addUser = (address: string) => userOperations['user.add'](db, { mailbox: mailbox(address), verifier }, 1000)
const addIdentity = (address: string) => saveIdentity(db, { name: '', mailbox: mailbox(address), routeId: null }, 1000)
function make(address: string, name: string): AppPassword {
  const owner = ownerOf(db, mailbox(address)) ?? expect.unreachable(address)
  return appPasswordOperations['app-password.add'](db, { owner, name, verifier }, 2000)
}
const keys = (name: string) => listLoginKeys(db, name).map(({ userId, appPasswordId }) => [userId, appPasswordId])

test('belongs to a local user, or by an identity to the person, without a user being made for it', () => {
  const { id: userId } = addUser('ada@home.test')
  addIdentity('me@work.test')
  const forUser = make('Ada@home.test', 'mutt')
  const forPerson = make('me@work.test', 'Thunderbird')
  expect(listAppPasswords(db)).toEqual([
    { id: forUser.id, mailbox: mailbox('ada@home.test'), userId, name: 'mutt', createdMs: 2000, lastUsedMs: null },
    {
      id: forPerson.id,
      mailbox: mailbox('me@work.test'),
      userId: null,
      name: 'Thunderbird',
      createdMs: 2000,
      lastUsedMs: null,
    },
  ])
  expect(ownerOf(db, mailbox('nobody@home.test'))).toBeUndefined()
})

test('signs in under the address, beside the own password, and under the local part while one alone has it', () => {
  const ada = addUser('ada@home.test')
  addIdentity('me@work.test')
  const mutt = make('ada@home.test', 'mutt')
  const bird = make('me@work.test', 'Thunderbird')
  expect(listLoginKeys(db, 'ADA@home.test')[0]?.secret).toEqual({ kind: VERIFIER_KIND, name: String(ada.id) })
  expect(keys('ADA@home.test')).toEqual([
    [ada.id, null],
    [ada.id, mutt.id],
  ])
  expect(keys('ada')).toEqual(keys('ada@home.test'))
  expect(keys('me@work.test')).toEqual([[null, bird.id]])
  expect(keys('me')).toEqual([[null, bird.id]])
  addIdentity('me@other.test')
  expect(keys('me')).toEqual([])
  expect(keys('bob@home.test')).toEqual([])
})

test('of an identity goes on signing in the person when a user gets the same address', () => {
  addIdentity('ada@home.test')
  const bird = make('ada@home.test', 'Thunderbird')
  const ada = addUser('ada@home.test')
  expect(keys('ada@home.test')).toEqual([
    [ada.id, null],
    [null, bird.id],
  ])
  expect(make('ada@home.test', 'mutt').userId).toBe(ada.id)
})

test('is gone with its verifier when it is revoked, and when its identity goes', () => {
  addUser('ada@home.test')
  const identityId = addIdentity('me@work.test')
  const mutt = make('ada@home.test', 'mutt')
  const bird = make('me@work.test', 'Thunderbird')
  expect(getSecret(db, APP_PASSWORD_KIND, String(mutt.id))).toBeDefined()
  expect(appPasswordOperations['app-password.remove'](db, { id: mutt.id })).toBe(true)
  expect(appPasswordOperations['app-password.remove'](db, { id: mutt.id })).toBe(false)
  expect(isAppPassword(db, mutt.id)).toBe(false)
  identityOperations['identity.remove'](db, { id: identityId })
  expect(isAppPassword(db, bird.id)).toBe(false)
  expect(listSecretNames(db, APP_PASSWORD_KIND)).toEqual([])
  expect(make('ada@home.test', 'mutt').id).toBeGreaterThan(bird.id)
})

test('has a name of its own among those of its owner, who has no more than fifty', () => {
  addUser('ada@home.test')
  addUser('bob@home.test')
  make('ada@home.test', 'mutt')
  make('bob@home.test', 'mutt')
  const refused = (name: string) => {
    try {
      make('ada@home.test', name)
      return expect.unreachable(name)
    } catch (error) {
      return isFault(error, 'conflict') && error.message
    }
  }
  expect(refused('Mutt')).toContain('there is one of that name already')
  for (let n = 2; n <= 50; n++) make('ada@home.test', `program ${n}`)
  expect(refused('one more')).toContain('there are 50 already')
  expect(keys('ada@home.test')).toHaveLength(51)
})

test('says when it was last used, and never an earlier moment than it said before', () => {
  const ada = addUser('ada@home.test')
  const mutt = make('ada@home.test', 'mutt')
  const use = (atMs: number) =>
    appPasswordOperations['login.used'](db, {
      users: [[ada.id, atMs]],
      appPasswords: [
        [mutt.id, atMs],
        [99, atMs],
      ],
    })
  use(5000)
  use(4000)
  expect(listAppPasswords(db)[0]?.lastUsedMs).toBe(5000)
  expect(getUser(db, ada.id)?.lastLoginMs).toBe(5000)
})
