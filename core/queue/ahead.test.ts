import { afterEach, expect, test } from 'vitest'
import {
  openQueueHouse,
  submissionOf,
  taken,
  type HouseOptions,
  type QueueHouse,
} from '../../test/support/queue-house.ts'
import { openTestStore } from '../../test/support/store.ts'
import type { Deliver } from '../model/delivery.ts'
import { getEntry, listRecipients } from '../store/queue.ts'

const houses: QueueHouse[] = []
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close()
})
async function open(options: HouseOptions): Promise<QueueHouse> {
  const house = await openQueueHouse(options)
  houses.push(house)
  return house
}

/** A relay that delivers one message, asks for another and holds that one until it is let go. */
function holdingRelay() {
  const delivered: number[] = []
  let isHeld = () => {}
  let letGo = () => {}
  const held = new Promise<void>((resolve) => (isHeld = resolve))
  const free = new Promise<void>((resolve) => (letGo = resolve))
  const deliver: Deliver = async (delivery, signal) => {
    for (let job: typeof delivery.first | undefined = delivery.first; job; job = await delivery.next()) {
      const { entryId, recipients } = job
      if (delivered.length === 1) {
        isHeld()
        await Promise.race([free, new Promise((_, reject) => signal.addEventListener('abort', reject))])
      }
      const settled = recipients.map(({ recipientId, to }) => ({ recipientId, outcome: taken(to, job!) }))
      delivered.push(entryId)
      await delivery.onOutcome(job, settled, undefined)
    }
  }
  return { deliver, delivered, held, letGo }
}

const DESTINATION = 'remote.example'
async function backlog(house: QueueHouse, count: number): Promise<number[]> {
  const ids: number[] = []
  for (let i = 0; i < count; i++) {
    const accepted = await house.submit(
      submissionOf(['From: ada@author.example', '', 'text'], [`u${i}@${DESTINATION}`]),
    )
    if (accepted.accepted) ids.push(accepted.entryId)
  }
  house.settings = { ...house.settings, 'queue.paused': false }
  house.queue.wake()
  return ids
}
const stateOf = (house: QueueHouse, id: number | undefined) => house.states(id ?? 0)[0]
/** Resolves when something was begun that no connection holds. */
async function begunAhead(house: QueueHouse, ids: readonly number[]): Promise<void> {
  while (stateOf(house, ids[3]) !== 'trying') await new Promise((resolve) => setImmediate(resolve))
}

test('a message that was begun ahead ends at once when it is cancelled, and is not sent', async () => {
  const relay = holdingRelay()
  const house = await open({ deliver: relay.deliver, settings: { 'queue.paused': true } })
  const ids = await backlog(house, 6)
  await relay.held
  await begunAhead(house, ids)
  expect(await house.queue.cancel({ entryId: ids[3] ?? 0 })).toBe(1)
  expect(stateOf(house, ids[3])).toBe('cancelled')
  expect(getEntry(house.store.read, ids[3] ?? 0)?.doneMs).not.toBeNull()
  relay.letGo()
  await house.quiet()
  expect(relay.delivered.toSorted()).toEqual(ids.filter((id) => id !== ids[3]))
})

test('a pause stops what was begun ahead, and nothing of it counts', async () => {
  const relay = holdingRelay()
  const house = await open({ deliver: relay.deliver, settings: { 'queue.paused': true } })
  const ids = await backlog(house, 6)
  await relay.held
  await begunAhead(house, ids)
  house.settings = { ...house.settings, 'queue.paused': true }
  house.queue.wake()
  while (stateOf(house, ids[3]) === 'trying') await new Promise((resolve) => setImmediate(resolve))
  relay.letGo()
  await house.quiet()
  expect(relay.delivered.length).toBeLessThanOrEqual(3) // those that a connection held
  const waiting = ids.filter((id) => !relay.delivered.includes(id))
  expect(waiting.map((id) => listRecipients(house.store.read, id)[0])).toMatchObject(
    waiting.map(() => ({ state: 'waiting', attempts: 0 })),
  )
  house.settings = { ...house.settings, 'queue.paused': false }
  house.queue.wake()
  await house.quiet()
  expect(relay.delivered.toSorted()).toEqual(ids)
})

test('closing gives back what was begun ahead', async () => {
  const relay = holdingRelay()
  const store = await openTestStore()
  const house = await openQueueHouse({ deliver: relay.deliver, settings: { 'queue.paused': true }, store })
  const ids = await backlog(house, 6)
  await relay.held
  await begunAhead(house, ids)
  await house.queue.close(0)
  expect(ids.map((id) => listRecipients(store.read, id)[0]?.state)).toEqual([
    'delivered',
    ...Array<string>(5).fill('waiting'),
  ])
  await store.closeAndRemove()
})

test('after a crash what was begun ahead is due at once and counts nothing', async () => {
  const relay = holdingRelay()
  const store = await openTestStore()
  const first = await openQueueHouse({ deliver: relay.deliver, settings: { 'queue.paused': true }, store })
  const ids = await backlog(first, 6)
  await relay.held
  await begunAhead(first, ids)
  // The rows as they stand are what a crash leaves; the second queue begins with them.
  const again = holdingRelay()
  again.letGo()
  const second = await open({ deliver: again.deliver, store })
  await second.quiet()
  expect(again.delivered.toSorted()).toEqual(ids.slice(1))
  expect(ids.map((id) => listRecipients(store.read, id)[0])).toMatchObject(
    ids.map(() => ({ state: 'delivered', attempts: 1 })),
  )
  await first.queue.close(0)
  expect(ids.map((id) => second.states(id)[0])).toEqual(ids.map(() => 'delivered'))
})

test('connections of one destination share what was begun ahead, each message goes out once', async () => {
  const carried: number[] = []
  const deliver: Deliver = async (delivery) => {
    delivery.onConnected(true)
    for (let job: typeof delivery.first | undefined = delivery.first; job; job = await delivery.next()) {
      carried.push(job.entryId)
      const settled = job.recipients.map(({ recipientId, to }) => ({ recipientId, outcome: taken(to, job!) }))
      await delivery.onOutcome(job, settled, undefined)
    }
  }
  const house = await open({ deliver, settings: { 'queue.paused': true } })
  const ids = await backlog(house, 400)
  await house.quiet()
  expect(carried.toSorted((a, b) => a - b)).toEqual(ids)
  expect(ids.every((id) => stateOf(house, id) === 'delivered')).toBe(true)
})

test.each([
  [true, 20],
  [false, 2],
])('opens more connections to a server in one’s own network: %s', async (isOwnNetwork, most) => {
  let running = 0
  let highest = 0
  const deliver: Deliver = async (delivery) => {
    delivery.onConnected(isOwnNetwork)
    highest = Math.max(highest, ++running)
    for (let job: typeof delivery.first | undefined = delivery.first; job; job = await delivery.next()) {
      const settled = job.recipients.map(({ recipientId, to }) => ({ recipientId, outcome: taken(to, job!) }))
      await delivery.onOutcome(job, settled, undefined)
    }
    running--
  }
  const home = { 'pace.profile': 'home', 'pace.gapSeconds': 0, 'pace.messagesPerMinute': 0 } as const
  const house = await open({ deliver, settings: { ...home, 'queue.paused': true } })
  await backlog(house, 400)
  await house.quiet()
  expect(highest).toBe(most)
})
