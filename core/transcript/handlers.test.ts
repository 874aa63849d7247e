import { call } from '@orpc/server'
import { expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import type { SessionHead, SessionLink, TranscriptEvent } from '../model/transcript.ts'
import { logHandlers } from './handlers.ts'
import { createRecorder } from './recorder.ts'
import type { TranscriptBatch } from './sink.ts'

const head = { protocol: 'pop3', side: 'client', peer: 'mail.example', address: '192.0.2.1:110', accountId: 4 } as const
const all = { before: null, limit: 50, protocol: null, problemsOnly: false, entryId: null, messageId: null }
const bytes = (text: string) => Buffer.from(text, 'latin1')

/** The handlers over a recorder and the simplest store there is: what was handed over, in order. */
function log() {
  const heads = new Map<number, SessionHead>()
  const events: { id: number; seq: number; event: TranscriptEvent }[] = []
  const links: { id: number; link: SessionLink }[] = []
  const keep = async (batch: TranscriptBatch) => {
    for (const one of batch.heads) heads.set(one.id, one)
    for (const one of batch.events)
      one.events.forEach((event, n) => events.push({ id: one.sessionId, seq: one.seq + n, event }))
    for (const one of batch.links) links.push({ id: one.sessionId, link: one.link })
  }
  const recorder = createRecorder({ sink: keep, clock: fakeClock(), firstSessionId: 1 })
  const handlers = logHandlers({
    recorder,
    listSessions: ({ limit, protocol }) =>
      [...heads.values()].filter((one) => protocol === null || one.protocol === protocol).slice(0, limit),
    getSession: (id) => heads.get(id),
    listEvents: async (id, fromSeq, limit) =>
      events.filter((one) => one.id === id && one.seq >= fromSeq).slice(0, limit),
    countEvents: async (id) => events.filter((one) => one.id === id).length,
    linksOf: async (id) => links.filter((one) => one.id === id).map((one) => one.link),
    messageOfUidl: (accountId, uidl) => (accountId === 4 && uidl === 'known' ? 99 : undefined),
    clear: async () => {
      const removed = heads.size
      heads.clear()
      return { removed, more: false }
    },
  })
  return { recorder, handlers }
}

test('a session is listed and read from its first line on, committed or not', async () => {
  const { recorder, handlers } = log()
  const transcript = recorder.open(head)
  transcript.line('S', bytes('+OK'))
  expect(await call(handlers.sessions, all)).toMatchObject([{ id: 1, state: 'live', accountId: 4, endedMs: null }])
  await recorder.flush()
  transcript.line('C', bytes('PASS secret'), { secrets: [[5, 11]] })
  transcript.line('S', bytes('-ERR'))
  const read = await call(handlers.events, { id: 1, fromSeq: 0, limit: 100 })
  expect(read.map((one) => [one.seq, one.kind === 'line' && one.spans])).toEqual([
    [0, ['+OK']],
    [1, ['PASS ', { secret: true }]],
    [2, ['-ERR']],
  ])
  expect(await call(handlers.events, { id: 1, fromSeq: 1, limit: 1 })).toMatchObject([{ seq: 1 }])
  transcript.close('failed', 'us')
  expect(await call(handlers.sessions, { ...all, problemsOnly: true })).toMatchObject([{ id: 1, state: 'failed' }])
  expect(await call(handlers.sessions, { ...all, protocol: 'smtp' })).toEqual([])
  await recorder.flush()
  expect(await call(handlers.sessions, all)).toMatchObject([{ id: 1, state: 'failed' }])
})

test('content names the message that was stored, once it is', async () => {
  const { recorder, handlers } = log()
  const transcript = recorder.open(head)
  transcript.content('S', 5, { kind: 'fetched', uidl: 'known' })
  transcript.content('S', 5, { kind: 'fetched', uidl: 'never stored' })
  transcript.link({ messageId: 99 })
  transcript.link({ messageId: 99, attemptId: 1 })
  await recorder.flush()
  expect(await call(handlers.events, { id: 1, fromSeq: 0, limit: 10 })).toMatchObject([
    { ref: { kind: 'message', messageId: 99 } },
    { ref: { kind: 'kept', first: '' } },
  ])
  expect((await call(handlers.session, { id: 1 })).links).toEqual([{ entryId: null, messageId: 99 }])
})

test('exports a session that is still going on, in slices', async () => {
  const { recorder, handlers } = log()
  const transcript = recorder.open(head)
  for (let n = 0; n < 1200; n++) transcript.line('S', bytes(`line ${n}`))
  await recorder.flush()
  transcript.line('S', bytes('last'))
  const { text } = await call(handlers.export, { id: 1 })
  expect(text.split('\n').filter((line) => line.startsWith('S: '))).toHaveLength(1201)
  expect(text).toContain('S: line 1199\nS: last\n')
})

test('a session that is not there is said so', async () => {
  await expect(call(log().handlers.session, { id: 5 })).rejects.toThrow('find session 5: there is none')
})

test('tells which sessions changed, and that the log was cleared', async () => {
  const { recorder, handlers } = log()
  const abort = new AbortController()
  const changes = await call(handlers.changes, undefined, { signal: abort.signal })
  const told: (readonly number[])[] = []
  const listening = (async () => {
    for await (const { ids } of changes) told.push(ids)
  })()
  // Nothing is told before the stream has begun, so something changes until it has.
  await expect
    .poll(() => {
      recorder.open(head).close('ok', 'C')
      return told.length
    })
    .toBeGreaterThan(0)
  expect(told[0]![0]).toBeGreaterThan(0)
  expect((await call(handlers.clear, undefined)).sessions).toBeGreaterThan(0)
  await expect.poll(() => told.flat()).toContain(0)
  abort.abort()
  await listening
})

test('how far a session has come is known, committed or not', async () => {
  const { recorder, handlers } = log()
  const transcript = recorder.open(head)
  transcript.line('S', bytes('+OK'))
  expect(await call(handlers.extent, { id: 1 })).toMatchObject({ session: { state: 'live' }, events: 1 })
  await recorder.flush()
  transcript.line('C', bytes('QUIT'))
  expect(await call(handlers.extent, { id: 1 })).toMatchObject({ events: 2 })
  transcript.close('ok', 'S')
  await recorder.flush()
  expect(await call(handlers.extent, { id: 1 })).toMatchObject({ session: { state: 'ok' }, events: 3 })
  await expect(call(handlers.extent, { id: 9 })).rejects.toMatchObject({ code: 'not-found' })
})
