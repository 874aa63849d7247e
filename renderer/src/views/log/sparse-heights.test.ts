import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SparseHeights } from './sparse-heights.ts'

const ROWS = 40
const row = fc.nat(ROWS - 1)
const noted = fc.array(fc.tuple(row, fc.integer({ min: 1, max: 90 })), { maxLength: 60 })

test('places are those of a list in which all heights are added up', () => {
  fc.assert(
    fc.property(noted, fc.array(fc.nat(3000)), (all, places) => {
      const heights = new SparseHeights(20)
      const plain = Array.from({ length: ROWS }, () => 20)
      for (const [at, height] of all) {
        expect(heights.set(at, height)).toBe(plain[at] !== height)
        plain[at] = height
        // Asked in between, too: sums that were made must not outlive what they are of.
        expect(heights.startOf(at)).toBe(plain.slice(0, at).reduce((sum, one) => sum + one, 0))
      }
      const starts = plain.map((_, n) => plain.slice(0, n).reduce((sum, one) => sum + one, 0))
      expect(plain.map((_, n) => heights.startOf(n))).toEqual(starts)
      const end = plain.reduce((sum, one) => sum + one, 0)
      expect(heights.startOf(ROWS)).toBe(end)
      for (const place of places.filter((one) => one < end))
        expect(heights.rowAt(place)).toBe(starts.findLastIndex((start) => start <= place))
    }),
  )
})

test('behind the end rows go on as usual, and before the beginning is the first', () => {
  const heights = new SparseHeights(20)
  heights.set(3, 50)
  expect([heights.rowAt(-5), heights.rowAt(1_000_000), heights.startOf(1_000_000)]).toEqual([0, 49_998, 20_000_030])
  heights.clear()
  expect(heights.startOf(10)).toBe(200)
})
