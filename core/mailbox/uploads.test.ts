import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDraftHouse, type DraftHouse } from '../../test/support/draft-house.ts'
import { call } from '../../test/support/contract.ts'
import { fakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { openTestStore, type TestStore } from '../../test/support/store.ts'
import { Uploads } from './uploads.ts'

const DAY_MS = 86_400_000
const BYTES = Buffer.from('a file that somebody wants to send')

let clock: FakeClock
let store: TestStore
let house: DraftHouse

beforeEach(async () => {
  clock = fakeClock()
  store = await openTestStore({ clock })
  house = openDraftHouse(store, clock)
})
afterEach(() => store.closeAndRemove())

async function attach(bytes = BYTES) {
  const about = { filename: 'plan.txt', contentType: 'text/plain', sizeBytes: bytes.length }
  const { handle } = await call(house.compose.upload.begin, about)
  await call(house.compose.upload.chunk, { handle, base64: bytes.toString('base64') })
  return { handle, ...about }
}
async function bytesOf(uploads: Uploads, handle: string): Promise<Buffer | undefined> {
  const found = await uploads.get(handle)
  return found && store.readBody(found.view)
}
const blobs = () => store.read.prepare('SELECT count(*) AS n FROM blob').get()

test('a file that a draft names is there days later, in another run of the program', async () => {
  const kept = await attach()
  const forgotten = await attach(Buffer.from('nobody kept this'))
  await house.save(null, { subject: 'Plan', attachments: [kept] })
  await store.close()

  clock.advance(5 * DAY_MS)
  store = Object.assign(await openTestStore({ clock, folder: store.folder }), { folder: store.folder })
  house = openDraftHouse(store, clock)
  const uploads = new Uploads(store, clock)
  await uploads.expire()
  const [draft] = await call(house.compose.drafts, undefined)
  expect(draft?.content.attachments).toEqual([kept])
  expect(await bytesOf(uploads, kept.handle)).toEqual(BYTES)
  expect(await bytesOf(uploads, forgotten.handle)).toBeUndefined()
  expect(blobs()).toEqual({ n: 1 })
})

test('a file stays two days longer than its draft, so that one that was thrown away can come back whole', async () => {
  const file = await attach()
  const id = await house.save(null, { subject: 'Plan', attachments: [file] })
  clock.advance(7 * DAY_MS)
  await call(house.compose.dropDraft, { id })
  clock.advance(DAY_MS)
  const again = await house.save(null, { subject: 'Plan', attachments: [file] })
  clock.advance(7 * DAY_MS)
  const uploads = new Uploads(store, clock)
  await uploads.expire()
  expect(await bytesOf(uploads, file.handle)).toEqual(BYTES)
  await call(house.compose.dropDraft, { id: again })
  clock.advance(3 * DAY_MS)
  await new Uploads(store, clock).expire()
  expect(blobs()).toEqual({ n: 0 })
})

test('a clock that is set ahead takes no file from a message that is being written', async () => {
  const file = await attach()
  clock.set(400 * DAY_MS)
  await attach(Buffer.from('another'))
  await house.save(null, { subject: 'Plan', attachments: [file] })
  expect(await bytesOf(new Uploads(store, clock), file.handle)).toEqual(BYTES)
})

test('more files than anybody writes at are not taken', async () => {
  const huge = { filename: 'x', contentType: 'a/b', sizeBytes: 52_428_800 }
  for (let n = 0; n < 10; n++) await call(house.compose.upload.begin, huge)
  await expect(call(house.compose.upload.begin, huge)).rejects.toThrow('too many files wait')
})
