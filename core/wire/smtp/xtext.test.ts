import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeUtf8Address, decodeXtext, encodeXtext } from './xtext.ts'

test.each([
  ['', ''],
  ['abc', 'abc'],
  ['a+2Bb+3Dc', 'a+b=c'],
  ['a+20b', 'a b'],
  ['ada@example.org', 'ada@example.org'],
])('reads %j as %j', (text, meant) => expect(decodeXtext(text)).toBe(meant))

test.each(['a b', 'a+', 'a+2', 'a+2b', 'a=b', 'a+zz', 'ü', 'a+0D+0Ab', 'a+00', 'a+7F', 'a+FC'])('refuses %j', (text) =>
  expect(decodeXtext(text)).toBeUndefined(),
)

test('what is written as xtext is read as it was, and has no character that ends a parameter', () => {
  const printable = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) })
  fc.assert(
    fc.property(printable, (text) => {
      const written = encodeXtext(text)
      expect(written).not.toMatch(/[ =]/)
      // Another oracle: percent-encoding is xtext with another sign.
      expect(decodeURIComponent(written.replaceAll('%', '%25').replaceAll('+', '%'))).toBe(text)
      expect(decodeXtext(written)).toBe(text)
    }),
  )
  expect(() => encodeXtext('a\nb')).toThrow('not printable')
})

test.each([
  ['ada@example.org', 'ada@example.org'],
  ['j\\x{FC}rgen@example.org', 'jürgen@example.org'],
  ['\\x{1F600}@example.org', '😀@example.org'],
  ['a\\x{2B}b', 'a+b'],
  ['a\\x{5C}b', 'a\\b'],
])('reads the address %j as %j', (text, meant) => expect(decodeUtf8Address(text, false)).toBe(meant))

test.each(['jürgen', 'a+b', 'a=b', 'a\\b', '\\x{D800}', '\\x{0A}', '\\x{85}', '\\x{110000}', '\\x{fc}', '\\x{}', ''])(
  'refuses the address %j',
  (text) => expect(decodeUtf8Address(text, false)).toBeUndefined(),
)
test('reads characters beyond ASCII where they may stand', () => {
  expect(decodeUtf8Address('jürgen@例子.example', true)).toBe('jürgen@例子.example')
})
