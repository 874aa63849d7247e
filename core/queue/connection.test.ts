import { afterEach, expect, test } from 'vitest'
import {
  openQueueHouse,
  submissionOf,
  taken,
  type HouseOptions,
  type QueueHouse,
} from '../../test/support/queue-house.ts'
import type { Deliver, Delivery, Job } from '../model/delivery.ts'
import { listRecipients } from '../store/queue.ts'

const houses: QueueHouse[] = []
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close()
})

/** A house with so many messages for one destination that wait for it to go on. */
async function openWith(messages: number, options: HouseOptions): Promise<QueueHouse> {
  const house = await openQueueHouse({ ...options, settings: { ...options.settings, 'queue.paused': true } })
  houses.push(house)
  for (let n = 0; n < messages; n++) await house.submit(submissionOf(['From: ada@author.example', '', `${n}`]))
  return house
}
function goOn(house: QueueHouse): void {
  house.settings = { ...house.settings, 'queue.paused': false }
  house.queue.wake()
}
const phaseOf = (house: QueueHouse, job: Job) =>
  house.store.read.prepare('SELECT phase FROM queue_recipient WHERE id = ?').pluck().get(job.recipients[0]?.recipientId)
const all = (house: QueueHouse) => [1, 2, 3, 4].flatMap((entryId) => listRecipients(house.store.read, entryId))

/** Delivers as it should, on one connection, and asks `look` before each body. */
function oneByOne(look: (job: Job, delivery: Delivery) => void): Deliver {
  return async (delivery, signal) => {
    for (let job: Job | undefined = delivery.first; job; job = await delivery.next()) {
      signal.throwIfAborted()
      look(job, delivery)
      const settled = job.recipients.map(({ recipientId, to }) => ({ recipientId, outcome: taken(to, job as Job) }))
      await delivery.beforeBody(
        job,
        settled.map(({ recipientId }) => recipientId),
        `mx.${job.recipients[0]?.to.domain}`,
      )
      await delivery.onOutcome(job, settled, undefined)
    }
  }
}

test('where nobody counts messages, phase body is committed with the outcome before it', async () => {
  const phases: unknown[] = []
  const house = await openWith(4, { deliver: oneByOne((job) => phases.push(phaseOf(house, job))) })
  goOn(house)
  await house.quiet()
  expect(phases.filter((phase) => phase === 'dialling').length).toBeLessThan(4)
  expect(phases.filter((phase) => phase === 'body').length).toBeGreaterThan(0)
  expect(all(house).map(({ state }) => state)).toEqual(Array(4).fill('delivered'))
})

test('where messages are counted, phase body waits for the message’s own turn', async () => {
  const phases: unknown[] = []
  const house = await openWith(4, {
    settings: { 'pace.profile': 'home', 'pace.gapSeconds': 0 },
    deliver: oneByOne((job) => phases.push(phaseOf(house, job))),
  })
  goOn(house)
  await house.quiet()
  expect(phases).toEqual(Array(4).fill('dialling'))
})

test('what has phase body and was not begun is given back when the queue is paused, and counts no try', async () => {
  let seen = 0
  const house = await openWith(4, {
    deliver: async (delivery, signal) =>
      oneByOne(() => {
        if (++seen === 1) house.settings = { ...house.settings, 'queue.paused': true }
      })(delivery, signal),
  })
  goOn(house)
  await house.quiet()
  const states = all(house).map(({ state, attempts }) => `${state} ${attempts}`)
  expect(states.toSorted()).toEqual(['delivered 1', 'waiting 0', 'waiting 0', 'waiting 0'])
})

test('what has phase body and was not begun is given back when its connection ends', async () => {
  const house = await openWith(4, {
    // Each connection is closed by the server after one message.
    deliver: async (delivery, signal) => oneByOne(() => {})({ ...delivery, next: async () => undefined }, signal),
  })
  goOn(house)
  await house.quiet()
  expect(all(house).map(({ state, attempts }) => `${state} ${attempts}`)).toEqual(Array(4).fill('delivered 1'))
})
