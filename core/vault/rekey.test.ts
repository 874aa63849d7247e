import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { databasePath, openDatabase, prepareFolder } from '../store/database.ts'
import { latestVersion, migrate } from '../store/migrate.ts'
import { rekeyDatabase } from '../store/rekey.ts'
import { bookPath, readBook } from './key-book.ts'
import { openVault, openWithPassphrase, tidyVault } from './key.ts'
import { rekeyVault } from './rekey.ts'
import { waysIn } from './ways.ts'

const COSTS = { n: 2 ** 14, r: 8, p: 1 }
const SAID = 'correct horse battery'
const ROWS = 300
const rekeyer = fileURLToPath(new URL('../../test/support/rekeyer.ts', import.meta.url))

let root: string
let folder: string
let keyFile: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'posthorn-rekey-'))
  folder = join(root, 'data')
  keyFile = join(root, 'our.key')
  const key = openVault({ folder, keyFile, create: true })
  prepareFolder(folder)
  const db = openDatabase({ path: databasePath(folder), key }, 'write')
  migrate(db, 'mail.db')
  const add = db.prepare('INSERT INTO setting (key, value) VALUES (?, ?)')
  db.transaction(() => {
    for (let n = 0; n < ROWS; n++) add.run(`k${n}`, 'x'.repeat(500))
  })()
  db.close()
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const byFile = () => openVault({ folder, keyFile, create: false })
const fault = (code: string) => expect.objectContaining({ code })

/** Opens the store with the key and looks at all it holds. */
function opens(key: Uint8Array): void {
  const db = openDatabase({ path: databasePath(folder), key }, 'write')
  expect(db.prepare('SELECT count(*) FROM setting').pluck().get()).toBe(ROWS)
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  expect(db.pragma('user_version', { simple: true })).toBe(latestVersion())
  db.close()
}

test('the store has another key, every way in opens it, and the old key does not', async () => {
  const before = byFile()
  await waysIn({ folder, keyFile, key: before, clock: systemClock, costs: COSTS }).setPassphrase(null, SAID)
  await rekeyVault({ folder, keyFile, passphrase: SAID, costs: COSTS })
  const after = byFile()
  expect(after).not.toEqual(before)
  expect(await openWithPassphrase(folder, SAID)).toEqual(after)
  opens(after)
  expect(() => opens(before)).toThrow(fault('vault.key-wrong'))
  expect(readdirSync(folder).filter((name) => name.includes('rekey'))).toEqual([])
  expect(readBook(bookPath(folder))?.wraps).toHaveLength(2)
})

test('a forgotten passphrase can be left behind where the key file stays, and nowhere else', async () => {
  const ways = waysIn({ folder, keyFile, key: byFile(), clock: systemClock, costs: COSTS })
  await expect(rekeyVault({ folder, keyFile, passphrase: SAID, costs: COSTS })).rejects.toThrow(fault('conflict'))
  await ways.setPassphrase(null, SAID)
  await ways.setLockedAtStart(true, SAID)
  await expect(rekeyVault({ folder, keyFile, passphrase: null })).rejects.toThrow(fault('conflict'))
  await expect(rekeyVault({ folder, keyFile, passphrase: 'another one' })).rejects.toThrow(
    fault('vault.passphrase-wrong'),
  )
  await ways.setLockedAtStart(false, SAID)
  await rekeyVault({ folder, keyFile, passphrase: null })
  await expect(openWithPassphrase(folder, SAID)).rejects.toThrow(fault('conflict'))
  opens(byFile())
})

test('a way in that this version does not know is never lost', async () => {
  const book = JSON.parse(readFileSync(bookPath(folder), 'utf8')) as { wraps: unknown[] }
  writeFileSync(bookPath(folder), JSON.stringify({ ...book, wraps: [...book.wraps, { kind: 'keychain' }] }))
  await expect(rekeyVault({ folder, keyFile, passphrase: null })).rejects.toThrow(fault('conflict'))
  opens(byFile())
})

test('what fails before the swap leaves the store as it was', () => {
  const key = byFile()
  const beforeSwap = () => {
    throw new Error('no room for the key book')
  }
  const newKey = new Uint8Array(32).fill(9)
  expect(() => rekeyDatabase({ folder, key, newKey, beforeSwap })).toThrow('no room for the key book')
  expect(existsSync(join(folder, 'mail.db.rekey'))).toBe(false)
  opens(byFile())
})

test('what is cut off before the swap or after it opens, and is tidied up at the next start', async () => {
  const key = byFile()
  await waysIn({ folder, keyFile, key, clock: systemClock, costs: COSTS }).setPassphrase(null, SAID)
  const before = readBook(bookPath(folder))?.wraps ?? []
  const [here, old] = [join(folder, 'mail.db'), join(root, 'old.db')]
  copyFileSync(here, old)
  await rekeyVault({ folder, keyFile, passphrase: SAID, costs: COSTS })
  const fresh = readBook(bookPath(folder))?.wraps ?? []
  const both = JSON.stringify({ version: 1, wraps: [...before, ...fresh] })
  writeFileSync(bookPath(folder), both)
  writeFileSync(join(folder, 'mail.db.rekey'), 'half a copy')
  const found = byFile()
  expect(await openWithPassphrase(folder, SAID)).toEqual(found)
  opens(found)
  tidyVault(folder)
  expect(readBook(bookPath(folder))?.wraps).toEqual(fresh)
  expect(existsSync(join(folder, 'mail.db.rekey'))).toBe(false)
  opens(byFile())

  copyFileSync(old, here)
  writeFileSync(bookPath(folder), both)
  expect(byFile()).toEqual(key)
  expect(await openWithPassphrase(folder, SAID)).toEqual(key)
  tidyVault(folder)
  expect(readBook(bookPath(folder))?.wraps).toEqual(before)
  opens(key)
})

test('killed at any moment, the store opens with the key that its key book gives', async () => {
  const books = new Set([readFileSync(bookPath(folder), 'utf8')])
  for (let round = 0; round < 4; round++) {
    const child = spawn(process.execPath, [rekeyer, folder, keyFile], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    let begun = 0
    for await (const _ of createInterface({ input: child.stdout })) {
      // One is done then; the next is cut off wherever it happens to be.
      if (++begun < 2) continue
      setTimeout(() => child.kill('SIGKILL'), Math.random() * 30)
      break
    }
    await exited
    books.add(readFileSync(bookPath(folder), 'utf8'))
    const key = byFile()
    opens(key)
    tidyVault(folder)
    expect(byFile()).toEqual(key)
    expect(readBook(bookPath(folder))?.wraps).toHaveLength(1)
  }
  expect(books.size).toBe(5)
}, 30_000)
