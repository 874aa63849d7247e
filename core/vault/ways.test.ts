import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCipheriv } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { systemClock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { Attempts } from './attempts.ts'
import { hasPassphrase, openVault, openWithPassphrase } from './key.ts'
import { waysIn, type Ways } from './ways.ts'

/** The least that is allowed: what a guess costs is not what these tests are about. */
const COSTS = { n: 2 ** 14, r: 8, p: 1 }
const SAID = 'correct horse battery'
const OTHER = 'Grüße\u00A0an alle'

let root: string
let folder: string
let keyFile: string
let key: Buffer
let ways: Ways
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'posthorn-ways-'))
  folder = join(root, 'data')
  keyFile = join(root, 'our.key')
  key = openVault({ folder, keyFile, create: true })
  ways = waysIn({ folder, keyFile, key, clock: systemClock, costs: COSTS })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const byFile = () => openVault({ folder, keyFile, create: false })
const fault = (code: string) => expect.objectContaining({ code })
interface Book {
  version: number
  wraps: Record<string, unknown>[]
}
const bookFile = () => join(folder, 'key.json')
const book = () => JSON.parse(readFileSync(bookFile(), 'utf8')) as Book
const write = (changed: Book) => writeFileSync(bookFile(), JSON.stringify(changed))

test('a passphrase opens the mail beside the key file, is changed and removed, and lies in no file', async () => {
  await ways.setPassphrase(null, SAID)
  expect(ways.list()).toEqual(['key-file', 'passphrase'])
  expect(await openWithPassphrase(folder, SAID)).toEqual(key)
  expect(byFile()).toEqual(key)
  await expect(openWithPassphrase(folder, `${SAID} `)).rejects.toThrow(fault('vault.passphrase-wrong'))

  await expect(ways.setPassphrase(null, OTHER)).rejects.toThrow(fault('conflict'))
  await expect(ways.setPassphrase('wrong one', OTHER)).rejects.toThrow(fault('vault.passphrase-wrong'))
  await ways.setPassphrase(SAID, OTHER)
  await expect(openWithPassphrase(folder, SAID)).rejects.toThrow(fault('vault.passphrase-wrong'))
  // As another keyboard composes it.
  expect(await openWithPassphrase(folder, 'Gru\u0308\u00dfe an alle')).toEqual(key)
  for (const said of [SAID, OTHER]) expect(readFileSync(bookFile(), 'utf8')).not.toContain(said)

  await ways.removePassphrase(OTHER)
  expect(ways.list()).toEqual(['key-file'])
  expect(hasPassphrase(folder)).toBe(false)
  await expect(openWithPassphrase(folder, OTHER)).rejects.toThrow(fault('conflict'))
  expect(byFile()).toEqual(key)
})

test('a guess costs 128 MiB', async () => {
  await waysIn({ folder, keyFile, key, clock: systemClock }).setPassphrase(null, SAID)
  expect(book().wraps).toContainEqual(expect.objectContaining({ kind: 'passphrase', n: 131_072, r: 8, p: 1 }))
  expect(await openWithPassphrase(folder, SAID)).toEqual(key)
})

test('one that is too short is refused', async () => {
  for (const short of ['', 'seven77', '  \u0308\u0308'])
    await expect(ways.setPassphrase(null, short)).rejects.toThrow(fault('conflict'))
  expect(ways.list()).toEqual(['key-file'])
})

test('locked at start, only the passphrase opens the mail, and it can’t be removed', async () => {
  await expect(ways.setLockedAtStart(true, SAID)).rejects.toThrow(fault('conflict'))
  await ways.setPassphrase(null, SAID)
  await ways.setLockedAtStart(true, SAID)
  expect(ways.list()).toEqual(['passphrase'])
  expect(existsSync(keyFile)).toBe(true)
  expect(byFile).toThrow(fault('vault.passphrase-needed'))
  expect(await openWithPassphrase(folder, SAID)).toEqual(key)
  const before = readFileSync(bookFile(), 'utf8')
  await expect(ways.removePassphrase(SAID)).rejects.toThrow(fault('conflict'))
  expect(readFileSync(bookFile(), 'utf8')).toBe(before)

  rmSync(keyFile)
  await ways.setLockedAtStart(false, SAID)
  expect(ways.list()).toEqual(['key-file', 'passphrase'])
  expect(byFile()).toEqual(key)
})

describe('a key book', () => {
  test('of the first version, which did not say whose its seals are, opens', () => {
    const wrapping = Buffer.from(readFileSync(keyFile, 'latin1').split('\n')[1] ?? '', 'base64')
    const nonce = Buffer.alloc(12, 3)
    const cipher = createCipheriv('aes-256-gcm', wrapping, nonce)
    const sealed = Buffer.concat([cipher.update(key), cipher.final()]).toString('base64')
    const tag = cipher.getAuthTag().toString('base64')
    write({ version: 1, wraps: [{ kind: 'key-file', nonce: nonce.toString('base64'), sealed, tag }] })
    expect(byFile()).toEqual(key)
  })

  test('in which somebody changed what a guess costs does not open, nor does one that asks for all memory', async () => {
    await ways.setPassphrase(null, SAID)
    const whole = book()
    const change = (more: Record<string, unknown>) =>
      write({
        ...whole,
        wraps: whole.wraps.map((wrap) => (wrap['kind'] === 'passphrase' ? { ...wrap, ...more } : wrap)),
      })
    change({ n: 2 ** 15 })
    await expect(openWithPassphrase(folder, SAID)).rejects.toThrow(fault('vault.passphrase-wrong'))
    for (const costs of [{ n: 2 ** 30 }, { n: 1 }, { n: 100_000 }, { r: 1000 }, { p: 0 }, { sealed: 7 }]) {
      change(costs)
      await expect(openWithPassphrase(folder, SAID), JSON.stringify(costs)).rejects.toThrow(fault('vault.key-wrong'))
    }
  })

  test('keeps ways in that this version does not know', async () => {
    const whole = book()
    const keychain = { kind: 'keychain', blob: 'x' }
    write({ ...whole, wraps: [...whole.wraps, keychain] })
    await ways.setPassphrase(null, SAID)
    expect(book().wraps).toContainEqual(keychain)
  })
})

describe('tries', () => {
  const wrong = () => Promise.reject(new Fault('vault.passphrase-wrong', 'it is wrong', { path: '' }))

  test('that are wrong wait longer and longer, and a right one ends that', async () => {
    const clock = fakeClock()
    const attempts = new Attempts(clock)
    const waits: number[] = []
    for (let n = 0; n < 9; n++) {
      const began = clock.monotonicMs()
      const tried = attempts.run(wrong).catch(() => {})
      while (!(await Promise.race([tried.then(() => true), new Promise((done) => setImmediate(done, false))])))
        clock.next()
      waits.push(clock.monotonicMs() - began)
    }
    expect(waits).toEqual([0, 0, 0, 1000, 2000, 4000, 8000, 16_000, 30_000])
    const right = attempts.run(() => Promise.resolve('open'))
    while (!clock.next()) await new Promise((done) => setImmediate(done))
    expect(await right).toBe('open')
    const after = clock.monotonicMs()
    await attempts.run(wrong).catch(() => {})
    expect(clock.monotonicMs()).toBe(after)
  })

  test('are one at a time, and a crowd of them is sent away', async () => {
    const attempts = new Attempts(fakeClock())
    let at = 0
    let most = 0
    const slow = async () => {
      most = Math.max(most, ++at)
      await new Promise((done) => setImmediate(done))
      at--
    }
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => attempts.run(slow)))
    expect(most).toBe(1)
    expect(all.filter(({ status }) => status === 'rejected')).toHaveLength(12)
    await attempts.run(slow)
  })
})
