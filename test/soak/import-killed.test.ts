import { closeSync, fstatSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { printedSeed } from '../support/chance.ts'
import { killImports } from '../support/import-kills.ts'
import { mboxOf, openTransferHouse } from '../support/transfer-house.ts'

test('an import that is killed forty times has each message once', async () => {
  await killImports(40, 20_000, printedSeed('IMPORT_SEED'))
}, 600_000)

test('a file of more than 4 GiB comes in without being held: what is too long is named, what is behind it is there', async () => {
  const files = mkdtempSync(join(tmpdir(), 'posthorn-huge-'))
  const house = await openTransferHouse()
  try {
    const path = join(files, 'huge.mbox')
    const file = openSync(path, 'w')
    writeSync(file, mboxOf(300, 'a'))
    const long = Buffer.alloc(2 ** 20, 'a line of a long letter, as long as they are\n')
    writeSync(file, 'From ada@author.example Sat Jan  3 01:05:34 2026\nSubject: long\nMessage-ID: <long@x.example>\n\n')
    for (let n = 0; n < 300; n++) writeSync(file, long)
    writeSync(file, '\n\n')
    const holeAt = fstatSync(file).size
    const hole = 'From ada@author.example Sat Jan  3 01:05:34 2026\nSubject: huge\nMessage-ID: <huge@x.example>\n\n'
    writeSync(file, hole)
    const behind = 4.5 * 2 ** 30
    ftruncateSync(file, behind)
    writeSync(file, `\n\n${mboxOf(300, 'b')}`, behind)
    closeSync(file)
    let highest = 0
    const timer = setInterval(() => (highest = Math.max(highest, process.memoryUsage.rss())), 100)
    const before = process.memoryUsage.rss()
    const done = await house.bring([path])
    clearInterval(timer)
    expect(done).toMatchObject({ state: 'done', imported: 601, problems: 1 })
    const { rows } = await house.api.imports.report({ id: done.id, after: null, limit: 10 })
    expect(rows).toMatchObject([{ offset: holeAt, what: 'refused', subject: 'huge' }])
    expect(house.list('huge').map(({ subject }) => subject)).toContain('b 299')
    const [whole] = house.list('huge').filter(({ subject }) => subject === 'long')
    expect(whole!.view.sizeBytes).toBeGreaterThan(300 * 2 ** 20)
    expect((highest - before) / 2 ** 20).toBeLessThan(600)
    console.log(`memory grew by ${((highest - before) / 2 ** 20).toFixed(0)} MiB`)
  } finally {
    await house.close()
    rmSync(files, { recursive: true, force: true })
  }
}, 600_000)
