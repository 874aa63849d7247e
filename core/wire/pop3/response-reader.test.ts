import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { capabilityNumber, parseCapabilities, parseSizes, parseUidl } from './listing.ts'
import { ResponseReader, type Expected, type Heard } from './response-reader.ts'
import { echoesOf, secretsOfCommand, withoutSecrets } from './secrets.ts'

/** Reads `text` in pieces of the given sizes, pieces of a message joined. */
function read(text: string, expected: Expected, sizes: readonly number[] = []): Heard[] {
  const reader = new ResponseReader(() => expected)
  const bytes = Buffer.from(text, 'latin1')
  const heard: Heard[] = []
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n] ?? bytes.length
    for (const one of reader.receive(bytes.subarray(at, at + size))) heard.push(one)
    at += size
  }
  return heard
}
const messageOf = (heard: readonly Heard[]) =>
  Buffer.concat(heard.flatMap((one) => (one.kind === 'data' ? [one.bytes] : []))).toString('latin1')

/** Another way to read a message, byte by byte: the letter of RFC 1939 §3. */
function byTheLetter(stuffed: string): { message: string; rest: string } | undefined {
  let message = ''
  for (let at = 0; ;) {
    const end = stuffed.indexOf('\r\n', at)
    if (end < 0) return undefined
    const line = stuffed.slice(at, end)
    at = end + 2
    if (line === '.') return { message, rest: stuffed.slice(at) }
    message += `${line.startsWith('.') ? line.slice(1) : line}\r\n`
  }
}

test('reads the message of RFC 1939 §3, whatever the pieces', () => {
  const byte = fc.constantFrom('.', '\r', '\n', 'a', '\r\n', '\r\n.', '\r\n..', '\0', '\xff')
  const text = fc.array(byte, { maxLength: 30 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 60 }), (middle, sizes) => {
      const stuffed = `${middle}\r\n.\r\n`
      const expected = byTheLetter(stuffed)!
      const heard = read(`+OK\r\n${stuffed}`, 'message', sizes)
      const end = heard.findIndex((one) => one.kind === 'end')
      expect(end).toBeGreaterThan(0)
      expect(messageOf(heard.slice(0, end))).toBe(expected.message)
    }),
    { numRuns: 2000 },
  )
})

test('holds nothing of a message but what may belong to its end', () => {
  const reader = new ResponseReader(() => 'message')
  const pieces = ['+OK\r\n', 'x'.repeat(1000), '\r\n', '\r', '\n', '.', '\r', '\n']
  const lengths = pieces.map((piece) => messageOf([...reader.receive(Buffer.from(piece))]).length)
  expect(lengths).toEqual([0, 1000, 0, 2, 0, 0, 0, 2])
})

test('many stuffed dots in one chunk come as one piece', () => {
  const heard = read(`+OK\r\n${'..\r\n'.repeat(10_000)}.\r\n`, 'message')
  expect(heard.map((one) => one.kind)).toEqual(['status', 'data', 'end'])
  expect(messageOf(heard)).toBe('.\r\n'.repeat(10_000))
})

test('only a line of its own with CRLF before and after ends a message', () => {
  const heard = read('+OK\r\na\n.\nb\n.\r\nc\r\n.\nd\r\n.\r\n', 'message')
  expect(messageOf(heard)).toBe('a\n.\nb\n.\r\nc\r\n\nd\r\n')
  expect(heard.at(-1)!.kind).toBe('end')
})

test('a refusal has one line, also where a listing was expected', () => {
  expect(read('-ERR no\r\n-ERR no\r\n', 'listing').map((one) => one.kind)).toEqual(['status', 'status'])
})

test('a listing without end does not fill the memory', () => {
  const reader = new ResponseReader(() => 'listing')
  const chunk = Buffer.from('1 aaaaaaaaaaaaa\r\n'.repeat(4096))
  const heard: Heard[] = [...reader.receive(Buffer.from('+OK\r\n'))]
  for (let n = 0; n < 400; n++) heard.push(...reader.receive(chunk))
  expect(heard.at(-1)).toEqual({ kind: 'violation', reason: 'a listing of more than 16777216 bytes' })
})

test('a line without end is refused before it fills the memory', () => {
  const reader = new ResponseReader(() => 'status')
  const heard: Heard[] = []
  for (let n = 0; n < 1000; n++) heard.push(...reader.receive(Buffer.from('x'.repeat(100))))
  expect(heard).toEqual([{ kind: 'violation', reason: 'a status line of more than 1024 bytes' }])
})

test('parses listings and refuses what is none', () => {
  const of = (text: string) => Buffer.from(text, 'latin1')
  expect(parseUidl(of('1 a\r\n7  b c \r\n'))).toEqual([
    { number: 1, value: 'a' },
    { number: 7, value: 'b c' },
  ])
  expect(parseSizes(of('1 120 extra\r\n2 0\r\n'))).toEqual([
    { number: 1, value: 120 },
    { number: 2, value: 0 },
  ])
  expect(parseUidl(of(''))).toEqual([])
  for (const bad of ['1\r\n', 'x a\r\n', '0 a\r\n', '1 a\r\n1 b\r\n', '-1 a\r\n', `1 ${'a'.repeat(1001)}\r\n`])
    expect(parseUidl(of(bad))).toBeUndefined()
  for (const bad of ['1 a\r\n', '1 -2\r\n', '1 9999999999999999\r\n']) expect(parseSizes(of(bad))).toBeUndefined()
  const capabilities = parseCapabilities(
    of('pipelining\r\nSASL PLAIN LOGIN\r\nSTLS\r\nEXPIRE NEVER\r\nLOGIN-DELAY 60 USER\r\n\r\n'),
  )
  expect([...capabilities.keys()]).toEqual(['PIPELINING', 'SASL', 'STLS', 'EXPIRE', 'LOGIN-DELAY'])
  expect(capabilities.get('SASL')).toEqual(['PLAIN', 'LOGIN'])
  expect(capabilityNumber(capabilities, 'EXPIRE')).toBeNull()
  expect(capabilityNumber(capabilities, 'LOGIN-DELAY')).toBe(60)
})

test('knows what is secret in a line', () => {
  const shown = (line: string) => withoutSecrets(line, secretsOfCommand(line))
  expect(shown('PASS a secret with spaces')).toBe('PASS <secret>')
  expect(shown('pass x')).toBe('pass <secret>')
  expect(shown('PASS')).toBe('PASS<secret>')
  expect(shown('AUTH PLAIN AGFkYQBzZWNyZXQ=')).toBe('AUTH PLAIN <secret>')
  expect(shown('AUTH PLAIN')).toBe('AUTH PLAIN')
  expect(shown('APOP ada c4c9334bac560ecc979e58001b3e22fb')).toBe('APOP ada <secret>')
  expect(shown('USER ada')).toBe('USER ada')
  const heard = (line: string, password: string) => withoutSecrets(line, echoesOf(line, [password]))
  expect(heard('-ERR Secret and secret', 'secret')).toBe('-ERR <secret> and <secret>')
  expect(heard('-ERR password was a', 'a')).toBe('-ERR <secret>')
  expect(heard('-ERR no', 'secret')).toBe('-ERR no')
})
