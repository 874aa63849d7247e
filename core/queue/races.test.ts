import { afterEach, expect, test } from 'vitest'
import { fakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import { mailboxOf } from '../../test/support/mailbox.ts'
import {
  fakeDeliver,
  openQueueHouse,
  submissionOf,
  taken,
  type FakeConnection,
  type Fate,
  type HouseOptions,
  type QueueHouse,
} from '../../test/support/queue-house.ts'
import type { TestStore } from '../../test/support/store.ts'
import type { Submission } from '../model/submission.ts'
import { getEntry, listRecipients } from '../store/queue.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const ENGINE = { who: 'engine', why: '' } as const
const houses: QueueHouse[] = []
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close()
})

type Options = Partial<HouseOptions> & { readonly clock?: FakeClock }
async function open(fate: Fate = taken, more: Options = {}) {
  const clock = more.clock ?? fakeClock()
  const connections: FakeConnection[] = []
  const house = await openQueueHouse({ deliver: fakeDeliver(fate, connections), ...more, clock })
  houses.push(house)
  const send = async (options: Partial<Submission> = {}, to = ['bob@remote.example']) => {
    const lines = ['From: ada@author.example', 'Subject: s', '', 'x']
    const answer = await house.submit(submissionOf(lines, to, options))
    if (!answer.accepted) throw new Error('refused')
    await house.quiet()
    return answer.entryId
  }
  const pass = async (ms: number) => {
    clock.advance(ms)
    await house.quiet()
  }
  const first = (entryId: number) => listRecipients(house.store.read, entryId)[0]
  return { house, clock, send, pass, first, connections }
}
/** A store that outlives the queues on it. */
function lasting(clock: FakeClock): TestStore {
  return { ...openInlineStore(clock), close: async () => {}, closeAndRemove: async () => {} }
}
const written: Partial<Submission> = { origin: 'window', draft: JSON.stringify({ identityId: null, attachments: [] }) }

test.each<[string, (world: Awaited<ReturnType<typeof open>>, id: number) => Promise<unknown>]>([
  ['"retry all"', ({ house }) => house.queue.retry('all')],
  [
    'a hold of all and its release',
    async ({ house }) => {
      await house.queue.hold('all')
      await house.queue.release('all')
    },
  ],
  [
    'a change of its recipient',
    ({ house, first }, id) => house.queue.edit(first(id)?.id ?? 0, mailboxOf('kim@remote.example')),
  ],
])('mail that can still be taken back is not hurried by %s', async (_, act) => {
  const world = await open(taken, { settings: { 'queue.undoSeconds': 30 } })
  const id = await world.send(written)
  await act(world, id)
  await world.pass(29_000)
  expect(world.house.states(id)).toEqual(['waiting'])
  await world.house.queue.undo(id)
  expect(world.connections).toEqual([])
})

test('who cancels with a report is told, though the try under way was given back', async () => {
  const clock = fakeClock()
  const store = lasting(clock)
  const first = await open(taken, { clock, store, settings: { 'queue.paused': true } })
  const id = await first.send()
  await store.write('queue.startAttempt', { recipientIds: [first.first(id)?.id ?? 0] })
  await first.house.queue.cancel({ entryId: id }, ENGINE, true)
  await first.house.queue.close()

  const second = await open(taken, { clock, store })
  await second.house.quiet()
  expect(second.house.states(id)).toEqual(['cancelled'])
  expect(second.connections).toEqual([])
  expect(await second.house.inbox()).toEqual([expect.stringMatching(/cancelled\s+before\s+it\s+was\s+delivered/)])
})

test('an alias that was sent on is sent on again where its recipient became another one', async () => {
  const clock = fakeClock()
  const store = lasting(clock)
  const local: Options = {
    clock,
    store,
    localDomains: ['here.example'],
    findLocal: ({ local: name }) => ({ mailboxes: [], forwards: [mailboxOf(`${name}@far.example`)] }),
  }
  const first = await open(taken, { ...local, settings: { 'queue.paused': true } })
  const id = await first.send({}, ['team@here.example'])
  const recipientId = first.first(id)?.id ?? 0
  // What a crash leaves between the sending on and its outcome.
  const forward = { entryId: id, recipientId, to: [mailboxOf('team@far.example')], prefix: '', options: {} }
  await store.write('queue.forward', { forwards: [forward] })
  await first.house.queue.edit(recipientId, mailboxOf('crew@here.example'))
  await first.house.queue.close()

  const second = await open(taken, local)
  await second.house.quiet()
  const to = second.connections.flatMap(({ jobs }) =>
    jobs.flatMap(({ recipients }) => recipients.map((one) => one.to.local)),
  )
  expect(to.toSorted()).toEqual(['crew', 'team'])
})

test('a message of unknown arrival goes to the same server again after a crash, too', async () => {
  const clock = fakeClock()
  const store = lasting(clock)
  const first = await open(taken, { clock, store, settings: { 'queue.paused': true } })
  const id = await first.send()
  const recipientIds = [first.first(id)?.id ?? 0]
  await store.write('queue.startAttempt', { recipientIds })
  await store.write('queue.beforeBody', { recipientIds, mx: 'mx2.remote.example' })
  await first.house.queue.close()

  const second = await open(taken, { clock, store })
  await second.house.quiet()
  expect(second.first(id)).toMatchObject({ state: 'unknown', mx: 'mx2.remote.example' })
  await second.pass(HOUR + 1000)
  expect(second.connections[0]?.jobs[0]?.sameHost).toEqual({ mx: 'mx2.remote.example', isOnly: true })
})

test('the server is known before the final dot, of each message on a connection', async () => {
  const clock = fakeClock()
  const store = lasting(clock)
  const { house, send, first } = await open(
    (to) => ({ kind: 'unknown', to, mx: '' }), // as a connection that ends without a word
    { clock, store },
  )
  const id = await send()
  expect(house.states(id)).toEqual(['unknown'])
  expect(first(id)?.mx).toBe('mx.remote.example')
})

test('what may have arrived twice is not given up earlier for having been held a while', async () => {
  const { house, send, pass, connections } = await open((to) => ({ kind: 'unknown', to, mx: 'mx.remote.example' }))
  const id = await send()
  await pass(HOUR + 1000)
  expect(house.states(id)).toEqual(['unknown'])
  await house.queue.hold({ entryId: id })
  await house.queue.release({ entryId: id })
  await pass(2 * HOUR)
  expect(house.states(id)).toEqual(['unknown'])
  expect(connections.flatMap(({ jobs }) => jobs)).toHaveLength(2)
  await pass(5 * DAY)
  expect(house.states(id)).toEqual(['bounced'])
  expect(connections.flatMap(({ jobs }) => jobs)).toHaveLength(2)
})

test('after a second crash in its body mail that was sent later has its days from its hour on', async () => {
  const clock = fakeClock()
  const store = lasting(clock)
  const first = await open(taken, { clock, store, settings: { 'queue.paused': true } })
  const id = await first.send({ options: { holdUntilMs: clock.nowMs() + 10 * DAY } })
  await first.pass(10 * DAY)
  const recipientIds = [first.first(id)?.id ?? 0]
  const { 'retry.unknownAfterSeconds': wait, 'retry.giveUpAfterSeconds': giveUp } = first.house.settings
  for (let crash = 0; crash < 2; crash++) {
    await store.write('queue.startAttempt', { recipientIds })
    await store.write('queue.beforeBody', { recipientIds, mx: 'mx.remote.example' })
    await store.write('queue.recover', { unknownAfterMs: wait * 1000, giveUpAfterMs: giveUp * 1000 })
    await first.pass(HOUR + 1000)
  }
  expect(first.first(id)?.nextAttemptMs).toBe((getEntry(store.read, id)?.options.holdUntilMs ?? 0) + giveUp * 1000)
})

test('mail that was held for longer than its signature lasts is signed anew when it leaves', async () => {
  const clock = fakeClock()
  const seconds = () => Math.floor(clock.nowMs() / 1000)
  let isPublished = true
  const signerFor: HouseOptions['signerFor'] = () => async () =>
    isPublished
      ? {
          prefix: `DKIM-Signature: t=${seconds()}; x=${seconds() + 14 * 86_400}; b=\r\n`,
          signing: { signedBy: ['s._domainkey.author.example'] },
        }
      : {
          prefix: '',
          signing: { held: { at: 'local', reason: 'not signed', reply: { code: 451, lines: ['not signed'] } } },
        }
  const { house, send, pass, connections } = await open(taken, { clock, signerFor, settings: { 'queue.paused': true } })
  const ids = [await send(), await send(), await send()]
  for (const entryId of ids) await house.queue.hold({ entryId })
  house.settings = { ...house.settings, 'queue.paused': false }
  const sent = async () => {
    const jobs = connections.splice(0).flatMap((one) => one.jobs)
    return Promise.all(jobs.map(async ({ view }) => (await house.store.readBody(view)).toString()))
  }
  const [first = 0, second = 0, third = 0] = ids
  await pass(13 * DAY)
  await house.queue.release({ entryId: first })
  await house.quiet()
  const old = seconds() - 13 * 86_400
  expect(await sent()).toEqual([expect.stringMatching(new RegExp(`^DKIM-Signature: t=${old};[^\r]*\r\n(?!DKIM)`))])
  await pass(2 * DAY)
  await house.queue.release({ entryId: second })
  await house.quiet()
  expect(await sent()).toEqual([
    expect.stringMatching(new RegExp(`^DKIM-Signature: t=${seconds()};[^\r]*\r\n(?!DKIM)`)),
  ])
  isPublished = false
  await house.queue.release({ entryId: third })
  await house.quiet()
  expect(house.states(third)).toEqual(['held'])
  await house.queue.release({ entryId: third })
  await house.quiet()
  expect(house.states(third)).toEqual(['delivered'])
  expect(await sent()).toEqual([expect.not.stringContaining('DKIM')])
})
