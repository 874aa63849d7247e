import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countAddresses, encodeWords, fieldsNamed, firstValue, readHeader, valueOf } from './headers.ts'
import { decodeHeaderText } from './charset.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const cut = (raw: Buffer, name: string) => {
  let out = ''
  let at = 0
  for (const field of fieldsNamed(readHeader(raw), name)) {
    out += raw.toString('latin1', at, field.at)
    at = field.end
  }
  return out + raw.toString('latin1', at)
}

test('finds fields with their folded lines and the start of the body', () => {
  const raw = bytes('A: 1\r\nB:2\r\n folded\r\n\tmore\r\nbcc: x\r\n\r\nbody: no field\r\n')
  const header = readHeader(raw)
  expect(header.fields.map(({ name, at, end }) => [name, raw.toString('latin1', at, end)])).toEqual([
    ['a', 'A: 1\r\n'],
    ['b', 'B:2\r\n folded\r\n\tmore\r\n'],
    ['bcc', 'bcc: x\r\n'],
  ])
  expect(raw.toString('latin1', header.bodyAt)).toBe('body: no field\r\n')
  expect(firstValue(raw, header, 'b')).toBe('2 folded\tmore')
  expect(header.oddAt).toBeUndefined()
})

test('reads a header without a body, and a body without a header', () => {
  expect(readHeader(bytes('A: 1\r\n'))).toMatchObject({ end: 6, bodyAt: 6, oddAt: undefined })
  expect(readHeader(bytes('A: 1'))).toMatchObject({ end: 4, bodyAt: 4, oddAt: undefined })
  expect(readHeader(bytes('\r\nA: 1\r\n'))).toMatchObject({ fields: [], end: 0, bodyAt: 2, oddAt: undefined })
  expect(readHeader(bytes(''))).toMatchObject({ fields: [], end: 0, bodyAt: 0 })
})

test('stops at the first line that is neither a field nor blank', () => {
  for (const odd of ['no colon here', ' folded from nothing', ': no name', 'na me: x', 'n\u00e4me: x', 'a\0b: x']) {
    const before = odd.startsWith(' ') ? '' : 'A: 1\r\n'
    const header = readHeader(bytes(`${before}${odd}\r\nB: 2\r\n\r\n`))
    expect(header.oddAt, odd).toBe(before.length)
    expect(header.bodyAt).toBe(before.length)
  }
})

test('blanks what could break a line out of a value', () => {
  const raw = bytes('Subject: a\rBcc: b\0c\r\n\r\n')
  const [field] = readHeader(raw).fields
  expect(field && valueOf(raw, field)).toBe('a Bcc: b c')
})

test('takes fields out byte for byte, as taking their lines out of the text does', () => {
  const name = fc.constantFrom('Bcc', 'BCC', 'To', 'Bccx', 'X-Bcc', 'Subject')
  const value = fc.stringMatching(/^[ -~\u00a0-\u00ff]{0,20}$/)
  const field = fc.tuple(name, value, fc.array(value, { maxLength: 2 }))
  const ending = fc.constantFrom('\r\n', '\n')
  fc.assert(
    fc.property(
      fc.array(field, { maxLength: 8 }),
      ending,
      fc.stringMatching(/^[ -~\n]{0,30}$/),
      (fields, end, body) => {
        const blocks = fields.map(([n, v, more]) => ({
          n,
          text: `${n}:${v}${end}${more.map((line) => ` ${line}${end}`).join('')}`,
        }))
        const text = (kept: typeof blocks) => `${kept.map((block) => block.text).join('')}${end}${body}`
        // The oracle knows which block is which, for it made them; it parses nothing.
        const expected = text(blocks.filter(({ n }) => n.toLowerCase() !== 'bcc'))
        expect(cut(bytes(text(blocks)), 'bcc')).toBe(expected)
      },
    ),
  )
})

test('never throws and never overlaps, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (raw) => {
      const header = readHeader(raw)
      let at = 0
      for (const field of header.fields) {
        expect(field.at).toBe(at)
        expect(field.valueAt).toBeGreaterThan(field.at)
        expect(field.end).toBeGreaterThanOrEqual(field.valueAt)
        at = field.end
      }
      expect(header.end).toBe(at)
      expect(header.bodyAt).toBeGreaterThanOrEqual(header.end)
    }),
  )
})

test('counts authors and not their commas', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['', 0],
    ['ada@a.example', 1],
    ['"Lovelace, Ada" <ada@a.example>', 1],
    ['Ada (one, two) <ada@a.example>', 1],
    ['ada@a.example, bob@b.example', 2],
    ['friends: ada@a.example, bob@b.example;', 2],
    ['nobody:;', 0],
    ['<ada@[IPv6:2001:db8::1]>', 1],
    ['"a\\"b, c" <x@y.example>, z@y.example', 2],
  ]
  for (const [text, count] of cases) expect(countAddresses(text), text).toBe(count)
})

test('encodes words that every reader can put together again, in lines of at most 76', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 120 }), (text) => {
      const clean = text.replace(/[\x00-\x1f\x7f]/g, ' ').trim() // eslint-disable-line no-control-regex -- as the encoder does
      if (clean !== clean.replace(/\s+/g, ' ') || !clean.isWellFormed()) return
      const encoded = encodeWords(clean)
      expect(encoded).toMatch(/^[ -~\r\n]*$/)
      if (encoded.includes('=?')) for (const line of encoded.split('\r\n')) expect(line.length).toBeLessThanOrEqual(76)
      expect(decodeHeaderText(encoded.replaceAll('\r\n', ''))).toBe(clean)
    }),
  )
})
