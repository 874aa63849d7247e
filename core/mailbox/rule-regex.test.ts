import { expect, test } from 'vitest'
import { compilePattern, Patterns } from './rule-regex.ts'

const patterns = new Patterns()

test('case does not matter, and ^ and $ are ends of lines', () => {
  expect(patterns.finds('^DEAR .*,$', 'x\ndear all,\ny')).toBe(true)
  expect(patterns.finds('invoice \\d+', 'Your Invoice 77')).toBe(true)
  expect(patterns.finds('\\bad\\b', 'made')).toBe(false)
  expect(patterns.finds('(unclosed', 'unclosed')).toBe(false)
})

const bombs = [
  '(a+)+$',
  '(a|aa)*c',
  '(x+x+)+y',
  '((((((((((a*)*)*)*)*)*)*)*)*)*)*b',
  '(.*)*(.*)*(.*)*x',
  '^(.*a){20}$',
  '(?:a?){100}a{100}$',
  '[\\s\\S]*\\p{L}{100}\\p{N}',
  '(a|b|ab)*bc',
]
for (const bomb of bombs)
  test(`${bomb} comes to an end, whatever it is asked about`, () => {
    for (const letter of ['a', 'é']) expect(typeof patterns.finds(bomb, `${letter.repeat(20_000)}!`)).toBe('boolean')
  })

for (const [pattern, why] of [
  ['((a{100}){100}){10}', 'repeat'],
  ['(a{1000}){1000}', 'repeat'],
  ['.{1,1000}'.repeat(10), 'repeats too much'],
  ['('.repeat(900), 'parenthes|nest|missing'],
  ['a'.repeat(1001), 'more than 1000 characters'],
  ['(?<=a)b', 'invalid'],
  ['(a)\\1', 'invalid'],
  ['[', 'missing'],
] as const)
  test(`${pattern.slice(0, 20)} is refused when it is saved`, () => {
    expect(compilePattern(pattern).reason).toMatch(new RegExp(why))
  })

test('a text is looked at only so far as the pattern is small', () => {
  const small = 'needle'
  const large = '(?:.{0,900}q)?needle'
  const text = `${'x'.repeat(100_000)}needle`
  expect(patterns.finds(small, text)).toBe(true)
  expect(patterns.finds(large, text)).toBe(false)
  expect(patterns.finds(large, text.slice(-4000))).toBe(true)
})
