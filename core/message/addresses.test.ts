import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseMailbox } from '../model/address.ts'
import { parseAddresses } from './addresses.ts'

const read = (text: string) => parseAddresses(text).map((one) => [one.name, one.address ?? one.problem])

describe('what people type', () => {
  const accepts: [string, [string, string][]][] = [
    ['ada@example.org', [['', 'ada@example.org']]],
    ['  ada@example.org ,', [['', 'ada@example.org']]],
    ['Ada Lovelace <ada@example.org>', [['Ada Lovelace', 'ada@example.org']]],
    ['"Lovelace, Ada" <ada@example.org>', [['Lovelace, Ada', 'ada@example.org']]],
    ['"Ada \\"Countess\\" L" <ada@example.org>', [['Ada "Countess" L', 'ada@example.org']]],
    ['ada@example.org (Ada)', [['Ada', 'ada@example.org']]],
    ['<ada@example.org>', [['', 'ada@example.org']]],
    ['a@x.org, b@y.org; c@z.org\nd@w.org', ['a@x.org', 'b@y.org', 'c@z.org', 'd@w.org'].map((one) => ['', one])],
    [
      'Team: a@x.org, Bob <b@y.org>;',
      [
        ['', 'a@x.org'],
        ['Bob', 'b@y.org'],
      ],
    ],
    [
      '"The: Team": a@x.org;, c@z.org',
      [
        ['', 'a@x.org'],
        ['', 'c@z.org'],
      ],
    ],
    ['mailto:ada@example.org', [['', 'ada@example.org']]],
    ['Ada@EXAMPLE.Org', [['', 'Ada@example.org']]],
    ['a@bücher.example', [['', 'a@xn--bcher-kva.example']]],
    ['"odd one"@example.org', [['', '"odd one"@example.org']]],
    ['Odd <"a>b,c"@example.org>', [['Odd', '"a>b,c"@example.org']]],
    ['postmaster@[IPv6:2001:db8::1]', [['', 'postmaster@[IPv6:2001:db8::1]']]],
    ['undisclosed-recipients:;', []],
    ['', []],
    [' , ;;\n', []],
    ['Jörg Müller <joerg@example.org>', [['Jörg Müller', 'joerg@example.org']]],
    [
      'Ada\r\n <ada@example.org>,\r\n\tbob@example.org',
      [
        ['Ada', 'ada@example.org'],
        ['', 'bob@example.org'],
      ],
    ],
  ]
  for (const [text, expected] of accepts)
    test(`accepts ${JSON.stringify(text)}`, () => expect(read(text)).toEqual(expected))

  const rejects: [string, string][] = [
    ['ada', '"ada" has no @'],
    ['@example.org', '"@example.org" has nothing before the @'],
    ['ada@', '"ada@" has nothing after the @'],
    ['ada@exa mple.org', '"ada@exa mple.org" holds a space; put < and > around the address'],
    ['a@x.org b@y.org', '"a@x.org b@y.org" holds 2 addresses; put a comma between them'],
    ['Ada <ada@example.org', '"Ada <ada@example.org" has a < without its >'],
    ['"Ada <ada@example.org>', '""Ada <ada@example.org>" has a " without its "'],
    ['Ada <>', '"Ada <>" has no address between < and >'],
    ['<a@x.org> b@y.org', '"b@y.org" stands after the address; put a comma between two addresses'],
    ['ada@example..org', '"example..org" is no domain name'],
    ['a..b@example.org', '"a..b" can\'t stand before the @'],
    ['<a@x.org\r\nRCPT TO:<b@y.org>', '"<a@x.org\r\nRCPT TO:<b@y.org>" stands'],
  ]
  for (const [text, problem] of rejects)
    test(`rejects ${JSON.stringify(text)}`, () => {
      const [first] = parseAddresses(text)
      expect(first?.address).toBeNull()
      if (!problem.endsWith('stands')) expect(first?.problem).toBe(problem)
    })
})

/** A list built from known parts, in one of the ways people write each. The generator knows the answer. */
const atom = fc.stringMatching(/^[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}$/)
const domain = fc.stringMatching(/^[a-z]{1,8}(\.[a-z]{2,5}){1,2}$/)
const name = fc.stringMatching(/^[A-Z][a-zäöü]{1,8}( [A-Z][a-z,;:<>@("\\]{0,8})?$/)
const quote = (text: string) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
const written = fc.tuple(atom, domain, name, fc.nat(3)).map(([local, host, who, how]) => {
  const address = `${local}@${host}`
  if (how === 0) return { text: address, name: '', address }
  if (how === 1) return { text: `<${address}>`, name: '', address }
  if (how === 2) return { text: `${quote(who)} <${address}>`, name: who, address }
  return { text: `${quote(who)}<${address}>`, name: who, address }
})

test('finds every address and name of a list, whatever parts them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(written, fc.constantFrom(',', ', ', ';', '; ', '\n', ' ,\r\n')), { maxLength: 8 }),
      (list) => {
        const text = list.map(([one, separator]) => one.text + separator).join('')
        expect(parseAddresses(text)).toEqual(
          list.map(([one]) => ({ text: one.text, name: one.name, address: one.address, problem: null })),
        )
      },
    ),
  )
})

test('says of any text either an address the envelope can hold or what is wrong, never both', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('"', '<', '>', '(', ')', '@', ',', ';', ':', '\\', '\r\n', 'a@b.c'),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      for (const one of parseAddresses(pieces.join(''))) {
        expect(one.text).not.toBe('')
        expect(one.address === null).toBe(one.problem !== null)
        if (one.address !== null) expect(parseMailbox(one.address)).toBeDefined()
      }
    }),
    { numRuns: 500 },
  )
})
