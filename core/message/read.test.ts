import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { safeName } from './file-name.ts'
import { parseForCli } from './parsed.ts'
import { readArrivalMs, readAttachment, readFields, readMessage } from './read.ts'
import { decodeQuotedPrintable } from './transfer.ts'

const folder = new URL('../../test/messages/', import.meta.url)
const load = (name: string) => readFileSync(new URL(name, folder))

test('puts an image the message brings along in place of its cid, and no other', () => {
  const { html } = readMessage(load('related-image.eml'))
  expect(html).toMatch(/^<img src="data:image\/png;base64,iVBOR[^"]+"><img src="cid:none@x">$/)
})

test('gives one image named a thousand times no more room than five MiB', () => {
  const image = Buffer.alloc(900_000).toString('base64')
  const html = '<img src="cid:a">'.repeat(1000)
  const raw = Buffer.from(
    `Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n${html}\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <a>\r\nContent-Transfer-Encoding: base64\r\n\r\n${image}\r\n--b--\r\n`,
  )
  expect(readMessage(raw).html?.length).toBeLessThan(5.1 * 1024 * 1024)
})

test('gives the bytes of one attachment, and undefined past the last', () => {
  const raw = load('mixed-attachment.eml')
  expect(readAttachment(raw, 0)).toMatchObject({ filename: 'r e p.pdf', contentType: 'application/pdf' })
  expect(Buffer.from(readAttachment(raw, 0)!.bytes).toString('latin1')).toBe('%PDF-1.4\n\0\u0001\u0002\u00ff')
  expect(readAttachment(raw, 1)).toBeUndefined()
})

test('draws search text and preview from HTML where there is nothing else', () => {
  const html = `<html><head><title>t</title><style>p{}</style></head><body><!-- no --><p>Hello&nbsp;w&ouml;rld &amp; &#128075;</p><script>evil()</script><table><tr><td>a</td><td>b</td></tr></table><p>1 < 2</body>`
  const fields = readFields(Buffer.from(`Content-Type: text/html; charset=utf-8\r\n\r\n${html}`))
  expect(fields.body).toBe('Hello wörld & 👋\n\na b\n\n1 < 2')
  expect(fields.preview).toBe('Hello wörld & 👋 a b 1 < 2')
})

test('leaves quoted lines, controls and marks that turn text around out of a preview', () => {
  const fields = readFields(Buffer.from('Subject: a\u202eb\u0007\r\n\r\n> quoted\r\nown \u202ewords\u0000\r\n'))
  expect(fields.preview).toBe('own words')
  expect(fields.subject).toBe('a b')
})

test('takes the arrival from the topmost Received', () => {
  const raw = `Received: from a by b; Wed, 2 Jul 2003 10:00:00 +0000\r\nReceived: from c by a; Tue, 1 Jul 2003 10:00:00 +0000\r\n\r\nx`
  expect(readArrivalMs(Buffer.from(raw))).toBe(Date.UTC(2003, 6, 2, 10))
  expect(readArrivalMs(Buffer.from('Subject: x\r\n\r\n'))).toBeNull()
})

test('makes every file name safe to save under', () => {
  const cases: [string | null, unknown][] = [
    ['../../etc/passwd', '_.._etc_passwd'],
    ['C:\\x\\y.exe', 'C__x_y.exe'],
    ['invoice\u202efdp.exe', 'invoicefdp.exe'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['...', 'part-1.bin'],
    [null, 'part-1.bin'],
    ['  .hidden  ', 'hidden'],
    [`${'x'.repeat(500)}.pdf`, `${'x'.repeat(196)}.pdf`],
    [`${'x'.repeat(50_000)}.pdf`, expect.stringMatching(/^x{190,200}/)],
    [`${'語'.repeat(100)}.pdf`, `${'語'.repeat(78)}.pdf`],
    [`${'👋'.repeat(99)}.pdf`, `${'👋'.repeat(59)}.pdf`],
    ['COM1 .txt', '_COM1 .txt'],
    ['com².log', '_com².log'],
  ]
  for (const [given, safe] of cases) expect(safeName(given, 'x/y', 0)).toEqual(safe)
})

test('calls the parts of a delivery report by what they are', () => {
  const cases: [string, string][] = [
    ['message/delivery-status', 'Delivery status.txt'],
    ['message/rfc822', 'Original message.eml'],
    ['text/rfc822-headers', 'Original message, header only.txt'],
  ]
  const part = ([type]: [string, string]) => `--b\r\nContent-Type: ${type}\r\n\r\nSubject: x\r\n\r\n`
  const raw = `Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n${cases.map(part).join('')}--b--\r\n`
  const { text, attachments } = readMessage(Buffer.from(raw))
  expect(text?.trim()).toBe('words')
  expect(attachments.map((one) => one.filename)).toEqual(cases.map(([, name]) => name))
})

describe('hostile mail', () => {
  const deep = (levels: number) =>
    Array.from({ length: levels }, (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`).join(
      '',
    )
  const cases: [string, string][] = [
    ['3,000 levels', `${deep(3000)}\r\nx`],
    ['50,000 parts', `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\n'.repeat(50_000)}`],
    ['a header of a MiB', `Subject: x\r\nX-Long: ${'a'.repeat(1 << 20)}\r\n\r\nbody`],
    ['100,000 header lines', `${'X: y\r\n'.repeat(100_000)}\r\nbody`],
    ['one line of brackets', `From: ${'('.repeat(90_000)}\r\nContent-Type: ${'('.repeat(5000)}\r\n\r\nx`],
    ['spaces before a bracket', `Content-Type: a/b; name=x${' '.repeat(90_000)}y(\r\n\r\nx`],
    ['quotes without end', `Content-Type: a/b; name="${'\\"'.repeat(45_000)}\r\n\r\nx`],
    ['10,000 addresses', `To: ${'a@b.example, '.repeat(7000)}\r\n\r\nx`],
    ['a quoted-printable line of spaces', `Content-Transfer-Encoding: quoted-printable\r\n\r\n${' '.repeat(900_000)}x`],
    ['tags without end', `Content-Type: text/html\r\n\r\n${'<a '.repeat(300_000)}`],
    ['comments without end', `Content-Type: text/html\r\n\r\n${'<!-- '.repeat(200_000)}`],
    [
      'a boundary of 100,000 bytes',
      `Content-Type: multipart/mixed; boundary=${'b'.repeat(90_000)}\r\n\r\n--${'b'.repeat(90_000)}\r\n\r\nx`,
    ],
    [
      'parameters by the thousand',
      `Content-Type: a/b${Array.from({ length: 9000 }, (_, n) => `; p${n}=1`).join('')}\r\n\r\nx`,
    ],
    ['a type without end', `Content-Type: multipart/${'x'.repeat(90_000)}; boundary=b\r\n\r\n--b\r\n\r\nx`],
    [
      'continuations out of order',
      `Content-Disposition: attachment; filename*999=x; filename*0=a; filename*5=y\r\n\r\nx`,
    ],
  ]
  for (const [what, text] of cases)
    test(`is read to its caps: ${what}`, () => {
      const raw = Buffer.from(text)
      expect(readFields(raw).preview.length).toBeLessThanOrEqual(200)
      expect(readMessage(raw).attachments.length).toBeLessThanOrEqual(10_000)
      expect(readMessage(raw).to.length).toBeLessThanOrEqual(2000)
    })

  test('says what was not read', () => {
    expect(readMessage(Buffer.from(`${deep(200)}\r\nx`)).problem).toBe('parts deeper than 100 levels were not read')
    expect(readMessage(Buffer.from(cases[1]![1])).problem).toBe('only the first 10000 parts were read')
    expect(readMessage(Buffer.from(cases[2]![1])).problem).toMatch(/^a header block of \d+ bytes was cut to 102400$/)
  })

  test('never throws and is the same each time, whatever bytes come', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\r\n',
        '\n',
        '\r',
        '--b',
        '--b--',
        ': ',
        'Content-Type: multipart/mixed; boundary=b\r\n\r\n',
        '\r\n\r\n',
      ),
      fc.constantFrom(
        'Content-Transfer-Encoding: base64\r\n',
        'Content-Type: text/html\r\n',
        'Subject: =?utf-8?b?',
        '?=',
        '<!--',
        '&#x',
      ),
      fc.string({ unit: 'binary', maxLength: 30 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const raw = Buffer.from(pieces.join(''), 'latin1')
        expect(readMessage(raw)).toEqual(readMessage(Buffer.from(raw)))
        readFields(raw)
        parseForCli(raw)
      }),
      { numRuns: 300 },
    )
  })
})

/** Well-formed trees of parts, written out by this test; postal-mime, an independent reader, says what is in them. */
type Node =
  | { kind: 'leaf'; type: string; body: Buffer; base64: boolean; name: string | null }
  | { kind: 'multi'; children: Node[] }
const { node } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.record({
      kind: fc.constant('leaf' as const),
      type: fc.constantFrom('text/plain', 'text/html', 'application/x-thing'),
      body: fc.stringMatching(/^[a-z -]{0,40}(\r\n[a-z -]{0,20}){0,4}$/).map((text) => Buffer.from(text)),
      base64: fc.boolean(),
      name: fc.option(fc.stringMatching(/^[a-zäö€ ().-]{1,12}$/)),
    }),
    fc.record({ kind: fc.constant('multi' as const), children: fc.array(tie('node'), { minLength: 1, maxLength: 4 }) }),
  ),
}))
function write(one: Node, path: string): string {
  if (one.kind === 'multi') {
    const boundary = `=_${path}`
    const parts = one.children.map((child, n) => `--${boundary}\r\n${write(child, `${path}.${n}`)}\r\n`).join('')
    return `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n${parts}--${boundary}--`
  }
  const disposition =
    one.name === null
      ? ''
      : `Content-Disposition: attachment; filename*=utf-8''${encodeURIComponent(one.name).replaceAll(/[()']/g, escape)}\r\n`
  const body = one.base64 ? one.body.toString('base64') : one.body.toString('latin1')
  return `Content-Type: ${one.type}\r\n${disposition}${one.base64 ? 'Content-Transfer-Encoding: base64\r\n' : ''}\r\n${body}`
}
const escape = (c: string) => `%${c.charCodeAt(0).toString(16)}`

test('finds the same parts as another reader in every tree of parts', async () => {
  await fc.assert(
    fc.asyncProperty(node, async (tree) => {
      const raw = Buffer.from(`Subject: x\r\n${write(tree, 'r')}`)
      const other = await PostalMime.parse(raw, { forceRfc822Attachments: true })
      const ours = parseForCli(raw)
      expect(ours.attachments.map((one) => [one.filename, one.contentType])).toEqual(
        other.attachments.map((one) => [one.filename, one.mimeType]),
      )
      const words = (text: string | null | undefined) => text?.match(/[a-z]+/g) ?? []
      if (ours.html === null) expect(words(ours.text)).toEqual(words(other.text))
    }),
    { numRuns: 150 },
  )
})

test('reads quoted-printable as another reader does', async () => {
  const text = fc.array(fc.constantFrom('=', '=\r\n', '=3D', '=e9', ' ', '\t', 'a', 'B', '\r\n', '=0A', 'x=', '=4'), {
    maxLength: 40,
  })
  await fc.assert(
    fc.asyncProperty(text, async (pieces) => {
      const body = `${pieces.join('')}end\r\n`
      // It does not know the rule on spaces at a line's end (RFC 2045 §6.7 (3)), and writes every line end as LF.
      const other = await PostalMime.parse(
        `Content-Type: application/x; name=a\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${body.replaceAll(/[ \t]+\r\n/g, '\r\n')}`,
      )
      const bytes = Buffer.from((other.attachments[0]?.content ?? new ArrayBuffer()) as ArrayBuffer).toString('latin1')
      expect(decodeQuotedPrintable(Buffer.from(body)).toString('latin1').replaceAll('\r\n', '\n')).toBe(bytes)
    }),
  )
})
