import { afterEach, beforeEach, expect, test } from 'vitest'
import { call } from '../../test/support/contract.ts'
import { mailRest } from '../../test/support/mail-rest.ts'
import { keepMessage } from '../../test/support/keep-message.ts'
import { openTestStore, type TestStore } from '../../test/support/store.ts'
import { ByteHandles } from '../base/byte-handles.ts'
import { Changes } from '../base/changes.ts'
import { systemClock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { openParsePool, type ParsePool } from '../message/parse-pool.ts'
import { PERSON } from '../store/folder.ts'
import { find } from './find-handlers.ts'
import { mailHandlers } from './handlers.ts'

let store: TestStore
let parse: ParsePool
let handles: ByteHandles
let mailChanges: Changes<number>
const fetchWhole = async () => {}
const fetchImage = async () => ({ ok: false as const, reason: 'there is no web here' })
const search: Parameters<typeof mailHandlers>[0]['find'] = (input, signal) =>
  find({ store, describe: (raw) => parse.fields(raw), nowMs: Date.now }, input, signal)
let mail: ReturnType<typeof mailHandlers>

beforeEach(async () => {
  store = await openTestStore()
  parse = openParsePool({ clock: systemClock })
  handles = new ByteHandles(systemClock)
  mailChanges = new Changes<number>(0)
  mail = mailHandlers({ ...mailRest, store, parse, handles, mailChanges, find: search, fetchWhole, fetchImage })
})
afterEach(async () => {
  await parse.close()
  await store.closeAndRemove()
})

const importFile = (text: string | Uint8Array) => keepMessage({ store, parse }, text)
async function bytesOf(handle: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of handles.open(handle)!.bytes()) chunks.push(chunk)
  return Buffer.concat(chunks)
}
const withFile =
  'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: Ada <ada@example.org>\r\nTo: bob@example.net\r\nDate: Tue, 1 Jul 2003 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nthe quick fox\r\n--b\r\nContent-Type: application/pdf; name="a/b.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n'

test('lists a message, and gives its source byte by byte', async () => {
  const { messageId, folderId } = await importFile(withFile)
  const page = await call(mail.list, { folderId, after: null, limit: 50 })
  expect(page).toMatchObject({ total: 1, more: false, rows: [{ id: messageId, subject: 'Grüße', attachments: 1 }] })
  expect(page.rows[0]).toMatchObject({ dateMs: Date.UTC(2003, 6, 1, 10), authorName: 'Ada', seen: false })
  const { handle, text, truncated } = await call(mail.source, { id: messageId })
  expect(text).toBe(withFile)
  expect(truncated).toBe(false)
  expect(handles.open(handle)).toMatchObject({ filename: 'Grüße.eml', contentType: 'message/rfc822' })
  expect((await bytesOf(handle)).toString()).toBe(withFile)
})

test('gives a large message whole', async () => {
  const big = Buffer.concat([Buffer.from('Subject: big\r\n\r\n'), Buffer.from('line of text\r\n'.repeat(50_000))])
  const { messageId } = await importFile(big)
  const { handle } = await call(mail.source, { id: messageId })
  expect((await bytesOf(handle)).equals(big)).toBe(true)
  expect((await call(mail.get, { id: messageId })).text?.length).toBeGreaterThan(600_000)
})

test('shows a message with its parts, and gives a part by handle', async () => {
  const { messageId } = await importFile(withFile)
  const view = await call(mail.get, { id: messageId })
  expect(view).toMatchObject({
    from: [{ name: 'Ada', address: 'ada@example.org' }],
    text: 'the quick fox',
    html: null,
    parts: [{ index: 0, filename: 'a_b.pdf', contentType: 'application/pdf', sizeBytes: 4 }],
    damaged: null,
    leftOut: null,
    partial: null,
    sessions: [],
  })
  const { handle } = await call(mail.attachment, { id: messageId, index: 0 })
  expect(handles.open(handle)).toMatchObject({ filename: 'a_b.pdf', sizeBytes: 4 })
  expect((await bytesOf(handle)).toString()).toBe('%PDF')
  await expect(call(mail.attachment, { id: messageId, index: 1 })).rejects.toMatchObject({ code: 'not-found' })
})

test('says that a message is gone', async () => {
  await expect(call(mail.get, { id: 123 })).rejects.toMatchObject({
    code: 'not-found',
    message: 'open message 123: it is gone',
  })
})

test('finds messages by their words, newest first', async () => {
  const old = await importFile('Subject: one\r\nDate: Tue, 1 Jul 2003 10:00:00 +0000\r\n\r\nthe quick fox\r\n')
  const young = await importFile('Subject: two\r\nDate: Wed, 2 Jul 2003 10:00:00 +0000\r\n\r\nthe slow fox\r\n')
  const found = async (text: string) => {
    const ids: number[] = []
    for await (const page of await call(mail.search, { text, limit: 10, typing: true }))
      ids.push(...page.hits.map((hit) => hit.id))
    return ids
  }
  expect(await found('fox')).toEqual([young.messageId, old.messageId])
  expect(await found('quick fox')).toEqual([old.messageId])
})

test('makes the usual folders, and keeps counts as messages move', async () => {
  const folders = await call(mail.folders, undefined)
  expect(folders.map((folder) => folder.role)).toEqual(['inbox', 'drafts', 'sent', 'archive', 'trash'])
  const { messageId: id, folderId } = await importFile(withFile)
  const counts = async () =>
    Object.fromEntries((await call(mail.folders, undefined)).map((one) => [one.role, `${one.unread}/${one.total}`]))
  expect(await counts()).toMatchObject({ inbox: '1/1' })
  await call(mail.setSeen, { ids: [id], seen: true })
  await call(mail.setStarred, { ids: [id], starred: true })
  await call(mail.move, { ids: [id], to: { role: 'archive' } })
  expect(await counts()).toMatchObject({ inbox: '0/0', archive: '0/1' })
  await call(mail.move, { ids: [id], to: { folderId } })
  await call(mail.remove, { ids: [id] })
  expect(await counts()).toMatchObject({ inbox: '0/0', trash: '0/1' })
  await call(mail.remove, { ids: [id] })
  expect(await counts()).toMatchObject({ trash: '0/0' })
  await expect(call(mail.move, { ids: [id], to: { folderId: 999 } })).resolves.toEqual({ ok: true })
})

test('tells watchers which folders changed', async () => {
  const stop = new AbortController()
  const { messageId: id, folderId } = await importFile(withFile)
  const stream = await call(mail.changes, undefined, { signal: stop.signal })
  const next = stream.next()
  // The stream listens from its first read on.
  await new Promise((resolve) => setImmediate(resolve))
  await call(mail.setSeen, { ids: [id], seen: true })
  expect(await next).toMatchObject({ value: { folderIds: [folderId] } })
  stop.abort()
})

test('shows what is left of a damaged message and says so', async () => {
  const { messageId } = await importFile(withFile)
  const broken = { ...store, openBody: damagedBody }
  const damaged = mailHandlers({
    ...mailRest,
    store: broken,
    parse,
    handles,
    mailChanges,
    find: search,
    fetchWhole,
    fetchImage,
  })
  expect(await call(damaged.get, { id: messageId })).toMatchObject({
    text: 'half',
    damaged: expect.stringContaining('checksum'),
  })
})
async function* damagedBody(): AsyncGenerator<Uint8Array, void, void> {
  yield Buffer.from('Subject: x\r\n\r\nhalf')
  throw new Fault('blob.damaged', 'read blob 1: another checksum', { blobId: 1, reason: 'checksum' })
}

test('shows the row of a message that no reader survives', async () => {
  const { messageId } = await importFile(withFile)
  const dead = {
    ...parse,
    message: () =>
      Promise.reject(new Fault('thread.died', 'read a message: it ended', { name: 'parse', reason: 'it ended' })),
  }
  const handlers = mailHandlers({
    ...mailRest,
    store,
    parse: dead as unknown as ParsePool,
    handles,
    mailChanges,
    find: search,
    fetchWhole,
    fetchImage,
  })
  expect(await call(handlers.get, { id: messageId })).toMatchObject({
    subject: 'Grüße',
    from: [{ address: 'ada@example.org' }],
    text: null,
    damaged: 'read a message: it ended',
  })
})

test('knows its folders by owner', async () => {
  await store.write('message.deliver', {
    owner: PERSON,
    role: 'sent',
    message: {
      body: { raw: Buffer.from('Subject: x\r\n\r\n') },
      prefix: '',
      removed: [],
      fields: await parse.fields(Buffer.from('Subject: x\r\n\r\n')),
      receivedMs: 0,
      seen: true,
    },
  })
  const folders = await call(mail.folders, undefined)
  expect(folders.find((one) => one.role === 'sent')).toMatchObject({ total: 1, unread: 0, owner: null, name: 'Sent' })
})

test('a message is read once for all of its pictures, and again when it is opened', async () => {
  const html = Array.from({ length: 20 }, (_, n) => `<img src="https://far.example/${n}.png">`).join('')
  const { messageId: id } = await importFile(`Subject: x\r\nContent-Type: text/html\r\n\r\n${html}\r\n`)
  let reads = 0
  const counting = {
    ...parse,
    message: (...args: Parameters<ParsePool['message']>) => {
      reads++
      return parse.message(...args)
    },
  }
  const deps = { store, handles, mailChanges, find: search, fetchWhole, fetchImage }
  const watched = mailHandlers({ ...mailRest, ...deps, parse: counting })
  const ask = (n: number) => call(watched.remoteImage, { id, url: `https://far.example/${n}.png` })
  for (let n = 0; n < 20; n++) await expect(ask(n)).rejects.toThrow('there is no web here')
  await expect(ask(20)).rejects.toThrow('names no such picture')
  expect(reads).toBe(1)
  await call(watched.get, { id })
  await expect(ask(0)).rejects.toThrow('there is no web here')
  expect(reads).toBe(3)
})
