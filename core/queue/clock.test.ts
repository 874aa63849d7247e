import { afterEach, expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import {
  fakeDeliver,
  openQueueHouse,
  refused,
  submissionOf,
  taken,
  type FakeConnection,
  type Fate,
  type HouseOptions,
  type QueueHouse,
} from '../../test/support/queue-house.ts'
import type { Cause } from '../model/outcome.ts'
import { getEntry, listRecipients } from '../store/queue.ts'
import type { Network } from './watch.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const LATER = refused(452, '4.2.2')

const houses: QueueHouse[] = []
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close()
})

/** A queue in a world where clock, sleep and network are the test's. */
async function open(fate: Fate, more: Partial<HouseOptions> = {}, clock = fakeClock()) {
  const connections: FakeConnection[] = []
  const world = { network: { isUp: true, name: 'home' } as Network }
  const deliver = fakeDeliver(fate, connections)
  const house = await openQueueHouse({ clock, deliver, network: () => world.network, ...more })
  houses.push(house)
  const send = async (...to: string[]) => {
    const answer = await house.submit(submissionOf(['From: ada@author.example', '', 'x'], to))
    await house.quiet()
    return answer.accepted ? answer.entryId : 0
  }
  const pass = async (ms: number) => {
    clock.advance(ms)
    await house.quiet()
  }
  const recipient = (entryId: number) => listRecipients(house.store.read, entryId)[0]
  return { house, clock, connections, world, send, pass, recipient }
}
const connect = (errno: string): Cause => ({ at: 'connect', mx: 'mx.remote.example', errno })
const unreached: Fate = (to) => ({ kind: 'deferred', to, why: connect('ETIMEDOUT') })

test('a clock that is set back by an hour changes no distance: the next try comes as it would have', async () => {
  const { clock, connections, send, pass, recipient } = await open(LATER)
  const id = await send('a@remote.example')
  await pass(10 * MINUTE)
  const createdMs = clock.nowMs() - 10 * MINUTE
  clock.set(-60 * MINUTE)
  await pass(2 * MINUTE)
  expect(recipient(id)?.nextAttemptMs).toBe(createdMs + (15 - 60) * MINUTE)
  await pass(3 * MINUTE)
  expect(connections).toHaveLength(2)
})

test('a clock that was a year behind and is set right gives nothing up', async () => {
  const { house, clock, send, pass, recipient } = await open(LATER)
  const id = await send('a@remote.example')
  await pass(MINUTE)
  clock.set(365 * DAY)
  await pass(2 * MINUTE)
  expect(house.states(id)).toEqual(['deferred'])
  expect(getEntry(house.store.read, id)?.createdMs).toBe(clock.nowMs() - 3 * MINUTE)
  expect(recipient(id)?.nextAttemptMs).toBeLessThan(clock.nowMs() + 15 * MINUTE)
})

test.each([
  ['at 1970', 0],
  ['ten years ahead', Date.UTC(2036, 0, 1)],
])('mail that was taken by a clock %s is tried and not returned, once the clock is right', async (_name, startMs) => {
  const wrong = fakeClock(startMs)
  const store = openInlineStore(wrong)
  const keep = { ...store, close: async () => {}, closeAndRemove: async () => {} }
  const first = await open(LATER, { store: keep }, wrong)
  const id = await first.send('a@remote.example')
  await houses.splice(0)[0]?.close()
  wrong.set(Date.UTC(2026, 5, 1) - wrong.nowMs())
  const { house, clock, pass, connections } = await open(LATER, { store: keep }, wrong)
  await house.quiet()
  await pass(16 * MINUTE)
  expect(connections.length).toBeGreaterThanOrEqual(1)
  expect(house.states(id)).toEqual(['deferred'])
  expect(Math.abs((getEntry(house.store.read, id)?.createdMs ?? 0) - clock.nowMs())).toBeLessThan(20 * MINUTE)
  expect(await house.inbox()).toEqual([])
})

test('after sleep there is one run of all that came due, a moment later and not at once', async () => {
  const { house, clock, connections, send, pass } = await open(LATER)
  for (let n = 0; n < 5; n++) await send(`u@d${n}.example`)
  expect(connections).toHaveLength(5)
  clock.set(8 * 60 * MINUTE) // the lid was shut: timers stood still
  await pass(MINUTE)
  expect(house.log.join()).toContain('asleep')
  expect(connections).toHaveLength(5)
  await pass(1500)
  expect(connections).toHaveLength(5)
  await pass(10_000)
  expect(connections).toHaveLength(10)
  await pass(5 * MINUTE)
  expect(connections).toHaveLength(10)
})

test('on another network who could not be reached is tried within a minute, and nobody else', async () => {
  const fate: Fate = (to, job) => (to.local === 'far' ? unreached : LATER)(to, job)
  const { connections, world, send, pass } = await open(fate)
  await send('far@one.example')
  await send('full@two.example')
  expect(connections).toHaveLength(2)
  world.network = { isUp: true, name: 'café' }
  await pass(2 * MINUTE + 10_000)
  expect(connections.slice(2).map(({ destination }) => destination)).toEqual(['one.example'])
})

test('without a network no try is counted, dials are few, and it goes on when there is one', async () => {
  let isDown = true
  const { house, connections, world, send, pass, recipient } = await open((to, job) =>
    (isDown ? unreached : taken)(to, job),
  )
  world.network = { isUp: false, name: '' }
  await pass(MINUTE)
  const ids = []
  for (let n = 0; n < 30; n++) ids.push(await send(`u@d${n}.example`))
  await pass(30 * MINUTE)
  expect(ids.map((id) => recipient(id)?.attempts)).toEqual(Array<number>(30).fill(0))
  isDown = false
  world.network = { isUp: true, name: 'home' }
  await pass(3 * MINUTE)
  expect(ids.every((id) => house.states(id)[0] === 'delivered')).toBe(true)
  expect(await house.inbox()).toEqual([])
  expect(connections.length).toBeLessThan(30 * 40)
})

test('five days of a laptop that is asleep two hours of three: no report before its day awake is over', async () => {
  const { house, clock, send, pass, recipient } = await open(LATER)
  const id = await send('a@remote.example')
  const startMs = clock.nowMs()
  let awakeMs = 0
  while (house.states(id)[0] === 'deferred') {
    for (let minutes = 0; minutes < 60; minutes += 5) await pass(5 * MINUTE)
    awakeMs += 60 * MINUTE
    clock.set(120 * MINUTE)
  }
  expect(house.states(id)).toEqual(['bounced'])
  expect(clock.nowMs() - startMs).toBeGreaterThanOrEqual(5 * DAY)
  expect(clock.nowMs() - startMs).toBeLessThan(6 * DAY)
  expect(awakeMs).toBeGreaterThanOrEqual(DAY)
  expect(recipient(id)?.attempts).toBeGreaterThanOrEqual(12)
  expect((await house.inbox()).map((report) => /^Action: (\w+)/m.exec(report)?.[1])).toEqual(['failed', 'delayed'])
})
