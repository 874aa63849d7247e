import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { needs } from '../../test/support/peers.ts'
import { readVcards, vcardText, writeVcards, type VcardPerson } from './vcard.ts'

const oracle = fileURLToPath(new URL('../../test/support/vcard-oracle.py', import.meta.url))
/** vobject's own opinion; Debian's Python has it. */
function ask<Answer>(order: object): Answer {
  const { stdout, stderr, status } = spawnSync('/usr/bin/python3', [oracle], { input: JSON.stringify(order) })
  if (status !== 0) throw new Error(`the oracle failed: ${stderr.toString()}`)
  return JSON.parse(stdout.toString()) as Answer
}
const card = (...lines: string[]) => ['BEGIN:VCARD', 'VERSION:3.0', ...lines, 'END:VCARD', ''].join('\r\n')
const person = (one: Partial<VcardPerson>): VcardPerson => ({
  name: '',
  addresses: [],
  organisation: '',
  phone: '',
  note: '',
  groups: [],
  ...one,
})

test('a card of version 3.0 is read with its escapes, folded lines, groups before names, and the address that is preferred first', () => {
  const text = card(
    String.raw`FN:Ada\, Countess of Lovelace`,
    'N:Lovelace;Ada;;;',
    'item1.EMAIL;TYPE=HOME:ada@home.test',
    'item1.X-ABLabel:_$!<HomePage>!$_',
    'EMAIL;type=INTERNET;type=pref:ada@work',
    ' .test',
    'EMAIL;TYPE=X400:c=de;a=far',
    'TEL;TYPE="work,voice":+44 1',
    String.raw`ORG:Engines\; Ltd;Analysis`,
    String.raw`NOTE:one\ntwo\\three`,
    String.raw`CATEGORIES:Friends,Poets\, dead`,
    'PHOTO;ENCODING=b;TYPE=JPEG:' + 'A'.repeat(100_000),
  )
  expect(readVcards(text)).toEqual({
    people: [
      person({
        name: 'Ada, Countess of Lovelace',
        addresses: ['ada@work.test', 'ada@home.test'],
        organisation: 'Engines; Ltd, Analysis',
        phone: '+44 1',
        note: 'one\ntwo\\three',
        groups: ['Friends', 'Poets, dead'],
      }),
    ],
    problems: [],
  })
})

test('a card of version 2.1 is read with quoted-printable in its charset, over soft line breaks, and bare types', () => {
  const lines = [
    'BEGIN:VCARD',
    'VERSION:2.1',
    'N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;J=F6rg;;Dr.=',
    ';jun.',
    'EMAIL;PREF;INTERNET:joerg@x.test',
    'NOTE;QUOTED-PRINTABLE;CHARSET=UTF-8:gr=C3=BC=C3=9Fe',
    'END:VCARD',
  ]
  expect(readVcards(lines.join('\n')).people).toEqual([
    person({ name: 'Dr. Jörg Müller jun.', addresses: ['joerg@x.test'], note: 'grüße' }),
  ])
})

test('a card of version 4.0 is read with preferences, addresses as links, and groups of cards by id and by address', () => {
  const text = [
    card(
      'FN:Ida',
      'UID:urn:uuid:03a0e51f',
      'EMAIL;PREF=50:ida@b.test',
      'EMAIL;PREF=1:mailto:ida@a.test',
      'TEL;VALUE=uri:tel:+49-30',
    ),
    card('FN:Otto', 'EMAIL:otto@x.test'),
    card('KIND:group', 'FN:Crew', 'MEMBER:urn:uuid:03a0e51f', 'MEMBER:mailto:OTTO@x.test', 'MEMBER:urn:uuid:gone'),
  ].join('')
  expect(readVcards(text).people).toEqual([
    person({ name: 'Ida', addresses: ['ida@a.test', 'ida@b.test'], phone: '+49-30', groups: ['Crew'] }),
    person({ name: 'Otto', addresses: ['otto@x.test'], groups: ['Crew'] }),
  ])
})

test('what is wrong is named with its line, and the rest is read', () => {
  const text = `${card('FN:No Address')}nonsense\r\nBEGIN:VCARD\r\nFN:Open\r\nEMAIL:open@x.test\r\n${card('FN:Last', 'EMAIL:last@x.test', 'what is this')}BEGIN:VCARD\r\nEMAIL:end@x.test`
  const { people, problems } = readVcards(text)
  expect(people.map(({ addresses }) => addresses[0])).toEqual(['last@x.test', 'end@x.test'])
  expect(problems).toEqual([
    'line 1: the card of No Address has no mail address',
    'line 6: a card has no end',
    'line 13: no property: what is this',
    'line 15: a card has no end',
  ])
})

test('bytes are UTF-8, UTF-16 with a mark, or what old Windows programs wrote', () => {
  expect(vcardText(new TextEncoder().encode('Jörg'))).toBe('Jörg')
  expect(vcardText(Buffer.from('\ufeffJörg', 'utf16le'))).toBe('Jörg')
  expect(vcardText(Buffer.from('Jörg', 'latin1'))).toBe('Jörg')
})

test('a hostile file ends: endless folding, a line without end, quotes that never close, very many cards', () => {
  expect(readVcards(' x\n'.repeat(200_000)).people).toEqual([])
  expect(
    readVcards(`BEGIN:VCARD\nFN:${'x'.repeat(3_000_000)}\nEMAIL:a@b.test\nEND:VCARD`).people[0]?.name,
  ).toHaveLength(200)
  expect(readVcards(`BEGIN:VCARD\nEMAIL${';a="b'.repeat(50_001)}:x@y.test\nEND:VCARD`).people).toEqual([])
  expect(readVcards(`BEGIN:VCARD\nN;${';'.repeat(200_000)}\nEND:VCARD`).people).toEqual([])
  const many = readVcards(card('EMAIL:a@b.test').repeat(50_002))
  expect([many.people.length, many.problems.length]).toEqual([50_000, 1])
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => Array.isArray(readVcards(text).problems)),
  )
})

test('a file of eight million letters takes no longer for being made to: members named again and again, lines without an end', () => {
  const [whole, group] = [card('FN:Ada', 'UID:a', 'EMAIL:a@b.test'), ['BEGIN:VCARD', 'KIND:group', 'FN:Us']]
  const members = [...group, ...Array<string>(600_000).fill('MEMBER:a'), 'END:VCARD'].join('\n')
  expect(readVcards(`${whole}${members}\n`).people).toEqual([
    person({ name: 'Ada', addresses: ['a@b.test'], groups: ['Us'] }),
  ])
  const long = 'x'.repeat(8_000_000)
  expect(readVcards(card('FN:Ada', 'EMAIL:a@b.test', `NOTE;${long}:y`)).problems).toHaveLength(1)
  const [named] = readVcards(card(`N:${long}`, 'EMAIL:a@b.test')).people
  expect(named?.name).toHaveLength(200)
})
test('a name has no lines, and a note has', () => {
  const [one] = readVcards(card(String.raw`FN:Ada\nBcc: spy@else.test`, 'EMAIL:a@b.test', String.raw`NOTE:1\n2`)).people
  expect(one).toMatchObject({ name: 'Ada Bcc: spy@else.test', note: '1\n2' })
})

const word = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .map((text) => text.replaceAll(/[\p{C}\p{Z}]/gu, '.').trim())
const people = fc.array(
  fc.record({
    name: word,
    addresses: fc.array(fc.constantFrom('a@x.test', 'b@y.test', '"odd, one;"@z.test'), { minLength: 1, maxLength: 1 }),
    organisation: fc.oneof(fc.constant(''), word),
    phone: fc.constantFrom('', '+49 30 1', '5,5;5'),
    note: fc.oneof(
      fc.constant(''),
      fc.array(word, { maxLength: 4 }).map((lines) => lines.join('\n')),
    ),
    groups: fc.uniqueArray(
      word.filter((one) => one.trim() !== ''),
      { maxLength: 3 },
    ),
  }),
  { minLength: 1, maxLength: 40 },
)

needs('python').test('what is written is read the same by us and by vobject, and what vobject writes is read', () => {
  fc.assert(
    fc.property(people, (list) => {
      const cards = writeVcards(list)
      expect(cards.split('\r\n').filter((line) => Buffer.byteLength(line) > 75)).toEqual([])
      expect(readVcards(cards)).toEqual({ people: list, problems: [] })
      expect(ask<VcardPerson[]>({ cards })).toEqual(list)
      expect(readVcards(ask<{ cards: string }>({ people: list }).cards).people).toEqual(list)
    }),
    { numRuns: 12 },
  )
})
