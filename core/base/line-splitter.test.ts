import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineSplitter } from './line-splitter.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const text = (line: Uint8Array) => Buffer.from(line).toString('latin1')

test('lines are the same whatever the chunks, and none of their bytes is lost', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[ab\r\n]{0,8}$/), { maxLength: 20 }), (chunks) => {
      const splitter = new LineSplitter()
      const found = chunks.flatMap((chunk) => [...splitter.push(bytes(chunk))])
      const whole = chunks.join('')
      // Another oracle: split at LF, and look at what stands before it.
      const lines = whole.split('\n')
      expect(text(splitter.take())).toBe(lines.pop())
      expect(found.map(({ line, odd }) => `${text(line)}${odd ? '' : '\r'}`)).toEqual(lines)
    }),
  )
})

test('a line without an end is cut, and what was taken away is not given out', () => {
  const splitter = new LineSplitter()
  expect([...splitter.push(bytes('x'.repeat(20_000)))].map(({ line, odd }) => [line.length, odd])).toEqual([
    [16_384, true],
  ])
  const lines = splitter.push(bytes('\r\nsecond\r\nthird'))
  expect(lines.next().value?.line.length).toBe(3616)
  expect(text(splitter.take())).toBe('second\r\nthird')
  expect(lines.next().done).toBe(true)
})
