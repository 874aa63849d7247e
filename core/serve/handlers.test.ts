import { call } from '@orpc/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestStore, type TestStore } from '../../test/support/store.ts'
import { systemClock } from '../base/clock.ts'
import { isFault } from '../base/fault.ts'
import type { Mailbox } from '../model/address.ts'
import { userHandlers } from './handlers.ts'
import { openLogins, type PasswordCheck } from './login.ts'

let store: TestStore
beforeEach(async () => void (store = await openTestStore()))
afterEach(() => store.closeAndRemove())

/** Keeps passwords as they are: what a vault makes of them is its own affair. */
const makeVerifier = async (password: string) => Buffer.from(password)
const passwords: PasswordCheck = {
  async find(secrets, password) {
    asked.push(secrets.map(({ name }) => name))
    return secrets.find(({ kind, name }) => {
      const kept = store.read.prepare('SELECT value FROM secret WHERE kind = ? AND name = ?').get(kind, name)
      return kept !== undefined && Buffer.from((kept as { value: Uint8Array }).value).toString() === password
    })
  },
  scramKeys: () => ({ salt: new Uint8Array(16), rounds: 4096, keys: [] }),
}
const asked: string[][] = []
const login = (user: string, password: string) =>
  openLogins({ store, passwords, clock: systemClock }).of('127.0.0.1').login(user, password)

test('adds a user who can sign in from then on, and lists him without his password', async () => {
  const added: Mailbox[] = []
  const handlers = userHandlers({ store, makeVerifier, onAdded: ({ mailbox }) => void added.push(mailbox) })
  const user = await call(handlers.add, { address: ' Ada@Bücher.example ', password: 'secret' })
  expect(user).toMatchObject({ address: 'Ada@xn--bcher-kva.example', lastLoginMs: null })
  expect(added).toEqual([{ local: 'Ada', domain: 'xn--bcher-kva.example' }])
  expect(JSON.stringify(await call(handlers.list, undefined))).not.toContain('secret')

  expect(await login('ada@bücher.example', 'secret')).toEqual({ userId: user.id, address: user.address })
  expect(await login('ada', 'secret')).toEqual({ userId: user.id, address: user.address })
  expect(await login('ada', 'wrong')).toBeUndefined()
})
test('refuses what is no address, and a second user of one address', async () => {
  const handlers = userHandlers({ store, makeVerifier })
  const fault = (address: string) => call(handlers.add, { address, password: 'x' }).catch((error: unknown) => error)
  expect(isFault(await fault('ada'), 'address.invalid')).toBe(true)
  expect(isFault(await fault('Ada <ada@example.org>'), 'address.invalid')).toBe(true)
  await call(handlers.add, { address: 'ada@example.org', password: 'x' })
  expect(isFault(await fault('ADA@example.org'), 'conflict')).toBe(true)
})
test('checks a password for a user that is not there, too, so that time tells nothing', async () => {
  asked.length = 0
  expect(await login('nobody@example.org', 'secret')).toBeUndefined()
  expect(asked).toEqual([[]])
})
