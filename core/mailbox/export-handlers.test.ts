import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TEST_KEY } from '../../test/support/store.ts'
import { mboxOf, openTransferHouse, type TransferHouse } from '../../test/support/transfer-house.ts'
import { databasePath, openDatabase } from '../store/database.ts'
import { listFolders } from '../store/folder.ts'

let house: TransferHouse
beforeAll(async () => {
  house = await openTransferHouse()
  const path = join(house.files, 'letters.mbox')
  writeFileSync(
    path,
    mboxOf(120, 'm', (n) => (n === 7 ? 'x\n\nFrom here on\n' : `text ${n}\n`)),
  )
  const inbox = join(house.files, 'Inbox')
  writeFileSync(inbox, mboxOf(2, 'in'))
  expect(await house.bring([path, inbox])).toMatchObject({ imported: 122 })
})
afterAll(() => house.close())

const folderId = (name: string) => listFolders(house.store.read).find((one) => one.name === name)!.id
const at = (name: string) => join(house.files, 'out', name)
async function take(
  what: Parameters<typeof house.api.exports.start>[0]['what'],
  format: 'mbox' | 'maildir' | 'eml',
  to: string,
) {
  const { id } = await house.api.exports.start({ what, format, to })
  return house.taken(id)
}
const starts = (text: string) => [...text.matchAll(/^From /gm)].length

test('a folder goes into one mbox file, oldest first, and comes back as mail that is here', async () => {
  const done = await take({ folderId: folderId('letters') }, 'mbox', at('a.mbox'))
  expect(done).toMatchObject({ state: 'done', exported: 120, total: 120, problems: [], reason: null })
  const text = readFileSync(at('a.mbox'), 'latin1')
  expect(text.length).toBe(done.bytesDone)
  expect(starts(text)).toBe(120)
  expect(text).toMatch(/^From ada@author\.example Wed Jan {2}1 00:00:00 2020\nStatus: RO\n/)
  expect(text).toContain('\n>From here on\n')
  expect([...text.matchAll(/^Subject: (.*)$/gm)].map(([, subject]) => subject).slice(0, 3)).toEqual([
    'm 0',
    'm 1',
    'm 2',
  ])
  expect(await house.bring([at('a.mbox')])).toMatchObject({ imported: 0, duplicates: 120 })
})

test('what a search finds goes out, and a query that does not parse says where', async () => {
  expect(await take({ query: 'subject:m "text 11"' }, 'eml', at('found'))).toMatchObject({ state: 'done', exported: 1 })
  expect(readdirSync(at('found'))).toEqual([expect.stringMatching(/^2020-01-01 m 11 \(\d+\)\.eml$/)])
  await expect(take({ query: '(' }, 'eml', at('x'))).rejects.toMatchObject({ code: 'search.invalid' })
  await expect(take({ folderId: 999 }, 'eml', at('x'))).rejects.toMatchObject({ code: 'not-found' })
})

test('everything goes into a file or folder for each folder', async () => {
  expect(await take({ all: true }, 'mbox', at('all'))).toMatchObject({ state: 'done', exported: 122 })
  expect(readdirSync(at('all')).sort()).toEqual(['Inbox.mbox', 'letters.mbox'])
  expect(await take({ all: true }, 'maildir', at('md'))).toMatchObject({ state: 'done', exported: 122 })
  expect(readdirSync(join(at('md'), 'cur'))).toHaveLength(2)
  expect(readdirSync(join(at('md'), '.letters', 'cur'))).toHaveLength(120)
  expect(readdirSync(join(at('md'), '.letters', 'tmp'))).toEqual([])
  expect(await house.bring([at('md')])).toMatchObject({ imported: 0, duplicates: 122 })
})

test('what is there already is written over only where that is wanted', async () => {
  const what = { folderId: folderId('Inbox') }
  mkdirSync(at('taken'), { recursive: true })
  writeFileSync(join(at('taken'), 'note.txt'), 'mine')
  await expect(take(what, 'eml', at('taken'))).rejects.toMatchObject({ code: 'export.exists' })
  await expect(take(what, 'mbox', join(at('taken'), 'note.txt'))).rejects.toMatchObject({ code: 'export.exists' })
  const { id } = await house.api.exports.start({
    what,
    format: 'mbox',
    to: join(at('taken'), 'note.txt'),
    overwrite: true,
  })
  expect(await house.taken(id)).toMatchObject({ state: 'done' })
  expect(starts(readFileSync(join(at('taken'), 'note.txt'), 'latin1'))).toBe(2)
})

test('an export that is stopped leaves no half of a file', async () => {
  const { id } = await house.api.exports.start({ what: { all: true }, format: 'mbox', to: at('stopped') })
  await house.api.exports.cancel({ id })
  expect(house.exports.get(id)).toMatchObject({ state: 'cancelled', reason: null })
  const left = existsSync(at('stopped')) ? readdirSync(at('stopped')) : []
  expect(left.filter((name) => name.endsWith('.part'))).toEqual([])
  expect((await house.api.exports.list())[0]).toMatchObject({ id, state: 'cancelled' })
})

test('a folder that nothing can be written to is said in words', async () => {
  writeFileSync(join(house.files, 'file'), '')
  const done = await take({ folderId: folderId('Inbox') }, 'mbox', join(house.files, 'file', 'a.mbox'))
  expect(done).toMatchObject({ state: 'failed', exported: 0 })
  expect(done.reason).not.toBe('')
})

test('a message whose bytes are damaged is named, and all others are there', async () => {
  const [, second] = house.list('letters')
  const db = openDatabase({ path: databasePath(house.store.folder), key: TEST_KEY }, 'write')
  db.prepare('UPDATE blob_chunk SET bytes = ? WHERE id = ?').run(Buffer.from('other'), second!.blobId * 4096)
  db.close()
  const done = await take({ folderId: folderId('letters') }, 'mbox', at('b.mbox'))
  expect(done).toMatchObject({ state: 'done', exported: 120, problemsTotal: 1 })
  expect(done.problems).toEqual([expect.stringContaining(`message ${second!.id} "m 1" is not whole`)])
  expect([...readFileSync(at('b.mbox'), 'latin1').matchAll(/^Subject: /gm)]).toHaveLength(119)
})

test('a browser gets one mbox file by a handle', async () => {
  const { handle, filename } = await house.api.exports.download({ what: { folderId: folderId('Inbox') } })
  expect(filename).toBe('Inbox.mbox')
  const chunks: Uint8Array[] = []
  for await (const chunk of house.handles.open(handle)!.bytes()) chunks.push(chunk)
  expect(starts(Buffer.concat(chunks).toString('latin1'))).toBe(2)
})
