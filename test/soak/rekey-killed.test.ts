import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { databasePath, openDatabase, prepareFolder } from '../../core/store/database.ts'
import { migrate } from '../../core/store/migrate.ts'
import { readBook, bookPath } from '../../core/vault/key-book.ts'
import { openVault, tidyVault } from '../../core/vault/key.ts'

/* Keys that are changed again and again, killed at random: the store opens each time, whole, tidied up before the next or not. */
const rekeyer = fileURLToPath(new URL('../support/rekeyer.ts', import.meta.url))
const ROUNDS = 60
const ROWS = 2000

test('sixty kills during rekeys leave a store that opens', async () => {
  const root = mkdtempSync(join(tmpdir(), 'posthorn-rekeys-'))
  const [folder, keyFile] = [join(root, 'data'), join(root, 'our.key')]
  let key = openVault({ folder, keyFile, create: true })
  prepareFolder(folder)
  const path = databasePath(folder)
  const made = openDatabase({ path, key }, 'write')
  migrate(made, path)
  const add = made.prepare('INSERT INTO setting (key, value) VALUES (?, ?)')
  made.transaction(() => {
    for (let n = 0; n < ROWS; n++) add.run(`k${n}`, 'x'.repeat(1000))
  })()
  made.close()
  let cut = 0
  for (let round = 0; round < ROUNDS; round++) {
    const child = spawn(process.execPath, [rekeyer, folder, keyFile], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    await once(createInterface({ input: child.stdout }), 'line')
    setTimeout(() => child.kill('SIGKILL'), Math.random() * 80)
    await exited
    key = openVault({ folder, keyFile, create: false })
    const db = openDatabase({ path, key }, 'write')
    expect(db.prepare('SELECT count(*) FROM setting').pluck().get()).toBe(ROWS)
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    db.close()
    if ((readBook(bookPath(folder))?.wraps.length ?? 0) > 1) cut++
    if (round % 2 === 0) tidyVault(folder)
  }
  console.log(`rekeys: ${cut} of ${ROUNDS} kills fell between the two key books`)
  rmSync(root, { recursive: true, force: true })
}, 600_000)
