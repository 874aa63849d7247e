import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readFields } from './read.ts'
import { Sample } from './sample.ts'

const inPieces = (raw: Buffer, size: number) => {
  const sample = new Sample()
  for (let at = 0; at < raw.length; at += size) sample.add(raw.subarray(at, at + size))
  return Buffer.concat(sample.chunks)
}
const part = (name: string, bytes: number) =>
  `--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="${name}"\r\n` +
  `Content-Transfer-Encoding: base64\r\n\r\n${`${'QUJD'.repeat(19)}\r\n`.repeat(bytes / 78)}`

test('of a large message subject, text and all attachments are known, from a small part of its bytes', () => {
  const raw = Buffer.from(
    'Subject: large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n' +
      '--b\r\nContent-Type: text/plain\r\n\r\nwords to find\r\n' +
      `${part('one.pdf', 3_000_000)}${part('two.pdf', 3_000_000)}${part('three.pdf', 3_000_000)}--b--\r\n`,
  )
  const sample = inPieces(raw, 65_536)
  expect(sample.length).toBeLessThan(1_200_000)
  const fields = readFields(sample)
  expect(fields).toMatchObject({ subject: 'large', attachments: 3 })
  expect(fields.body).toContain('words to find')
})

test('how a message is cut into pieces makes no difference', () => {
  const filler = `${'x'.repeat(70)}\r\n`.repeat(15_000)
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('\n--part\r\n', 'abc\r\n', '\n', '-', 'x'.repeat(5000)), { maxLength: 12 }),
      fc.integer({ min: 1, max: 5000 }),
      (parts, size) => {
        const tail = Buffer.from(parts.join(''))
        const whole = new Sample()
        whole.add(Buffer.concat([Buffer.from(filler), tail]))
        const pieces = new Sample()
        pieces.add(Buffer.from(filler))
        for (let at = 0; at < tail.length; at += size) pieces.add(tail.subarray(at, at + size))
        expect(Buffer.concat(pieces.chunks).equals(Buffer.concat(whole.chunks))).toBe(true)
      },
    ),
    { numRuns: 60 },
  )
})

test('a message of nothing but boundaries is not held', () => {
  expect(inPieces(Buffer.from('\r\n--x'.repeat(2_000_000)), 65_536).length).toBeLessThan(2_200_000)
})
