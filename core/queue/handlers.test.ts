import { afterEach, expect, test } from 'vitest'
import { call } from '../../test/support/contract.ts'
import {
  fakeDeliver,
  openQueueHouse,
  refused,
  submissionOf,
  taken,
  type Fate,
  type QueueHouse,
} from '../../test/support/queue-house.ts'
import { ByteHandles } from '../base/byte-handles.ts'
import { Changes } from '../base/changes.ts'
import type { SessionHead } from '../model/transcript.ts'
import { packBatch } from '../store/session-record.ts'
import { listRecipients } from '../store/queue.ts'
import { queueHandlers } from './handlers.ts'

const SESSION: Omit<SessionHead, 'id'> = {
  protocol: 'smtp',
  side: 'client',
  peer: 'mx.remote.example',
  address: '192.0.2.1:25',
  startedMs: 0,
  state: 'ok',
  worst: '',
  tls: false,
  bytesIn: 0,
  bytesOut: 0,
  messages: 0,
}
const houses: QueueHouse[] = []
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close()
})
async function open(fate: Fate) {
  const house = await openQueueHouse({ deliver: fakeDeliver(fate) })
  houses.push(house)
  const handlers = queueHandlers({
    store: house.store,
    queue: house.queue,
    settings: () => house.settings,
    changes: new Changes<number>(0),
    nowMs: () => house.clock.nowMs(),
    handles: new ByteHandles(house.clock),
    setPaused: async (paused) => {
      house.settings = { ...house.settings, 'queue.paused': paused }
      house.queue.wake()
    },
    attachments: async () => [],
    keepFile: async () => 'handle',
  })
  const send = async (to: readonly string[]) => {
    const answer = await house.submit(submissionOf(['From: ada@author.example', 'Subject: hi', '', 'x'], to))
    if (!answer.accepted) throw new Error('refused')
    await house.quiet()
    return answer.entryId
  }
  return { house, handlers, send }
}

test('lists what is open before what is done, and pages through all of it', async () => {
  const { handlers, send } = await open((to, job) =>
    to.local === 'late' ? refused(451, '4.3.0')(to, job) : taken(to, job),
  )
  const late = await send(['late@remote.example'])
  const first = await send(['a@remote.example'])
  const second = await send(['b@remote.example'])
  const ids = async (input: { limit: number; before?: number; after?: number }) =>
    (await call(handlers.list, input)).map((entry) => entry.id)
  expect(await ids({ limit: 10 })).toEqual([late, second, first])
  expect(await ids({ limit: 2 })).toEqual([late, second])
  expect(await ids({ limit: 2, before: second })).toEqual([first, late])
  const later = await send(['late@remote.example'])
  expect(await ids({ limit: 1 })).toEqual([later])
  expect(await ids({ limit: 1, after: later })).toEqual([late])
  expect(await ids({ limit: 2, after: later })).toEqual([late, second])
  expect(await ids({ limit: 1, after: late })).toEqual([second])
  expect(await ids({ limit: 9, after: second })).toEqual([first])
  expect(await ids({ limit: 9, after: first })).toEqual([])
})

test('shows each recipient with its reply, its sessions and why it stands where it stands', async () => {
  const { house, handlers, send } = await open((to, job) => {
    if (to.local === 'never') return refused(550, '5.1.1', 'nobody here')(to, job)
    if (to.local === 'silent') return { kind: 'unknown', to, mx: 'mx.remote.example' }
    return refused(451, '4.7.1', 'greylisted')(to, job)
  })
  const id = await send(['late@remote.example', 'never@remote.example', 'silent@remote.example'])
  const [first, second] = listRecipients(house.store.read, id).map((one) => one.id)
  const links = [
    { sessionId: 7, link: { entryId: id, recipientId: first! } },
    { sessionId: 9, link: { entryId: id, recipientId: first! } },
    { sessionId: 9, link: { entryId: id, recipientId: second! } },
  ]
  const heads = [7, 9].map((session) => ({ ...SESSION, id: session }))
  for (const [packed] of packBatch({ heads, segments: [], links })) await house.store.write('session.record', packed)
  const entry = await call(handlers.get, { id })
  expect(entry).toMatchObject({ id, from: 'ada@author.example', subject: 'hi', doneMs: null })
  expect(entry.recipients.map(({ sessions }) => sessions)).toEqual([[7, 9], [9], []])
  const [late, never, silent] = entry.recipients
  expect(late).toMatchObject({ state: 'deferred', attempts: 1, lastReply: '451 4.7.1 greylisted' })
  expect(late?.nextAttemptMs).toBeGreaterThan(entry.createdMs)
  expect(late?.why).toBe(
    'mx.remote.example asks to try again later: "451 4.7.1 greylisted". It is tried again by itself.',
  )
  expect(never).toMatchObject({ state: 'bounced', nextAttemptMs: null })
  expect(never?.why).toContain('550 5.1.1 nobody here')
  expect(silent?.why).toContain('It may have arrived.')
})

test('retries, cancels and decides, and says what is not there', async () => {
  let isDown = true
  const { house, handlers, send } = await open((to, job) => {
    if (to.local === 'silent') return { kind: 'unknown', to, mx: 'mx.remote.example' }
    return isDown ? refused(451, '4.3.0')(to, job) : taken(to, job)
  })
  const retried = await send(['a@remote.example'])
  const cancelled = await send(['b@remote.example'])
  const unknown = await send(['silent@remote.example'])
  isDown = false
  expect(await call(handlers.retry, { id: retried })).toEqual({ recipients: 1 })
  expect(await call(handlers.cancel, { id: cancelled })).toEqual({ recipients: 1 })
  const recipientId = (await call(handlers.get, { id: unknown })).recipients[0]?.id ?? 0
  expect(await call(handlers.decide, { recipientId, decision: 'arrived' })).toEqual({ ok: true })
  await house.quiet()
  expect([retried, cancelled, unknown].map((id) => house.states(id)[0])).toEqual([
    'delivered',
    'cancelled',
    'delivered',
  ])
  for (const missing of [
    call(handlers.get, { id: 999 }),
    call(handlers.retry, { id: 999 }),
    call(handlers.cancel, { id: 999 }),
  ])
    await expect(missing).rejects.toMatchObject({ code: 'not-found' })
  await expect(call(handlers.decide, { recipientId, decision: 'resend' })).rejects.toMatchObject({ code: 'conflict' })
})
