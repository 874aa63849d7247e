import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TimeHeap } from './time-heap.ts'

test('gives everything back in the order of its time, as sorting would', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), (times) => {
      const heap = new TimeHeap<number>()
      for (const ms of times) heap.add(ms, ms)
      const out: number[] = []
      while (heap.size > 0) {
        expect(heap.first).toBe(heap.firstMs)
        out.push(heap.take() ?? NaN)
      }
      expect(out).toEqual(times.toSorted((a, b) => a - b))
      expect(heap.take()).toBeUndefined()
      expect(heap.firstMs).toBeUndefined()
    }),
  )
})
