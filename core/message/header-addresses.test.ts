import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readAddresses } from './header-addresses.ts'

/** A header value as it comes over the wire: one character a byte. */
const onTheWire = (text: string) => Buffer.from(text).toString('latin1')

const letter = fc.oneof(
  fc.constantFrom(...'abzäßøŁśčЖжшΩωשלום日本語한국어العربيةไทย'),
  fc.constantFrom('🙂', '🏳', '\u{20000}', 'é', '’'),
)
const word = fc.array(letter, { minLength: 1, maxLength: 6 }).map((letters) => letters.join(''))
const name = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(' '))

test('a name in raw UTF-8 is read as it was written, in quotes, bare and in a comment (RFC 6532)', () => {
  fc.assert(
    fc.property(
      fc.array(name, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('quoted', 'bare', 'comment'),
      (names, form) => {
        const written = names.map((one, n) => {
          const address = `p${n}@x.example`
          return form === 'quoted'
            ? `"${one}" <${address}>`
            : form === 'bare'
              ? `${one} <${address}>`
              : `${address} (${one})`
        })
        expect(readAddresses(onTheWire(written.join(', ')), 10)).toEqual(
          names.map((one, n) => ({ name: one, address: `p${n}@x.example` })),
        )
      },
    ),
  )
})

test('an address in raw UTF-8 is read as it was written', () => {
  expect(readAddresses(onTheWire('山田@日本.example, "Ж" <жук@x.example>'), 10)).toEqual([
    { name: '', address: '山田@日本.example' },
    { name: 'Ж', address: 'жук@x.example' },
  ])
})
