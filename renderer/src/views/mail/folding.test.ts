import { expect, test } from 'vitest'
import { folded, inRuns } from './folding.ts'

const ids = (n: number) => Array.from({ length: n }, (_, at) => at + 1)
const short = (n: number, ...open: number[]) =>
  folded(ids(n), new Set(open), false).map((one) => (one.kind === 'more' ? `+${one.count}` : one.id))

test('a short conversation shows each message, of a long one the middle is left out', () => {
  expect(short(6, 6)).toEqual([1, 2, 3, 4, 5, 6])
  expect(short(9, 9)).toEqual([1, '+6', 8, 9])
  expect(short(5000, 5000)).toEqual([1, '+4997', 4999, 5000])
})

test('what is unfolded stays, whatever lies around it', () => {
  expect(short(20, 10, 20)).toEqual([1, '+7', 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
  expect(folded(ids(30), new Set([30]), true)).toHaveLength(30)
  for (let open = 1; open <= 30; open++) {
    const shown = folded(ids(30), new Set([open]), false)
    expect(shown).toContainEqual({ kind: 'message', id: open })
    const all = shown.reduce((sum, one) => sum + (one.kind === 'more' ? one.count : 1), 0)
    expect(all).toBe(30)
  }
})

test('what is folded comes in runs that know their place, whatever is left out between', () => {
  expect(inRuns(ids(9), new Set([9]), false)).toEqual([
    { kind: 'folded', ids: [1], first: 0 },
    { kind: 'more', count: 6 },
    { kind: 'folded', ids: [8], first: 7 },
    { kind: 'open', id: 9 },
  ])
  expect(inRuns(ids(5), new Set([2]), true)).toEqual([
    { kind: 'folded', ids: [1], first: 0 },
    { kind: 'open', id: 2 },
    { kind: 'folded', ids: [3, 4, 5], first: 2 },
  ])
})
