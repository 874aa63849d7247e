import * as fc from 'fast-check'
import PostalMime from 'postal-mime'
import { expect, test } from 'vitest'
import { parseMailbox } from '../model/address.ts'
import { compose, headerNeedsUtf8, type Composition } from './compose.ts'

const box = (text: string) => parseMailbox(text)!
const base: Composition = {
  from: { name: 'Ada', mailbox: box('ada@example.org') },
  to: [{ name: '', mailbox: box('bob@example.net') }],
  cc: [],
  subject: 'subject',
  text: 'hello\nworld',
  attachments: [],
  inReplyTo: '',
  references: '',
  dateMs: Date.UTC(2026, 0, 15, 12),
  messageId: '<1@example.org>',
}
const file = (filename: string, contentType: string, bytes: Uint8Array) => ({
  filename,
  contentType,
  open: async function* () {
    for (let from = 0; from < bytes.length; from += 1000) yield bytes.subarray(from, from + 1000)
  },
})
const bytesOf = (content: unknown) => Buffer.from(content as ArrayBuffer)

/** What every message of ours keeps to, whatever it holds. */
function expectSound(raw: Buffer): void {
  const text = raw.toString('latin1')
  expect(text).not.toMatch(/[^\r]\n|\r[^\n]|\0/)
  expect(text).not.toMatch(/[\u0080-\u00ff]/)
  expect(text.endsWith('\r\n')).toBe(true)
  for (const line of text.split('\r\n')) expect(line.length).toBeLessThanOrEqual(998)
}

test('writes a plain message as plain text', async () => {
  const raw = await compose(base)
  expect(raw.toString()).toBe(
    'Content-Transfer-Encoding: 7bit\r\nFrom: Ada <ada@example.org>\r\nTo: bob@example.net\r\nSubject: subject\r\nMessage-ID: <1@example.org>\r\n' +
      'Date: Thu, 15 Jan 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n' +
      '\r\nhello\r\nworld\r\n',
  )
})

test('keeps a line that says From, spaces at an end and a long paragraph as they were written', async () => {
  const text = `From here on\n  indented  \n${'long '.repeat(400)}\n.\n-- \nAda\n`
  const raw = await compose({ ...base, text })
  expectSound(raw)
  expect((await PostalMime.parse(raw)).text).toBe(text)
})

test('lets nothing that was typed become a header field', async () => {
  const evil = 'x\r\nBcc: evil@example.com\r\n\r\nbody'
  const raw = await compose({
    ...base,
    from: { name: evil, mailbox: box('ada@example.org') },
    subject: evil,
    inReplyTo: `<a@b>${evil}`,
    references: evil,
    attachments: [file(evil, evil, Buffer.from('x'))],
  })
  expectSound(raw)
  const read = await PostalMime.parse(raw)
  expect(read.headers.map((header) => header.key).toSorted()).toEqual(
    ['content-type', 'date', 'from', 'in-reply-to', 'message-id', 'mime-version', 'subject', 'to'].toSorted(),
  )
  expect(read.subject).toBe('x Bcc: evil@example.com body')
  expect(read.attachments[0]?.mimeType).toBe('application/octet-stream')
})

test('carries a message as a file of octets, for a message part must not be encoded', async () => {
  const inner = Buffer.from('Subject: inner\r\n\r\nn\u00efve', 'latin1')
  const raw = await compose({ ...base, attachments: [file('mail.eml', 'message/rfc822', inner)] })
  expectSound(raw)
  const [attachment] = (await PostalMime.parse(raw)).attachments
  expect(attachment).toMatchObject({ filename: 'mail.eml', mimeType: 'application/octet-stream' })
  expect(bytesOf(attachment?.content)).toEqual(inner)
})

test('says when an address needs SMTPUTF8', () => {
  expect(headerNeedsUtf8(base)).toBe(false)
  expect(headerNeedsUtf8({ ...base, cc: [{ name: '', mailbox: box('jörg@example.org') }] })).toBe(true)
  expect(headerNeedsUtf8({ ...base, cc: [{ name: 'Jörg', mailbox: box('j@bücher.example') }] })).toBe(false)
})

test('what is written is what another reader finds', async () => {
  const words = fc.array(fc.constantFrom('a', 'Grüße', '你好', '👋', 'it,em', '"q"', '<x>', '=?', 'x'.repeat(80)), {
    minLength: 1,
    maxLength: 12,
  })
  const phrase = words.map((list) => list.join(' '))
  const line = fc.oneof(
    phrase,
    fc.constantFrom('', '.', '..', 'From x', '-- ', '> quoted', ' ', '\t', '=3D', 'y'.repeat(1200)),
  )
  const mailbox = fc.constantFrom('a@x.example', 'b.c+d@y.example', '"odd one"@z.example', "o'k@[192.0.2.1]").map(box)
  const person = fc.record({ name: fc.oneof(fc.constant(''), phrase), mailbox })
  const attachment = fc.record({
    name: phrase,
    bytes: fc.uint8Array({ maxLength: 3000 }),
    type: fc.constantFrom('text/plain', 'image/png', 'application/x-y'),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        from: person,
        to: fc.array(person, { minLength: 1, maxLength: 5 }),
        cc: fc.array(person, { maxLength: 3 }),
        subject: phrase,
        lines: fc.array(line, { maxLength: 8 }),
        files: fc.array(attachment, { maxLength: 3 }),
      }),
      async ({ from, to, cc, subject, lines, files }) => {
        const text = [...lines, 'end'].join('\n')
        const attachments = files.map((one) => file(one.name, one.type, one.bytes))
        const raw = await compose({ ...base, from, to, cc, subject, text, attachments })
        expectSound(raw)
        const read = await PostalMime.parse(raw)
        const plain = (address: string | undefined) => address?.replaceAll('"', '')
        const people = (list: readonly { name: string; mailbox: { local: string; domain: string } }[]) =>
          list.map((one) => [one.name, `${one.mailbox.local}@${one.mailbox.domain}`])
        expect([read.from].map((one) => [one?.name, plain(one?.address)])).toEqual(people([from]))
        expect((read.to ?? []).map((one) => [one.name, plain(one.address)])).toEqual(people(to))
        expect((read.cc ?? []).map((one) => [one.name, plain(one.address)])).toEqual(people(cc))
        expect(read.subject).toBe(subject)
        expect(read.text?.replace(/\n+$/, '')).toBe(text)
        expect(read.attachments.map((one) => [one.filename, one.mimeType, bytesOf(one.content)])).toEqual(
          files.map((one) => [one.name, one.type, Buffer.from(one.bytes)]),
        )
      },
    ),
    { numRuns: 60 },
  )
})
