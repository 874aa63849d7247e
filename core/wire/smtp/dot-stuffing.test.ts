import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DotStuffer, FINAL_DOT } from './dot-stuffing.ts'

/** The wire's bytes for a message that comes in these chunks; undefined when it is refused. */
function onWire(chunks: readonly string[]): string | undefined {
  const stuffer = new DotStuffer()
  const sent: Uint8Array[] = []
  for (const chunk of chunks) {
    const stuffed = stuffer.push(new Uint8Array(Buffer.from(chunk, 'latin1')))
    if (!stuffed) return undefined
    sent.push(stuffed)
  }
  const tail = stuffer.end()
  return tail && Buffer.concat([...sent, tail, FINAL_DOT]).toString('latin1')
}
/** RFC 5321 §4.5.2 as a receiver does it, line by line. */
function received(wire: string): string {
  const lines = wire.split('\r\n')
  const end = lines.indexOf('.')
  expect(end).toBe(lines.length - 2)
  return lines
    .slice(0, end)
    .map((line) => `${line.startsWith('.') ? line.slice(1) : line}\r\n`)
    .join('')
}

test.each([
  ['', '.\r\n'],
  ['a\r\n', 'a\r\n.\r\n'],
  ['.\r\n', '..\r\n.\r\n'],
  ['..\r\n', '...\r\n.\r\n'],
  ['a\r\n.b\r\n', 'a\r\n..b\r\n.\r\n'],
  ['a.b\r\n', 'a.b\r\n.\r\n'],
  ['no end', 'no end\r\n.\r\n'],
  ['.', '..\r\n.\r\n'],
])('%j goes out as %j', (message, wire) => expect(onWire([message])).toBe(wire))

test.each(['a\nb\r\n', 'a\rb\r\n', 'a\r\n.\n', '\n.\r\n', 'a\r', 'a\r\r\n', 'a\n\r\n'])('refuses %j', (message) => {
  expect(onWire([message])).toBeUndefined()
  expect(onWire([...message])).toBeUndefined()
})

test('a message arrives byte for byte, however it is cut into chunks', () => {
  const piece = fc.constantFrom('.', '..', 'a', '\r\n', '\r\n.', '\r\n..\r\n', 'word')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.integer({ min: 1, max: 9 })), (pieces, cuts) => {
      const message = `${pieces.join('')}\r\n`
      const chunks: string[] = []
      let at = 0
      for (const cut of cuts) chunks.push(message.slice(at, (at += cut)))
      const wire = onWire([...chunks, message.slice(at)])
      expect(wire).toBeDefined()
      expect(received(wire ?? '')).toBe(message)
    }),
  )
})

test('refuses exactly the messages in which a CR or LF stands alone', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('.', 'a', '\r', '\n', '\r\n'), { maxLength: 12 }), (pieces) => {
      const message = pieces.join('')
      const stands = /\r(?!\n)|(?<!\r)\n/.test(message)
      expect(onWire([message]) === undefined).toBe(stands)
      expect(onWire([...message]) === undefined).toBe(stands)
    }),
  )
})
