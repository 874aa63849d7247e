import { afterEach, expect, test } from 'vitest'
import { call } from '../../test/support/contract.ts'
import { fakeClock } from '../../test/support/fake-clock.ts'
import {
  bytesOf,
  fakeDeliver,
  mailbox,
  openQueueHouse,
  refused,
  submissionOf,
  taken,
  type Fate,
  type FakeConnection,
  type HouseOptions,
  type QueueHouse,
} from '../../test/support/queue-house.ts'
import { ByteHandles } from '../base/byte-handles.ts'
import { Changes } from '../base/changes.ts'
import type { Deliver } from '../model/delivery.ts'
import type { Route } from '../model/outcome.ts'
import { listRecipients } from '../store/queue.ts'
import { queueHandlers } from './handlers.ts'

const houses: QueueHouse[] = []
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close()
})

const LATER = refused(452, '4.2.2', 'mailbox full')
async function open(fate: Fate, more: Partial<HouseOptions> = {}) {
  const connections: FakeConnection[] = []
  const clock = fakeClock()
  const house = await openQueueHouse({ clock, deliver: fakeDeliver(fate, connections), ...more })
  houses.push(house)
  const handles = new ByteHandles(clock)
  const handlers = queueHandlers({
    store: house.store,
    queue: house.queue,
    settings: () => house.settings,
    nowMs: () => clock.nowMs(),
    handles,
    changes: new Changes<number>(0),
    async setPaused(paused) {
      house.settings = { ...house.settings, 'queue.paused': paused }
      house.queue.wake()
    },
    attachments: async () => [],
    keepFile: async () => 'handle',
  })
  const send = async (...to: string[]) => {
    const answer = await house.submit(submissionOf(['From: ada@author.example', 'Subject: hi / there', '', 'x'], to))
    if (!answer.accepted) throw new Error('refused')
    await house.quiet()
    return answer.entryId
  }
  const recipient = (entryId: number, n = 0) => listRecipients(house.store.read, entryId)[n]?.id ?? 0
  const carried = () => connections.flatMap(({ destination, jobs }) => jobs.map(() => destination))
  return { house, clock, handlers, handles, send, recipient, carried, connections }
}

test('what is held stays where it is until it is released, one recipient or all of an entry', async () => {
  let isDown = true
  const { house, clock, handlers, send, recipient } = await open((to, job) => (isDown ? LATER : taken)(to, job))
  const id = await send('a@one.example', 'b@two.example')
  isDown = false
  expect(await call(handlers.hold, { id, recipientId: recipient(id), by: 'command', why: 'wait for Bob' })).toEqual({
    recipients: 1,
  })
  clock.advance(3_600_000)
  await house.quiet()
  expect(house.states(id)).toEqual(['held', 'delivered'])
  expect((await call(handlers.get, { id })).recipients[0]).toMatchObject({ heldBy: 'user', nextAttemptMs: null })
  await call(handlers.retry, { id: null })
  await house.quiet()
  expect(house.states(id)).toEqual(['held', 'delivered'])
  expect(await call(handlers.release, { id })).toEqual({ recipients: 1 })
  await house.quiet()
  expect(house.states(id)).toEqual(['delivered', 'delivered'])
  const { history } = await call(handlers.get, { id })
  expect(history).toMatchObject([
    { what: 'hold', who: 'command', why: 'wait for Bob', entryId: id, recipientId: recipient(id) },
    { what: 'release', who: 'window', why: '', entryId: id, recipientId: null },
  ])
})

test('holds, retries and releases all mail for a domain, and only that', async () => {
  let isDown = true
  const { house, handlers, send, carried } = await open((to, job) => (isDown ? LATER : taken)(to, job))
  const ids = [await send('a@one.example'), await send('b@one.example', 'c@two.example')]
  const states = () => ids.map((id) => house.states(id).join(' '))
  expect(await call(handlers.hold, { id: null, domain: 'ONE.example' })).toEqual({ recipients: 2 })
  expect(states()).toEqual(['held', 'held deferred'])
  isDown = false
  expect(await call(handlers.retry, { id: null, domain: 'two.example' })).toEqual({ recipients: 1 })
  await house.quiet()
  expect(states()).toEqual(['held', 'held delivered'])
  const before = carried().length
  expect(await call(handlers.release, { id: null, domain: 'one.example', why: 'mended' })).toEqual({ recipients: 2 })
  await house.quiet()
  expect(states()).toEqual(['delivered', 'delivered delivered'])
  expect(carried().slice(before)).toEqual(['one.example', 'one.example'])
  const { history } = await call(handlers.get, { id: ids[0] ?? 0 })
  expect(history.map(({ what, detail, why }) => [what, detail, why])).toEqual([
    ['hold', 'one.example: 2 recipients', ''],
    ['release', 'one.example: 2 recipients', 'mended'],
  ])
  const all = await call(handlers.history, { limit: 10 })
  expect(all.map(({ what }) => what)).toEqual(['release', 'retry', 'hold'])
})

test('a try that is under way when it is held ends held, unless it went through', async () => {
  let letGo = () => {}
  const gate = new Promise<void>((resolve) => (letGo = resolve))
  let isOn = () => {}
  const begun = new Promise<void>((resolve) => (isOn = resolve))
  const inner = fakeDeliver((to, job) => (to.local === 'later' ? LATER : taken)(to, job))
  const deliver: Deliver = async (delivery, signal) => {
    isOn()
    await gate
    await inner(delivery, signal)
  }
  const { house, handlers } = await open(taken, { deliver })
  const answer = await house.submit(submissionOf(['From: a@b.example', '', ''], ['later@r.example', 'ok@r.example']))
  const id = answer.accepted ? answer.entryId : 0
  await begun
  expect(await call(handlers.hold, { id })).toEqual({ recipients: 2 })
  letGo()
  await house.quiet()
  expect(house.states(id)).toEqual(['held', 'delivered'])
})

test('cancels one recipient silently and another with a report, and both are done', async () => {
  const { house, handlers, send, recipient } = await open(LATER)
  const id = await send('a@one.example', 'b@one.example')
  expect(await call(handlers.cancel, { id, recipientId: recipient(id) })).toEqual({ recipients: 1 })
  expect(await house.inbox()).toEqual([])
  expect(await call(handlers.cancel, { id, dsn: true })).toEqual({ recipients: 1 })
  expect(house.states(id)).toEqual(['cancelled', 'cancelled'])
  const [report = '', ...more] = await house.inbox()
  expect(more).toEqual([])
  expect(report).toContain('Final-Recipient: rfc822; b@one.example')
  expect(report).not.toContain('rfc822; a@one.example')
  expect((await call(handlers.get, { id })).doneMs).not.toBeNull()
  expect((await call(handlers.get, { id })).history.map(({ what, detail }) => [what, detail])).toEqual([
    ['cancel', ''],
    ['cancel', 'with a report'],
  ])
})

test('a recipient is sent to another address, and remembers the first one', async () => {
  const fate: Fate = (to, job) => (to.local === 'typo' ? LATER : taken)(to, job)
  const { house, handlers, send, recipient, carried } = await open(fate)
  const id = await send('typo@one.example', 'ok@two.example')
  const recipientId = recipient(id)
  await expect(call(handlers.edit, { recipientId, address: 'no address' })).rejects.toMatchObject({
    code: 'address.invalid',
  })
  await expect(call(handlers.edit, { recipientId, address: 'ok@two.example' })).rejects.toMatchObject({
    code: 'conflict',
  })
  await expect(call(handlers.edit, { recipientId: recipient(id, 1), address: 'x@y.example' })).rejects.toMatchObject({
    code: 'conflict',
  })
  await call(handlers.edit, { recipientId, address: 'bob@three.example' })
  await house.quiet()
  expect(carried().at(-1)).toBe('three.example')
  const entry = await call(handlers.get, { id })
  expect(entry.recipients[0]).toMatchObject({
    address: 'bob@three.example',
    firstAddress: 'typo@one.example',
    state: 'delivered',
    attempts: 1,
  })
  expect(entry.history).toMatchObject([{ what: 'edit', recipientId, detail: 'typo@one.example → bob@three.example' }])
})

test('a recipient goes the way somebody chose, and back by the rules', async () => {
  const way: Route = { kind: 'smarthost', routeId: 1, host: 'smart.example', port: 587, tls: 'starttls' }
  const { house, handlers, send, recipient, carried } = await open(LATER, {
    routeFor: (_from, domain, _tries, chosen) => (chosen.kind === 'smarthost' ? way : { kind: 'direct', domain }),
  })
  await house.store.write('route.add', { host: 'smart.example', port: 587, tls: 'starttls' })
  const id = await send('a@one.example', 'b@two.example')
  await expect(call(handlers.route, { id, way: { kind: 'smarthost', routeId: 99 } })).rejects.toMatchObject({
    code: 'not-found',
  })
  const recipientId = recipient(id)
  await call(handlers.route, { id, recipientId, way: { kind: 'smarthost', routeId: 1 } })
  await house.quiet()
  expect(carried()).toEqual(['one.example', 'two.example', 'smart.example'])
  expect((await call(handlers.get, { id })).recipients.map((one) => one.way.kind)).toEqual(['smarthost', 'automatic'])
  await call(handlers.route, { id, way: { kind: 'automatic' } })
  await house.quiet()
  expect(carried().slice(3).toSorted()).toEqual(['one.example', 'two.example'])
})

test('exports the message as it goes out, pauses and goes on, each with a line in the history', async () => {
  const { house, handlers, handles, send } = await open(LATER)
  const id = await send('a@one.example')
  const given = await call(handlers.export, { id, by: 'command' })
  const chunks: Uint8Array[] = []
  for await (const chunk of handles.open(given.handle)?.bytes() ?? []) chunks.push(chunk)
  expect(Buffer.concat(chunks).toString('latin1')).toBe(await bytesOf(house, id))
  expect(given).toMatchObject({ filename: 'hi  there.eml', sizeBytes: Buffer.concat(chunks).length })
  await call(handlers.pause, { paused: true, why: 'moving house' })
  expect(house.settings['queue.paused']).toBe(true)
  await call(handlers.pause, { paused: false })
  expect((await call(handlers.get, { id })).history.map(({ what, why }) => [what, why])).toEqual([
    ['export', ''],
    ['pause', 'moving house'],
    ['resume', ''],
  ])
})

test('what a route held is let go when the route is mended, and nothing else', async () => {
  let isMended = false
  const { house, handlers, send } = await open((to, job) => {
    if (isMended) return taken(to, job)
    return { kind: 'held', to, why: { at: 'login', mx: 'smart.example', reason: 'wrong password', routeId: 5 } }
  })
  const id = await send('a@one.example')
  const other = await send('b@one.example')
  expect(house.states(id)).toEqual(['held'])
  await call(handlers.hold, { id: other })
  expect((await call(handlers.get, { id })).recipients[0]).toMatchObject({ heldBy: 'route' })
  isMended = true
  expect(await call(handlers.release, { id: null, routeId: 4 })).toEqual({ recipients: 0 })
  expect(await call(handlers.release, { id: null, routeId: 5 })).toEqual({ recipients: 1 })
  await house.quiet()
  expect([...house.states(id), ...house.states(other)]).toEqual(['delivered', 'held'])
})

test('time spent held is not counted towards giving up', async () => {
  const { house, clock, handlers, send } = await open(LATER)
  const id = await send('a@one.example')
  await call(handlers.hold, { id })
  clock.advance(30 * 86_400_000)
  await call(handlers.release, { id })
  await house.quiet()
  expect(house.states(id)).toEqual(['deferred'])
})

test('names what is not there', async () => {
  const { handlers, send, recipient } = await open(LATER)
  const [one, two] = [await send('a@one.example'), await send('b@one.example')]
  for (const missing of [
    call(handlers.hold, { id: 99 }),
    call(handlers.release, { id: one, recipientId: recipient(two) }),
    call(handlers.edit, { recipientId: 99, address: 'a@b.example' }),
    call(handlers.export, { id: 99 }),
    call(handlers.undo, { id: 99 }),
    call(handlers.pace.reset, { destination: 'one.example' }),
  ])
    await expect(missing).rejects.toMatchObject({ code: 'not-found' })
  await expect(call(handlers.hold, { id: null, domain: '..' })).rejects.toMatchObject({ code: 'address.invalid' })
  expect(mailbox('a@b.example').domain).toBe('b.example')
})

test('lists how fast mail leaves for each destination', async () => {
  const { house, handlers, send } = await open(taken)
  house.settings = { ...house.settings, 'pace.profile': 'home' }
  await send('a@one.example')
  const set = { connections: 1, gapSeconds: null, perConnection: null, perMinute: null, perHour: 50, perDay: null }
  expect(await call(handlers.pace.set, { destination: 'Two.Example', ...set })).toMatchObject({
    destination: 'two.example',
    connections: 1,
    gapSeconds: 3,
    perHour: 50,
    perDay: 0,
    isOwn: true,
  })
  expect(await call(handlers.pace.list, undefined)).toMatchObject([
    { destination: 'one.example', isOwn: false, lastHour: 1, lastDay: 1, perMinute: 20, text: null },
    { destination: 'two.example', isOwn: true, lastHour: 0 },
  ])
})
