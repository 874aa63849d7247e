import { expect, test } from 'vitest'
import { bareSort } from './sort-key.ts'

test.each([
  ['Re: AW [2] : Plan', 'Plan'],
  ['re [1] : fwd：  Plan', 'Plan'],
  ['Research: Plan', 'Research: Plan'],
  ['re', 're'],
])('%s is sorted as %s', (subject, bare) => {
  expect(bareSort(subject, 'subject')).toBe(bare)
  expect(bareSort(subject, 'from')).toBe(subject)
})

test('a subject made of what may stand in a prefix is read in one go', () => {
  expect(bareSort(`re${' '.repeat(1_000_000)}x`, 'subject')).toBe('re')
  expect(bareSort(`re: ${'re '.repeat(1_000_000)}`, 'subject')).toHaveLength(200)
})
