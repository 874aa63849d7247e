import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  formatMailbox,
  formatPath,
  needsUtf8,
  parseDomain,
  parseMailbox,
  parsePath,
  sameMailbox,
  splitPath,
  type Domain,
} from './address.ts'

const rows = (name: string) =>
  readFileSync(new URL(`../../test/addresses/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter((row) => row !== '' && !row.startsWith('#'))
const unescape = (row: string) =>
  row.replaceAll(/\\(?:u\{([0-9a-f]+)\}|([rnt0\\]))/g, (_, hex: string | undefined, c: string) =>
    hex === undefined
      ? ({ 'r': '\r', 'n': '\n', 't': '\t', 0: '\0', '\\': '\\' }[c] ?? c)
      : String.fromCodePoint(parseInt(hex, 16)),
  )

describe('mailboxes', () => {
  test.each(rows('accepts.txt'))('reads %s', (row) => {
    const [written = '', local, domain] = row.split('\t')
    expect(parseMailbox(written)).toEqual({ local, domain })
    expect(parsePath(`<${written}>`)).toEqual({ local, domain })
    expect(parsePath(`<@relay.example,@[192.0.2.1]:${written}>`)).toEqual({ local, domain })
  })
  test.each(rows('rejects.txt'))('refuses %s', (row) => {
    expect(parseMailbox(unescape(row))).toBeUndefined()
    expect(parsePath(`<${unescape(row)}>`)).toBeUndefined()
  })
  test.each(rows('accepts.txt'))('reads back what it writes of %s', (row) => {
    const mailbox = parseMailbox(row.split('\t')[0] ?? '')
    expect(mailbox && parseMailbox(formatMailbox(mailbox))).toEqual(mailbox)
  })

  test('asks for SMTPUTF8 only for the local part', () => {
    expect(needsUtf8(parseMailbox('jürgen@example.org')!)).toBe(true)
    expect(needsUtf8(parseMailbox('ada@bücher.example')!)).toBe(false)
    expect(parseMailbox('ada@bücher.example', false)).toBeUndefined()
    expect(parseMailbox('ada@xn--bcher-kva.example', false)).toBeDefined()
  })
  test('knows one mailbox in two spellings', () => {
    expect(sameMailbox(parseMailbox('Ada@EXAMPLE.org')!, parseMailbox('"ada"@example.org')!)).toBe(true)
    expect(sameMailbox(parseMailbox('ada@example.org')!, parseMailbox('ada@example.net')!)).toBe(false)
  })
  test('holds a path to 256 octets', () => {
    const domain = `${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}`
    expect(parsePath(`<${'a'.repeat(62)}@${domain}>`)).toBeDefined()
    expect(parsePath(`<${'a'.repeat(63)}@${domain}>`)).toBeUndefined()
  })
})

test('writes the null reverse-path as <> and reads it back as null', () => {
  expect(formatPath(null)).toBe('<>')
  expect(parsePath('<>')).toBeNull()
})
test.each([
  '',
  '<',
  '>',
  '<a@b',
  'a@b>',
  '<<a@b>>',
  '<@a.example:>',
  '<@a.example>',
  '<@a.example,b.example:c@d>',
  '<@:a@b>',
])('refuses the path %s', (text) => expect(parsePath(text)).toBeUndefined())
test('finds the end of a path behind brackets that are quoted', () => {
  expect(splitPath('<"a>\\">b"@c.example> SIZE=1')).toEqual({ path: '<"a>\\">b"@c.example>', rest: ' SIZE=1' })
  expect(splitPath('<"a>@c.example> SIZE=1')).toBeUndefined()
})

describe('by generation', () => {
  // The oracle is the generator: it knows what it meant before it wrote it, by the grammar of RFC 5321 §4.1.2.
  const atext = fc.constantFrom(...`abcXYZ019!#$%&'*+-/=?^_\`{|}~`)
  const atom = fc.string({ unit: atext, minLength: 1, maxLength: 8 })
  const dotString = fc
    .array(atom, { minLength: 1, maxLength: 4 })
    .map((atoms) => ({ written: atoms.join('.'), means: atoms.join('.') }))
  const printable = fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code))
  const quoted = fc.array(fc.tuple(printable, fc.boolean()), { maxLength: 20 }).map((units) => ({
    written: `"${units.map(([c, escape]) => (escape || c === '"' || c === '\\' ? `\\${c}` : c)).join('')}"`,
    means: units.map(([c]) => c).join(''),
  }))
  const label = fc.string({ unit: fc.constantFrom(...'abcXYZ019'), minLength: 1, maxLength: 10 })
  const name = fc.array(label, { minLength: 0, maxLength: 3 }).map((labels) => [...labels, 'example'].join('.'))

  test('reads every mailbox of the grammar as it was meant', () => {
    fc.assert(
      fc.property(fc.oneof(dotString, quoted), name, (local, domain) => {
        const mailbox = { local: local.means, domain: domain.toLowerCase() as Domain }
        expect(parseMailbox(`${local.written}@${domain}`)).toEqual(mailbox)
        expect(parseMailbox(formatMailbox(mailbox))).toEqual(mailbox)
      }),
    )
  })
  test('what it writes holds no control character and no bracket that ends the path early', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const mailbox = parseMailbox(text)
        if (mailbox === undefined) return
        const path = formatPath(mailbox)
        // eslint-disable-next-line no-control-regex -- control characters are what must not be there
        expect(path).not.toMatch(/[\x00-\x1f\x7f]/)
        expect(splitPath(`${path} X`)).toEqual({ path, rest: ' X' })
      }),
    )
  })
  test('any text makes a domain that stays the same when it is read again, or none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.domain(), fc.ipV4(), fc.ipV6()), (text) => {
        const domain = parseDomain(text)
        if (domain !== undefined) expect(parseDomain(domain)).toBe(domain)
      }),
    )
  })
})
