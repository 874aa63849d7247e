import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import type { TestStore } from '../../test/support/store.ts'
import { Changes } from '../base/changes.ts'
import { readReport } from '../message/dsn-read.ts'
import { readFields } from '../message/read.ts'
import { parseMailbox } from '../model/address.ts'
import type { Outcome } from '../model/outcome.ts'
import { defaultSettings } from '../settings.ts'
import { PERSON } from '../store/folder.ts'
import { listIncomingReports } from '../store/incoming-report.ts'
import { listRecipients } from '../store/queue.ts'
import { watchIncomingReports, type IncomingReports } from './incoming-reports.ts'
import { adviceFor, whyItStands } from './why-it-stands.ts'

const load = (name: string) => readFileSync(new URL(`../../test/dsn/${name}`, import.meta.url))
const path = (text: string) => parseMailbox(text) ?? expect.fail(text)
let store: TestStore
let reports: IncomingReports
const mail = new Changes<number>(0)
const changes = new Changes<number>(0)
const log: string[] = []

const open = () =>
  watchIncomingReports({
    store,
    clock: fakeClock(),
    readReport: async (raw) => readReport(raw instanceof Uint8Array ? raw : Buffer.concat(raw)),
    changes,
    mail,
    log: (words) => log.push(words),
  })
beforeEach(() => {
  store = openInlineStore(fakeClock())
  reports = open()
  log.length = 0
})
afterEach(async () => {
  await reports.close()
  await store.closeAndRemove()
})

/** A message that was sent, with what became of each recipient. */
async function sent(
  messageId: string,
  to: Readonly<Record<string, Outcome['kind']>>,
  options: { readonly envid?: string } = {},
): Promise<number> {
  const { entryId, recipientIds } = await store.write('queue.submit', {
    body: { raw: Buffer.from('Subject: hello\r\n\r\n') },
    prefix: '',
    removed: [],
    from: path('ada@sender.example'),
    to: Object.keys(to).map(path),
    userId: null,
    origin: 'submission',
    messageId,
    subject: 'hello',
    is8bit: false,
    needsUtf8: false,
    kept: [],
    options,
  })
  const { started } = await store.write('queue.startAttempt', { recipientIds })
  const settled = started.map(({ recipient, attemptId }, n) => ({
    recipientId: recipient.id,
    attemptId,
    state: Object.values(to)[n] ?? 'delivered',
    counts: true,
    nextAttemptMs: null,
    lastReply: '250 2.0.0 taken',
    cause: null,
    mx: 'mx.remote.example',
  }))
  await store.write('queue.settle', { entryId, sessionId: null, settled, kept: [], warning: null })
  return entryId
}

/** Mail comes in, and is looked at. */
async function comes(raw: Uint8Array): Promise<number> {
  const message = { body: { raw }, prefix: '', removed: [], fields: readFields(raw), receivedMs: 1000, seen: false }
  const { messageId, folderId } = await store.write('message.deliver', { owner: PERSON, role: 'inbox', message })
  const told = new Promise<void>((resolve) => {
    const stop = mail.watch(() => {
      stop()
      resolve()
    })
  })
  mail.emit(folderId)
  await told
  await reports.idle()
  expect(listIncomingReports(store.read, 10)).toEqual([])
  return messageId
}
const notes = (entryId: number) =>
  listRecipients(store.read, entryId).map(({ to, state, laterReports }) => [
    to.local,
    state,
    laterReports.map(({ action }) => action).join(),
  ])

test('mail that was taken and came back keeps both facts, and says so', async () => {
  const entryId = await sent('<m3.abc@sender.example>', {
    'bob@remote.example': 'delivered',
    'eve@remote.example': 'delivered',
  })
  const changed = changes.stream()[Symbol.asyncIterator]().next()
  const messageId = await comes(load('gmail-failed.eml'))
  expect(notes(entryId)).toEqual([
    ['bob', 'delivered', 'failed'],
    ['eve', 'delivered', ''],
  ])
  const [bob] = listRecipients(store.read, entryId)
  expect(bob?.laterReports).toMatchObject([{ messageId, atMs: 1000, status: '5.1.1', finalAddress: null }])
  expect(bob && whyItStands(bob, defaultSettings())).toMatch(
    /^mx\.remote\.example took it, and then it was returned by googlemail\.example: "550-5\.1\.1 The email account/,
  )
  expect(bob && adviceFor(bob)?.kind).toBe('unknown-user')
  expect((await changed).value).toEqual([entryId])
})

test.each([
  ['postfix-failed.eml', '<m1.abc@harbour.test>', 'later@harbour.test', 'failed', 'gone@harbour.test'],
  ['exim-failed.eml', '<m2.abc@harbour.test>', 'gone@nowhere.test', 'failed', null],
  ['exchange-failed.eml', '<m4.abc@sender.example>', 'bob@tenant.example', 'failed', 'bob.builder@tenant.example'],
  ['sendmail-delayed.eml', '<m5.abc@sender.example>', 'bob@remote.example', 'delayed', 'bob@inner.remote.example'],
  ['international-failed.eml', '<m6.abc@sender.example>', 'bärbel@remote.example', 'failed', null],
])('%s finds its recipient', async (file, messageId, to, action, finalAddress) => {
  const entryId = await sent(messageId, { [to]: 'delivered', 'other@remote.example': 'delivered' })
  await comes(load(file))
  const [first, other] = listRecipients(store.read, entryId)
  expect(first?.laterReports).toMatchObject([{ action, finalAddress }])
  expect(other?.laterReports).toEqual([])
})

test('what the sender called the transaction will do where the message is not returned', async () => {
  const entryId = await sent('<another@sender.example>', { 'bob@remote.example': 'delivered' }, { envid: 'QQ314159' })
  await comes(load('sendmail-delayed.eml'))
  expect(notes(entryId)).toEqual([['bob', 'delivered', 'delayed']])
})

test('a report of an address that the mail was passed on to is that of the only recipient', async () => {
  const entryId = await sent('<m2.abc@harbour.test>', { 'list@elsewhere.test': 'delivered' })
  await comes(load('exim-failed.eml'))
  expect(listRecipients(store.read, entryId)[0]?.laterReports).toMatchObject([{ finalAddress: 'gone@nowhere.test' }])
})

test('a report that names no message of ours, or nobody it went to, changes nothing', async () => {
  const other = await sent('<m3.abc@other.example>', { 'bob@remote.example': 'delivered' })
  const nobody = await sent('<m3.abc@sender.example>', {
    'eve@remote.example': 'delivered',
    'ann@remote.example': 'delivered',
  })
  await comes(load('gmail-failed.eml'))
  await comes(load('odd-hostile.eml'))
  await comes(load('odd-base64-status.eml'))
  for (const entryId of [other, nobody])
    expect(
      notes(entryId)
        .map(([, , said]) => said)
        .join(''),
    ).toBe('')
  expect(log).toEqual([])
})

test('a report can never change where a recipient stands, or speak of one that was not sent', async () => {
  const entryId = await sent('<m3.abc@sender.example>', {
    'bob@remote.example': 'bounced',
    'eve@remote.example': 'delivered',
  })
  await comes(load('gmail-failed.eml'))
  expect(notes(entryId)).toEqual([
    ['bob', 'bounced', ''],
    ['eve', 'delivered', ''],
  ])
})

test('of any number of reports five are kept, a failure before all others', async () => {
  const entryId = await sent('<m3.abc@sender.example>', { 'bob@remote.example': 'delivered' })
  await comes(load('gmail-failed.eml'))
  const delayed = Buffer.from(load('gmail-failed.eml').toString().replace('Action: failed', 'Action: delayed'))
  for (let i = 0; i < 7; i++) await comes(delayed)
  expect(notes(entryId)).toEqual([['bob', 'delivered', 'failed,delayed,delayed,delayed,delayed']])
})

test('a report that came while nobody looked is looked at with the next start', async () => {
  await reports.close()
  const entryId = await sent('<m3.abc@sender.example>', { 'bob@remote.example': 'unknown' })
  const raw = load('gmail-failed.eml')
  const message = { body: { raw }, prefix: '', removed: [], fields: readFields(raw), receivedMs: 1, seen: false }
  await store.write('message.deliver', { owner: PERSON, role: 'inbox', message })
  expect(listIncomingReports(store.read, 10)).toHaveLength(1)
  reports = open()
  await reports.idle()
  expect(notes(entryId)).toEqual([['bob', 'unknown', 'failed']])
})
