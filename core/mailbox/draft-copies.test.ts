import { afterEach, beforeEach, expect, test } from 'vitest'
import { call } from '../../test/support/contract.ts'
import { openDraftHouse, type DraftHouse } from '../../test/support/draft-house.ts'
import { fakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { openTestStore, type TestStore } from '../../test/support/store.ts'
import { countChanges, nextChange } from '../store/imap-change.ts'
import { listImapFolders } from '../store/imap-folder.ts'
import { getDraftState } from '../store/draft-copy.ts'
import { listDrafts } from '../store/draft.ts'
import { listPage } from '../store/message-list.ts'

let store: TestStore
let clock: FakeClock
let house: DraftHouse
let accountId: number

beforeEach(async () => {
  clock = fakeClock()
  store = await openTestStore({ clock })
  house = openDraftHouse(store, clock)
  accountId = await account('ada@here.example')
  await call(house.identity.save, { name: 'Ada', address: 'Ada@here.example', routeId: null })
})
afterEach(async () => {
  await house.copies.stop()
  await store.closeAndRemove()
  expect(house.logged).toEqual([])
})

/** An IMAP account whose server has a Drafts folder, unless it has none. */
async function account(user: string, role: 'drafts' | 'other' = 'drafts'): Promise<number> {
  const { id } = await store.write('account.add', {
    kind: 'imap',
    name: user,
    host: 'imap.example',
    port: 993,
    tls: 'implicit',
    user,
    keep: true,
    everySeconds: 300,
    secret: { login: 'password', value: Buffer.from('secret') },
  })
  await store.write('imap.folders', { accountId: id, folders: [{ path: 'Drafts', name: 'Drafts', role }] })
  return id
}
const folderOf = (id = accountId) => listImapFolders(store.read, id)[0]!.folderId
const there = (id = accountId) => listPage(store.read, folderOf(id), null, 10).rows.map(({ subject }) => subject)
const lastCopy = (draftId: number) => getDraftState(store.read, draftId)?.ofMs ?? null
const copied = (draftId: number) =>
  expect
    .poll(() => lastCopy(draftId), { interval: 5, timeout: 20_000 })
    .toBe(getDraftState(store.read, draftId)!.changedMs)

test('a draft that is being written is put into its folder once a minute at most, and when its composer closes', async () => {
  const id = await house.save(null, { subject: 'one' }, false)
  expect(clock.nextMs).toBe(clock.nowMs() + 60_000)
  clock.advance(30_000)
  await house.save(id, { subject: 'two' }, false)
  expect(there()).toEqual([])
  clock.advance(30_000)
  await copied(id)
  expect(there()).toEqual(['two'])
  clock.advance(1000)
  await house.save(id, { subject: 'three' }, false)
  expect(clock.nextMs).toBe(clock.nowMs() + 59_000)
  await house.save(id, { subject: 'four' }, true)
  await copied(id)
  expect(there()).toEqual(['four'])
  expect(clock.nextMs).toBeUndefined()
  // Kept again as it is, it is not put there again.
  const before = nextChange(store.read, accountId, 0)
  await house.save(id, { subject: 'four' }, true)
  await house.save(null, { subject: 'another' }, true)
  await expect.poll(() => there(), { timeout: 20_000 }).toEqual(['another', 'four'])
  expect(nextChange(store.read, accountId, 0)).toEqual(before)
})

test('what was kept before a stop is put there after the next start', async () => {
  const id = await house.save(null, { subject: 'one' }, false)
  await house.copies.stop()
  clock.advance(3_600_000)
  expect(there()).toEqual([])
  house = openDraftHouse(store, clock)
  house.copies.look()
  house.copies.look()
  clock.advance(60_000)
  await copied(id)
  expect(there()).toEqual(['one'])
  expect(countChanges(store.read, accountId)).toBe(1)
})

test('a draft whose address no IMAP account has, or whose account has no Drafts folder, stays on this computer', async () => {
  const none = await account('kim@here.example', 'other')
  for (const address of ['ada@far.example', 'kim@here.example']) {
    const identity = await call(house.identity.save, { name: 'A', address, routeId: null })
    await house.save(null, { identityId: identity.id, subject: 'secret' })
  }
  house.copies.look()
  expect(clock.nextMs).toBeUndefined()
  await house.copies.stop()
  expect(listDrafts(store.read)).toHaveLength(2)
  expect([there(), there(none)]).toEqual([[], []])
  expect([countChanges(store.read, accountId), countChanges(store.read, none)]).toEqual([0, 0])
})

test('where the account says so, drafts stay on this computer, and those that are there go', async () => {
  const id = await house.save(null, { subject: 'one' })
  await copied(id)
  await store.write('account.save', { id: accountId, settings: {}, drafts: 'here' })
  house.copies.look()
  await expect.poll(() => there(), { timeout: 20_000 }).toEqual([])
  await house.save(id, { subject: 'two' })
  house.copies.look()
  expect(clock.nextMs).toBeUndefined()
  await store.write('account.save', { id: accountId, settings: {}, drafts: 'server' })
  house.copies.look()
  clock.advance(60_000)
  await copied(id)
  expect(there()).toEqual(['two'])
})

test('a draft that is written as somebody else goes from one account to the other', async () => {
  const other = await account('kim@here.example')
  const kim = await call(house.identity.save, { name: 'Kim', address: 'kim@here.example', routeId: null })
  const id = await house.save(null, { subject: 'one' })
  await copied(id)
  await house.save(id, { subject: 'one', identityId: kim.id })
  await copied(id)
  expect([there(), there(other)]).toEqual([[], ['one']])
  expect([countChanges(store.read, accountId), countChanges(store.read, other)]).toEqual([0, 1])
})

test('files go along, a half-typed address waits, and too large a draft stays here whole', async () => {
  const upload = async (sizeBytes: number) => {
    const file = { filename: 'a.bin', contentType: 'application/octet-stream', sizeBytes }
    const { handle } = await call(house.compose.upload.begin, file)
    const base64 = Buffer.alloc(262_144, 1).toString('base64')
    for (let n = 0; n < sizeBytes; n += 262_144) await call(house.compose.upload.chunk, { handle, base64 })
    return { ...file, handle }
  }
  const attachments = [await upload(524_288), { ...(await upload(262_144)), handle: 'gone' }]
  const id = await house.save(null, { subject: 'one', to: 'Bob <bob@far.example>, kim@', attachments })
  await copied(id)
  const [row] = listPage(store.read, folderOf(), null, 1).rows
  expect(row).toMatchObject({ attachments: 1, seen: true })
  const text = (await store.readBody(row!.view)).toString('latin1')
  expect(text).toContain('To: Bob <bob@far.example>\r\n')
  await house.save(id, { subject: 'one', attachments: [await upload(20 * 1024 * 1024)] })
  await copied(id)
  expect(there()).toEqual([])
  expect(listDrafts(store.read)).toHaveLength(1)
})
