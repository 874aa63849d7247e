import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { scratch, takeAll } from '../../test/support/taken.ts'
import { mboxOf, openTransferHouse, type TransferHouse } from '../../test/support/transfer-house.ts'
import { systemClock } from '../base/clock.ts'
import { ByteFile } from './import-file.ts'
import { MboxWalk } from './import-mbox.ts'
import { scanPaths } from './import-scan.ts'
import { ImportUploads } from './import-upload.ts'

let files: ReturnType<typeof scratch>
beforeEach(() => {
  files = scratch()
})
afterEach(() => files.remove())

const pipe = (name: string) => expect(spawnSync('mkfifo', [join(files.path, name)]).status).toBe(0)
const mail = (n: number) => `Subject: m ${n}\n\ntext\n`
const subjects = async (...names: string[]) => {
  const { taken, problems } = await takeAll(names.map((name) => join(files.path, name)))
  return { subjects: taken.map(({ text }) => /^Subject: (.*)$/m.exec(text)?.[1]), problems }
}

describe.skipIf(process.platform === 'win32')('a pipe that nobody writes to is waited for nowhere:', () => {
  test('among message files', async () => {
    mkdirSync(join(files.path, 'old'))
    files.write('old/1.eml', mail(1))
    pipe('old/2.eml')
    symlinkSync('2.eml', join(files.path, 'old', '3.eml'))
    files.write('old/4.eml', mail(4))
    expect(await subjects('old')).toEqual({ subjects: ['m 1', 'm 4'], problems: [] })
  })

  test('as what a maildir calls its keywords, as a profile and as its settings', async () => {
    for (const name of ['box', 'box/cur', 'box/new', 'ini', 'profile', 'profile/Mail'])
      mkdirSync(join(files.path, name))
    files.write('box/cur/1.x:2,Sa', mail(1))
    for (const name of ['box/dovecot-keywords', 'ini/profiles.ini', 'profile/prefs.js']) pipe(name)
    expect(await subjects('box', 'ini', 'profile')).toMatchObject({ subjects: ['m 1'] })
  })

  test('as the mail of a folder in the manner of Apple', () => {
    mkdirSync(join(files.path, 'all'))
    mkdirSync(join(files.path, 'all', 'a.mbox'))
    pipe('all/a.mbox/mbox')
    expect(scanPaths([join(files.path, 'all')]).sources).toEqual([])
  })
})

test('a maildir of links to messages has them all, and a link that leads nowhere is none', async () => {
  for (const name of ['kept', 'box', 'box/cur', 'box/new']) mkdirSync(join(files.path, name))
  for (const n of [1, 2]) {
    files.write(`kept/${n}`, mail(n))
    symlinkSync(join(files.path, 'kept', String(n)), join(files.path, 'box', 'cur', `${n}.x:2,S`))
  }
  symlinkSync(join(files.path, 'kept', 'gone'), join(files.path, 'box', 'cur', '3.x:2,S'))
  symlinkSync('4.x:2,S', join(files.path, 'box', 'cur', '4.x:2,S'))
  expect((await subjects('box')).subjects).toEqual(['m 1', 'm 2'])
})

test('an mbox file that becomes shorter while it is read ends', () => {
  const path = files.write(
    'all.mbox',
    mboxOf(3, 'm', () => 'x\n'.repeat(2_000_000)),
  )
  const file = new ByteFile({ path })
  const walk = new MboxWalk(file, { hasLengths: false })
  const first = walk.messageAt(0)!
  truncateSync(path, first.next + 1_500_000)
  const second = walk.messageAt(first.next)!
  expect(second.next).toBe(file.sizeBytes)
  file.close()
})

describe('with a store', () => {
  let house: TransferHouse
  afterEach(() => house.close())

  test('an import is written down with all it is to read, or not at all', async () => {
    house = await openTransferHouse()
    const { write } = house.store
    let left = 1
    const full: typeof write = (...args) =>
      left-- > 0 ? write(...args) : Promise.reject(new Error('the disk is full'))
    mkdirSync(join(files.path, 'tree'))
    for (let n = 0; n < 1100; n++) files.write(`tree/${String(n).padStart(4, '0')}`, mboxOf(1, `f${n}`))
    const crashed = await openTransferHouse({
      store: { read: house.store.read, stage: house.store.stage, write: full },
    })
    const from = { paths: [join(files.path, 'tree')] }
    await crashed.imports.start(from, null, 'auto').catch(() => {})
    await crashed.close()
    const [job] = house.imports.list()
    expect(job).toMatchObject({ sourcesTotal: 1100 })
    await house.api.imports.resume({ id: job!.id })
    expect(await house.ended(job!.id)).toMatchObject({ state: 'done', imported: 1100 })
  }, 30_000)

  test('an import that is stopped leaves nothing in the store that is in no folder', async () => {
    house = await openTransferHouse()
    const long = 'a line of some length, again and again and again\n'.repeat(40_000)
    const id = await house.stopped(
      files.write(
        'long.mbox',
        mboxOf(14, 'long', () => long),
      ),
    )
    expect(house.imports.get(id).imported).toBeLessThan(14)
    const count = `SELECT count(*) FROM blob WHERE state <> 'whole' OR id NOT IN (SELECT blob_id FROM message)`
    expect(house.store.read.prepare(count).pluck().get()).toBe(0)
    await house.imports.resume(id)
    expect(await house.ended(id)).toMatchObject({ state: 'done', imported: 14, duplicates: 0 })
  })

  test('a file that has lost its beginning meanwhile is read whole when an import goes on, also where messages are of one size', async () => {
    house = await openTransferHouse()
    const all = mboxOf(900).split(/^(?=From ada)/m)
    const path = files.write('all.mbox', all.slice(100).join(''))
    const id = await house.stopped(path)
    const before = house.imports.get(id).imported
    expect(before).toBeLessThan(800)
    files.write('all.mbox', all.slice(200).join(''))
    await house.imports.resume(id)
    expect(await house.ended(id)).toMatchObject({ state: 'done', imported: 800, problems: 0 })
  })

  test('an import that waits for its turn is stopped at once, and goes on when it is asked to', async () => {
    house = await openTransferHouse()
    const { api } = house
    const { write } = house.store
    const gate = Promise.withResolvers<void>()
    const gated = async (...args: Parameters<typeof write>) => {
      const answer = write(...args)
      if (args[0] === 'import.batch') await gate.promise
      return answer
    }
    vi.spyOn(house.store, 'write').mockImplementation(gated as typeof write)
    const start = (name: string) =>
      api.imports.start({ from: { paths: [files.write(name, mboxOf(2, name))] }, into: null })
    const [first, second] = [await start('a'), await start('b')]
    expect(house.imports.get(second.id).state).toBe('looking')
    await api.imports.cancel(second)
    expect(await house.ended(second.id)).toMatchObject({ state: 'cancelled', imported: 0 })
    await api.imports.resume(second)
    gate.resolve()
    expect(await house.ended(second.id)).toMatchObject({ state: 'done', imported: 2 })
    expect(house.imports.get(first.id)).toMatchObject({ state: 'done', imported: 2 })
    vi.restoreAllMocks()
  })

  test('what can not be let go of does not stop the imports behind it', async () => {
    house = await openTransferHouse()
    vi.spyOn(house.uploads, 'drop').mockRejectedValue(new Error('another program reads it'))
    const bytes = Buffer.from(mboxOf(1))
    const { handle } = await house.api.imports.upload.begin({ filename: 'a.mbox', sizeBytes: bytes.length })
    await house.api.imports.upload.chunk({ handle, base64: bytes.toString('base64') })
    const { id } = await house.api.imports.start({ from: { uploads: [handle] }, into: null })
    expect(await house.ended(id)).toMatchObject({ state: 'done', imported: 1 })
    expect(await house.bring([files.write('b.mbox', mboxOf(2, 'b'))])).toMatchObject({ state: 'done', imported: 2 })
    vi.restoreAllMocks()
  })
})

test('a file sent in of which a part could not be written is never taken for whole', async () => {
  const uploads = new ImportUploads(join(files.path, 'uploads'), systemClock, async () => true)
  const handle = await uploads.begin('a.mbox', 20)
  const probe = await open(files.path)
  const prototype = Object.getPrototypeOf(probe) as typeof probe
  await probe.close()
  const full = vi.spyOn(prototype, 'writeFile').mockRejectedValueOnce(new Error('ENOSPC'))
  await expect(uploads.chunk(handle, Buffer.alloc(10, 'a'))).rejects.toThrow('ENOSPC')
  full.mockRestore()
  await uploads.chunk(handle, Buffer.alloc(10, 'b')).catch(() => {})
  await uploads.chunk(handle, Buffer.alloc(10, 'c')).catch(() => {})
  await expect(uploads.take([handle])).rejects.toMatchObject({ code: 'conflict' })
  await uploads.close()
})
