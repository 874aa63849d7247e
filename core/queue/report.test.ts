import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import type { TestStore } from '../../test/support/store.ts'
import { parseMailbox, type ForwardPath } from '../model/address.ts'
import type { MailOptions, RecipientOptions } from '../model/envelope-options.ts'
import type { Cause, Outcome } from '../model/outcome.ts'
import type { Submission } from '../model/submission.ts'
import { listFolders } from '../store/folder.ts'
import { listPage } from '../store/message-list.ts'
import type { Kept } from '../store/queue-change.ts'
import { getEntry, listRecipients, type QueueEntry, type QueueRecipient } from '../store/queue.ts'
import { delayReport, failureReport, lateReport, successReport } from './report.ts'

const path = (text: string): ForwardPath => parseMailbox(text) ?? expect.fail(text)
const refused: Cause = {
  at: 'reply',
  mx: 'mx.remote.example',
  verb: 'RCPT',
  reply: { code: 550, enhanced: '5.1.1', lines: ['no such user', 'ask\u0007 <postmaster@remote.example>'] },
}
const taken = (mx: string, dsn?: 'passed-on' | 'relayed'): Extract<Outcome, { kind: 'delivered' }> => ({
  kind: 'delivered',
  to: path('bob@remote.example'),
  mx,
  reply: { code: 250, enhanced: '2.1.5', lines: ['ok'] },
  ...(dsn === undefined ? {} : { dsn }),
})

let store: TestStore
beforeEach(() => {
  store = openInlineStore(fakeClock())
})
afterEach(() => store.closeAndRemove())

interface Asked {
  readonly header?: readonly string[]
  readonly body?: string
  readonly from?: string | null
  readonly origin?: Submission['origin']
  readonly options?: MailOptions
  readonly recipients?: readonly RecipientOptions[]
}
async function queued(asked: Asked = {}): Promise<{ entry: QueueEntry; recipients: QueueRecipient[] }> {
  const header = [
    'From: ada@author.example',
    'Subject: hello',
    'Message-ID: <1@author.example>',
    ...(asked.header ?? []),
  ]
  const recipientOptions = asked.recipients ?? [{}]
  const { from = 'ada@author.example' } = asked
  const { entryId } = await store.write('queue.submit', {
    body: { raw: Buffer.from(`${header.join('\r\n')}\r\n\r\n${asked.body ?? 'the text'}\r\n`) },
    prefix: '',
    removed: [],
    from: from === null ? null : path(from),
    to: recipientOptions.map((_, n) => path(`bob${n}@remote.example`)),
    userId: null,
    origin: asked.origin ?? 'submission',
    messageId: '<1@author.example>',
    subject: 'hello',
    is8bit: false,
    needsUtf8: false,
    kept: [],
    options: asked.options ?? {},
    recipientOptions,
  })
  return { entry: getEntry(store.read, entryId) ?? expect.fail(), recipients: listRecipients(store.read, entryId) }
}
const context = () => ({ store, nowMs: Date.UTC(2026, 0, 2) })
const bytesOf = (kept: Kept | undefined) =>
  kept && typeof kept.message.body === 'object' && 'raw' in kept.message.body ? kept.message.body.raw : undefined
const textOf = (kept: Kept | undefined) => Buffer.from(bytesOf(kept) ?? []).toString()
const failed = async (asked: Asked) => {
  const { entry, recipients } = await queued(asked)
  return failureReport(
    entry,
    recipients.map((recipient) => ({ recipient, why: refused })),
    context(),
  )
}

test('tells the sender who was not reached, with all that MAIL and RCPT gave for it', async () => {
  const orcpt = { type: 'rfc822', address: 'Bob@first.example' }
  const kept = await failed({ options: { envid: 'QQ314159' }, recipients: [{ orcpt }] })
  expect(kept).toMatchObject({ owner: 'sender', role: 'inbox' })
  const text = textOf(kept)
  expect(text).toContain('Original-Envelope-Id: QQ314159\r\n')
  expect(text).toContain(
    'Original-Recipient: rfc822; Bob@first.example\r\nFinal-Recipient: rfc822; bob0@remote.example\r\n',
  )
  expect(text.replace(/\r\n /g, ' ')).toContain(
    'Diagnostic-Code: smtp; 550-5.1.1 no such user 550 5.1.1 ask  <postmaster@remote.example>',
  )
  expect(text).toContain('the text')
  // Its words say what the server's mean, and what to do.
  expect(text.replace(/\s+/g, ' ')).toContain('Check the spelling of the address, or ask the recipient')
})

test.each([
  ['never', false],
  [['success', 'delay'], false],
  [['failure'], true],
  [undefined, true],
] as const)('NOTIFY=%s of a failure: told is %s', async (notify, isTold) => {
  const kept = await failed({ recipients: [notify === undefined ? {} : { notify }] })
  expect(kept !== undefined).toBe(isTold)
})

test('names in one report only those who are to be named', async () => {
  const text = textOf(await failed({ recipients: [{ notify: 'never' }, { notify: ['failure'] }, {}] }))
  expect(text.match(/^Final-Recipient: .*$/gm)).toEqual([
    'Final-Recipient: rfc822; bob1@remote.example',
    'Final-Recipient: rfc822; bob2@remote.example',
  ])
})

test.each([
  ['headers', 'short', 'text/rfc822-headers'],
  ['full', 'short', 'message/rfc822'],
  ['full', 'x'.repeat(60_000), 'text/rfc822-headers'],
  [undefined, 'short', 'message/rfc822'],
] as const)('RET=%s returns as much as is asked for and no more than 50 KB', async (ret, body, type) => {
  const lines = body.match(/.{1,70}/g)?.join('\r\n') ?? ''
  const text = textOf(await failed({ body: lines, options: ret ? { ret } : {} }))
  const types = [...text.matchAll(/^Content-Type: ((?:message|text)\/[^;\r]*)/gm)].map(([, found]) => found)
  expect(types).toEqual(['text/plain', 'message/delivery-status', type])
})

test('a wish to hear of success is answered by whoever has the last word', async () => {
  const { entry, recipients } = await queued({ recipients: [{ notify: ['success'] }] })
  const told = async (outcome: Extract<Outcome, { kind: 'delivered' }>) =>
    textOf(
      await successReport(
        entry,
        recipients.map((recipient) => ({ recipient, outcome })),
        context(),
      ),
    )
  expect(await told(taken(''))).toContain('Action: delivered\r\nStatus: 2.1.5\r\n')
  expect(await told(taken('mx.remote.example', 'relayed'))).toContain('Action: relayed\r\n')
  expect(await told(taken('', 'relayed'))).toContain('Action: relayed\r\n')
  expect(await told(taken('', 'relayed'))).toContain('stands for addresses elsewhere')
  expect(await told(taken('mx.remote.example', 'relayed'))).toContain('Remote-MTA: dns; mx.remote.example\r\n')
  expect(await told(taken('mx.remote.example', 'passed-on'))).toBe('')
  expect(await told(taken('mx.remote.example', 'relayed'))).not.toContain('the text')
  const silent = await queued()
  const arrived = silent.recipients.map((recipient) => ({ recipient, outcome: taken('') }))
  expect(await successReport(silent.entry, arrived, context())).toBeUndefined()
})

test('mail that waits is told of with its last day, and not to lists and programs that did not ask', async () => {
  const told = async (asked: Asked) => {
    const { entry, recipients } = await queued(asked)
    const waiting = recipients.map((recipient) => ({ recipient, why: refused, retryUntilMs: Date.UTC(2026, 0, 6) }))
    return {
      delay: textOf(await delayReport(entry, waiting, context())),
      late: textOf(await lateReport(entry, waiting, context())),
    }
  }
  expect((await told({})).delay).toContain('Will-Retry-Until: Tue, 06 Jan 2026 00:00:00 +0000\r\n')
  expect((await told({ recipients: [{ notify: ['failure'] }] })).delay).toBe('')
  for (const line of ['Auto-Submitted: auto-generated', 'Precedence: bulk', 'List-Id: <x.example>']) {
    expect((await told({ header: [line] })).delay).toBe('')
    expect((await told({ header: [line], recipients: [{ notify: ['delay'] }] })).delay).toContain('Action: delayed')
    // Who set a time asked for an answer.
    expect((await told({ header: [line] })).late).toContain('Action: delayed')
  }
  expect((await told({ recipients: [{ notify: 'never' }] })).late).toBe('')
})

test.each([
  ['a report that fails', null, 'submission'],
  ['mail of ours to nobody in particular', null, 'window'],
  ['mail that an alias sent on', 'stranger@elsewhere.example', 'rule'],
] as const)('%s is kept whole in dead letters, and nobody is written to', async (_, from, origin) => {
  const kept = await failed({ from, origin, body: 'all of it' })
  expect(kept).toMatchObject({ role: 'dead-letters', message: { body: 'entry' } })
  const { entry, recipients } = await queued({ from, origin, body: 'all of it' })
  const { started } = await store.write('queue.startAttempt', { recipientIds: recipients.map(({ id }) => id) })
  const settled = started.map(({ recipient, attemptId }) => ({
    recipientId: recipient.id,
    attemptId,
    state: 'bounced' as const,
    counts: true,
    nextAttemptMs: null,
    lastReply: null,
    cause: refused,
    mx: null,
  }))
  const dead =
    (await failureReport(
      entry,
      recipients.map((recipient) => ({ recipient, why: refused })),
      context(),
    )) ?? expect.fail()
  await store.write('queue.settle', { entryId: entry.id, sessionId: null, settled, kept: [dead], warning: null })
  const folder = listFolders(store.read).find(({ name }) => name === 'Dead letters') ?? expect.fail()
  const [row] = listPage(store.read, folder.id, null, 10).rows
  const text = (await store.readBody(row?.view ?? expect.fail())).toString()
  expect(text).toContain('all of it')
  expect(text.replace(/\r\n /g, ' ')).toMatch(
    /^Return-Path: <.*>\r\nX-Posthorn-Undelivered: <bob0@remote\.example> 5\.1\.1 550-5\.1\.1 no such user 550 5\.1\.1 ask {2}<postmaster@remote\.example>\r\nFrom: /,
  )
  const waiting = recipients.map((recipient) => ({ recipient, why: refused }))
  expect(await delayReport(entry, waiting, context())).toBeUndefined()
})

test('two dead letters lie in one folder', async () => {
  for (let i = 0; i < 2; i++) {
    const { entry } = await queued({ from: null })
    const dead = (await failed({ from: null })) ?? expect.fail()
    await store.write('queue.settle', { entryId: entry.id, sessionId: null, settled: [], kept: [dead], warning: null })
  }
  expect(listFolders(store.read).filter(({ name }) => name === 'Dead letters')).toMatchObject([
    { total: 2, role: 'other' },
  ])
})
