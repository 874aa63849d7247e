import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LONGEST_REPLY_LINE, MOST_REPLY_LINES, ReplyReader, type Heard } from './reply.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const read = (text: string): Heard[] => new ReplyReader().push(bytes(text))
const replies = (heard: readonly Heard[]) => heard.flatMap((one) => (one.kind === 'reply' ? one.reply : []))
const faults = (heard: readonly Heard[]) => heard.flatMap((one) => (one.kind === 'malformed' ? one.reason : []))

test.each([
  ['250 ok\r\n', { code: 250, lines: ['ok'] }],
  ['250\r\n', { code: 250, lines: [''] }],
  ['354 \r\n', { code: 354, lines: [''] }],
  ['250-a\r\n250-b\r\n250 c\r\n', { code: 250, lines: ['a', 'b', 'c'] }],
  ['550 5.1.1 no such user\r\n', { code: 550, enhanced: '5.1.1', lines: ['no such user'] }],
  ['550-5.7.1 first\r\n550 5.7.1 last\r\n', { code: 550, enhanced: '5.7.1', lines: ['first', 'last'] }],
  ['550 4.1.1 another class is text\r\n', { code: 550, lines: ['4.1.1 another class is text'] }],
  ['250 5.1 is no code\r\n', { code: 250, lines: ['5.1 is no code'] }],
  ['571 delivery not authorized\r\n', { code: 571, lines: ['delivery not authorized'] }],
  ['250 a\tb\r\n', { code: 250, lines: ['a\tb'] }],
])('accepts %j', (text, reply) => {
  const heard = read(text)
  expect(faults(heard)).toEqual([])
  expect(replies(heard)).toEqual([reply])
})

test.each([
  ['250 ok\n', 'a line ends in a bare LF'],
  ['250-ok\r\n251 ok\r\n', 'lines of one reply have different codes'],
  ['250_ok\r\n', 'a reply code is followed by neither space nor hyphen'],
  ['25 ok\r\n', 'a line does not begin with a reply code'],
  ['150 ok\r\n', 'a line does not begin with a reply code'],
  ['650 ok\r\n', 'a line does not begin with a reply code'],
  ['+OK\r\n', 'a line does not begin with a reply code'],
  ['\r\n', 'a line does not begin with a reply code'],
  ['250 a\rb\r\n', 'a line holds a control character'],
  ['250 a\0b\r\n', 'a line holds a control character'],
  ['250 a\x1b[2J\r\n', 'a line holds a control character'],
  [`250 ${'x'.repeat(LONGEST_REPLY_LINE)}\r\n`, 'a line is longer than 1024 octets'],
  [`250 ${'x'.repeat(LONGEST_REPLY_LINE)}`, 'a line is longer than 1024 octets'],
  ['250-x\r\n'.repeat(MOST_REPLY_LINES + 1), 'a reply has more than 128 lines'],
])('rejects %j', (text, reason) => {
  expect(faults(read(text))).toEqual([reason])
})

test('takes a line of exactly 1024 octets and a reply of exactly 128 lines', () => {
  const line = `250 ${'x'.repeat(LONGEST_REPLY_LINE - 6)}\r\n`
  expect(line).toHaveLength(LONGEST_REPLY_LINE)
  expect(replies(read(line))).toHaveLength(1)
  expect(replies(read(`${'250-x\r\n'.repeat(MOST_REPLY_LINES - 1)}250 x\r\n`))[0]?.lines).toHaveLength(128)
})

test('hears nothing more after a malformed line', () => {
  const reader = new ReplyReader()
  reader.push(bytes('oops\r\n250 ok\r\n'))
  expect(reader.push(bytes('250 ok\r\n'))).toEqual([])
})

test('knows that a reply is under way', () => {
  const reader = new ReplyReader()
  for (const part of ['250', '-a\r\n']) {
    reader.push(bytes(part))
    expect(reader.isMidReply).toBe(true)
  }
  reader.push(bytes('250 b\r\n'))
  expect(reader.isMidReply).toBe(false)
})

/** The grammar of RFC 5321 §4.2 said once more, as one expression over the whole stream. */
const ORACLE =
  /^(?:(\d{3})-[\t\x20-\x7e\x80-\xff]*\r\n(?:\1-[\t\x20-\x7e\x80-\xff]*\r\n)*)?(\d{3})(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/

function oracle(stream: string): { codes: number[]; isBroken: boolean } {
  const codes: number[] = []
  let rest = stream
  for (;;) {
    const found = ORACLE.exec(rest)
    if (!found || (found[1] !== undefined && found[1] !== found[2]) || !/[2-5]/.test(found[2]?.[0] ?? '')) break
    codes.push(Number(found[2]))
    rest = rest.slice(found[0].length)
  }
  return { codes, isBroken: rest !== '' }
}

const line = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constantFrom('250', '550', '421'),
      fc.constantFrom(' ', '-'),
      fc.stringMatching(/^[ -~]{0,20}$/),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.stringMatching(/^[0-9+a]{0,3}$/),
      fc.constantFrom('', '_', ' '),
      fc.constantFrom('', 'x\ry', 'x\n'),
    ),
  },
)

test('agrees with the grammar on any stream, however it is cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 40 })), (parts, cuts) => {
      const stream = parts.map((part) => `${part.join('')}\r\n`).join('')
      const reader = new ReplyReader()
      const heard: Heard[] = []
      let at = 0
      for (const cut of [...cuts, stream.length]) {
        heard.push(...reader.push(bytes(stream.slice(at, at + cut))))
        at += cut
      }
      const expected = oracle(stream)
      expect(replies(heard).map((reply) => reply.code)).toEqual(expected.codes)
      expect(faults(heard).length > 0 || reader.isMidReply).toBe(expected.isBroken)
    }),
  )
})
