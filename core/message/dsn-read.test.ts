import * as fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { formatMailbox, type Domain, type Mailbox } from '../model/address.ts'
import { buildDsn, type Dsn, type DsnRecipient } from './dsn.ts'
import { readReport, type IncomingReport } from './dsn-read.ts'
import { readFields } from './read.ts'

const folder = new URL('../../test/dsn/', import.meta.url)
const load = (name: string) => readFileSync(new URL(name, folder))
const text = (mailbox: Mailbox | undefined) => (mailbox === undefined ? null : formatMailbox(mailbox))

/** A report as plain data, for the files beside the samples. */
const plain = (report: IncomingReport | undefined) =>
  report === undefined
    ? null
    : {
        reporter: report.reporter,
        envid: report.envid ?? null,
        messageId: report.messageId ?? null,
        recipients: report.recipients.map((one) => ({ ...one, final: text(one.final), original: text(one.original) })),
      }

describe('reports of other mail systems', () => {
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.eml')))
    test(name, () => {
      const expected: unknown = JSON.parse(load(name.replace(/eml$/, 'json')).toString())
      expect(plain(readReport(load(name)))).toEqual(expected)
      expect(readFields(load(name)).isReport ?? false).toBe(expected !== null)
    })
})

const word = fc.stringMatching(/^[a-z0-9]{1,12}$/)
const anyText = fc.string({ unit: 'binary', maxLength: 200 })
const mailbox = fc
  .tuple(fc.oneof(word, fc.stringMatching(/^[ !#-[\]-~]{1,20}$/), fc.constant('jörg')), word)
  .map(([local, name]): Mailbox => ({ local, domain: `${name}.example` as Domain }))
const recipient: fc.Arbitrary<DsnRecipient> = fc.record(
  {
    to: mailbox,
    action: fc.constantFrom('failed', 'delayed', 'delivered', 'relayed'),
    status: fc.constantFrom('5.1.1', '4.2.2', '2.0.0'),
    words: anyText,
    remoteMta: anyText,
    reply: fc.record({
      code: fc.integer({ min: 400, max: 599 }),
      lines: fc.array(anyText, { minLength: 1, maxLength: 5 }),
    }),
    original: mailbox.map((one) => ({ type: 'rfc822', address: formatMailbox(one) })),
    lastAttemptMs: fc.constant(Date.UTC(2026, 0, 2)),
  },
  { requiredKeys: ['to', 'action', 'status', 'words'] },
)
const dsn: fc.Arbitrary<Dsn> = fc.record(
  {
    reportingDomain: word.map((name) => `${name}.example`),
    to: mailbox,
    subject: anyText,
    messageId: word.map((name) => `<${name}@a.example>`),
    envid: fc.stringMatching(/^[!-~]{1,60}$/),
    arrivalMs: fc.constant(Date.UTC(2026, 0, 1)),
    nowMs: fc.constant(Date.UTC(2026, 0, 2)),
    uniqueId: word,
    recipients: fc.array(recipient, { minLength: 1, maxLength: 4 }),
    original: fc.record({
      kind: fc.constantFrom('message' as const, 'headers' as const),
      bytes: word.map((name) => Buffer.from(`Message-ID: <${name}@original.example>\r\nSubject: x\r\n\r\nbody\r\n`)),
    }),
  },
  {
    requiredKeys: [
      'reportingDomain',
      'to',
      'subject',
      'messageId',
      'arrivalMs',
      'nowMs',
      'uniqueId',
      'recipients',
      'original',
    ],
  },
)

test('what is built is a whole report for another reader, whatever texts it is made of', async () => {
  await fc.assert(
    fc.asyncProperty(dsn, async (one) => {
      const raw = buildDsn(one)
      const mail = await PostalMime.parse(raw, { forceRfc822Attachments: true })
      expect(mail.attachments.map(({ mimeType }) => mimeType)).toEqual([
        expect.stringMatching(/^message\/(global-)?delivery-status$/),
        one.original.kind === 'message' ? 'message/rfc822' : 'text/rfc822-headers',
      ])
      expect(mail.messageId).toBe(`<${one.uniqueId}@${one.reportingDomain}>`)
      const lines = raw.toString().split('\r\n')
      expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(998)
      expect(raw.toString().replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
      // And our own reader finds in it what was put in.
      const read = readReport(raw)
      expect(read?.envid).toBe(one.envid)
      expect(read?.reporter).toBe(one.reportingDomain)
      expect(read?.recipients.map(({ action, status }) => ({ action, status }))).toEqual(
        one.recipients.map(({ action, status }) => ({ action, status })),
      )
      expect(read?.recipients.map(({ original }) => text(original))).toEqual(
        one.recipients.map(({ original }) => original?.address ?? null),
      )
    }),
    { numRuns: 200 },
  )
})

test('reads any bytes as a report or as none, and never throws', () => {
  const start = 'Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n'
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      expect(readReport(Buffer.concat([Buffer.from(start), bytes]))?.recipients.length).toBeLessThanOrEqual(1000)
      readReport(bytes)
    }),
  )
})

test('a report that names ten thousand recipients is read as far as a message of ours could have', () => {
  const group = 'Final-Recipient: rfc822; bob@remote.example\r\nAction: failed\r\nStatus: 5.0.0\r\n\r\n'
  const raw = `Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n${group.repeat(10_000)}`
  expect(readReport(Buffer.from(raw))?.recipients).toHaveLength(1000)
})

test('a field folded for ever is cut', () => {
  const raw = `Content-Type: message/delivery-status\r\n\r\nAction: failed\r\nDiagnostic-Code: smtp; 550\r\n${' x'.repeat(900)}\r\n`
  const diagnostic = readReport(Buffer.from(`${raw}${' yyyyyyyy\r\n'.repeat(20_000)}`))?.recipients[0]?.diagnostic ?? ''
  expect(diagnostic.length).toBeLessThan(4100)
})
