import { describe, expect, test } from 'vitest'
import { parseSearch } from '../../../../core/model/search-query.ts'
import { completionsOf, typedValue, type Known } from './complete-search.ts'

const KNOWN: Known = {
  folders: ['Inbox', 'Archive', 'Old letters'],
  tags: ['To do', 'Later'],
  people: [{ name: 'Ada Lovelace', address: 'ada@one.example' }],
}
const texts = (text: string) => completionsOf(text, KNOWN).map((one) => one.text)

describe('the word that is typed', () => {
  test.each([
    ['fr', ['from:']],
    ['boat s', ['boat subject:', 'boat smaller:']],
    ['-is:un', ['-is:unread ', '-is:unstarred ']],
    ['in:o', ['in:"old letters" ']],
    ['tag:to', ['tag:"To do" ']],
    ['tag:"to', ['tag:"To do" ']],
    ['from:a', ['from:ada@one.example ']],
    ['has:', ['has:attachment ']],
    ['(from:ida OR t', ['(from:ida OR to:', '(from:ida OR tag:']],
  ])('%s may go on as %j', (text, expected) => expect(texts(text)).toEqual(expected))

  test.each(['', 'boat ', 'zebra', '"fr', 'is:unread', 'before:2026', '42'])('%j is left alone', (text) =>
    expect(texts(text)).toEqual([]),
  )
})

test('whatever is offered can be asked for', () => {
  for (const text of ['in:', 'tag:', 'is:', 'has:', 'from:x'])
    for (const one of texts(text)) expect(parseSearch(one).error).toBeNull()
})

test('the value behind a field is told from a word', () => {
  expect(typedValue('boat from:ad')).toEqual({ field: 'from', value: 'ad' })
  expect(typedValue('boat')).toBeUndefined()
})
