import { expect, test } from 'vitest'
import { sentSize } from './sent-size.ts'

test('a file counts as base64 has it, and a message that goes along as it is', () => {
  const lines = (bytes: number) => {
    const text = Buffer.alloc(bytes).toString('base64')
    return text.length + 2 * Math.ceil(text.length / 76)
  }
  const bare = sentSize(0, [])
  for (const bytes of [0, 1, 56, 57, 58, 1000, 1_000_003]) {
    const more = sentSize(0, [{ sizeBytes: bytes }]) - bare - lines(bytes)
    // Not less than it is, and not more than a line and the part's own header.
    expect(more).toBeGreaterThanOrEqual(0)
    expect(more).toBeLessThan(400)
  }
  expect(sentSize(0, [{ sizeBytes: 5000, isMessage: true }]) - bare).toBeLessThan(5400)
})
