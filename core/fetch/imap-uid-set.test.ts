import fc from 'fast-check'
import { expect, test } from 'vitest'
import { joinRanges, parseUidSet, uidsIn } from './imap-uid-set.ts'

test.each([
  ['7', [[7, 7]]],
  ['1:3,5', [[1, 3], [5, 5]]], // prettier-ignore
  ['9:7', [[7, 9]]],
  ['5,1:3,4', [[1, 5]]],
  ['1:4294967295', [[1, 4_294_967_295]]],
])('%s is read', (text, ranges) => expect(parseUidSet(text)).toEqual(ranges))

test.each([
  '',
  ',',
  '1,',
  '0',
  '1:',
  ':1',
  '*',
  '1:*',
  '4294967296',
  '1 2',
  '-1',
  '1:2:3',
  '1,'.repeat(1_000_000) + '1',
])('%.20j is no set of numbers', (text) => expect(parseUidSet(text)).toBeUndefined())

test('numbers are in the set exactly where one of its ranges has them', () => {
  const uid = fc.integer({ min: 1, max: 60 })
  const sets = fc.array(fc.array(fc.tuple(uid, uid), { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(sets, fc.uniqueArray(uid), (lists, numbers) => {
      const known = numbers.toSorted((a, b) => a - b)
      const said = lists.map((ranges) => ranges.map(([from, to]) => `${from}:${to}`).join())
      const counted = new Set(
        lists.flat().flatMap(([a, b]) => Array.from({ length: Math.abs(a - b) + 1 }, (_, n) => Math.min(a, b) + n)),
      )
      const ranges = joinRanges(said.flatMap((text) => parseUidSet(text) ?? []))
      expect(uidsIn(known, ranges)).toEqual(known.filter((one) => counted.has(one)))
    }),
  )
})
