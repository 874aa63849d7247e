import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IdTable } from './id-table.ts'

const ids = fc.oneof(
  fc.integer({ min: 1, max: 200 }),
  fc.integer({ min: 1, max: 200 }).map((n) => n * 2 ** 20),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
)

test('says of every id what a Map says, whatever is set and deleted in whatever order', () => {
  const step = fc.tuple(fc.constantFrom('set', 'set', 'delete'), ids, fc.integer({ min: 1, max: 2 ** 32 - 1 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const table = new IdTable()
      const map = new Map<number, number>()
      for (const [what, id, number] of steps) {
        if (what === 'set') {
          table.set(id, number)
          map.set(id, number)
        } else {
          table.delete(id)
          map.delete(id)
        }
        expect(table.size).toBe(map.size)
        expect(table.get(id)).toBe(map.get(id) ?? 0)
      }
      for (const [, id] of steps) expect(table.get(id)).toBe(map.get(id) ?? 0)
    }),
  )
})

test('holds a hundred thousand ids that count up, and lets go of them in any order', () => {
  const table = new IdTable()
  const all = Array.from({ length: 100_000 }, (_, n) => 5_000_000 + n)
  for (const id of all) table.set(id, (id % 200) + 1)
  expect(table.size).toBe(all.length)
  expect(all.every((id) => table.get(id) === (id % 200) + 1)).toBe(true)
  expect(table.get(4_999_999)).toBe(0)
  for (const id of all) if (id % 3 !== 0) table.delete(id)
  expect(all.every((id) => table.get(id) === (id % 3 === 0 ? (id % 200) + 1 : 0))).toBe(true)
  for (const id of all.toReversed()) table.delete(id)
  expect(table.size).toBe(0)
})
