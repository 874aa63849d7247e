import { constants } from 'node:os'
import { expect, test } from 'vitest'
import { errnoWords, shortErrno } from './errno.ts'

test('no list shows a name of the system where a word is meant', () => {
  expect(shortErrno('ECONNREFUSED')).toBe('refused')
  for (const name of [...Object.keys(constants.errno), 'ABORTED', 'EPRIVATE', 'UNHEARD_OF'])
    expect(shortErrno(name)).toMatch(/^[a-z ]+$/)
})

test('what keeps a connection from being made is said in words, with the name to look it up by', () => {
  expect(errnoWords('ECONNREFUSED')).toBe('nothing listens there (ECONNREFUSED)')
  expect(errnoWords('ENETUNREACH')).toBe('this computer has no way there (ENETUNREACH)')
  expect(errnoWords('EUNKNOWN')).toBe('the system says EUNKNOWN')
})
