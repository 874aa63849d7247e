import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseSearch, SEARCH_FIELDS, SEARCH_LIMITS, type SearchNode } from './search-query.ts'
import { parseSearchDate, parseSize, spanOf } from './search-values.ts'

/** A query in brackets, so that a table can be read. */
function shown(node: SearchNode | null): string {
  if (node === null) return ''
  switch (node.kind) {
    case 'and':
    case 'or':
      return `(${node.of.map(shown).join(node.kind === 'and' ? ' & ' : ' | ')})`
    case 'not':
      return `!${shown(node.of)}`
    case 'text':
      return `${node.field ?? ''}[${node.text}${node.isPrefix ? '*' : ''}]`
    case 'tag':
    case 'in':
      return `${node.kind}=${node.name}`
    case 'is':
      return node.state
    case 'has':
      return node.what
    case 'date':
      return `${node.than} ${Object.values(node.date).join(' ')}`
    case 'size':
      return `${node.than} ${node.bytes}`
  }
}
const read = (text: string, isTyping = false) => {
  const { query, error } = parseSearch(text, { isTyping })
  return error === null ? shown(query) : `${error.offset}+${error.length}: ${error.reason}`
}

describe('reads', () => {
  test.each([
    ['', ''],
    ['  ', ''],
    ['fox', '[fox]'],
    ['quick fox', '([quick] & [fox])'],
    ['quick AND fox', '([quick] & [fox])'],
    ['quick and or not', '([quick] & [and] & [or] & [not])'],
    ['a b OR c', '(([a] & [b]) | [c])'],
    ['a (b OR c)', '([a] & ([b] | [c]))'],
    ['a OR b OR c', '([a] | [b] | [c])'],
    ['((a))', '[a]'],
    ['-a', '![a]'],
    ['NOT a', '![a]'],
    ['-(a OR b) c', '(!([a] | [b]) & [c])'],
    ['NOT NOT a', '!![a]'],
    ['a -"b c"', '([a] & ![b c])'],
    ['mother-in-law', '[mother-in-law]'],
    ['--a', '[--a]'],
    ['"quick brown"', '[quick brown]'],
    ['"AND"', '[AND]'],
    ['inv*', '[inv*]'],
    ['"quick bro"*', '[quick bro*]'],
    ['東*', '[東*]'],
    ['from:ada', 'from[ada]'],
    ['FROM:Ada', 'from[Ada]'],
    ['from:ada@example.org', 'from[ada@example.org]'],
    ['from:@example.org', 'from[@example.org]'],
    ['subject:"a b" body:c', '(subject[a b] & body[c])'],
    ['from:(ada OR bob)', '(from[ada] | from[bob])'],
    ['subject:(a -b "c d")', '(subject[a] & !subject[b] & subject[c d])'],
    ['-from:ada', '!from[ada]'],
    ['to:x cc:y filename:pdf', '(to[x] & cc[y] & filename[pdf])'],
    ['tag:work in:"Sent items"', '(tag=work & in=Sent items)'],
    ['is:unread is:STARRED', '(unread & starred)'],
    ['has:attachments', 'attachment'],
    ['before:2026-03-31 on:2026-03', '(before calendar 2026 3 31 & on calendar 2026 3)'],
    ['after:2024 after:7d', '(after calendar 2024 & after ago 7 d)'],
    ['on:today on:yesterday', '(on ago 0 d & on ago 1 d)'],
    ['larger:1.5M smaller:10kb', '(larger 1572864 & smaller 10240)'],
    // Not a field of ours: words like any others.
    ['re:hello http://x.example 12:30', '([re:hello] & [http://x.example] & [12:30])'],
    ['constructor:x', '[constructor:x]'],
    // Signs alone are in no index.
    ['a & b', '([a] & [b])'],
    ['&&', ''],
    ['a OR &', '[a]'],
    ['-&', ''],
    ['(&)', ''],
  ])('%j as %s', (text, wanted) => expect(read(text)).toBe(wanted))
  test.each([
    ['quick fox', '([quick] & [fox*])'],
    ['quick fo', '([quick] & [fo])'],
    ['quick fox ', '([quick] & [fox])'],
    ['fox.', '[fox.]'],
    ['"quick fo"', '[quick fo]'],
    ['(quick fo)', '([quick] & [fo])'],
    ['from:ada', 'from[ada*]'],
    ['-fox', '![fox*]'],
    ['tag:wo', 'tag=wo'],
  ])('%j as %s while somebody types', (text, wanted) => expect(read(text, true)).toBe(wanted))
})

describe('says where it does not parse', () => {
  test.each([
    ['from:', 0, 5],
    ['a from: b', 2, 5],
    ['tag:', 0, 4],
    ['from:&', 0, 6],
    ['a "b c', 2, 4],
    ['from:"b', 5, 2],
    ['(a', 0, 1],
    ['a (b (c) d', 2, 1],
    ['a) b', 1, 1],
    ['()', 0, 2],
    ['a OR', 2, 2],
    ['OR a', 0, 2],
    ['a OR OR b', 2, 2],
    ['(a OR ) b', 3, 2],
    ['a AND', 2, 3],
    ['AND a', 0, 3],
    ['a AND OR b', 2, 3],
    ['NOT', 0, 3],
    ['a NOT', 2, 3],
    ['a - b', 2, 1],
    ['(a -)', 3, 1],
    ['*', 0, 1],
    ['xy*', 0, 3],
    ['from:(subject:a)', 6, 8],
    ['is:purple', 3, 6],
    ['has:money', 4, 5],
    ['a before:tomorrowish', 9, 11],
    ['on:2026-02-30', 3, 10],
    ['after:2026-13', 6, 7],
    ['larger:big', 7, 3],
    ['in:(a)', 3, 1],
    ['"', 0, 1],
  ])('%j: at %i, for %i', (text, offset, length) => {
    const { query, error } = parseSearch(text)
    expect({ query, offset: error?.offset, length: error?.length }).toEqual({ query: null, offset, length })
    expect(error?.reason).toMatch(/^[A-Z“].*\.$/)
  })
})

test('has caps on words, beginnings, brackets and length', () => {
  const { terms, prefixes, depth, characters } = SEARCH_LIMITS
  const many = (count: number, word: string) => Array.from({ length: count }, () => word).join(' ')
  expect(parseSearch(many(terms, 'a')).error).toBeNull()
  expect(parseSearch(many(terms + 1, 'a')).error).toMatchObject({ offset: terms * 2 })
  expect(parseSearch(many(prefixes, 'abc*')).error).toBeNull()
  expect(parseSearch(many(prefixes + 1, 'abc*')).error).toMatchObject({ offset: prefixes * 5 })
  expect(parseSearch(many(prefixes + 1, '東')).error).not.toBeNull()
  expect(parseSearch('('.repeat(depth) + 'a' + ')'.repeat(depth)).error).toBeNull()
  for (const open of ['(', '-(', 'NOT ', 'from:(', 'NOT ('])
    expect(parseSearch(open.repeat(depth + 2)).error).not.toBeNull()
  expect(parseSearch('a'.repeat(characters)).error).toBeNull()
  expect(parseSearch('a'.repeat(characters + 1)).error).toMatchObject({ offset: characters, length: 1 })
  expect(parseSearch('(NOT '.repeat(100_000)).error).not.toBeNull()
})

test('whatever is typed, it parses or says where, and colours are in order and inside', () => {
  const names = Object.keys(SEARCH_FIELDS).map((name) => `${name}:`)
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 4 }),
    fc.constantFrom('"', '*', '(', ')', '-', ' ', 'OR', 'AND', 'NOT', 'ab', '2026', ...names),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 24 }), fc.boolean(), (pieces, isTyping) => {
      for (const text of [pieces.join(''), pieces.join(' ')]) {
        const parsed = parseSearch(text, { isTyping })
        let at = 0
        for (const { from, to } of parsed.pieces) {
          expect(from).toBeGreaterThanOrEqual(at)
          expect(to).toBeGreaterThan(from)
          at = to
        }
        expect(at).toBeLessThanOrEqual(text.length)
        if (parsed.error === null) continue
        expect(parsed.error.offset).toBeGreaterThanOrEqual(0)
        expect(parsed.error.length).toBeGreaterThan(0)
        expect(parsed.error.offset + parsed.error.length).toBeLessThanOrEqual(text.length)
      }
    }),
  )
})

test('colours what is what', () => {
  const text = 'from:ada OR -("a b" tag:x)'
  expect(parseSearch(text).pieces.map(({ kind, from, to }) => `${kind} ${text.slice(from, to)}`)).toEqual([
    'field from:',
    'value ada',
    'operator OR',
    'operator -',
    'bracket (',
    'phrase "a b"',
    'field tag:',
    'value x',
    'bracket )',
  ])
})

describe('dates and sizes', () => {
  const local = (...parts: [number, number, number]) => new Date(...parts).getTime()
  const now = new Date(2026, 2, 31, 18, 30).getTime()
  test.each([
    ['2026', local(2026, 0, 1), local(2027, 0, 1)],
    ['2026-12', local(2026, 11, 1), local(2027, 0, 1)],
    ['2024/2/29', local(2024, 1, 29), local(2024, 2, 1)],
    ['today', local(2026, 2, 31), local(2026, 3, 1)],
    ['Yesterday', local(2026, 2, 30), local(2026, 2, 31)],
    ['2w', local(2026, 2, 17), local(2026, 2, 18)],
    ['1m', local(2026, 1, 28), local(2026, 2, 1)], // February has no 31st
    ['1y', local(2025, 2, 31), local(2025, 3, 1)],
  ])('%s is from %i to %i', (text, fromMs, toMs) => {
    const date = parseSearchDate(text)
    expect(date && spanOf(date, now)).toEqual({ fromMs, toMs })
  })
  test.each(['', '26', '2026-0', '2026-1-32', '2025-2-29', '1899', '7', '7x', '-7d', '2026-01-01T00:00'])(
    '%j is no date',
    (text) => expect(parseSearchDate(text)).toBeUndefined(),
  )
  test.each([
    ['0', 0],
    ['12', 12],
    ['12b', 12],
    ['2k', 2048],
    ['2KiB', 2048],
    ['0.5m', 524_288],
    ['1G', 1_073_741_824],
  ])('%s is %i bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes))
  test.each(['', 'k', '1e3', '-1', '1,5', '1t', '9'.repeat(16)])('%j is no size', (text) =>
    expect(parseSize(text)).toBeUndefined(),
  )
})
