import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { marksIn, missingIn, snippetOf, wantedWords } from './search-marks.ts'
import { parseSearch } from './search-query.ts'

const wanted = (text: string) => {
  const { query } = parseSearch(text)
  return query === null ? [] : wantedWords(query)
}
/** The text with its marks in brackets. */
function bracketed(text: string, marks: readonly (readonly [number, number])[]): string {
  let out = ''
  let at = 0
  for (const [from, to] of marks) {
    out += `${text.slice(at, from)}[${text.slice(from, to)}]`
    at = to
  }
  return out + text.slice(at)
}

test.each([
  ['fox', 'The FOX and the foxes', 'The [FOX] and the foxes'],
  ['fox*', 'The FOX and the foxes', 'The [FOX] and the [foxes]'],
  ['"quick brown"', 'quick, brown; brown quick', '[quick, brown]; brown quick'],
  ['strasse cafe', 'Café in der Straße', '[Café] in der [Straße]'],
  ['東京', '大東京都、東 京', '大[東京]都、東 京'],
  ['京', '大東京都', '大東[京]都'],
  ['محمد', 'قال مُحَمَّد', 'قال [مُحَمَّد]'],
  ['👋', 'hi👋🏽there', 'hi[👋🏽]there'],
  ['a -b', 'a b', '[a] b'],
  ['(a OR b) is:unread', 'a b c', '[a] [b] c'],
  ['ada@example.org', 'Ada <ada@example.org>', 'Ada <[ada@example.org]>'],
  ['', 'a', 'a'],
])('marks %s in %s', (query, text, result) => expect(bracketed(text, marksIn(text, wanted(query)))).toBe(result))

test('says which words are nowhere', () => {
  expect(
    missingIn(['the quick', 'fox'], wanted('quick fox brown "the quick" "quick fox"')).map(({ words }) =>
      words.map(({ text }) => text).join(' '),
    ),
  ).toEqual(['brown', 'quick fox'])
})

test('shows the part of a long line that has most of the words', () => {
  const line = `fox ${'filler '.repeat(100)}the quick brown fox jumps ${'filler '.repeat(100)}`
  const { text, marks } = snippetOf(line, wanted('quick fox'))
  expect(bracketed(text, marks)).toContain('the [quick] brown [fox] jumps')
  expect(text.startsWith('… ')).toBe(true)
  expect(text.endsWith(' …')).toBe(true)
  expect(text.length).toBeLessThan(200)
  expect(snippetOf('short', wanted('none'))).toEqual({ text: 'short', marks: [] })
})

test('marks of a snippet are in it, in order, and hold what was marked in the line', () => {
  const word = fc.constantFrom('fox', 'Füchse', '東京', 'x', '👋🏽', '𠀀𠀁', '—', 'lorem')
  fc.assert(
    fc.property(fc.array(word, { maxLength: 120 }), fc.constantFrom(' ', '', ', '), (words, between) => {
      const { text, marks } = snippetOf(words.join(between), wanted('fox fuchse 京 👋 𠀁'))
      let at = 0
      for (const [from, to] of marks) {
        expect(from).toBeGreaterThanOrEqual(at)
        expect(to).toBeGreaterThan(from)
        expect(text.slice(from, to)).toMatch(/fox|Füchse|京|👋|𠀁/u)
        at = to
      }
      expect(at).toBeLessThanOrEqual(text.length)
      expect(text.isWellFormed()).toBe(true)
    }),
  )
})
