import { afterEach, beforeEach, expect, test } from 'vitest'
import { call } from '../../test/support/contract.ts'
import { keepMessage } from '../../test/support/keep-message.ts'
import { mailRest } from '../../test/support/mail-rest.ts'
import { openTestStore, type TestStore } from '../../test/support/store.ts'
import { ByteHandles } from '../base/byte-handles.ts'
import { Changes } from '../base/changes.ts'
import { systemClock } from '../base/clock.ts'
import { openParsePool, type ParsePool } from '../message/parse-pool.ts'
import { mailHandlers } from './handlers.ts'
import type { AskUnsubscribe } from './fact-handlers.ts'

let store: TestStore
let parse: ParsePool
let handles: ByteHandles
let asked: string[]
let answer: Awaited<ReturnType<AskUnsubscribe>>
let mail: ReturnType<typeof mailHandlers>

beforeEach(async () => {
  store = await openTestStore()
  parse = openParsePool({ clock: systemClock })
  handles = new ByteHandles(systemClock)
  asked = []
  answer = { ok: true, status: 202, host: 'shop.example' }
  mail = mailHandlers({
    ...mailRest,
    store,
    parse,
    handles,
    mailChanges: new Changes<number>(0),
    find: async function* () {},
    fetchWhole: async () => {},
    fetchImage: async () => ({ ok: false, reason: 'there is no web here' }),
    askUnsubscribe: async (url) => {
      asked.push(url)
      return answer
    },
  })
})
afterEach(async () => {
  await parse.close()
  await store.closeAndRemove()
})

const ACCOUNT = {
  name: 'a',
  host: 'mail.b.test',
  port: 995,
  tls: 'implicit',
  user: 'ada',
  keep: true,
  everySeconds: 300,
  secret: { login: 'password', value: Buffer.from('x') },
} as const
const SIGNED = 'DKIM-Signature: v=1; d=shop.example; s=a; h=from:list-unsubscribe:list-unsubscribe-post; b=x'
const NEWS = [
  SIGNED,
  'From: Shop <news@shop.example>',
  'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=',
  'List-Unsubscribe: <https://shop.example/off?u=1>, <mailto:off@shop.example>',
  'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
]
const keep = async (lines: readonly string[], body = 'text') =>
  (await keepMessage({ store, parse }, [...lines, '', body].join('\r\n'))).messageId

test('one click asks the address of the message, and what was answered is kept', async () => {
  const id = await keep(NEWS)
  const before = await call(mail.about, { id })
  expect(before.unsubscribe).toEqual({
    oneClickHost: 'shop.example',
    page: 'https://shop.example/off?u=1',
    mailto: 'mailto:off@shop.example',
    signers: ['shop.example'],
    isSigned: null,
    asked: null,
  })
  expect(await call(mail.unsubscribe, { id })).toEqual({ host: 'shop.example', status: 202, isDone: true })
  expect(asked).toEqual(['https://shop.example/off?u=1'])
  expect((await call(mail.about, { id })).unsubscribe?.asked).toMatchObject({ host: 'shop.example', status: 202 })
  answer = { ok: false, reason: 'shop.example has only private addresses', host: 'shop.example' }
  await expect(call(mail.unsubscribe, { id })).rejects.toMatchObject({ code: 'fetch.failed' })
  expect((await call(mail.about, { id })).unsubscribe?.asked).toMatchObject({ status: null, reason: /private/ })
})

test('nothing is asked for a message that no signature covers', async () => {
  const id = await keep(NEWS.slice(1))
  expect((await call(mail.about, { id })).unsubscribe).toMatchObject({ oneClickHost: null, mailto: expect.any(String) })
  await expect(call(mail.unsubscribe, { id })).rejects.toMatchObject({ code: 'conflict' })
  expect(asked).toEqual([])
  expect((await call(mail.about, { id: await keep(['From: a@b.test']) })).unsubscribe).toBe(null)
})

test('of who wrote it only what a trusted server says is told', async () => {
  const { id: accountId } = await store.write('account.add', ACCOUNT)
  const fields = ['Authentication-Results: mx.b.test; dmarc=pass; spf=fail; dkim=pass', ...NEWS]
  const raw = Buffer.from([...fields, '', 'text'].join('\r\n'))
  const read = { body: { raw }, fields: await parse.fields(raw), receivedMs: 1 }
  const { messageIds } = await store.write('pop3.keep', {
    accountId,
    from: { host: ACCOUNT.host, user: ACCOUNT.user },
    arrivals: [{ ...read, uidl: 'u1' }],
  })
  const id = messageIds[0]!
  expect(await call(mail.about, { id })).toMatchObject({ way: 'account', accountId, auth: null, claims: 'mx.b.test' })
  await store.write('rule.trust', { accountId, authservId: 'mx.b.test' })
  expect(await call(mail.about, { id })).toMatchObject({
    claims: null,
    auth: {
      server: 'mx.b.test',
      found: [
        { method: 'spf', results: ['fail'] },
        { method: 'dkim', results: ['pass'] },
        { method: 'dmarc', results: ['pass'] },
      ],
    },
    unsubscribe: { isSigned: true, oneClickHost: 'shop.example' },
  })
  const own = await keep(['Authentication-Results: mx.b.test; dmarc=pass', 'From: a@b.test'])
  expect(await call(mail.about, { id: own })).toMatchObject({ way: 'file', auth: null, claims: null })
  // As an import by hand puts it: into the account's own folder, from where it may have gone up to its server.
  const { messageId: imported } = await store.write('message.deliver', {
    owner: { accountId, userId: null },
    role: 'inbox',
    message: { ...read, prefix: '', removed: [], seen: false },
  })
  const nothing = {
    way: 'file',
    peer: null,
    accountId: null,
    auth: null,
    claims: null,
    unsubscribe: { isSigned: null },
  }
  expect(await call(mail.about, { id: imported })).toMatchObject(nothing)
  const head = {
    id: 9,
    protocol: 'imap',
    side: 'client',
    peer: 'mail.b.test',
    address: '192.0.2.1:993',
    accountId,
  } as const
  const ended = {
    startedMs: 1,
    endedMs: 2,
    state: 'ok',
    worst: '',
    tls: true,
    bytesIn: 1,
    bytesOut: 1,
    messages: 1,
  } as const
  const links = [{ sessionId: 9, link: { messageId: imported } }]
  await store.record({ heads: [{ ...head, ...ended }], segments: [], links })
  expect(await call(mail.about, { id: imported })).toMatchObject(nothing)
})

test('what a stranger delivered here is believed nothing, wherever it was put and whoever got it since', async () => {
  const { id: accountId } = await store.write('account.add', ACCOUNT)
  await store.write('rule.trust', { accountId, authservId: 'mx.b.test' })
  const id = await keep(['Authentication-Results: mx.b.test; dmarc=pass', 'From: Boss <boss@bank.test>'])
  const { folderId: inbox } = await store.write('message.deliver', {
    owner: { accountId, userId: null },
    role: 'inbox',
    message: {
      body: { raw: Buffer.from('\r\n') },
      prefix: '',
      removed: [],
      fields: await parse.fields(Buffer.of()),
      receivedMs: 1,
      seen: false,
    },
  })
  const sessions = [
    { id: 1, protocol: 'smtp', side: 'server', peer: 'stranger.test', address: '192.0.2.9:25' },
    { id: 2, protocol: 'imap', side: 'client', peer: 'mail.b.test', address: '192.0.2.1:993', accountId },
    { id: 3, protocol: 'pop3', side: 'server', peer: 'program', address: '127.0.0.1:110' },
  ] as const
  const ended = {
    startedMs: 1,
    endedMs: 2,
    state: 'ok',
    worst: '',
    tls: true,
    bytesIn: 1,
    bytesOut: 1,
    messages: 1,
  } as const
  for (const head of sessions) {
    const links = [{ sessionId: head.id, link: { messageId: id } }]
    await store.record({ heads: [{ ...head, ...ended }], segments: [], links })
    expect(await call(mail.about, { id })).toMatchObject({ way: 'inbound', peer: 'stranger.test', auth: null })
  }
  await store.write('message.move', { ids: [id], to: { folderId: inbox } })
  expect(await call(mail.about, { id })).toMatchObject({ way: 'inbound', auth: null, claims: null })
})

test('a header is told field by field, as it stands and as it reads', async () => {
  const id = await keep(['X-Long: one\r\n\ttwo', 'subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=', 'From: Ada <ada@a.test>'])
  expect(await call(mail.headers, { id })).toEqual({
    fields: [
      { name: 'X-Long', value: 'one\ttwo', raw: 'X-Long: one\n\ttwo' },
      { name: 'subject', value: 'Grüße', raw: 'subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=' },
      { name: 'From', value: 'Ada <ada@a.test>', raw: 'From: Ada <ada@a.test>' },
    ],
    isCut: false,
  })
})

test('the tree has every part, and each can be had, also of a message within', async () => {
  const inner =
    'Subject: inner\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nhello\r\n--c\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--c--'
  const id = await keep(
    ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b'],
    `--b\r\nContent-Type: text/plain\r\n\r\nouter\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n${inner}\r\n--b--\r\n`,
  )
  const tree = await call(mail.tree, { id })
  expect(tree).toMatchObject({
    path: '',
    type: 'multipart/mixed',
    children: [{ path: '1' }, { path: '2', type: 'message/rfc822' }],
  })
  const found: { path: string; type: string; filename: string | null }[] = []
  const walk = (node: typeof tree) => {
    found.push(node)
    node.children.forEach(walk)
  }
  walk(tree)
  const picture = found.find(({ type }) => type === 'image/png')!
  const { handle, filename } = await call(mail.part, { id, path: picture.path })
  expect(filename).toBe('a.png')
  const chunks: Uint8Array[] = []
  for await (const chunk of handles.open(handle)!.bytes()) chunks.push(chunk)
  expect(Buffer.concat(chunks).toString('base64')).toBe('iVBORw==')
  for (const { path } of found) await call(mail.part, { id, path })
  await expect(call(mail.part, { id, path: '3.1' })).rejects.toMatchObject({ code: 'not-found' })
})

test('the beginning of an attachment can be read as text', async () => {
  const text = 'Größe,1\r\n'.repeat(40_000)
  const id = await keep(
    ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b'],
    `--b\r\n\r\nhi\r\n--b\r\nContent-Type: text/csv; name=a.csv\r\nContent-Disposition: attachment\r\n\r\n${text}--b--\r\n`,
  )
  const read = await call(mail.attachmentText, { id, index: 0 })
  expect(read.isCut).toBe(true)
  expect(read.text.startsWith('Größe,1\r\nGröße')).toBe(true)
  await expect(call(mail.attachmentText, { id, index: 1 })).rejects.toMatchObject({ code: 'not-found' })
})
