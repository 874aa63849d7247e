import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Pop3Content } from './server-content.ts'

/** What goes out for a message that comes in these pieces. */
function sent(message: string, lines?: number, cuts: readonly number[] = []): string {
  const bytes = Buffer.from(message, 'latin1')
  const places = [0, ...cuts.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  const content = new Pop3Content(lines)
  const out: Uint8Array[] = []
  for (const [i, to] of places.slice(1).entries()) {
    if (!content.isDone) out.push(Uint8Array.from(content.push(bytes.subarray(places[i], to))))
  }
  out.push(content.end())
  return Buffer.concat(out).toString('latin1')
}

/** A client by the letter of RFC 1939 §3, which knows nothing of how the lines were made. */
function received(wire: string): { readonly lines: string[]; readonly rest: string } {
  const lines: string[] = []
  for (let at = 0; ;) {
    const end = wire.indexOf('\r\n', at)
    if (end < 0) throw new Error('it does not end')
    const line = wire.slice(at, end)
    at = end + 2
    if (line === '.') return { lines, rest: wire.slice(at) }
    lines.push(line.startsWith('.') ? line.slice(1) : line)
  }
}
/** A message's lines, whichever of CRLF and LF ends them. */
function linesOf(message: string): string[] {
  const lines = message.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

const piece = fc.constantFrom(
  '.',
  '..',
  'a',
  '\r\n',
  '\r\n',
  '\n',
  '\r',
  '\r\n.',
  '\n.\n',
  '\r\n.\r\n',
  '\0',
  '\xff',
  '',
)
const message = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''))
const cuts = fc.array(fc.nat(100), { maxLength: 8 })

test('a client reads the very lines of the message, and nothing behind them, however its bytes came', () => {
  fc.assert(
    fc.property(message, cuts, (text, at) => {
      const wire = sent(text, undefined, at)
      const { lines, rest } = received(wire)
      expect(rest).toBe('')
      expect(lines).toEqual(linesOf(text))
      // Whoever takes a bare LF for the end of a line must not see an end that is none.
      expect(wire).not.toMatch(/(?<!\r)\n/)
    }),
    { numRuns: 1000 },
  )
})

test('a message that ends in CRLF and has none but these goes out byte for byte', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b.', '\r\n', 'x\0y'), { maxLength: 30 }), (pieces) => {
      const text = `${pieces.join('')}\r\n`
      expect(sent(text)).toBe(`${text}.\r\n`)
    }),
  )
})

test('TOP gives the header, the blank line and so many lines of the body', () => {
  fc.assert(
    fc.property(message, fc.nat(6), cuts, (text, count, at) => {
      const lines = linesOf(text)
      const blank = lines.indexOf('')
      const expected = blank < 0 ? lines : lines.slice(0, blank + 1 + count)
      const { lines: got, rest } = received(sent(text, count, at))
      expect(got).toEqual(expected)
      expect(rest).toBe('')
    }),
    { numRuns: 1000 },
  )
})

test('nothing more is wanted once TOP has what it asked for', () => {
  const content = new Pop3Content(1)
  expect(Buffer.from(content.push(Buffer.from('A: b\r\n\r\none\r\ntwo\r\n'))).toString()).toBe('A: b\r\n\r\none\r\n')
  expect(content.isDone).toBe(true)
  expect(Buffer.from(content.end()).toString()).toBe('.\r\n')
})
