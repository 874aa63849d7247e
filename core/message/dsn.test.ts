import PostalMime from 'postal-mime'
import { expect, test } from 'vitest'
import type { Domain } from '../model/address.ts'
import { buildDsn, type Dsn } from './dsn.ts'

const to = (local: string, domain: string) => ({ local, domain: domain as Domain })
const base: Dsn = {
  reportingDomain: 'author.example',
  to: to('ada', 'author.example'),
  subject: 'Grüße',
  messageId: '<1@author.example>',
  arrivalMs: Date.UTC(2026, 0, 1, 12),
  nowMs: Date.UTC(2026, 0, 6, 12),
  uniqueId: 'unique',
  recipients: [
    {
      to: to('bob', 'remote.example'),
      action: 'failed',
      status: '5.1.1',
      words: 'mx.remote.example refused it: 550 5.1.1 no such user',
      remoteMta: 'mx.remote.example',
      reply: { code: 550, enhanced: '5.1.1', lines: ['no such user,', 'see https://help.example'] },
      lastAttemptMs: Date.UTC(2026, 0, 6, 12),
    },
  ],
  original: { kind: 'message', bytes: Buffer.from('From: ada@author.example\r\nSubject: x\r\n\r\noriginal text\r\n') },
}
/** Fields of the status part, by group, read by lines and nothing else. */
function groups(raw: Buffer): Record<string, string>[] {
  const text = raw.toString()
  const part =
    /Content-Type: message\/(?:global-)?delivery-status[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/.exec(text)?.[1] ?? ''
  return part
    .replace(/\r\n /g, ' ')
    .split('\r\n\r\n')
    .map((group) =>
      Object.fromEntries(group.split('\r\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string])),
    )
}

test('is a report in three parts whose words come first', async () => {
  const raw = buildDsn(base)
  const mail = await PostalMime.parse(raw)
  expect(mail.from?.address).toBe('postmaster@author.example')
  expect(mail.to?.[0]?.address).toBe('ada@author.example')
  expect(mail.subject).toBe('Not delivered: Grüße')
  expect(mail.inReplyTo).toBe('<1@author.example>')
  expect(mail.headers.find(({ key }) => key === 'content-type')?.value).toMatch(
    /^multipart\/report; report-type=delivery-status;/,
  )
  expect(mail.headers.find(({ key }) => key === 'auto-submitted')?.value).toBe('auto-replied')
  expect(mail.text).toContain('Your message "Grüße"')
  expect(mail.text).toContain('bob@remote.example')
  expect(mail.text).toContain('| 550-5.1.1 no such user,')
  expect(mail.text).toContain('| 550 5.1.1 see https://help.example')
  expect(mail.attachments.map(({ mimeType }) => mimeType)).toEqual(['message/delivery-status', 'message/rfc822'])
  expect(Buffer.from(mail.attachments[1]?.content as ArrayBuffer).toString()).toContain('original text')
})

test('states the fields of RFC 3464 for the message and for each recipient', () => {
  const [message, recipient] = groups(buildDsn(base))
  expect(message).toEqual({
    'Reporting-MTA': 'dns; author.example',
    'Arrival-Date': 'Thu, 01 Jan 2026 12:00:00 +0000',
  })
  expect(recipient).toEqual({
    'Final-Recipient': 'rfc822; bob@remote.example',
    'Action': 'failed',
    'Status': '5.1.1',
    'Remote-MTA': 'dns; mx.remote.example',
    'Diagnostic-Code': 'smtp; 550-5.1.1 no such user, 550 5.1.1 see https://help.example',
    'Last-Attempt-Date': 'Tue, 06 Jan 2026 12:00:00 +0000',
  })
})

test('says until when it is tried while there is hope', () => {
  const [first] = base.recipients
  if (!first) throw new Error('no recipient')
  const delayed = { ...first, action: 'delayed', status: '4.2.2', willRetryUntilMs: Date.UTC(2026, 0, 7) } as const
  const raw = buildDsn({ ...base, recipients: [delayed] })
  expect(groups(raw)[1]).toMatchObject({ 'Action': 'delayed', 'Will-Retry-Until': 'Wed, 07 Jan 2026 00:00:00 +0000' })
  expect(raw.toString()).toContain('Nothing needs to be done')
})

test('lets no reply and no subject break out of its line', async () => {
  const [first] = base.recipients
  if (!first) throw new Error('no recipient')
  const evil = 'x\r\nBcc: victim@else.example\r\n\r\n--posthorn-report-unique--\r\n'
  const reply = { code: 550, lines: [evil, `\u202e${'y'.repeat(5000)}`, 'ü'] }
  const raw = buildDsn({
    ...base,
    subject: evil,
    messageId: evil,
    recipients: [{ ...first, words: evil, reply, remoteMta: evil }],
  })
  const text = raw.toString()
  expect(text).not.toMatch(/^Bcc:/m)
  expect(text.match(/^--posthorn-report-unique--/gm)).toHaveLength(1)
  expect(Math.max(...text.split('\r\n').map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(998)
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  const status = /message\/delivery-status[\s\S]*?\r\n--/.exec(text)?.[0] ?? ''
  expect(status).toMatch(/^[ -~\r\n]*$/)
  expect((await PostalMime.parse(raw)).attachments).toHaveLength(2)
})

test('keeps what MAIL and RCPT had for reports, decoded and harmless', () => {
  const [first] = base.recipients
  if (!first) throw new Error('no recipient')
  const original = { type: 'rfc822', address: 'Bob@first.example\r\nX: y' }
  const [message, recipient] = groups(
    buildDsn({ ...base, envid: 'QQ 314\u00fc', recipients: [{ ...first, original }] }),
  )
  expect(message).toMatchObject({ 'Original-Envelope-Id': 'QQ 314?' })
  expect(recipient).toMatchObject({ 'Original-Recipient': 'rfc822; Bob@first.example  X: y' })
})

test.each([
  ['delivered', 'Delivered: Grüße', 'was delivered to this address'],
  ['relayed', 'Handed on: Grüße', 'was handed on for this address. No further report'],
] as const)('says that a message was %s', async (action, subject, opening) => {
  const [first] = base.recipients
  if (!first) throw new Error('no recipient')
  const recipients = [{ ...first, action, status: '2.0.0' }]
  const original = { kind: 'headers', bytes: Buffer.from('Subject: x\r\n') } as const
  const raw = buildDsn({ ...base, recipients, original })
  const mail = await PostalMime.parse(raw)
  expect(mail.subject).toBe(subject)
  expect(mail.text?.replace(/\s+/g, ' ')).toContain(opening)
  expect(groups(raw)[1]).toMatchObject({ Action: action, Status: '2.0.0' })
})

test('is never answered by another report: its reverse-path is null', () => {
  expect(buildDsn(base).toString()).toMatch(/^Return-Path: <>\r\n/)
})

test('returns a message or a header beyond ASCII as the global kind', () => {
  const bytes = Buffer.from('Subject: Grüße\r\n\r\nx\r\n')
  expect(buildDsn({ ...base, original: { kind: 'message', bytes } }).toString()).toContain(
    'Content-Type: message/global\r\n',
  )
  const headers = { kind: 'headers', bytes: bytes.subarray(0, 16) } as const
  expect(buildDsn({ ...base, original: headers }).toString()).toContain('Content-Type: message/global-headers\r\n')
})

test('names addresses beyond ASCII in the internationalised kind', () => {
  const [first] = base.recipients
  if (!first) throw new Error('no recipient')
  const raw = buildDsn({ ...base, recipients: [{ ...first, to: to('jörg', 'remote.example') }] })
  expect(raw.toString()).toContain('Content-Type: message/global-delivery-status')
  expect(groups(raw)[1]?.['Final-Recipient']).toBe('utf-8; jörg@remote.example')
})
