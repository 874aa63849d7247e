import { expect, test } from 'vitest'
import { loneOf } from './shell.ts'

test('a window of its own knows what it shows', () => {
  expect(loneOf('?window=message&id=12')).toEqual({ kind: 'message', id: 12 })
  expect(loneOf('?window=compose')).toEqual({ kind: 'compose', draftId: null })
  expect(loneOf('?window=compose&id=3')).toEqual({ kind: 'compose', draftId: 3 })
  expect(loneOf('?window=log')).toEqual({ kind: 'log' })
})
test.each(['', '?window=', '?window=message', '?window=message&id=1e3', '?window=other', '?id=1'])(
  '%s is the main window',
  (search) => {
    expect(loneOf(search)).toBeUndefined()
  },
)
