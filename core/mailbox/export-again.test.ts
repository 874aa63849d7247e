import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { mboxOf, openTransferHouse, type TransferHouse } from '../../test/support/transfer-house.ts'
import { listFolders } from '../store/folder.ts'
import { decodeImapUtf7 } from './import-names.ts'

let house: TransferHouse
beforeEach(async () => {
  house = await openTransferHouse()
})
afterEach(() => house.close())

const bring = async (text: string, folder: string) => {
  const path = join(house.files, 'in.mbox')
  writeFileSync(path, text)
  await house.bring([path], { name: folder })
  return listFolders(house.store.read).find(({ name }) => name === folder)!.id
}
async function take(
  what: Parameters<typeof house.api.exports.start>[0]['what'],
  format: 'mbox' | 'maildir' | 'eml',
  overwrite = false,
) {
  const { id } = await house.api.exports.start({ what, format, to: join(house.files, 'out'), overwrite })
  return house.taken(id)
}
const out = (...names: string[]) => readdirSync(join(house.files, 'out', ...names)).sort()

test('an export over one that was killed in the middle is whole', async () => {
  const folderId = await bring(mboxOf(3), 'letters')
  await take({ folderId }, 'eml')
  const names = out()
  writeFileSync(join(house.files, 'out', `${names[1]}.part`), 'half of it')
  expect(await take({ folderId }, 'eml', true)).toMatchObject({ state: 'done', exported: 3, reason: null })
  expect(out()).toEqual(names)
})

test('a maildir that is written over has a message once, whatever flags it had before', async () => {
  const folderId = await bring(mboxOf(3), 'letters')
  await take({ folderId }, 'maildir')
  writeFileSync(join(house.files, 'out', 'cur', 'of-another-program:2,'), 'Subject: x\n\n')
  const ids = house.list('letters').map(({ id }) => id)
  await house.store.write('message.starred', { ids, starred: true })
  expect(await take({ folderId }, 'maildir', true)).toMatchObject({ state: 'done', exported: 3 })
  expect(out('cur').map((name) => name.split(':2,')[1])).toEqual(['FS', 'FS', 'FS', ''])
})

test.each(['eml', 'mbox', 'maildir'] as const)('names longer than a file system takes are cut: %s', async (format) => {
  const subject = '長い題名'.repeat(60)
  const parts = format === 'maildir' ? [1, 2, 3].map((n) => `${n}${'旅行の写真'.repeat(11)}`) : ['写真'.repeat(50)]
  await bring(mboxOf(2, `=?utf-8?B?${Buffer.from(subject).toString('base64')}?=`), parts.join('/'))
  mkdirSync(join(house.files, 'out'))
  expect(await take({ all: true }, format)).toMatchObject({ state: 'done', exported: 2, reason: null })
  if (format !== 'maildir') return
  const [, name] = out()
    .filter((one) => one.startsWith('.') && one.length > 20)[0]!
    .split('.')
  expect(parts[0]).toContain(decodeImapUtf7(name!))
})

test.skipIf(process.platform === 'win32')('nothing but a file is written over, and no link is followed', async () => {
  const folderId = await bring(mboxOf(2), 'letters')
  const to = join(house.files, 'out')
  const pipe = (...at: string[]) => expect(spawnSync('mkfifo', [join(to, ...at)]).status).toBe(0)
  pipe()
  for (const format of ['mbox', 'eml', 'maildir'] as const)
    await expect(take({ folderId }, format, true)).rejects.toMatchObject({ code: 'export.exists' })
  rmSync(to)
  mkdirSync(to)
  await expect(take({ folderId }, 'mbox', true)).rejects.toMatchObject({ code: 'export.exists' })
  mkdirSync(join(to, '.letters'))
  pipe('.letters', 'dovecot-keywords')
  writeFileSync(join(house.files, 'other'), 'mine')
  symlinkSync(join(house.files, 'other'), join(to, '.letters', 'maildirfolder'))
  const { id } = await house.store.write('tag.save', { name: 'Work', colour: '#3b82f6', number: null })
  await house.store.write('message.tag', { ids: house.list('letters').map((one) => one.id), add: [id], remove: [] })
  expect(await take({ all: true }, 'maildir', true)).toMatchObject({ state: 'done', exported: 2 })
  expect(readFileSync(join(to, '.letters', 'dovecot-keywords'), 'utf8')).toBe('0 Work\n')
  expect(readFileSync(join(house.files, 'other'), 'utf8')).toBe('mine')
})
