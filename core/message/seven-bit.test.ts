import PostalMime from 'postal-mime'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { writeSevenBit } from './seven-bit-pieces.ts'
import { isClean, planSevenBit, type SevenBit, type Source } from './seven-bit.ts'

const inMemory = (raw: Buffer): Source => ({
  sizeBytes: raw.length,
  // A copy that is spoilt by the next read: nobody may look at it later.
  read: (() => {
    let last = Buffer.alloc(0)
    return async (from: number, to: number) => {
      last.fill(0xff)
      return (last = Buffer.from(raw.subarray(from, to)))
    }
  })(),
})
const convert = (raw: string | Buffer): Promise<SevenBit> => planSevenBit(inMemory(Buffer.from(raw)))
async function converted(raw: string | Buffer): Promise<Buffer> {
  const source = inMemory(Buffer.from(raw))
  const plan = await planSevenBit(source)
  if (plan.kind !== 'converted') throw new Error(`left as it is: ${plan.why}`)
  const slices: Buffer[] = []
  for await (const slice of writeSevenBit(source, plan.pieces)) slices.push(Buffer.from(slice))
  return Buffer.concat(slices)
}
const isSevenBit = (raw: Buffer) => raw.every((byte) => byte < 0x80 && byte !== 0)
const longestLine = (raw: Buffer) =>
  Math.max(
    ...raw
      .toString('latin1')
      .split('\r\n')
      .map((line) => line.length),
  )
const lines = (...parts: readonly string[]) => `${parts.join('\r\n')}\r\n`

test('makes 8-bit text quoted-printable and keeps every character', async () => {
  const raw = lines(
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    'Grüße aus Köln = schön ',
    '.punkt',
  )
  const result = await converted(raw)
  expect(isSevenBit(result)).toBe(true)
  expect(result.toString()).toContain('Content-Transfer-Encoding: quoted-printable\r\n')
  expect(result.toString()).not.toContain('8bit')
  expect((await PostalMime.parse(result)).text?.trimEnd()).toBe('Grüße aus Köln = schön \n.punkt')
})

test('makes text in another script base64, where that is shorter', async () => {
  const text = 'Привет, как дела? '.repeat(20).trim()
  const result = await converted(lines('MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', '', text))
  expect(result.toString()).toContain('Content-Transfer-Encoding: base64\r\n')
  expect((await PostalMime.parse(result)).text?.trim()).toBe(text)
})

test('says what a message from before MIME is, as far as its bytes tell', async () => {
  const utf8 = await converted(lines('Subject: x', '', 'schön'))
  expect(utf8.toString()).toContain('MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n')
  expect((await PostalMime.parse(utf8)).text?.trim()).toBe('schön')
  const unknown = await converted(Buffer.from(lines('Subject: x', '', 'sch\u00f6n'), 'latin1'))
  expect(unknown.toString()).toContain('charset=unknown-8bit')
  expect(isSevenBit(unknown)).toBe(true)
})

test('re-encodes only the parts that need it, however deep', async () => {
  const raw = lines(
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="out=er"',
    'Content-Transfer-Encoding: 8bit',
    '',
    'preamble',
    '--out=er',
    'Content-Type: multipart/alternative; boundary=inner',
    '',
    '--inner',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'plain',
    '--inner',
    'Content-Type: text/html; charset=iso-8859-1',
    'Content-Transfer-Encoding: 8BIT',
    '',
    '<p>sch\u00f6n</p>',
    '--inner--',
    '',
    '--out=er',
    'Content-Type: application/octet-stream',
    'Content-Disposition: attachment; filename=a.bin',
    '',
    '\u0080\u0081\u00ff',
    '--out=er',
    'Content-Type: message/rfc822',
    'Content-Transfer-Encoding: 8bit',
    '',
    'Subject: inside',
    '',
    'na\u00efve',
    '--out=er--',
    'epilogue',
  )
  const result = await converted(Buffer.from(raw, 'latin1'))
  const text = result.toString('latin1')
  expect(isSevenBit(result)).toBe(true)
  expect(text).not.toMatch(/encoding: 8bit/i)
  expect(text).toContain('Content-Type: text/plain; charset=us-ascii\r\n\r\nplain\r\n--inner\r\n')
  expect(
    text.startsWith('MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="out=er"\r\n\r\npreamble\r\n'),
  ).toBe(true)
  expect(text.endsWith('\r\n--out=er--\r\nepilogue\r\n')).toBe(true)
  const mail = await PostalMime.parse(result)
  expect(mail.html).toContain('<p>schön</p>')
  const binary = mail.attachments.find(({ filename }) => filename === 'a.bin')
  expect(Buffer.from(binary?.content as ArrayBuffer)).toEqual(Buffer.from([0x80, 0x81, 0xff]))
})

test('shortens lines no server must take', async () => {
  const long = 'x'.repeat(5000)
  const result = await converted(lines('MIME-Version: 1.0', 'Content-Type: text/plain', '', long))
  expect(longestLine(result)).toBeLessThanOrEqual(76)
  expect((await PostalMime.parse(result)).text?.trim()).toBe(long)
})

test('touches nothing that is signed or encrypted, and nothing it can’t read', async () => {
  const eight = 'sch\u00f6n'
  const body = (type: string, ...more: readonly string[]) =>
    lines('MIME-Version: 1.0', `Content-Type: ${type}`, ...more, '', '--b', '', eight, '--b--')
  const cases: readonly (readonly [string, 'signed' | 'utf8-headers' | 'shape'])[] = [
    [body('multipart/signed; boundary=b'), 'signed'],
    [body('multipart/encrypted; boundary=b'), 'signed'],
    [body('application/pkcs7-mime'), 'signed'],
    [body('application/x-pkcs7-signature'), 'signed'],
    [lines('DKIM-Signature: v=1', '', eight), 'signed'],
    [
      lines(
        'Content-Type: multipart/mixed; boundary=a',
        '',
        '--a',
        'Content-Type: multipart/signed; boundary=b',
        '',
        eight,
        '--a--',
      ),
      'signed',
    ],
    [lines(`Subject: ${eight}`, '', eight), 'utf8-headers'],
    [lines('Content-Type: multipart/mixed', '', eight), 'shape'],
    [lines('Content-Type: multipart/mixed; boundary=b', '', eight), 'shape'],
    [
      lines(
        'Content-Type: multipart/mixed; boundary=b',
        'Content-Transfer-Encoding: base64',
        '',
        '--b',
        '',
        eight,
        '--b--',
      ),
      'shape',
    ],
    [lines('Content-Type: text/plain', 'Content-Transfer-Encoding: base64', '', eight), 'shape'],
    [lines('Content-Type: message/global', '', eight), 'shape'],
    [lines('Content-Type: multipart/mixed; boundary=b', '', eight, '--b', '', 'x', '--b--'), 'shape'],
  ]
  for (const [raw, why] of cases) expect(await convert(Buffer.from(raw, 'latin1')), raw).toEqual({ kind: 'as-is', why })
})

test('leaves a message alone that needs nothing', async () => {
  const raw = lines('MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b', '', '--b', '', 'x', '--b--')
  expect((await converted(raw)).toString()).toBe(raw)
})

test('gives up on a bomb of nested parts instead of following it', async () => {
  let raw = 'sch\u00f6n'
  for (let i = 0; i < 200; i++)
    raw = `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n${raw}\r\n--b${i}--\r\n`
  expect(await convert(Buffer.from(raw, 'latin1'))).toEqual({ kind: 'as-is', why: 'shape' })
})

test('gives up on a large message that would have to be searched again and again', async () => {
  const size = 2 * 1024 * 1024
  let raw = `${'x'.repeat(70)}\r\n`.repeat(size / 72)
  for (let i = 0; i < 40; i++) raw = `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n${raw}`
  const whole = inMemory(Buffer.from(`${raw}ö`))
  let readBytes = 0
  const source: Source = { ...whole, read: (from, to) => ((readBytes += to - from), whole.read(from, to)) }
  expect(await planSevenBit(source)).toEqual({ kind: 'as-is', why: 'shape' })
  expect(readBytes).toBeLessThan(30 * size)
})

test('keeps any text whole, whatever its bytes and line ends', async () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 200 }).map((text) => text.replace(/[\x00\r\n]/g, '')) // eslint-disable-line no-control-regex -- the door lets none of them stand alone
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 10 }), async (written) => {
      const text = written.filter((one) => one.isWellFormed())
      const body = Buffer.from(`${text.join('\r\n')}\r\n`)
      const head = 'MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment\r\n'
      const asText = head.replace('application/octet-stream', 'text/x-any; charset=utf-8')
      for (const one of [head, asText]) {
        const result = await converted(Buffer.concat([Buffer.from(`${one}\r\n`), body]))
        expect(isSevenBit(result)).toBe(true)
        expect(longestLine(result)).toBeLessThanOrEqual(998)
        const [attachment] = (await PostalMime.parse(result, { attachmentEncoding: 'arraybuffer' })).attachments
        // The reader gives parts without an encoding with its own line ends.
        const read = Buffer.from(attachment?.content as ArrayBuffer)
          .toString()
          .replaceAll('\r\n', '\n')
        expect(read).toContain(text.join('\n').trimEnd())
      }
    }),
    { numRuns: 100 },
  )
})

test('clean is what has only 7-bit bytes, no NUL, and no line above the limit, its CRLF not counted', () => {
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 12 }).map((n) => 'x'.repeat(n)) },
    { weight: 6, arbitrary: fc.constantFrom('\r\n', '\n') },
    { weight: 1, arbitrary: fc.constantFrom('\0', 'ö', '\x7f') },
  )
  const property = fc.property(
    fc.array(piece, { maxLength: 30 }),
    fc.integer({ min: 1, max: 10 }),
    (pieces, longest) => {
      const text = pieces.join('')
      const isLong = text.split('\n').some((line) => line.replace(/\r$/, '').length > longest)
      const isOdd = /[^\x01-\x7f]/.test(text) // eslint-disable-line no-control-regex -- the whole of ASCII but NUL
      expect(isClean(Buffer.from(text, 'latin1'), longest)).toBe(!isLong && !isOdd)
      expect(isClean(new Uint8Array(Buffer.from(text, 'latin1')), Infinity)).toBe(!isOdd)
    },
  )
  fc.assert(property, { numRuns: 2000 })
})
