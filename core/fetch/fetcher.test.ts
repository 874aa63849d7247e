import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { startPop3Server, type Maildrop, type Pop3TestServer } from '../../test/support/pop3-server.ts'
import { openTestStore, type TestStore } from '../../test/support/store.ts'
import { systemClock } from '../base/clock.ts'
import { readFields } from '../message/read.ts'
import { makeDialer } from '../net/dial.ts'
import { getAccount, type Account } from '../store/account.ts'
import { createRecorder } from '../transcript/recorder.ts'
import { createFetcher, type Fetcher } from './fetcher.ts'
import type { FetchDeps } from './fetch-deps.ts'
import { testAccount } from './test-account.ts'

let store: TestStore
let server: Pop3TestServer
let deps: FetchDeps
let fetcher: Fetcher
let clock: ReturnType<typeof fakeClock>
const maildrop: Maildrop = { messages: [] }

beforeEach(async () => {
  clock = fakeClock()
  store = await openTestStore({ clock })
  Object.assign(maildrop, { messages: [], meddle: undefined, capabilities: undefined })
  server = await startPop3Server(maildrop)
  deps = {
    store,
    recorder: createRecorder({ sink: async () => {}, clock: systemClock, firstSessionId: 1 }),
    clock,
    dial: makeDialer(clock),
    findHost: async () => ({ ok: true, addresses: ['127.0.0.1'], trace: [] }),
    caFile: () => '',
    loginOf: () => ({ kind: 'password', secret: 'secret' }),
    readFields: async (raw) => readFields(raw instanceof Uint8Array ? raw : Buffer.concat(raw)),
  }
  fetcher = createFetcher(deps)
})
afterEach(async () => {
  await fetcher.stop()
  await server.close()
  await store.closeAndRemove()
})

const add = (everySeconds = 300): Promise<Account> =>
  store.write('account.add', {
    name: 'Ada',
    host: 'mail.example',
    port: server.port,
    tls: 'none',
    user: 'ada',
    keep: true,
    everySeconds,
    secret: { login: 'password', value: Buffer.from('secret') },
  })
async function all<T>(steps: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const step of steps) found.push(step)
  return found
}
const visits = () => server.commands.filter((line) => line === 'CAPA').length
const idle = (id: number) => expect.poll(() => fetcher.isFetching(id)).toBe(false)

test('fetches when an account is due, and again in its rhythm', async () => {
  const { id } = await add()
  fetcher.start()
  await idle(id)
  expect(visits()).toBe(1)
  expect(getAccount(store.read, id)).toMatchObject({ lastFetchMs: clock.nowMs(), lastError: null })
  clock.advance(299_000)
  await idle(id)
  expect(visits()).toBe(1)
  clock.advance(1000)
  await idle(id)
  expect(visits()).toBe(2)
})

test('asks less and less often while it fails, and says why in words', async () => {
  maildrop.meddle = (line) => (line.startsWith('PASS') ? '-ERR [SYS/TEMP] no\r\n' : undefined)
  const { id } = await add(60)
  const waits: number[] = []
  for (let n = 0; n < 8; n++) {
    const { problem } = await fetcher.fetch(id)
    const account = getAccount(store.read, id)!
    expect(account.lastError).toBe(problem)
    waits.push((account.nextFetchMs - clock.nowMs()) / 1000)
  }
  expect(waits).toEqual([120, 240, 480, 960, 1920, 3600, 3600, 3600])
  delete maildrop.meddle
  expect((await fetcher.fetch(id)).problem).toBeNull()
  expect(getAccount(store.read, id)).toMatchObject({ lastError: null, nextFetchMs: clock.nowMs() + 60_000 })
})

/** What a refusal of the login makes of the time until the next one, in seconds, one try after the other. */
async function waitsAfter(refusal: string, everySeconds: number, tries: number): Promise<number[]> {
  maildrop.meddle = (line) => (line.startsWith('PASS') ? `${refusal}\r\n` : undefined)
  const { id } = await add(everySeconds)
  const waits: number[] = []
  for (let n = 0; n < tries; n++) {
    await fetcher.fetch(id)
    waits.push((getAccount(store.read, id)!.nextFetchMs - clock.nowMs()) / 1000)
  }
  return waits
}

test('a maildrop in use is asked again soon', async () => {
  expect(await waitsAfter('-ERR [IN-USE] locked', 300, 4)).toEqual([60, 120, 240, 300])
})

test('a password that is refused again is not tried more than once an hour', async () => {
  expect(await waitsAfter('-ERR [AUTH] no', 300, 3)).toEqual([600, 3600, 3600])
})

test('the pause a server wants between two logins is kept, also when somebody asks for mail', async () => {
  Object.assign(maildrop, { capabilities: ['UIDL', 'LOGIN-DELAY 900'] })
  const { id } = await add(60)
  expect(await fetcher.fetch(id)).toMatchObject({ problem: null })
  expect(getAccount(store.read, id)!.nextFetchMs - clock.nowMs()).toBe(900_000)
  expect((await fetcher.fetch(id)).problem).toBe(
    'mail.example wants a pause between two logins (RFC 2449 §6.5): it can be asked again in 15 minutes.',
  )
  expect(visits()).toBe(1)
  fetcher.start()
  clock.advance(899_000)
  await idle(id)
  expect(visits()).toBe(1)
  clock.advance(1000)
  await idle(id)
  expect(visits()).toBe(2)
})

test('a server that wants a pause and does not say how long is left alone for a while', async () => {
  expect(await waitsAfter('-ERR [LOGIN-DELAY] too soon', 60, 2)).toEqual([900, 900])
})

test('the rest of a message is brought when the fetch is over, and a fetch begins when it is here', async () => {
  const { id } = await add()
  await store.write('account.save', { id, settings: {}, rules: { headersOnlyOverMb: 1 } })
  maildrop.messages.push({ uidl: 'a', raw: Buffer.from(`Subject: large\r\n\r\n${'x'.repeat(1_100_000)}\r\n`) })
  expect(await fetcher.fetch(id)).toMatchObject({ fetched: 1, problem: null })
  const { id: messageId } = store.read.prepare('SELECT id FROM message').get() as { id: number }
  server.commands.splice(0)
  const done: string[] = []
  const one = fetcher.fetch(id).then(() => done.push('fetch'))
  const whole = fetcher.fetchWhole(messageId).then(() => done.push('whole'))
  await one
  const other = fetcher.fetch(id).then(() => done.push('fetch'))
  await Promise.all([whole, other])
  expect(done).toEqual(['fetch', 'whole', 'fetch'])
  // One session after the other, each from its first command to its last.
  expect(server.commands.filter((line) => line === 'CAPA' || line === 'QUIT')).toEqual(
    Array.from({ length: 3 }, () => ['CAPA', 'QUIT']).flat(),
  )
})

test('a store that cannot take the result does not make it ask again at once', async () => {
  const { id } = await add(60)
  let isFull = true
  const write: FetchDeps['store']['write'] = (name, args) =>
    isFull && name === 'account.fetched' ? Promise.reject(new Error('the disk is full')) : store.write(name, args)
  const { read, stage } = store
  fetcher = createFetcher({ ...deps, store: { read, stage, write } })
  fetcher.start()
  await expect.poll(visits).toBe(1)
  await idle(id)
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve))
  expect(visits()).toBe(1)
  isFull = false
  clock.advance(120_000)
  await idle(id)
  expect(visits()).toBe(2)
  expect(getAccount(store.read, id)).toMatchObject({ nextFetchMs: clock.nowMs() + 60_000 })
})

test('an account is fetched once at a time: who asks meanwhile gets the same answer', async () => {
  const { id } = await add()
  const both = await Promise.all([fetcher.fetch(id), fetcher.fetch(id)])
  expect(both[0]).toBe(both[1])
  expect(visits()).toBe(1)
})

test('a clock that was set back does not silence an account', async () => {
  const { id } = await add()
  await store.write('account.fetched', { id, error: null, nextFetchMs: clock.nowMs() + 86_400_000 * 365 })
  fetcher.start()
  await idle(id)
  expect(visits()).toBe(1)
})

test('stopping ends a fetch that is under way', async () => {
  maildrop.meddle = (line) => (line === 'UIDL' ? '' : undefined)
  const { id } = await add()
  const fetching = fetcher.fetch(id)
  await expect.poll(() => server.commands.includes('UIDL')).toBe(true)
  await fetcher.stop()
  expect((await fetching).problem).toBe('The fetch was stopped.')
  expect(getAccount(store.read, id)!.lastError).toBeNull()
})

test('a test of settings says step by step how it went', async () => {
  const settings = { host: 'mail.example', port: server.port, tls: 'none', user: 'ada', password: 'secret' } as const
  const steps = await all(testAccount(settings, deps))
  expect(steps.map(({ step, state }) => `${step} ${state}`)).toEqual([
    'connect trying',
    'connect ok',
    'tls ok',
    'login trying',
    'login ok',
    'list trying',
    'list ok',
  ])
  expect(steps.at(-1)).toMatchObject({ text: '0 messages are waiting.', sessionId: 1 })
  maildrop.meddle = (line) => (line.startsWith('PASS') ? '-ERR wrong\r\n' : undefined)
  const failed = await all(testAccount(settings, deps))
  expect(failed.at(-1)).toMatchObject({ step: 'login', state: 'failed', sessionId: 2 })
  expect(failed.at(-1)!.text).toContain('check user name and password')
})
