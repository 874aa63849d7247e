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
  type HouseOptions,
  type QueueHouse,
} from '../../test/support/queue-house.ts'
import type { Submission } from '../model/submission.ts'
import { listDrafts } from '../store/draft.ts'
import { findFolder, PERSON } from '../store/folder.ts'
import { getEntry, listRecipients } from '../store/queue.ts'
import { isFault } from '../base/fault.ts'

const HOUR = 3_600_000
const houses: QueueHouse[] = []
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close()
})
async function open(fate: Fate = taken, more: Partial<HouseOptions> & { readonly clock?: FakeClock } = {}) {
  const clock = more.clock ?? fakeClock()
  const connections: FakeConnection[] = []
  const house = await openQueueHouse({ ...more, clock, deliver: fakeDeliver(fate, connections) })
  houses.push(house)
  const send = async (options: Partial<Submission>, to = ['bob@remote.example']) => {
    const answer = await house.submit(submissionOf(['From: ada@author.example', 'Subject: s', '', 'x'], to, options))
    if (!answer.accepted) throw new Error('refused')
    await house.quiet()
    return answer.entryId
  }
  const pass = async (ms: number) => {
    clock.advance(ms)
    await house.quiet()
  }
  return { house, clock, send, pass, connections }
}
const draft = JSON.stringify({ identityId: null, subject: 's', attachments: [{ handle: 'gone' }] })
const written: Partial<Submission> = { origin: 'window', draft }

test('mail written here can be taken back for as long as was set, and is a draft again', async () => {
  const { house, send, pass } = await open(taken, { settings: { 'queue.undoSeconds': 10 } })
  const [kept, undone] = [await send(written), await send(written)]
  await pass(9000)
  expect([house.states(kept), house.states(undone)]).toEqual([['waiting'], ['waiting']])
  expect(findFolder(house.store.read, PERSON, 'sent')?.total).toBe(2)
  const { draftId, content } = await house.queue.undo(undone)
  expect(content).toBe(draft)
  expect(listDrafts(house.store.read)).toMatchObject([
    { id: draftId, content: expect.stringContaining('"attachments":[]') },
  ])
  expect(findFolder(house.store.read, PERSON, 'sent')?.total).toBe(1)
  await pass(1000)
  expect([house.states(kept), house.states(undone)]).toEqual([['delivered'], ['cancelled']])
  for (const id of [kept, undone]) {
    const error = await house.queue.undo(id).catch((fault: unknown) => fault)
    expect(isFault(error, 'conflict')).toBe(true)
  }
})

test('without any setting mail written here can be taken back for ten seconds', async () => {
  const { house, send, pass } = await open(taken, { settings: {} })
  const [mine, other] = [await send(written), await send({})]
  await pass(9900)
  expect([house.states(mine), house.states(other)]).toEqual([['waiting'], ['delivered']])
  await pass(100)
  expect(house.states(mine)).toEqual(['delivered'])
})

test('what was taken back, or cancelled, cannot be taken back again: there would be two drafts', async () => {
  const { house, send } = await open(taken, { settings: { 'queue.undoSeconds': 30 } })
  const [undone, cancelled] = [await send(written), await send(written)]
  await house.queue.undo(undone)
  await house.queue.cancel({ entryId: cancelled })
  for (const id of [undone, cancelled]) await expect(house.queue.undo(id)).rejects.toMatchObject({ code: 'conflict' })
  expect(listDrafts(house.store.read)).toHaveLength(1)
})

test('mail of other programs leaves at once, whatever can be undone here', async () => {
  const { house, send } = await open(taken, { settings: { 'queue.undoSeconds': 60 } })
  const id = await send({ origin: 'submission' })
  expect(house.states(id)).toEqual(['delivered'])
  await expect(house.queue.undo(id)).rejects.toMatchObject({ code: 'conflict' })
})

test('mail for later leaves at its hour, over a restart, and "retry all" does not hurry it', async () => {
  const clock = fakeClock()
  const store = openInlineStore(clock)
  const keep = { ...store, close: async () => {}, closeAndRemove: async () => {} }
  const first = await open(taken, { clock, store: keep })
  const atMs = clock.nowMs() + 20 * HOUR
  const id = await first.send({ options: { holdUntilMs: atMs } })
  await first.pass(10 * HOUR)
  expect(await first.house.queue.retry('all')).toBe(0)
  await houses.splice(0)[0]?.close()
  const second = await open(taken, { clock, store: keep })
  await second.house.quiet()
  await second.pass(10 * HOUR - 1000)
  expect(second.house.states(id)).toEqual(['waiting'])
  await second.pass(1000)
  expect(second.house.states(id)).toEqual(['delivered'])
})

test('mail for later leaves when somebody releases it, and can be taken back until then', async () => {
  const { house, clock, send } = await open()
  const later = { ...written, options: { holdUntilMs: clock.nowMs() + 100 * HOUR } }
  const [released, undone] = [await send(later), await send(later)]
  await house.queue.undo(undone)
  expect(await house.queue.release({ entryId: released })).toBe(1)
  await house.quiet()
  expect([house.states(released), house.states(undone)]).toEqual([['delivered'], ['cancelled']])
})

test('an hour that was named by the calendar is kept when the clock is set back', async () => {
  const { house, clock, send, pass } = await open()
  const atMs = clock.nowMs() + 5 * HOUR
  const id = await send({ options: { holdUntilMs: atMs } })
  clock.set(-3 * HOUR)
  await pass(7 * HOUR)
  expect(house.states(id)).toEqual(['waiting'])
  await pass(HOUR + 300_000)
  expect(house.states(id)).toEqual(['delivered'])
})

test('what was to be there by an hour is returned when it is over, and not tried after it', async () => {
  const { house, clock, send, pass, connections } = await open(refused(452, '4.2.2', 'mailbox full'))
  const deliverBy = { atMs: clock.nowMs() + HOUR, mode: 'return', trace: false } as const
  const id = await send({ options: { deliverBy } })
  await pass(HOUR - 1000)
  expect(house.states(id)).toEqual(['deferred'])
  const tries = connections.length
  await pass(1000)
  expect(house.states(id)).toEqual(['bounced'])
  expect(connections).toHaveLength(tries)
  const [report = ''] = await house.inbox()
  expect(report).toContain('Status: 5.4.7')
  expect(report).toContain('452 4.2.2 mailbox full')
})

test('where only notice was asked for, there is one at that hour, and the tries go on', async () => {
  const { house, clock, send, pass } = await open(refused(452, '4.2.2'))
  const deliverBy = { atMs: clock.nowMs() + HOUR, mode: 'notify', trace: false } as const
  const id = await send({ options: { deliverBy } })
  await pass(HOUR - 1000)
  expect(await house.inbox()).toEqual([])
  await pass(1000)
  expect(await house.inbox()).toHaveLength(1)
  await pass(HOUR)
  expect(await house.inbox()).toHaveLength(1)
  expect((await house.inbox())[0]).toContain('Action: delayed')
  expect(house.states(id)).toEqual(['deferred'])
})

test('what a sender asked of the transaction and of each recipient is kept and handed to the relay', async () => {
  const { house, clock, send, connections } = await open()
  const options = {
    ret: 'headers',
    envid: 'my id=1',
    requireTls: true,
    deliverBy: { atMs: clock.nowMs() + HOUR, mode: 'notify', trace: true },
  } as const
  const asked = { notify: ['success', 'delay'], orcpt: { type: 'rfc822', address: 'first@a.example' } } as const
  const to = ['a@remote.example', 'a@remote.example', 'b@remote.example', 'c@remote.example']
  const id = await send({ options, recipientOptions: [undefined, undefined, asked, { notify: 'never' }] }, to)
  expect(getEntry(house.store.read, id)?.options).toEqual(options)
  expect(listRecipients(house.store.read, id).map((one) => one.options)).toEqual([{}, asked, { notify: 'never' }])
  const job = connections[0]?.jobs[0]
  expect(job?.options).toEqual(options)
  expect(job?.recipients.map((one) => one.options)).toEqual([undefined, asked, { notify: 'never' }])
})

test('tells of success where that was asked for and the next server does not', async () => {
  const { house, send } = await open((to, job) => ({ ...taken(to, job), dsn: 'relayed' }) as ReturnType<Fate>)
  await send({ recipientOptions: [{ notify: ['success'] }, undefined] }, ['a@remote.example', 'b@remote.example'])
  const [report = '', ...more] = await house.inbox()
  expect(more).toEqual([])
  expect(report).toContain('Action: relayed')
  expect(report).toContain('a@remote.example')
  expect(report).not.toContain('rfc822; b@remote.example')
})
