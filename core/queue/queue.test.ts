import { afterEach, expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import {
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
import { openTestStore } from '../../test/support/store.ts'
import { Fault } from '../base/fault.ts'
import type { Deliver } from '../model/delivery.ts'
import { getEntry, listRecipients } from '../store/queue.ts'
import { nextDueMs, queueCounts } from '../store/queue-due.ts'
import type { Store } from '../store/types.ts'

const houses: QueueHouse[] = []
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close()
})
async function open(options: HouseOptions): Promise<QueueHouse> {
  const house = await openQueueHouse(options)
  houses.push(house)
  return house
}
async function send(house: QueueHouse, to: readonly string[], subject = 'hello', more = {}): Promise<number> {
  const lines = ['From: ada@author.example', `Subject: ${subject}`, '', 'text']
  const accepted = await house.submit(submissionOf(lines, to, more))
  if (!accepted.accepted) throw new Error(accepted.reply.lines.join())
  return accepted.entryId
}
/** Decides by the local part: `ok`, `later`, `never`, `silent`. */
const byName: Fate = (to, job) => {
  if (to.local.startsWith('later')) return refused(451, '4.3.0', 'come back later')(to, job)
  if (to.local.startsWith('never')) return refused(550, '5.1.1', 'nobody of that name')(to, job)
  if (to.local.startsWith('silent')) return { kind: 'unknown', to, mx: 'mx.remote.example' }
  return taken(to, job)
}

test('delivers to all recipients of a domain in one transaction and to domains apart', async () => {
  const connections: FakeConnection[] = []
  const house = await open({ deliver: fakeDeliver(taken, connections) })
  const id = await send(house, ['a@one.example', 'b@one.example', 'c@two.example'])
  await house.quiet()
  expect(house.states(id)).toEqual(['delivered', 'delivered', 'delivered'])
  expect(connections.map(({ destination, jobs }) => [destination, jobs.map((job) => job.recipients.length)])).toEqual([
    ['one.example', [2]],
    ['two.example', [1]],
  ])
  expect(getEntry(house.store.read, id)?.doneMs).not.toBeNull()
  expect(listRecipients(house.store.read, id)[0]).toMatchObject({ attempts: 1, lastReply: '250 2.0.0 taken' })
})

test('settles each recipient by itself, and returns only the one that was refused', async () => {
  const house = await open({ deliver: fakeDeliver(byName) })
  const id = await send(house, ['ok@remote.example', 'later@remote.example', 'never@remote.example'])
  await house.quiet()
  expect(house.states(id)).toEqual(['delivered', 'deferred', 'bounced'])
  const [report = '', ...others] = await house.inbox()
  expect(others).toEqual([])
  expect(report).toContain('Final-Recipient: rfc822; never@remote.example')
  expect(report).not.toContain('Final-Recipient: rfc822; later@')
  expect(report).toContain('Diagnostic-Code: smtp; 550 5.1.1 nobody of that name')
})

test('tries again only who is left, when it is due', async () => {
  const clock = fakeClock()
  const seen: string[][] = []
  let isDown = true
  const fate: Fate = (to, job) => (to.local === 'late' && isDown ? refused(451, '4.3.0')(to, job) : taken(to, job))
  const deliver = fakeDeliver((to, job) => {
    seen.push([to.local])
    return fate(to, job)
  })
  const house = await open({ clock, deliver })
  const id = await send(house, ['early@remote.example', 'late@remote.example'])
  await house.quiet()
  isDown = false
  clock.advance(299_000)
  await house.quiet()
  expect(house.states(id)).toEqual(['delivered', 'deferred'])
  clock.advance(31_000)
  await house.quiet()
  expect(house.states(id)).toEqual(['delivered', 'delivered'])
  expect(seen).toEqual([['early'], ['late'], ['late']])
})

test('lives five days of refusals: one warning after four hours, one report at the end, and then silence', async () => {
  const clock = fakeClock()
  const house = await open({ clock, deliver: fakeDeliver(refused(452, '4.2.2', 'mailbox full')) })
  const id = await send(house, ['full@remote.example'])
  const startMs = clock.nowMs()
  await house.quiet()
  let warnedMs: number | undefined
  while (house.states(id)[0] === 'deferred') {
    expect(clock.next()).toBe(true)
    await house.quiet()
    if ((await house.inbox()).length > 0) warnedMs ??= clock.nowMs() - startMs
  }
  expect(house.states(id)).toEqual(['bounced'])
  expect(clock.nowMs() - startMs).toBe(5 * 86_400_000)
  expect(warnedMs).toBeGreaterThanOrEqual(4 * 3_600_000)
  expect(warnedMs).toBeLessThan(5.5 * 3_600_000)
  const inbox = await house.inbox()
  expect(inbox.map((report) => /^Action: (.*)$/m.exec(report)?.[1]?.trim())).toEqual(['failed', 'delayed'])
  expect(inbox[0]).toContain('Status: 5.4.7')
  expect(inbox[0]).toContain('452 4.2.2 mailbox full')
  expect(listRecipients(house.store.read, id)[0]?.attempts).toBeGreaterThan(50)
  expect(nextDueMs(house.store.read, 0)).toBeUndefined()
})

test('counts no try while there is no network', async () => {
  const clock = fakeClock()
  const deliver = fakeDeliver((to) => ({
    kind: 'deferred',
    to,
    why: { at: 'connect', mx: 'mx.remote.example', errno: 'ENETUNREACH' },
  }))
  const house = await open({ clock, deliver })
  const id = await send(house, ['a@remote.example'])
  for (let i = 0; i < 5; i++) {
    await house.quiet()
    clock.advance(61_000)
  }
  await house.quiet()
  expect(listRecipients(house.store.read, id)[0]).toMatchObject({ state: 'deferred', attempts: 0 })
})

test('sends a message of unknown arrival once more after an hour, then tells its author when time is up', async () => {
  const clock = fakeClock()
  const connections: FakeConnection[] = []
  const house = await open({ clock, deliver: fakeDeliver(byName, connections) })
  const id = await send(house, ['silent@remote.example'])
  await house.quiet()
  expect(house.states(id)).toEqual(['unknown'])
  clock.advance(3_599_000)
  await house.quiet()
  expect(connections).toHaveLength(1)
  clock.advance(2000)
  await house.quiet()
  expect(connections).toHaveLength(2)
  for (let day = 0; day < 6; day++) {
    clock.advance(86_400_000)
    await house.quiet()
  }
  expect(connections).toHaveLength(2)
  expect(house.states(id)).toEqual(['bounced'])
  const [report = ''] = await house.inbox()
  expect(report).toMatch(/It may have\s+arrived/)
})

test('believes what somebody says of a message of unknown arrival', async () => {
  const house = await open({
    deliver: fakeDeliver((to, job) => (job.entryId === 1 ? byName(to, job) : taken(to, job))),
  })
  const id = await send(house, ['silent@remote.example'])
  await house.quiet()
  const recipientId = listRecipients(house.store.read, id)[0]?.id ?? 0
  expect(await house.queue.decide(recipientId, 'arrived')).toBe(true)
  expect(house.states(id)).toEqual(['delivered'])
  expect(await house.queue.decide(recipientId, 'resend')).toBe(false)
  expect(getEntry(house.store.read, id)?.doneMs).not.toBeNull()
})

test('sends again at once when somebody asks for it, and not with "retry all"', async () => {
  const connections: FakeConnection[] = []
  let isSilent = true
  const deliver = fakeDeliver((to, job) => (isSilent ? byName(to, job) : taken(to, job)), connections)
  const house = await open({ deliver })
  const id = await send(house, ['silent@remote.example'])
  await house.quiet()
  isSilent = false
  expect(await house.queue.retry('all')).toBe(0)
  await house.quiet()
  expect(house.states(id)).toEqual(['unknown'])
  expect(await house.queue.retry({ entryId: id })).toBe(1)
  await house.quiet()
  expect(house.states(id)).toEqual(['delivered'])
  expect(connections).toHaveLength(2)
})

test('trying a deferred recipient again sends nothing once more to one of unknown arrival', async () => {
  const house = await open({
    deliver: fakeDeliver((to, job) => (to.local === 'slow' ? refused(451, '4.7.1') : byName)(to, job)),
  })
  const id = await send(house, ['silent@remote.example', 'slow@other.example'])
  await house.quiet()
  expect(house.states(id)).toEqual(['unknown', 'deferred'])
  expect(await house.queue.retry({ entryId: id })).toBe(1)
  await house.quiet()
  expect(listRecipients(house.store.read, id).map(({ attempts }) => attempts)).toEqual([1, 2])
})

test('tries everything that waits when it is told to', async () => {
  let isDown = true
  const deliver = fakeDeliver((to, job) => (isDown ? refused(451, '4.3.0')(to, job) : taken(to, job)))
  const house = await open({ deliver })
  const ids = [await send(house, ['a@one.example']), await send(house, ['b@two.example', 'c@three.example'])]
  await house.quiet()
  isDown = false
  expect(await house.queue.retry('all')).toBe(3)
  await house.quiet()
  expect(ids.map((id) => house.states(id))).toEqual([['delivered'], ['delivered', 'delivered']])
})

test('accepts while it is paused and sends nothing until it goes on', async () => {
  const connections: FakeConnection[] = []
  const house = await open({ deliver: fakeDeliver(taken, connections), settings: { 'queue.paused': true } })
  const id = await send(house, ['a@remote.example'])
  await house.queue.retry('all')
  await house.quiet()
  expect(connections).toHaveLength(0)
  expect(queueCounts(house.store.read).waiting).toBe(1)
  house.settings = { ...house.settings, 'queue.paused': false }
  house.queue.wake()
  await house.quiet()
  expect(house.states(id)).toEqual(['delivered'])
})

test('sends at intervals, local mail at once', async () => {
  const clock = fakeClock()
  const house = await open({
    clock,
    deliver: fakeDeliver(taken),
    settings: { 'queue.mode': 'interval', 'queue.intervalSeconds': 600 },
    localDomains: ['here.example'],
  })
  await house.quiet()
  const id = await send(house, ['a@remote.example', 'b@here.example'])
  await house.quiet()
  expect(house.states(id)).toEqual(['waiting', 'delivered'])
  clock.advance(599_000)
  await house.quiet()
  expect(house.states(id)).toEqual(['waiting', 'delivered'])
  clock.advance(1000)
  await house.quiet()
  expect(house.states(id)).toEqual(['delivered', 'delivered'])
  const next = await send(house, ['c@remote.example'])
  await house.queue.retry({ entryId: next })
  await house.quiet()
  expect(house.states(next)).toEqual(['delivered'])
})

test('cancels what waits at once, and what is being tried when its try ends without delivery', async () => {
  let release = () => {}
  const reached = new Promise<void>((resolve) => {
    release = resolve
  })
  let started = () => {}
  const hasStarted = new Promise<void>((resolve) => (started = resolve))
  const inner = fakeDeliver(byName)
  const deliver: Deliver = async (delivery, signal) => {
    started()
    await reached
    return inner(delivery, signal)
  }
  const house = await open({ deliver })
  const id = await send(house, ['later@remote.example', 'ok@remote.example'])
  await hasStarted
  expect(await house.queue.cancel({ entryId: id })).toBe(2)
  expect(house.states(id)).toEqual(['trying', 'trying'])
  release()
  await house.quiet()
  expect(house.states(id)).toEqual(['cancelled', 'delivered'])
  expect(getEntry(house.store.read, id)?.doneMs).not.toBeNull()
  const waiting = await send(house, ['later@remote.example'])
  await house.quiet()
  expect(await house.queue.cancel({ entryId: waiting })).toBe(1)
  expect(house.states(waiting)).toEqual(['cancelled'])
})

test('streams a backlog over few connections, each message once', async () => {
  const connections: FakeConnection[] = []
  const house = await open({ deliver: fakeDeliver(taken, connections), settings: { 'queue.paused': true } })
  const ids = await Promise.all(Array.from({ length: 300 }, (_, i) => send(house, [`u${i}@remote.example`])))
  house.settings = { ...house.settings, 'queue.paused': false }
  house.queue.wake()
  await house.quiet()
  expect(ids.every((id) => house.states(id)[0] === 'delivered')).toBe(true)
  const carried = connections.flatMap(({ jobs }) => jobs.map(({ entryId }) => entryId))
  expect(new Set(carried).size).toBe(300)
  expect(carried).toHaveLength(300)
  expect(connections.length).toBeLessThanOrEqual(40)
})

test('lets no destination wait for another one’s backlog', async () => {
  const order: string[] = []
  const deliver = fakeDeliver((to, job) => {
    order.push(to.domain)
    return taken(to, job)
  })
  const house = await open({ deliver, settings: { 'queue.paused': true } })
  for (let i = 0; i < 200; i++) await send(house, [`u${i}@big.example`])
  for (let i = 0; i < 20; i++) await send(house, [`u@small${i}.example`])
  house.settings = { ...house.settings, 'queue.paused': false }
  house.queue.wake()
  await house.quiet()
  expect(order).toHaveLength(220)
  const last = order.findLastIndex((domain) => domain.startsWith('small'))
  expect(last).toBeLessThan(180)
})

test('asks where mail goes at each try, so that a new route counts for what waits', async () => {
  const connections: FakeConnection[] = []
  let isSmarthost = false
  const deliver = fakeDeliver((to, job) => (isSmarthost ? taken(to, job) : refused(451, '4.3.0')(to, job)), connections)
  const house = await open({
    deliver,
    routeFor: (_from, domain) =>
      isSmarthost
        ? { kind: 'smarthost', routeId: 7, host: 'smart.example', port: 587, tls: 'starttls' }
        : { kind: 'direct', domain },
  })
  await send(house, ['a@one.example', 'b@two.example'])
  await house.quiet()
  isSmarthost = true
  await house.queue.retry('all')
  await house.quiet()
  expect(connections.map(({ destination }) => destination)).toEqual(['one.example', 'two.example', 'smart.example'])
  expect(connections[2]?.jobs[0]?.recipients).toHaveLength(2)
})

test('leaves a dead destination alone until the one that found out is due again', async () => {
  const clock = fakeClock()
  const connections: FakeConnection[] = []
  const deliver = fakeDeliver(
    (to) => ({ kind: 'deferred', to, why: { at: 'connect', mx: 'mx.dead.example', errno: 'ECONNREFUSED' } }),
    connections,
  )
  // One job a connection, as a relay does that finds nobody.
  const house = await open({ clock, deliver: (it, signal) => deliver({ ...it, next: async () => undefined }, signal) })
  for (let i = 0; i < 10; i++) await send(house, [`u${i}@dead.example`])
  await house.quiet()
  expect(connections).toHaveLength(1)
  clock.advance(119_000)
  await house.quiet()
  expect(connections).toHaveLength(1)
  clock.advance(2000)
  await house.quiet()
  expect(connections).toHaveLength(2)
})

test('goes on after a rest though more is due than it holds in memory', async () => {
  const clock = fakeClock()
  const store = openInlineStore(clock)
  const to = Array.from({ length: 100 }, (_, n) => mailbox(`r${n}@dead.example`))
  const entry = {
    prefix: '',
    removed: [],
    from: mailbox('ada@author.example'),
    to,
    userId: null,
    origin: 'submission',
  } as const
  const rest = { messageId: '', subject: '', is8bit: false, needsUtf8: false, kept: [] }
  for (let n = 0; n < 11; n++)
    await store.write('queue.submit', { body: { raw: Buffer.from('a: b') }, ...entry, ...rest })
  let dials = 0
  const deliver: Deliver = async ({ first, onOutcome }) => {
    dials++
    const why = { at: 'connect', mx: 'mx.dead.example', errno: 'ECONNREFUSED' } as const
    const settled = first.recipients.map(({ recipientId, to: one }) => ({
      recipientId,
      outcome: { kind: 'deferred', to: one, why } as const,
    }))
    await onOutcome(first, settled, undefined)
  }
  const house = await open({ deliver, clock, store, mostHeld: 1000 })
  // It reads 200 rows a turn.
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve))
  await house.quiet()
  expect(dials).toBe(1)
  clock.advance(120_000)
  await house.quiet()
  expect(dials).toBe(2)
})

test('recovers from a crash: dialling is due at once and counts nothing, a body on its way is unknown', async () => {
  const clock = fakeClock()
  const store = await openTestStore({ clock })
  const first = await openQueueHouse({ deliver: fakeDeliver(taken), clock, store, settings: { 'queue.paused': true } })
  const ids = [await send(first, ['a@one.example']), await send(first, ['b@two.example'])]
  const recipients = ids.map((id) => listRecipients(store.read, id)[0]?.id ?? 0)
  await store.write('queue.startAttempt', { recipientIds: recipients })
  await store.write('queue.beforeBody', { recipientIds: recipients.slice(1) })
  await first.queue.close()

  const connections: FakeConnection[] = []
  const second = await open({ deliver: fakeDeliver(taken, connections), clock, store })
  await second.quiet()
  expect(ids.map((id) => second.states(id))).toEqual([['delivered'], ['unknown']])
  expect(listRecipients(store.read, ids[0] ?? 0)[0]?.attempts).toBe(1)
  clock.advance(3_601_000)
  await second.quiet()
  expect(ids.map((id) => second.states(id))).toEqual([['delivered'], ['delivered']])
  expect(connections.map(({ destination }) => destination)).toEqual(['one.example', 'two.example'])
})

test('delivers local mail with Return-Path and Delivered-To in front, and returns it when there is no mailbox', async () => {
  const house = await open({
    deliver: fakeDeliver(taken),
    localDomains: ['here.example'],
    findLocal: (to) =>
      to.local === 'bob'
        ? { mailboxes: [{ accountId: null, userId: null }], forwards: [] }
        : { mailboxes: [], forwards: [], refusal: { code: 550, enhanced: '5.1.1', lines: ['no such user here'] } },
  })
  const id = await send(house, ['bob@here.example', 'nobody@here.example'])
  await house.quiet()
  expect(house.states(id)).toEqual(['delivered', 'bounced'])
  const inbox = await house.inbox()
  expect(inbox).toHaveLength(2)
  const mail = inbox.find((text) => text.startsWith('Return-Path'))
  expect(mail).toMatch(/^Return-Path: <ada@author\.example>\r\nDelivered-To: bob@here\.example\r\n/)
  expect(inbox.find((text) => text !== mail)).toContain('nobody@here.example')
})

test('tells nobody of a message without a reverse-path', async () => {
  const house = await open({ deliver: fakeDeliver(byName) })
  const id = await send(house, ['never@remote.example'], 'report', { from: null })
  await house.quiet()
  expect(house.states(id)).toEqual(['bounced'])
  expect(await house.inbox()).toEqual([])
})

test('warns nobody of mail that a program wrote', async () => {
  const clock = fakeClock()
  const house = await open({ clock, deliver: fakeDeliver(refused(451, '4.3.0')) })
  const lines = ['From: ada@author.example', 'Precedence: bulk', '', 'news']
  await house.submit(submissionOf(lines, ['a@remote.example']))
  for (let i = 0; i < 25; i++) {
    await house.quiet()
    clock.advance(991_000)
  }
  expect(await house.inbox()).toEqual([])
})

test('keeps mail that a relay broke down on, and tries it again', async () => {
  let isBroken = true
  const inner = fakeDeliver(taken)
  const deliver: Deliver = async (delivery, signal) => {
    if (isBroken) throw new Error('read the authorities: no such file')
    return inner(delivery, signal)
  }
  const house = await open({ deliver })
  const id = await send(house, ['a@remote.example'])
  await house.quiet()
  expect(house.states(id)).toEqual(['deferred'])
  expect(house.log.join()).toContain('no such file')
  isBroken = false
  await house.queue.retry({ entryId: id })
  await house.quiet()
  expect(house.states(id)).toEqual(['delivered'])
})

test('closes in the middle of a try and leaves it to be begun anew', async () => {
  const store = await openTestStore()
  const hanging: Deliver = (_delivery, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
  const first = await openQueueHouse({ deliver: hanging, store })
  const id = await send(first, ['a@remote.example'])
  await first.queue.close(10)
  expect(listRecipients(store.read, id)[0]).toMatchObject({ state: 'waiting', attempts: 0 })
  const second = await open({ deliver: fakeDeliver(taken), store })
  await second.quiet()
  expect(second.states(id)).toEqual(['delivered'])
})

test('delivers local mail while every connection is busy', async () => {
  const hanging: Deliver = (_delivery, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
  const house = await open({ deliver: hanging, localDomains: ['here.example'] })
  for (let i = 0; i < 12; i++) await send(house, [`u@slow${i}.example`])
  const id = await send(house, ['bob@here.example'])
  while (house.states(id)[0] !== 'delivered') await new Promise((resolve) => setImmediate(resolve))
  await house.queue.close(0)
})

test('waits with everything while nothing can be stored, keeps an outcome until it can, and loses nothing', async () => {
  const clock = fakeClock()
  const inline = openInlineStore(clock)
  const isFull = new Set<string>(['queue.startAttempt'])
  const full = new Fault('store.full', 'write to the store: the disk is full', { path: 'mail.db' })
  const write: Store['write'] = async (name, args) => {
    if (isFull.has(name)) throw full
    return inline.write(name, args)
  }
  const connections: FakeConnection[] = []
  const house = await open({ deliver: fakeDeliver(taken, connections), clock, store: { ...inline, write } })
  const id = await send(house, ['a@remote.example'])
  await house.quiet()
  expect(house.states(id)).toEqual(['waiting'])
  isFull.clear()
  isFull.add('queue.settle')
  clock.advance(5000)
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  expect(house.states(id)).toEqual(['trying'])
  isFull.clear()
  clock.advance(1000)
  await house.quiet()
  expect(house.states(id)).toEqual(['delivered'])
  expect(connections.flatMap(({ jobs }) => jobs)).toHaveLength(1)
})

test('keeps an outcome while the store cannot be read, and sends nothing twice', async () => {
  const clock = fakeClock()
  const inline = openInlineStore(clock)
  let isBroken = false
  const prepare: Store['read']['prepare'] = (sql: string) => {
    const statement = inline.read.prepare(sql)
    if (!sql.includes('queue.online-ms')) return statement as never
    const get = (...values: unknown[]) => {
      if (isBroken) throw new Error('disk I/O error')
      return statement.get(...values)
    }
    return { get } as never
  }
  const read = { prepare } as unknown as Store['read']
  const connections: FakeConnection[] = []
  const deliver = fakeDeliver((to, job) => {
    isBroken = true
    return byName(to, job)
  }, connections)
  const house = await open({ deliver, clock, store: { ...inline, read } })
  const id = await send(house, ['ok@remote.example', 'later@remote.example'])
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  isBroken = false
  clock.advance(1000)
  await house.quiet()
  expect(house.states(id)).toEqual(['delivered', 'deferred'])
  expect(connections.flatMap(({ jobs }) => jobs)).toHaveLength(1)
})
