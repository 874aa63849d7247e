import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Route } from '../model/outcome.ts'
import { Lanes, waitingIn, type Lane } from './lanes.ts'

const direct = (n: number): Route => ({ kind: 'direct', domain: `d${n}.example` })
const terms = () => ({ kind: 'elsewhere' as const, limit: 1, notBeforeMs: 0 })
const anywhere = () => true

/** Lanes with one recipient each; the first `resting` of them rest until `n` ms from now. */
function fill(count: number, resting = 0): Lanes {
  const lanes = new Lanes((key) => {
    const n = Number(/\d+/.exec(key)?.[0])
    return { ...terms(), notBeforeMs: n < resting ? 1_000_000 + n : 0 }
  })
  for (let n = 0; n < count; n++) lanes.add({ id: n + 1, entryId: n + 1 }, direct(n), 0)
  return lanes
}

/** What a hundred turns of the scheduler cost: a lane is found, served, ends its try and comes back later. */
function costOfTurns(lanes: Lanes): number {
  const before = lanes.steps
  for (let turn = 0; turn < 100; turn++) {
    const nowMs = turn
    const lane = lanes.next(nowMs, anywhere)
    if (!lane) throw new Error('there is none')
    lanes.connect(lane, 1, nowMs)
    const [[id = 0] = []] = lanes.take(lane, 1, 200, nowMs)
    lanes.othersWait(lane, nowMs)
    lanes.nextRestMs(nowMs)
    lanes.forget(id)
    lanes.putBack({ id, entryId: id }, lane.route, nowMs)
    lanes.setTerms(lane, { ...terms(), notBeforeMs: 2_000_000 + turn }, nowMs)
    lanes.connect(lane, -1, nowMs)
  }
  return lanes.steps - before
}

test('a turn costs the same with a thousand, ten thousand and a hundred thousand destinations', () => {
  const ready = [1000, 10_000, 100_000].map((count) => costOfTurns(fill(count)))
  expect(new Set(ready).size).toBe(1)
  // Where most of them rest, a turn may cost a step more for each doubling, and no more.
  const [few = 0, more = 0, most = 0] = [1000, 10_000, 100_000].map((count) => costOfTurns(fill(count, count - 200)))
  expect(more - few).toBeLessThanOrEqual(100 * Math.ceil(Math.log2(10)))
  expect(most - more).toBeLessThanOrEqual(100 * Math.ceil(Math.log2(10)))
  expect(most).toBeLessThan(100 * 40)
})

test('lanes whose rest is over are served, and nobody before', () => {
  const lanes = fill(3, 2)
  const names: string[] = []
  for (const nowMs of [0, 999_999, 1_000_000, 1_000_001]) {
    const lane = lanes.next(nowMs, anywhere)
    if (!lane) continue
    names.push(`${nowMs} ${lane.key}`)
    lanes.take(lane, 1, 200, nowMs)
  }
  expect(names).toEqual(['0 direct d2.example', '1000000 direct d0.example', '1000001 direct d1.example'])
})

test('everybody has a turn before anybody has a second one', () => {
  const lanes = new Lanes(terms)
  for (let id = 1; id <= 30; id++) lanes.add({ id, entryId: id }, direct(id % 3), 0)
  const turns = Array.from({ length: 6 }, () => {
    const lane = lanes.next(0, anywhere)
    if (lane) lanes.take(lane, 1, 200, 0)
    return lane?.key
  })
  expect(turns.slice(0, 3).toSorted()).toEqual(turns.slice(3).toSorted())
  expect(new Set(turns).size).toBe(3)
})

test('a job is of one entry, of fifty recipients at most, and takes nobody twice', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 300 }),
      fc.integer({ min: 1, max: 9 }),
      (entries, most) => {
        const lanes = new Lanes(terms)
        const entryOf = new Map(entries.map((entryId, n) => [n + 1, entryId]))
        for (const [id, entryId] of entryOf) lanes.add({ id, entryId }, direct(1), 0)
        const seen: number[] = []
        for (let lane: Lane | undefined = lanes.next(0, anywhere); lane; lane = lanes.next(0, anywhere)) {
          const jobs = lanes.take(lane, most, 200, 0)
          expect(jobs.length).toBeLessThanOrEqual(most)
          for (const job of jobs) {
            expect(job.length).toBeLessThanOrEqual(50)
            expect(new Set(job.map((id) => entryOf.get(id))).size).toBe(1)
            seen.push(...job)
          }
          expect(waitingIn(lane)).toBe(entries.length - seen.length)
        }
        expect(seen).toEqual([...entryOf.keys()])
      },
    ),
    { numRuns: 50 },
  )
})

test('whoever has another way by now waits in that lane, and leaves the first one', () => {
  const lanes = fill(1, 1)
  lanes.add({ id: 1, entryId: 1 }, direct(9), 0)
  const lane = lanes.next(0, anywhere)
  expect(lane?.key).toBe('direct d9.example')
  expect(lane && lanes.take(lane, 1, 200, 0)).toEqual([[1]])
  lanes.add({ id: 1, entryId: 1 }, direct(8), 0) // on its way: not taken in again
  expect(lanes.next(0, anywhere)).toBeUndefined()
  const old = lanes.next(2_000_000, anywhere)
  expect(old && lanes.take(old, 1, 200, 2_000_000)).toEqual([])
  lanes.forget(1)
  expect(lanes.held).toBe(0)
})
