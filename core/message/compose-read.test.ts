import * as fc from 'fast-check'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { needs, pathOf } from '../../test/support/peers.ts'
import { parseMailbox } from '../model/address.ts'
import { compose, type Composition } from './compose.ts'
import { parseForCli } from './parsed.ts'
import { readFields, readMessage } from './read.ts'

const oracle = fileURLToPath(new URL('../../test/support/mime-oracle.py', import.meta.url))
const peers = needs('python')

/** What a field can hold: no control, no mark that turns text round, single spaces. Written here, for the test is the judge. */
const line = (text: string) =>
  text
    .replaceAll(/[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb\s]+/gu, ' ')
    .trim()
const anyScript = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        'Grüße',
        'Привет мир',
        '日本語',
        '한국어',
        'مرحبا',
        'שלום',
        'สวัสดี',
        '👨‍👩‍👧',
        '𠀀𠀁',
        'a',
        '=?utf-8?q?x?=',
        '"',
        '\\',
        '<a@b.example>',
        ',',
        ';',
        '(',
        "it's 100%",
        'x'.repeat(90),
        '�',
      ),
      { maxLength: 14 },
    )
    .map((list) => list.join(' ')),
)
const phrase = anyScript.map(line)
const mailbox = fc
  .constantFrom(
    'ada@home.example',
    'b.c+d@far.example',
    "o'k@xn--bcher-kva.example",
    'x@[192.0.2.1]',
    '"odd one"@far.example',
  )
  .map((text) => parseMailbox(text)!)
// A name that is an address is told as none, whoever writes it.
const person = fc.record({ name: phrase, mailbox })
const text = fc
  .array(
    fc.oneof(
      anyScript,
      fc.constantFrom(
        '',
        '.',
        '..',
        'From x',
        '-- ',
        '> quoted',
        ' ',
        '\t',
        '=3D',
        'begin 644 x',
        'y'.repeat(1200),
        '--b',
      ),
    ),
    { maxLength: 10 },
  )
  .map(
    (lines) =>
      `${lines
        .join('\n')
        .replaceAll(/[\r\p{Cs}\0]/gu, '')
        .replaceAll('\u0085', '')}\nend\n`,
  )
const file = fc.record({
  filename: phrase.filter((name) => name !== ''),
  contentType: fc.constantFrom(
    'text/plain',
    'image/png',
    'application/pdf',
    'text/html',
    'text/calendar',
    'application/x-y',
  ),
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.constantFrom('a\r\nb\nc\rd', '\0', '').map((s) => Buffer.from(s)),
  ),
})
const written = fc.record({
  from: person,
  to: fc.array(person, { minLength: 1, maxLength: 4 }),
  cc: fc.array(person, { maxLength: 2 }),
  subject: phrase,
  text,
  files: fc.array(file, { maxLength: 3 }),
  dateMs: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000),
})
type Written = typeof written extends fc.Arbitrary<infer T> ? T : never

const toComposition = ({ files, ...mail }: Written): Composition => ({
  ...mail,
  attachments: files.map(({ filename, contentType, bytes }) => ({
    filename,
    contentType,
    open: async function* () {
      yield bytes
    },
  })),
  inReplyTo: '<0@home.example>',
  references: '<00@home.example> <0@home.example>',
  messageId: '<1@home.example>',
})
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const addressOf = ({ mailbox: { local, domain } }: Written['from']) =>
  /^[\w.+'-]+$/.test(local) ? `${local}@${domain}` : `"${local}"@${domain}`
const people = (list: readonly Written['from'][]) => list.map((one) => ({ name: one.name, address: addressOf(one) }))

test('what we write we read back: texts, names in any script, addresses, files byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(written, async (mail) => {
      const raw = await compose(toComposition(mail))
      const read = readMessage(raw)
      expect(read.subject).toBe(mail.subject)
      expect(read.text).toBe(mail.text)
      expect(read.html).toBeNull()
      expect(read.from).toEqual(people([mail.from]))
      expect(read.to).toEqual(people(mail.to))
      expect(read.cc).toEqual(people(mail.cc))
      expect(read.dateMs).toBe(mail.dateMs)
      expect([read.messageId, read.inReplyTo]).toEqual(['<1@home.example>', '<0@home.example>'])
      expect(read.references).toBe('<00@home.example> <0@home.example>')
      expect(read.problem).toBeNull()
      expect(parseForCli(raw).attachments).toEqual(
        mail.files.map((one) => ({
          filename: one.filename,
          contentType: one.contentType,
          size: one.bytes.length,
          sha256: sha256(one.bytes),
        })),
      )
      expect(readFields(raw).attachments).toBe(mail.files.length)
    }),
    { numRuns: 120 },
  )
})

/** Python 3.11 puts a space between the encoded words of a name, although RFC 2047 §6.2 has none there. */
const solid = (name: string) => name.replaceAll(/\s/g, '')

peers.test('Python reads the same in what we write', async () => {
  const mails = fc.sample(written, { numRuns: 80, seed: 20_260_601 })
  const lines: string[] = []
  for (const mail of mails) lines.push((await compose(toComposition(mail))).toString('base64'))
  const said = JSON.parse(
    execFileSync(pathOf('python'), [oracle], {
      input: lines.join('\n'),
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    }),
  ) as {
    subject: string | null
    from: string[]
    fromNames: string[]
    to: string[]
    toNames: string[]
    date: string
    leaves: { name: string | null; type: string; sha256: string; isText: boolean; text: string }[]
  }[]
  for (const [n, mail] of mails.entries()) {
    const one = said[n]!
    const files = mail.files.map(({ filename, contentType, bytes }) => [filename, contentType, sha256(bytes)])
    expect({
      subject: line(one.subject ?? ''),
      from: one.from,
      fromNames: one.fromNames.map(solid),
      to: one.to,
      toNames: one.toNames.map(solid),
      date: one.date,
      text: one.leaves.find((leaf) => leaf.isText)?.text.replaceAll('\r\n', '\n'),
      files: one.leaves.filter((leaf) => !leaf.isText).map(({ name, type, sha256: digest }) => [name, type, digest]),
    }).toEqual({
      subject: mail.subject,
      from: [addressOf(mail.from)],
      fromNames: [solid(mail.from.name)],
      to: mail.to.map(addressOf),
      toNames: mail.to.map(({ name }) => solid(name)),
      date: new Date(mail.dateMs).toISOString(),
      text: mail.text,
      files,
    })
  }
})
