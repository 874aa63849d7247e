import { expect, test } from 'vitest'
import type { WriteRequest } from './thread-messages.ts'
import { takeGroup } from './turns.ts'

const KIB = 1024
const requests = (count: number, bytes: number): WriteRequest[] =>
  Array.from({ length: count }, (_, id) => ({ id, name: 'x', args: null, nowMs: 0, bytes }))

test('takes what waits in its order, up to a cap of operations and of bytes, and always something', () => {
  const many = requests(600, 1)
  expect(takeGroup(many, []).map(({ id }) => id)).toEqual(requests(512, 1).map(({ id }) => id))
  expect(many).toHaveLength(88)
  expect(takeGroup(requests(5, 3 * KIB * KIB), [])).toHaveLength(2)
  expect(takeGroup(requests(2, 50 * KIB * KIB), [])).toHaveLength(1)
  expect(takeGroup([], [])).toEqual([])
})

test('a few transcripts ride along with a group of others, and go by the dozen when they are alone', () => {
  const low = requests(100, 16 * KIB)
  expect(takeGroup(requests(3, 1), low)).toHaveLength(3 + 6)
  expect(takeGroup([], low)).toHaveLength(16)
})

test('transcripts cannot fall behind for ever under a load that never ends', () => {
  const low: WriteRequest[] = []
  for (let group = 0; group < 1000; group++) {
    low.push(...requests(12, 16 * KIB))
    takeGroup(requests(20, 4 * KIB), low)
  }
  expect(low.length).toBeLessThan(12 * 50)
})
