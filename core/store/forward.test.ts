import { expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import { mailboxOf as mailbox } from '../../test/support/mailbox.ts'
import { PERSON } from './folder.ts'
import { getEntry, listRecipients } from './queue.ts'

const FIELDS = {
  messageId: '<1@far.test>',
  inReplyTo: '',
  references: '',
  subject: 'hi',
  authorName: '',
  authorAddress: 'kay@far.test',
  addressees: '',
  preview: 'body',
  dateMs: null,
  attachments: 0,
  body: 'body',
}
const RAW = Buffer.from('Bcc: x@y.test\r\nSubject: hi\r\n\r\nbody\r\n')

test('what an alias sends on is the same message with a line in front, and goes once whatever happens between', async () => {
  const store = openInlineStore(systemClock)
  const { entryId, recipientIds } = await store.write('queue.submit', {
    body: { raw: RAW },
    prefix: 'Received: by us\r\n',
    removed: [[0, 15]],
    from: mailbox('ada@here.test'),
    to: [mailbox('team@here.test'), mailbox('bob@here.test')],
    userId: null,
    origin: 'submission',
    messageId: '<1@here.test>',
    subject: 'hi',
    is8bit: false,
    needsUtf8: false,
    kept: [],
  })
  const forward = {
    entryId,
    recipientId: recipientIds[0] ?? 0,
    to: [mailbox('kim@far.test'), mailbox('kay@far.test')],
    prefix: 'Delivered-To: team@here.test\r\n',
    options: { orcpt: { type: 'rfc822', address: 'team@here.test' } },
  }
  const due = await store.write('queue.forward', { forwards: [forward] })
  expect(due).toHaveLength(2)
  expect(await store.write('queue.forward', { forwards: [forward] })).toEqual([])
  const entry = getEntry(store.read, due[0]?.entryId ?? 0)
  expect(entry).toMatchObject({ origin: 'submission', from: mailbox('ada@here.test'), messageId: '<1@here.test>' })
  expect(listRecipients(store.read, entry?.id ?? 0).map(({ to }) => to.local)).toEqual(['kim', 'kay'])
  const bytes = entry && (await store.readBody(entry.view))
  expect(bytes?.toString()).toBe('Delivered-To: team@here.test\r\nReceived: by us\r\nSubject: hi\r\n\r\nbody\r\n')
  expect(bytes?.length).toBe(entry?.view.sizeBytes)
  await store.close()
})

test('a message from another server is in all mailboxes and in the queue, or nowhere', async () => {
  const store = openInlineStore(systemClock)
  const delivery = {
    body: { raw: RAW },
    fields: FIELDS,
    mailboxes: [
      { owner: PERSON, prefix: 'Return-Path: <a@b.test>\r\n' },
      { owner: { accountId: null, userId: 77 }, prefix: '' },
    ],
    forwards: [{ to: [mailbox('kim@far.test')], prefix: 'Delivered-To: team@here.test\r\n' }],
    from: null,
    options: { requireTls: true as const },
    is8bit: false,
    needsUtf8: false,
  }
  // There is no user 77: nothing of it may stay.
  await expect(store.write('inbound.deliver', delivery)).rejects.toThrow()
  const count = (table: string) => (store.read.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n
  expect(['message', 'blob', 'queue_entry', 'folder'].map(count)).toEqual([0, 0, 0, 0])
  const whole = { ...delivery, mailboxes: delivery.mailboxes.slice(0, 1) }
  const { delivered, due } = await store.write('inbound.deliver', whole)
  expect(['message', 'blob', 'queue_entry', 'queue_recipient'].map(count)).toEqual([1, 1, 1, 1])
  expect(delivered).toHaveLength(1)
  expect(due).toEqual([expect.objectContaining({ domain: 'far.test', from: null })])
  await store.close()
})
