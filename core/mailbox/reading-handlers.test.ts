import { afterEach, beforeEach, expect, test } from 'vitest'
import { call } from '../../test/support/contract.ts'
import { mailRest } from '../../test/support/mail-rest.ts'
import { keepMessage } from '../../test/support/keep-message.ts'
import { quietReview } from '../../test/support/quiet-review.ts'
import { openTestStore, TEST_KEY, type TestStore } from '../../test/support/store.ts'
import { ByteHandles } from '../base/byte-handles.ts'
import { Changes } from '../base/changes.ts'
import { systemClock } from '../base/clock.ts'
import { readFields } from '../message/read.ts'
import { openParsePool, type ParsePool } from '../message/parse-pool.ts'
import type { Domain } from '../model/address.ts'
import type { Accept } from '../model/submission.ts'
import type { DraftContent } from '../rpc/views.ts'
import { databasePath, openDatabase } from '../store/database.ts'
import { listParts } from '../store/message-part.ts'
import { listUnthreaded } from '../store/thread.ts'
import { composeHandlers } from './compose-handlers.ts'
import { contactHandlers } from './contact-handlers.ts'
import { find } from './find-handlers.ts'
import { mailHandlers } from './handlers.ts'
import { identityHandlers } from './identity-handlers.ts'
import { lookThroughOldMail } from './old-mail.ts'
import { tagHandlers } from './tag-handlers.ts'
import { Uploads } from './uploads.ts'

let store: TestStore
let parse: ParsePool
let mailChanges: Changes<number>
let folders: Set<number>
let contacts: number[]
/** What was written, as it went to the queue. */
let taken: string[]
let mail: ReturnType<typeof mailHandlers>
let tag: ReturnType<typeof tagHandlers>
let contact: ReturnType<typeof contactHandlers>
let compose: ReturnType<typeof composeHandlers>

beforeEach(async () => {
  store = await openTestStore()
  parse = openParsePool({ clock: systemClock })
  const handles = new ByteHandles(systemClock)
  mailChanges = new Changes<number>(0)
  folders = new Set()
  contacts = []
  const onFolders = (ids: readonly number[]) => ids.forEach((id) => folders.add(id))
  mail = mailHandlers({
    ...mailRest,
    store,
    parse,
    handles,
    mailChanges,
    find: (input, signal) => find({ store, describe: (raw) => parse.fields(raw), nowMs: Date.now }, input, signal),
    fetchWhole: async () => {},
    fetchImage: async () => ({ ok: false, reason: 'there is no web here' }),
  })
  tag = tagHandlers({ store, changes: new Changes<number>(), onAllMail: () => {} })
  contact = contactHandlers({ store, changes: new Changes<number>(0) })
  taken = []
  const accept: Accept = ({ draft: content = '' }) => {
    taken.push(content)
    return Promise.resolve({ accepted: true, entryId: 1 })
  }
  const uploads = new Uploads(store, systemClock)
  const onContacts = (ids: readonly number[]) => void contacts.push(...ids)
  const log = (words: string) => expect.unreachable(words)
  const drafts = { saved: () => {} }
  const deps = { store, clock: systemClock, uploads, handles, accept, onFolders, onContacts, drafts, log }
  compose = composeHandlers({ ...deps, ...quietReview })
  await call(identityHandlers({ store, identityChanges: new Changes<number>(0) }).save, {
    name: 'Ada',
    address: 'ada@home.test',
    routeId: null,
  })
})
afterEach(async () => {
  await parse.close()
  await store.closeAndRemove()
})

const keep = async (text: string) => (await keepMessage({ store, parse }, text)).messageId
const draft = (more: Partial<DraftContent>): DraftContent => ({
  identityId: null,
  to: 'bob@far.test',
  cc: '',
  bcc: '',
  subject: '',
  text: '',
  inReplyTo: '',
  references: '',
  attachments: [],
  ...more,
})
const rowOf = async (id: number) => {
  const { rows } = await call(mail.list, { folderId: null, after: null, limit: 200 })
  return rows.find((row) => row.id === id)
}

test('a conversation is listed as rows, and each row knows how long it is', async () => {
  const first = await keep('Message-ID: <a@x>\nDate: Tue, 1 Jul 2025 10:00:00 +0000\nSubject: one\n\nx\n')
  const second = await keep(
    'Message-ID: <b@x>\nReferences: <a@x>\nDate: Tue, 1 Jul 2025 11:00:00 +0000\nSubject: two\n\nx\n',
  )
  const other = await keep('Message-ID: <c@x>\nSubject: three\n\nx\n')
  expect(await rowOf(second)).toMatchObject({ threadId: first, threadCount: 2 })
  expect(await rowOf(other)).toMatchObject({ threadId: other, threadCount: 1 })
  const thread = await call(mail.thread, { id: second, after: null, limit: 200 })
  expect(thread).toMatchObject({ total: 2, more: false, rows: [{ id: first }, { id: second }] })
  await expect(call(mail.thread, { id: 77, after: null, limit: 1 })).rejects.toThrow('it is gone')
})

test('tags are put on messages, shown in their order, and taken off', async () => {
  const id = await keep('Subject: x\n\nx\n')
  const late = await call(tag.save, { name: 'late', colour: '#00ff00', number: 2 })
  const early = await call(tag.save, { name: 'early', colour: '#ff0000', number: 1 })
  expect(await call(tag.list, undefined)).toEqual([early, late])
  await call(mail.setTags, { ids: [id], add: [late.id, early.id], remove: [] })
  expect((await rowOf(id))?.tags).toEqual([early.id, late.id])
  await call(tag.remove, { id: early.id })
  expect((await rowOf(id))?.tags).toEqual([late.id])
  await expect(call(tag.save, { name: 'x', colour: 'red', number: null })).rejects.toThrow('validation')
})

test('what is answered or sent on is marked so when that is sent', async () => {
  const [answered, forwarded] = [await keep('Message-ID: <a@x>\n\nx\n'), await keep('Message-ID: <b@x>\n\nx\n')]
  expect(await rowOf(answered)).toMatchObject({ answered: false, forwarded: false })
  await call(compose.send, draft({ inReplyTo: '<a@x>' }))
  await call(compose.send, draft({ about: { id: forwarded, how: 'forwarded' } }))
  await call(compose.send, draft({ inReplyTo: '<nobody@x>' }))
  expect(await rowOf(answered)).toMatchObject({ answered: true, forwarded: false })
  expect(await rowOf(forwarded)).toMatchObject({ answered: false, forwarded: true })
  expect([...folders]).toEqual([(await rowOf(answered))?.folderId])
})

test('what is taken back takes its marks off again, and no others', async () => {
  const [first, second] = [await keep('Message-ID: <a@x>\n\nx\n'), await keep('Message-ID: <b@x>\n\nx\n')]
  await call(compose.send, draft({ inReplyTo: '<a@x>' }))
  for (const inReplyTo of ['<a@x>', '<b@x>']) {
    await call(compose.send, draft({ inReplyTo }))
    const { entryId } = await store.write('queue.submit', {
      body: { raw: Buffer.from('Subject: x\r\n\r\nx\r\n') },
      prefix: '',
      removed: [],
      from: { local: 'ada', domain: 'home.test' as Domain },
      to: [{ local: 'bob', domain: 'far.test' as Domain }],
      userId: null,
      origin: 'window',
      messageId: '',
      subject: '',
      is8bit: false,
      needsUtf8: false,
      kept: [],
      undo: { forMs: 60_000, draft: taken.at(-1) ?? '' },
    })
    await store.write('queue.undo', { entryId, asked: { who: 'window', why: '' } })
  }
  expect(await rowOf(first)).toMatchObject({ answered: true })
  expect(await rowOf(second)).toMatchObject({ answered: false })
})

test('blind recipients are learnt, too, and contacts are kept, found and forgotten', async () => {
  await call(compose.send, draft({ bcc: 'Carol <carol@far.test>' }))
  expect(contacts).toHaveLength(1)
  expect(await call(contact.complete, { prefix: 'car', limit: 5 })).toMatchObject([
    { name: 'Carol', kept: false, uses: 1 },
  ])
  const saved = await call(contact.save, { name: 'Dora', address: 'dora@far.test' })
  expect(await call(contact.list, { after: null, limit: 10 })).toMatchObject([{ name: 'Carol' }, { name: 'Dora' }])
  await call(contact.remove, { id: saved.id })
  expect(await call(contact.list, { after: null, limit: 10 })).toHaveLength(1)
})

test('attachments are known without opening the message', async () => {
  const bytes = Buffer.alloc(1000, 7)
  const lines = (text: string) => text.replaceAll(/(.{76})/g, '$1\r\n')
  const part = (type: string, content: string, encoding: string) =>
    `--b\r\nContent-Type: ${type}\r\nContent-Disposition: attachment; filename="${type.slice(-3)}/x"\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${content}\r\n`
  const raw = `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n${part('application/pdf', lines(bytes.toString('base64')), 'base64')}${part('image/png', bytes.subarray(0, 50).toString('base64'), 'base64')}${part('text/csv', 'a,b', '7bit')}--b--\r\n`
  const id = await keep(raw)
  expect(listParts(store.read, id)).toEqual([
    { place: 0, filename: 'pdf_x', contentType: 'application/pdf', sizeBytes: 1000 },
    { place: 1, filename: 'png_x', contentType: 'image/png', sizeBytes: 50 },
    { place: 2, filename: 'csv_x', contentType: 'text/csv', sizeBytes: 3 },
  ])
  const { parts } = await call(mail.get, { id })
  expect(parts.map(({ sizeBytes }) => sizeBytes)).toEqual([1000, 50, 3])
  const many = readFields(
    Buffer.from(
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n${part('text/csv', 'a', '7bit').repeat(300)}--b--\r\n`,
    ),
  )
  expect(many.attachments).toBe(300)
  expect(many.parts).toHaveLength(100)
})

test('mail of an older version is looked through a few at a time, to its end', async () => {
  const ids: number[] = []
  for (let n = 0; n < 45; n++)
    ids.push(await keep(`Message-ID: <${n}@x>\nReferences: <${n % 3}@x>\nSubject: x\n\n${'x'.repeat(n)}\n`))
  // As an older version has left them.
  await store.close()
  const db = openDatabase({ path: databasePath(store.folder), key: TEST_KEY }, 'write')
  db.exec(
    'UPDATE message SET thread_id = NULL; DELETE FROM thread_ghost; DELETE FROM thread_subject; DELETE FROM message_part',
  )
  db.close()
  const again = await openTestStore({ folder: store.folder })
  store = again
  const log: string[] = []
  const touched = new Set<number>()
  const looking = () =>
    lookThroughOldMail({
      store,
      clock: systemClock,
      describe: (raw) => parse.fields(raw),
      onFolders: (found) => found.forEach((id) => touched.add(id)),
      log: (line) => log.push(line),
    })
  const cut = looking()
  await cut.close() // a stop, somewhere in the middle
  expect(listUnthreaded(store.read, 100).length).toBeGreaterThan(0)
  const whole = looking()
  await whole.done
  expect(listUnthreaded(store.read, 100)).toEqual([])
  const threads = store.read.prepare('SELECT count(DISTINCT thread_id) AS n, count(*) AS all_of FROM message').get()
  expect(threads).toEqual({ n: 3, all_of: 45 })
  expect(touched.size).toBe(1)
  expect(log).toEqual([])
  await whole.close()
})
