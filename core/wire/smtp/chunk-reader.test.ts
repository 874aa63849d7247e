import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChunkReader } from './chunk-reader.ts'
import type { DataLimits } from './data-reader.ts'

const LIMITS = { messageBytes: 1000, headBytes: 200, lineBytes: 20 }

/** Reads a message given as chunks, each cut into pieces of at most `step` bytes, with other bytes behind each chunk. */
function read(chunks: readonly string[], { step = Infinity, limits = LIMITS as DataLimits } = {}) {
  const reader = new ChunkReader(limits)
  let content = ''
  for (const chunk of chunks) {
    const bytes = Buffer.from(`${chunk}BDAT 5\r\n`, 'latin1')
    reader.begin(chunk.length)
    let at = 0
    while (reader.left > 0) {
      const piece = bytes.subarray(0, Math.min(bytes.length, at + step))
      const { next, content: got } = reader.read(piece, at)
      content += Buffer.from(got).toString('latin1')
      at = next
    }
    expect(at).toBe(chunk.length)
  }
  content += Buffer.from(reader.finish()).toString('latin1')
  const { bytes, headBytes, has8bit, hasLongLines, flaw } = reader
  return { content, bytes, headBytes, has8bit, hasLongLines, flaw }
}

test('takes a message octet by octet, lone dots and all, and nothing behind it', () => {
  const message = 'A: b\r\n\r\n.\r\n..\r\n.\r\nQUIT\r\n'
  expect(read([message])).toEqual({
    content: message,
    bytes: message.length,
    headBytes: 8,
    has8bit: false,
    hasLongLines: false,
    flaw: undefined,
  })
})
test('gives the last line the end it lacks', () => {
  expect(read(['A: b\r\n\r\nlast'])).toMatchObject({ content: 'A: b\r\n\r\nlast\r\n', bytes: 14, headBytes: 8 })
  expect(read([''])).toMatchObject({ content: '', bytes: 0, headBytes: 0 })
})
test('a CRLF may be cut by two chunks', () => {
  expect(read(['A: b\r', '\n\r', '\nx\r', '\n'])).toMatchObject({
    content: 'A: b\r\n\r\nx\r\n',
    headBytes: 8,
    flaw: undefined,
  })
})
test.each([
  ['bare', ['a\nb']],
  ['bare', ['a\rb']],
  ['bare', ['a\r']],
  ['bare', ['a\r', 'b\r\n']],
  ['bare', ['a', '\n']],
  ['bare', ['a\r\r\n']],
  ['bare', ['\n']],
  ['bare', ['A: b\r\n\r\na\n.\r\nb\r\n']],
  ['nul', ['a\0b\r\n']],
  ['line', [`A: b\r\n\r\n${'x'.repeat(21)}\r\n`]],
  ['line', [`A: b\r\n\r\n${'x'.repeat(21)}`]],
  ['header', [`${'A: b\r\n'.repeat(40)}\r\n`]],
  ['size', [`\r\n${'x\r\n'.repeat(400)}`]],
] as const)('a message is spoiled by: %s', (flaw, chunks) => expect(read(chunks)).toMatchObject({ flaw }))

test('lets long lines of the body in where they may be encoded, and none of the header', () => {
  const limits = { messageBytes: 1e6, headBytes: 1e5, lineBytes: 5000 }
  const long = 'x'.repeat(999)
  expect(read([`A: b\r\n\r\n${long}\r\n`], { limits })).toMatchObject({ hasLongLines: true, flaw: undefined })
  expect(read([`A: b\r\n\r\n${'x'.repeat(998)}\r\n`], { limits })).toMatchObject({ hasLongLines: false })
  expect(read([`A: ${long}\r\n\r\nb\r\n`], { limits })).toMatchObject({ flaw: 'line' })
  expect(read([`A: b\r\n\r\n${'x'.repeat(5001)}\r\n`], { limits })).toMatchObject({ flaw: 'line' })
})

const unit = fc.constantFrom('\r\n', '\r\n', '\r', '\n', '.', 'a', 'bc', '\0', '\xfc', 'x'.repeat(19))

test('agrees with the rule as it is said, however chunks and packets cut the message', () => {
  fc.assert(
    fc.property(
      fc.array(unit, { maxLength: 20 }),
      fc.array(fc.nat(80), { maxLength: 5 }),
      fc.integer({ min: 1, max: 7 }),
      (units, places, step) => {
        const message = units.join('')
        const cuts = [0, ...places.filter((at) => at < message.length).toSorted((a, b) => a - b), message.length]
        const got = read(
          cuts.slice(1).map((at, i) => message.slice(cuts[i], at)),
          { step, limits: { messageBytes: 1e6, headBytes: 1e6, lineBytes: 20 } },
        )
        const isBare = /\r(?!\n)|(?<!\r)\n/.test(message)
        const isLong = message.split('\r\n').some((line) => line.length > 20)
        const isEnded = message === '' || message.endsWith('\r\n')
        expect(got.flaw === 'bare').toBe(isBare)
        if (isBare) return
        expect(got.flaw).toBe(message.includes('\0') ? 'nul' : isLong ? 'line' : undefined)
        expect(got.has8bit).toBe(message.includes('\xfc'))
        if (got.flaw !== undefined) return
        const whole = isEnded ? message : `${message}\r\n`
        const blank = `\r\n${whole}`.indexOf('\r\n\r\n')
        expect(got).toMatchObject({
          content: whole,
          bytes: whole.length,
          headBytes: blank < 0 ? whole.length : blank + 2,
        })
      },
    ),
    { numRuns: 2000 },
  )
})
