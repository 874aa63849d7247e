import { expect, test } from 'vitest'
import type { WriteRequest } from './thread-messages.ts'
import { takeTranscripts, takeTurn } from './turns.ts'

const KIB = 1024
const requests = (count: number, bytes: number): WriteRequest[] =>
  Array.from({ length: count }, (_, id) => ({ id, name: 'x', args: null, nowMs: 0, bytes }))

test('takes what waits in its order, up to a cap of operations and of bytes, and always something', () => {
  const many = requests(600, 1)
  expect(takeTurn(many).map(({ id }) => id)).toEqual(requests(512, 1).map(({ id }) => id))
  expect(many).toHaveLength(88)
  expect(takeTurn(requests(5, 3 * KIB * KIB))).toHaveLength(2)
  expect(takeTurn(requests(2, 50 * KIB * KIB))).toHaveLength(1)
  expect(takeTurn([])).toEqual([])
})

test('what comes later has the room that is left of its group, and none where it is full', () => {
  expect(takeTurn(requests(600, 1), requests(500, 1))).toHaveLength(12)
  expect(takeTurn(requests(600, 1), requests(512, 1))).toEqual([])
  expect(takeTurn(requests(3, 3 * KIB * KIB), requests(1, 4 * KIB * KIB))).toHaveLength(1)
  expect(takeTurn(requests(1, 3 * KIB * KIB), requests(1, 50 * KIB * KIB))).toEqual([])
})

test('a few transcripts ride along with a group of others, and go by the dozen when they are alone', () => {
  const low = requests(100, 16 * KIB)
  expect(takeTranscripts(low, false)).toHaveLength(6)
  expect(takeTranscripts(low, true)).toHaveLength(16)
  expect(takeTranscripts([], true)).toEqual([])
})

test('transcripts cannot fall behind for ever under a load that never ends', () => {
  const low: WriteRequest[] = []
  for (let group = 0; group < 1000; group++) {
    low.push(...requests(12, 16 * KIB))
    takeTranscripts(low, false)
  }
  expect(low.length).toBeLessThan(12 * 50)
})
