import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countHops, DataReader, type DataState, type Flaw } from './data-reader.ts'

const LIMITS = { messageBytes: 1000, headBytes: 200, lineBytes: 20 }

interface Read {
  state: DataState
  content: string
  flaw: Flaw | undefined
  left: string
}
/** Reads a stream that comes in these pieces. */
function read(pieces: readonly string[], limits = LIMITS): Read & { headBytes: number; has8bit: boolean } {
  const reader = new DataReader(limits)
  let content = ''
  let left = ''
  for (const piece of pieces) {
    if (reader.state !== 'open') {
      left += piece
      continue
    }
    const bytes = Buffer.from(piece, 'latin1')
    const result = reader.read(bytes, 0)
    content += Buffer.from(result.content).toString('latin1')
    left += bytes.subarray(result.next).toString('latin1')
  }
  expect(reader.bytes).toBe(content.length)
  const { state, flaw, headBytes, has8bit } = reader
  return { state, content, flaw, left, headBytes, has8bit }
}

describe('content', () => {
  const samples: [what: string, stream: string, content: string][] = [
    ['nothing', '.\r\n', ''],
    ['one line', 'a\r\n.\r\n', 'a\r\n'],
    ['an empty line', '\r\n.\r\n', '\r\n'],
    ['a dot that was doubled', '..\r\n.\r\n', '.\r\n'],
    ['two dots that were doubled', '...\r\n.\r\n', '..\r\n'],
    ['a dot a client forgot to double', '.a\r\n.\r\n', 'a\r\n'],
    ['dots within a line', 'a.\r\nb..\r\n.\r\n', 'a.\r\nb..\r\n'],
    ['many doubled dots', '..a\r\n..b\r\n..\r\n..c\r\n.\r\n', '.a\r\n.b\r\n.\r\n.c\r\n'],
  ]
  test.each(samples)('%s comes out byte for byte', (_, stream, content) => {
    expect(read([stream])).toMatchObject({ state: 'ended', content, flaw: undefined, left: '' })
    expect(read([...stream])).toMatchObject({ state: 'ended', content, flaw: undefined, left: '' })
  })
  test('ends where it ends, and leaves the commands behind it alone', () => {
    expect(read(['a\r\n.\r\nQUIT\r\n'])).toMatchObject({ state: 'ended', content: 'a\r\n', left: 'QUIT\r\n' })
  })
  test('knows 8-bit bytes', () => {
    expect(read(['a\xe9\r\n.\r\n']).has8bit).toBe(true)
    expect(read(['a\x7f\r\n.\r\n']).has8bit).toBe(false)
  })
})

describe('the header block', () => {
  test('ends behind the first blank line, wherever the stream is cut', () => {
    const stream = 'A: b\r\n c\r\n\r\nbody\r\n\r\n.\r\n'
    for (let cut = 0; cut <= stream.length; cut++)
      expect(read([stream.slice(0, cut), stream.slice(cut)]).headBytes).toBe(12)
  })
  test('is all there is without a blank line, and nothing but that line when it comes first', () => {
    expect(read(['A: b\r\nC: d\r\n.\r\n']).headBytes).toBe(12)
    expect(read(['\r\nbody\r\n.\r\n']).headBytes).toBe(2)
  })
  test('counts the servers a message has passed by its Received fields, and by nothing that looks like one', () => {
    const head = 'Received: a\r\nX-Received: b\r\nreceived: c\r\n Received: d\r\nReceived\r\nRECEIVED:e\r\n\r\n'
    expect(countHops(Buffer.from(head))).toBe(3)
    expect(countHops(Buffer.from(''))).toBe(0)
  })
})

test.each<[Flaw, string]>([
  ['bare', 'a\nb\r\n.\r\n'],
  ['bare', 'a\rb\r\n.\r\n'],
  ['bare', `${'x'.repeat(30)}\r\na\nb\r\n.\r\n`],
  ['nul', 'a\0b\r\n.\r\n'],
  ['line', `${'x'.repeat(21)}\r\n.\r\n`],
  ['header', `${'A: b\r\n'.repeat(40)}\r\n.\r\n`],
  ['size', `A: b\r\n\r\n${'x'.repeat(18)}\r\n`.padEnd(28) + `${'y'.repeat(18)}\r\n`.repeat(60) + '.\r\n'],
])('reads on to the end of content that is spoiled by: %s', (flaw, stream) => {
  expect(read([`${stream}QUIT`])).toMatchObject({ state: 'ended', flaw, left: 'QUIT' })
})
test('takes a line of exactly the limit, its doubled dot not counted', () => {
  expect(read([`.${'.'.repeat(20)}\r\n.\r\n`])).toMatchObject({ flaw: undefined, content: `${'.'.repeat(20)}\r\n` })
})

/** The rule as a person would say it: look at each dot, what stands before it and what behind. */
function oracle(stream: string): Pick<Read, 'state' | 'content' | 'left'> & { isBare: boolean; isFlawed: boolean } {
  const judge = (text: string) => ({
    isBare: /\r(?!\n)|(?<!\r)\n/.test(text),
    isFlawed: text.includes('\0') || text.split('\r\n').some((line) => line.replace(/^\./, '').length > 20),
  })
  for (let i = stream.indexOf('.'); i >= 0; i = stream.indexOf('.', i + 1)) {
    const before = stream.slice(Math.max(i - 2, 0), i)
    const behind = stream.slice(i + 1, i + 3)
    const isLineStart = i === 0 || before === '\r\n'
    if (!isLineStart && !/[\r\n]$/.test(before)) continue
    if (!/^[\r\n]/.test(behind)) continue
    if (isLineStart && behind === '\r') break // not yet decided
    const content = stream.slice(0, i).replaceAll(/(^|\r\n)\./g, '$1')
    const isEnd = isLineStart && behind === '\r\n'
    return { state: isEnd ? 'ended' : 'smuggled', content, left: stream.slice(i + 3), ...judge(stream.slice(0, i)) }
  }
  return { state: 'open', content: '', left: '', isBare: false, isFlawed: false }
}
const unit = fc.constantFrom(
  '\r\n',
  '\r\n',
  '\r',
  '\n',
  '.',
  '.',
  'a',
  'bc',
  '\r\n.\r\n',
  '\r\n.',
  '\0',
  'x'.repeat(19),
)

test('agrees with the rule as it is said, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 24 }), fc.array(fc.nat(60), { maxLength: 6 }), (units, places) => {
      const stream = units.join('')
      const cuts = [0, ...places.filter((at) => at < stream.length).toSorted((a, b) => a - b), stream.length]
      const whole = read([stream], { messageBytes: 1e6, headBytes: 1e6, lineBytes: 20 })
      const cut = read(
        cuts.slice(1).map((at, i) => stream.slice(cuts[i], at)),
        { messageBytes: 1e6, headBytes: 1e6, lineBytes: 20 },
      )
      expect(cut).toEqual(whole)
      const rule = oracle(stream)
      expect(whole.state).toBe(rule.state)
      if (rule.state !== 'ended') return
      expect(whole).toMatchObject({ content: rule.content, left: rule.left })
      expect(whole.flaw === 'bare').toBe(rule.isBare)
      if (!rule.isBare) expect(whole.flaw !== undefined).toBe(rule.isFlawed)
    }),
    { numRuns: 2000 },
  )
})

test('sees every byte that matters wherever it stands in a long line and in memory, as byte by byte', () => {
  const limits = { messageBytes: 1e6, headBytes: 1e6, lineBytes: 200 }
  for (const odd of ['\r', '\n', '\0', '\x01', '\t', '\x0e', '\x7f', '\x80', '\xff', '.', '\r\n', '\r\n..', '\n.\r\n'])
    for (let at = 0; at < 90; at++) {
      const stream = `A: b\r\n\r\n${'x'.repeat(at)}${odd}${'y'.repeat(90 - at)}\r\n.\r\nQUIT`
      const slow = read([...stream], limits)
      // An array of its own, begun at any place of a larger one.
      const memory = new Uint8Array(stream.length + 4)
      const bytes = memory.subarray(at % 4, (at % 4) + stream.length)
      bytes.set(Buffer.from(stream, 'latin1'))
      const reader = new DataReader(limits)
      const { next, content } = reader.read(bytes, 0)
      expect({
        state: reader.state,
        content: Buffer.from(content).toString('latin1'),
        flaw: reader.flaw,
        left: stream.slice(next),
        headBytes: reader.headBytes,
        has8bit: reader.has8bit,
      }).toEqual(slow)
    }
})
