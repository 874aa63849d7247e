import { afterEach, expect, test } from 'vitest'
import { fakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import {
  fakeDeliver,
  openQueueHouse,
  refused,
  submissionOf,
  taken,
  type Fate,
  type HouseOptions,
  type QueueHouse,
} from '../../test/support/queue-house.ts'
import type { TestStore } from '../../test/support/store.ts'
import type { Deliver } from '../model/delivery.ts'
import { listRecipients } from '../store/queue.ts'

const MINUTE = 60_000
const houses: QueueHouse[] = []
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close()
})

const gone = refused(550, '5.1.1', 'no such user')
async function open(deliver: Deliver, more: Partial<HouseOptions> & { readonly clock?: FakeClock } = {}) {
  const clock = more.clock ?? fakeClock()
  const house = await openQueueHouse({ ...more, clock, deliver })
  houses.push(house)
  const send = async (to: readonly string[]) => {
    const answer = await house.submit(submissionOf(['From: ada@author.example', 'Subject: s', '', 'x'], to))
    if (!answer.accepted) throw new Error('refused')
    await house.quiet()
    return answer.entryId
  }
  const told = async () =>
    (await house.inbox()).map((raw) => [...raw.matchAll(/^Final-Recipient: rfc822; ?(\S+)/gim)].map(([, one]) => one))
  return { house, clock, send, told }
}
const to = (...names: readonly string[]) => names.map((name) => `${name}@${name}.example`)
/** A relay that leaves one domain waiting for its answer until it is let go. */
function slow(domain: string, fate: Fate) {
  const wait = Promise.withResolvers<void>()
  const quick = fakeDeliver(fate)
  const deliver: Deliver = async (delivery, signal) => {
    if (delivery.route.kind === 'direct' && delivery.route.domain === domain) await wait.promise
    return quick(delivery, signal)
  }
  return { deliver, letGo: wait.resolve }
}
const settled = async (house: QueueHouse, entryId: number, states: string) => {
  while (house.states(entryId).join() !== states) await new Promise((resolve) => setImmediate(resolve))
}

test('recipients of one message that fail at servers of their own are told of in one report', async () => {
  const { house, send, told } = await open(fakeDeliver((one) => (one.local === 'c' ? taken : gone)(one, {} as never)))
  const id = await send(to('a', 'b', 'c', 'd'))
  expect(house.states(id)).toEqual(['bounced', 'bounced', 'delivered', 'bounced'])
  expect((await told()).map((names) => names.toSorted())).toEqual([to('a', 'b', 'd')])
})

test('the report waits for a recipient that is still being tried, and names no one who got it', async () => {
  const { deliver, letGo } = slow('b.example', (one, job) => (one.local === 'b' ? taken : gone)(one, job))
  const { house, clock, told } = await open(deliver)
  const answer = await house.submit(submissionOf(['From: ada@author.example', '', 'x'], to('a', 'b')))
  const id = answer.accepted ? answer.entryId : 0
  await settled(house, id, 'bounced,trying')
  clock.advance(2 * MINUTE)
  expect(await told()).toEqual([])
  letGo()
  await house.quiet()
  expect(await told()).toEqual([to('a')])
})

test('after three minutes it waits no longer', async () => {
  const { deliver, letGo } = slow('b.example', gone)
  const { house, clock, told } = await open(deliver)
  const answer = await house.submit(submissionOf(['From: ada@author.example', '', 'x'], to('a', 'b')))
  await settled(house, answer.accepted ? answer.entryId : 0, 'bounced,trying')
  clock.advance(3 * MINUTE)
  while ((await told()).length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(await told()).toEqual([to('a')])
  letGo()
  await house.quiet()
  expect((await told()).toSorted()).toEqual([to('a'), to('b')])
})

test('a report names a hundred at most', async () => {
  const { send, told } = await open(fakeDeliver(gone))
  await send(to(...Array.from({ length: 250 }, (_, n) => `r${n}`)))
  const reports = await told()
  expect(reports.flat()).toHaveLength(250)
  expect(new Set(reports.flat()).size).toBe(250)
  expect(Math.max(...reports.map(({ length }) => length))).toBe(100)
})

/** A store in which those of a paused queue have failed, and of which nobody was told: what a crash leaves. */
async function leftUntold(clock: FakeClock, failed: readonly string[], all: readonly string[]): Promise<TestStore> {
  const store: TestStore = { ...openInlineStore(clock), close: async () => {}, closeAndRemove: async () => {} }
  const first = await open(fakeDeliver(taken), { clock, store, settings: { 'queue.paused': true } })
  const id = await first.send(all)
  const recipientIds = listRecipients(store.read, id).flatMap((one) => (failed.includes(one.to.local) ? one.id : []))
  const { started } = await store.write('queue.startAttempt', { recipientIds })
  const bare = { counts: true, nextAttemptMs: null, lastReply: null, mx: null, cause: null, isUntold: true } as const
  for (const { recipient, attemptId } of started) {
    const settled = [{ recipientId: recipient.id, attemptId, state: 'bounced', ...bare } as const]
    await store.write('queue.settle', { entryId: id, sessionId: null, kept: [], warning: null, settled })
  }
  await first.house.queue.close()
  return store
}

test('who was to be told when the program died is told after the next start, once', async () => {
  const clock = fakeClock()
  const store = await leftUntold(clock, ['a', 'b'], to('a', 'b'))
  for (let start = 0; start < 2; start++) {
    const next = await open(fakeDeliver(taken), { clock, store })
    await next.house.queue.close()
    expect(await next.told()).toEqual([to('a', 'b')])
  }
})

test('the three minutes are not counted anew by a start', async () => {
  const clock = fakeClock()
  const store = await leftUntold(clock, ['a'], to('a', 'b'))
  clock.advance(2 * MINUTE)
  const next = await open(fakeDeliver(taken), { clock, store, settings: { 'queue.paused': true } })
  await next.house.quiet()
  expect(await next.told()).toEqual([])
  clock.advance(MINUTE)
  while ((await next.told()).length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(await next.told()).toEqual([to('a')])
})
