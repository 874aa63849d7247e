import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { openVault, openWithPassphrase } from './key.ts'
import type { Keychain } from '../model/keychain.ts'
import { hasKeychain, openWithKeychain } from './keychain.ts'
import { waysIn, type Ways } from './ways.ts'

const COSTS = { n: 2 ** 14, r: 8, p: 1 }
const SAID = 'correct horse battery'

/** A keychain that gives a secret back to whoever has its number. */
const keychainOf = (number: number, state: Keychain['state'] = 'ready'): Keychain => ({
  state,
  name: 'the keyring of a test',
  guard: async (secret) => Buffer.from(`${number}:${Buffer.from(secret).toString('hex')}`),
  async reveal(guarded) {
    const [whose, secret = ''] = Buffer.from(guarded).toString().split(':')
    if (Number(whose) !== number) throw new Error('it is locked')
    return Buffer.from(secret, 'hex').toString()
  },
})

let root: string
let folder: string
let keyFile: string
let key: Buffer
const ways = (keychain?: Keychain): Ways => waysIn({ folder, keyFile, key, clock: systemClock, costs: COSTS, keychain })
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'posthorn-keychain-'))
  folder = join(root, 'data')
  keyFile = join(root, 'our.key')
  key = openVault({ folder, keyFile, create: true })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))
const fault = (code: string) => expect.objectContaining({ code })

test('the keychain takes the place of the key file, and the passphrase stays beside it', async () => {
  const mine = keychainOf(7)
  await ways(mine).setPassphrase(null, SAID)
  await ways(mine).setKeychain(true, SAID)
  expect(ways(mine).list()).toEqual(['keychain', 'passphrase'])
  expect(await openWithKeychain(folder, mine)).toEqual(key)
  expect(await openWithPassphrase(folder, SAID)).toEqual(key)
  expect(() => openVault({ folder, keyFile, create: false })).toThrow(fault('vault.passphrase-needed'))
  expect(readFileSync(join(folder, 'key.json'), 'utf8')).not.toContain(key.toString('base64'))
  // The last way that a lost keychain leaves can't be taken.
  await expect(ways(mine).removePassphrase(SAID)).rejects.toThrow(fault('conflict'))

  await ways(mine).setKeychain(false, SAID)
  expect(ways(mine).list()).toEqual(['key-file', 'passphrase'])
  expect(openVault({ folder, keyFile, create: false })).toEqual(key)
  expect(hasKeychain(folder)).toBe(false)
})
test('a keychain that is lost opens nothing, says so, and leaves the passphrase', async () => {
  await ways(keychainOf(7)).setPassphrase(null, SAID)
  await ways(keychainOf(7)).setKeychain(true, SAID)
  await expect(openWithKeychain(folder, keychainOf(8))).rejects.toThrow('it is locked')
  expect(await openWithPassphrase(folder, SAID)).toEqual(key)
  // A key book that somebody else made over.
  const book = JSON.parse(readFileSync(join(folder, 'key.json'), 'utf8')) as { wraps: { kind: string; tag: string }[] }
  for (const wrap of book.wraps) if (wrap.kind === 'keychain') wrap.tag = Buffer.alloc(16).toString('base64')
  writeFileSync(join(folder, 'key.json'), JSON.stringify(book))
  await expect(openWithKeychain(folder, keychainOf(7))).rejects.toThrow('another data folder')
})
test('without a passphrase, without a keychain, and where it keeps nothing secret, the key file stays', async () => {
  await expect(ways(keychainOf(7)).setKeychain(true, SAID)).rejects.toThrow(
    /^let the keychain open the mail: there is no passphrase yet, .*; set one first/,
  )
  await expect(ways(keychainOf(7)).setKeychain(false, SAID)).rejects.toThrow('it does not open it')
  await ways().setPassphrase(null, SAID)
  await expect(ways().setKeychain(true, SAID)).rejects.toThrow(fault('conflict'))
  await expect(ways(keychainOf(7, 'unprotected')).setKeychain(true, SAID)).rejects.toThrow(fault('conflict'))
  await expect(ways(keychainOf(7)).setKeychain(true, 'not this one')).rejects.toThrow(fault('vault.passphrase-wrong'))
  expect(ways().list()).toEqual(['key-file', 'passphrase'])
  expect(openVault({ folder, keyFile, create: false })).toEqual(key)
})
test('whoever starts locked is not opened by the keychain', async () => {
  const mine = keychainOf(7)
  await ways(mine).setPassphrase(null, SAID)
  await ways(mine).setKeychain(true, SAID)
  await ways(mine).setLockedAtStart(true, SAID)
  expect(ways(mine).list()).toEqual(['passphrase'])
  expect(await openWithKeychain(folder, mine)).toBeUndefined()
})
