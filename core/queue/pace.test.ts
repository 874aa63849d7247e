import { afterEach, expect, test } from 'vitest'
import { fakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import {
  fakeDeliver,
  openQueueHouse,
  refused,
  submissionOf,
  taken,
  type FakeConnection,
  type Fate,
  type QueueHouse,
} from '../../test/support/queue-house.ts'
import type { TestStore } from '../../test/support/store.ts'
import type { Settings } from '../settings.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const FREE = { 'pace.gapSeconds': 0, 'pace.messagesPerMinute': 0, 'pace.warnPerDay': 0 } as const

const houses: QueueHouse[] = []
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close()
})

/** A home line with a backlog for one destination; `connections` tells what went out. */
async function home(
  settings: Partial<Settings>,
  fate: Fate = taken,
  store?: TestStore,
  clock: FakeClock = fakeClock(),
) {
  const connections: FakeConnection[] = []
  const house = await openQueueHouse({
    clock,
    deliver: fakeDeliver(fate, connections),
    settings: { 'pace.profile': 'home', ...settings },
    ...(store && { store }),
  })
  houses.push(house)
  const sent = () => connections.reduce((sum, { jobs }) => sum + jobs.length, 0)
  const backlog = async (count: number, domain = 'remote.example') => {
    house.settings = { ...house.settings, 'queue.paused': true }
    const from = sent()
    for (let n = 0; n < count; n++)
      await house.submit(submissionOf(['From: ada@author.example', '', 'x'], [`u${from}-${n}@${domain}`]))
    house.settings = { ...house.settings, 'queue.paused': false }
    house.queue.wake()
    await house.quiet()
  }
  const pass = async (ms: number) => {
    clock.advance(ms)
    await house.quiet()
  }
  return { house, clock, connections, sent, backlog, pass }
}

test('leaves three seconds between two connections to one destination, and none between destinations', async () => {
  const { connections, backlog, pass, clock } = await home({
    'pace.messagesPerConnection': 1,
    'pace.messagesPerMinute': 0,
  })
  const startMs = clock.nowMs()
  await backlog(3)
  await backlog(1, 'other.example')
  expect(connections).toHaveLength(2)
  await pass(2999)
  expect(connections).toHaveLength(2)
  await pass(1)
  expect(connections).toHaveLength(3)
  await pass(3000)
  expect(connections).toHaveLength(4)
  expect(clock.nowMs() - startMs).toBe(6000)
})

test('carries no more than fifty messages on one connection', async () => {
  const { connections, backlog, pass } = await home({ 'pace.messagesPerMinute': 0 })
  await backlog(120)
  await pass(3000)
  await pass(3000)
  expect(connections.map(({ jobs }) => jobs.length)).toEqual([50, 50, 20])
})

test('sends twenty messages a minute, then the next twenty', async () => {
  const { sent, backlog, pass } = await home({ 'pace.gapSeconds': 0 })
  await backlog(45)
  expect(sent()).toBe(20)
  await pass(59_000)
  expect(sent()).toBe(20)
  await pass(2000)
  expect(sent()).toBe(40)
  await pass(MINUTE)
  expect(sent()).toBe(45)
})

test('never overruns what a destination takes an hour, warns before, and is not reset by a restart', async () => {
  const clock = fakeClock()
  const store = openInlineStore(clock)
  const keep = { ...store, close: async () => {}, closeAndRemove: async () => {} }
  const first = await home({ ...FREE, 'pace.messagesPerHour': 10 }, taken, keep, clock)
  const startMs = clock.nowMs()
  await first.backlog(7)
  expect(first.house.queue.warnings()).toEqual([])
  await first.backlog(1)
  expect(first.house.queue.warnings()).toEqual(['remote.example got 8 of 10 messages that are allowed within an hour.'])
  await first.backlog(4)
  expect(first.sent()).toBe(10)
  expect(first.house.queue.warnings().join()).toContain('the rest waits')
  await houses.splice(0)[0]?.close()

  const second = await home({ ...FREE, 'pace.messagesPerHour': 10 }, taken, keep, clock)
  await second.house.quiet()
  expect(second.sent()).toBe(0)
  await second.pass(59 * MINUTE)
  expect(second.sent()).toBe(0)
  while (second.sent() < 2) {
    expect(clock.next()).toBe(true)
    await second.house.quiet()
  }
  // Counted in slots of five minutes: later than an hour by one of them at most.
  expect(clock.nowMs() - startMs).toBeGreaterThanOrEqual(HOUR)
  expect(clock.nowMs() - startMs).toBeLessThanOrEqual(HOUR + 10 * MINUTE)
})

test('any hour of a long day holds no more than was allowed, whatever way the tries end', async () => {
  let n = 0
  const sentAt: number[] = []
  const clock = fakeClock()
  const fate: Fate = (to, job) => {
    if (++n % 3 === 0) return refused(452, '4.2.2')(to, job)
    sentAt.push(clock.nowMs())
    return taken(to, job)
  }
  const { backlog, house } = await home(
    { ...FREE, 'pace.messagesPerHour': 12, 'pace.messagesPerDay': 40 },
    fate,
    undefined,
    clock,
  )
  await backlog(60)
  for (let steps = 0; steps < 400; steps++) {
    clock.advance(10 * MINUTE)
    await house.quiet()
  }
  const most = (span: number) =>
    Math.max(...sentAt.map((from) => sentAt.filter((at) => at >= from && at < from + span).length))
  expect(sentAt).toHaveLength(60)
  expect(most(HOUR)).toBeLessThanOrEqual(12)
  expect(most(24 * HOUR)).toBeLessThanOrEqual(40)
  expect(most(HOUR)).toBeGreaterThan(8)
})

test('a destination may have a pace of its own, and lose it again', async () => {
  const { house, sent, backlog } = await home(FREE)
  const none = { connections: null, gapSeconds: null, perConnection: null, perMinute: null, perHour: null }
  await house.queue.setPace({ ...none, destination: 'remote.example', perDay: 2 })
  await backlog(5)
  await backlog(5, 'other.example')
  expect(sent()).toBe(7)
  expect(house.queue.destinations()).toMatchObject([{ name: 'remote.example', waiting: 3 }])
  expect(await house.queue.resetPace('remote.example')).toBe(true)
  await house.quiet()
  expect(sent()).toBe(10)
  expect(await house.queue.resetPace('remote.example')).toBe(false)
})

test('421 halves the pace and doubles the wait, and success makes up for it', async () => {
  let isBusy = true
  const busy = refused(421, '4.3.2', 'too busy')
  const settings = { 'pace.messagesPerMinute': 0, 'retry.scheduleSeconds': [1] } as const
  const { house, connections, backlog, pass } = await home(settings, (to, job) => (isBusy ? busy : taken)(to, job))
  await backlog(1)
  for (const gapMs of [6000, 12_000, 24_000, 48_000, 48_000]) {
    const before = connections.length
    await pass(gapMs - 1)
    expect(connections).toHaveLength(before)
    await pass(1)
    expect(connections).toHaveLength(before + 1)
  }
  isBusy = false
  await pass(48_000)
  await backlog(60)
  for (let n = 0; n < 20; n++) await pass(48_000)
  const before = connections.length
  await backlog(60)
  await pass(3000)
  expect(connections.length - before).toBeGreaterThanOrEqual(2)
  expect(house.queue.destinations()).toEqual([])
})

test('a relay of one’s own has no limits', async () => {
  const { sent, backlog } = await home({ 'pace.profile': 'relay' })
  await backlog(300)
  expect(sent()).toBe(300)
})

test('much mail for one destination in a day is told of and goes on', async () => {
  const { house, sent, backlog } = await home({ ...FREE, 'pace.warnPerDay': 30 })
  await backlog(29)
  expect(house.queue.warnings()).toEqual([])
  await backlog(20)
  expect(sent()).toBe(49)
  expect(house.queue.warnings().join()).toContain('remote.example got 49 messages within a day')
})
