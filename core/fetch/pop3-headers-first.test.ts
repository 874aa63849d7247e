import { afterEach, beforeEach, expect, test } from 'vitest'
import { found as findIn } from '../../test/support/found.ts'
import { numbered, openFetchHouse, type FetchHouse } from '../../test/support/fetch-house.ts'
import { endedText, MANY_MESSAGES } from '../../test/support/pop3-cut.ts'
import { systemClock } from '../base/clock.ts'
import type { Dialer } from '../net/dial.ts'
import { makeDialer } from '../net/dial.ts'
import { getMessage } from '../store/message-list.ts'
import { getPartial } from '../store/pop3-seen.ts'
import { listTodo } from '../store/rule-todo.ts'
import type { FetchDeps } from './fetch-deps.ts'
import { fetchAccount } from './pop3.ts'
import { fetchWhole } from './pop3-whole.ts'

const PACKET_BYTES = 1460

let house: FetchHouse
beforeEach(async () => {
  house = await openFetchHouse()
  house.maildrop.capabilities = ['PIPELINING', 'UIDL', 'TOP']
})
afterEach(() => house.close())

const said = (...verbs: string[]) => house.server.commands.filter((line) => verbs.includes(line.slice(0, 4).trim()))
const left = () => house.maildrop.messages.length
/** That many messages of 8 KB. */
const fill = (count: number) => {
  for (let n = 1; n <= count; n++) house.maildrop.messages.push(numbered(n, `${'y'.repeat(78)}\r\n`.repeat(100)))
}
/** A line that brings packets, by which time passes as they come: a fetch over it goes as fast as the machine can. */
function lineOf(bytesPerSecond: number): Pick<FetchDeps, 'clock' | 'dial'> {
  const dialler = makeDialer()
  let came = 0
  const dial: Dialer = async (target, signal) => {
    const dialled = await dialler(target, signal)
    if (!dialled.ok) return dialled
    const { socket } = dialled
    const [push, emit] = [socket.push.bind(socket), socket.emit.bind(socket)]
    socket.push = (bytes: Buffer | null) => {
      let hasRoom = bytes !== null || push(null)
      for (let from = 0; bytes !== null && from < bytes.length; from += PACKET_BYTES)
        hasRoom = push(bytes.subarray(from, from + PACKET_BYTES))
      return hasRoom
    }
    socket.emit = (event: string, ...args: unknown[]) => {
      const [bytes] = args
      if (event === 'data' && bytes instanceof Uint8Array) came += bytes.length
      return emit(event as 'data', bytes as Buffer)
    }
    return dialled
  }
  return { dial, clock: { ...systemClock, monotonicMs: () => (came * 1000) / bytesPerSecond } }
}
const partials = () => house.store.read.prepare('SELECT count(*) FROM message_partial').pluck().get()
const texts = async (account: Parameters<FetchHouse['inbox']>[0]) => (await house.inbox(account)).map(({ raw }) => raw)

test('on a slow line all headers come before the messages that are left', async () => {
  fill(90)
  const account = await house.addAccount()
  const sent = house.maildrop.messages.map(({ raw }) => endedText(raw))
  const fetched = await fetchAccount(account, house.deps(lineOf(50_000)))
  expect(fetched).toMatchObject({ fetched: 90, removed: 90, problem: null })
  const verbs = said('RETR', 'TOP').map((line) => line.slice(0, 4).trim())
  // Some show what the line gives.
  const before = verbs.indexOf('TOP')
  expect(before).toBeGreaterThan(0)
  expect(before).toBeLessThan(40)
  const rest = 90 - before
  const repeated = (verb: string) => Array.from({ length: rest }, () => verb)
  expect(verbs.slice(before)).toEqual([...repeated('TOP'), ...repeated('RETR')])
  expect((await texts(account)).toSorted()).toEqual(sent.toSorted())
})

test('on a fast line, for a screenful, without TOP, and where nobody wants it, no header comes alone', async () => {
  fill(90)
  const slow = lineOf(50_000)
  const fetch = async (user: string, deps: Partial<FetchDeps>, rules = {}) => {
    const account = await house.addAccount({ user, keep: true, ...rules })
    expect(await fetchAccount(account, house.deps(deps))).toMatchObject({ problem: null })
  }
  await fetch('fast', lineOf(1_000_000))
  await fetch('never', slow, { headersFirst: 'never' })
  house.maildrop.capabilities = ['PIPELINING', 'UIDL']
  await fetch('no-top', slow, { headersFirst: 'always' })
  house.maildrop.capabilities = ['PIPELINING', 'UIDL', 'TOP']
  house.maildrop.messages.splice(20)
  await fetch('few', slow, { headersFirst: 'always' })
  expect(said('TOP')).toEqual([])
  expect(said('RETR')).toHaveLength(290)
})

test('a bulk fetch whose line turns out to be slow brings headers first from there on', async () => {
  fill(150)
  const account = await house.addAccount()
  const sent = house.maildrop.messages.map(({ raw }) => endedText(raw))
  const fetched = await fetchAccount(account, house.deps(lineOf(100_000)))
  expect(fetched).toMatchObject({ fetched: 150, removed: 150, problem: null })
  expect(said('TOP').length).toBeGreaterThan(50)
  expect((await texts(account)).toSorted()).toEqual(sent.toSorted())
  for (const { id } of await house.inbox(account)) expect(getPartial(house.store.read, id)).toBeUndefined()
})

test('the newest headers come first where that is wanted, and so do their messages', async () => {
  fill(22)
  await fetchAccount(await house.addAccount({ keep: true, newestFirst: true, headersFirst: 'always' }), house.deps())
  const down = (verb: string, end = '') => Array.from({ length: 22 }, (_, n) => `${verb} ${22 - n}${end}`)
  expect(said('RETR', 'TOP')).toEqual([...down('TOP', ' 0'), ...down('RETR')])
})

test('headers are shown as such; what is done to them stays done, and words and rules come with the whole', async () => {
  house.maildrop.messages.push(...Array.from({ length: 22 }, (_, n) => numbered(n + 1, `kingfisher\r\n`)))
  await house.store.write('rule.save', {
    name: 'all',
    enabled: true,
    scope: { kind: 'all' },
    condition: { kind: 'all', of: [], not: false },
    actions: [{ do: 'star' }],
  })
  house.maildrop.meddle = (line) => (line.startsWith('RETR') ? 'hang-up' : undefined)
  const account = await house.addAccount({ headersFirst: 'always' })
  expect(await fetchAccount(account, house.deps())).toMatchObject({ fetched: 22, removed: 0 })
  const todo = () => listTodo(house.store.read, Number.MAX_SAFE_INTEGER, 100).map(({ messageId }) => messageId)
  const found = () => findIn(house.store.read, 'kingfisher').length
  const headers = await house.inbox(account)
  expect(headers.map(({ raw }) => raw)).toEqual(headers.map(({ subject }) => `Subject: ${subject}\r\n\r\n`))
  expect([partials(), todo(), found(), left()]).toEqual([22, [], 0, 22])

  const [first, second, third] = headers.map(({ id }) => id)
  await house.store.write('message.starred', { ids: [first!], starred: true })
  house.maildrop.meddle = () => undefined
  await fetchWhole(second!, house.deps())
  expect(todo()).toEqual([second])
  for (let n = 0; n < 2; n++) await house.store.write('message.remove', { ids: [third!] })
  expect(await fetchAccount(account, house.deps())).toMatchObject({ removed: 21, problem: null })
  const whole = await house.inbox(account)
  expect(whole.map(({ id }) => id)).toEqual(headers.map(({ id }) => id).filter((id) => id !== third))
  expect([partials(), found(), left()]).toEqual([0, 21, 0])
  expect(todo().toSorted((a, b) => a - b)).toEqual(whole.map(({ id }) => id))
  expect(getMessage(house.store.read, first!)).toMatchObject({ starred: true })
})

test('a fetch that breaks off at any command of the two passes goes on without a message lost or twice', async () => {
  for (const keep of [false, true])
    for (let at = 0, isOver = false; !isOver; at += keep ? 7 : 1) {
      house.maildrop.messages.splice(0, Infinity, ...MANY_MESSAGES)
      const account = await house.addAccount({ keep, user: `ada-${keep}-${at}`, headersFirst: 'always' })
      let commands = 0
      house.maildrop.meddle = () => (commands++ === at ? 'hang-up' : undefined)
      isOver = (await fetchAccount(account, house.deps())).problem === null
      house.maildrop.meddle = () => undefined
      expect((await fetchAccount(account, house.deps())).problem).toBeNull()
      expect((await texts(account)).toSorted()).toEqual(MANY_MESSAGES.map(({ raw }) => endedText(raw)).toSorted())
      expect([at, partials(), left()]).toEqual([at, 0, keep ? 22 : 0])
    }
})

test('what its server has no more stays a header, and rules get that', async () => {
  fill(22)
  await house.store.write('rule.save', {
    name: 'all',
    enabled: true,
    scope: { kind: 'all' },
    condition: { kind: 'all', of: [], not: false },
    actions: [{ do: 'star' }],
  })
  house.maildrop.meddle = (line) => (line.startsWith('RETR') ? 'hang-up' : undefined)
  const account = await house.addAccount({ headersFirst: 'always' })
  await fetchAccount(account, house.deps())
  house.maildrop.meddle = () => undefined
  house.maildrop.messages.splice(0, 2)
  expect(await fetchAccount(account, house.deps())).toMatchObject({ removed: 20, problem: null })
  expect(partials()).toBe(2)
  expect(listTodo(house.store.read, Number.MAX_SAFE_INTEGER, 100)).toHaveLength(22)
})

test('a message that somebody asks for meanwhile comes once, and so does its turn with the rules', async () => {
  fill(30)
  await house.store.write('rule.save', {
    name: 'all',
    enabled: true,
    scope: { kind: 'all' },
    condition: { kind: 'all', of: [], not: false },
    actions: [{ do: 'star' }],
  })
  const account = await house.addAccount({ keep: true, headersFirst: 'always' })
  const asked: Promise<void>[] = []
  house.maildrop.meddle = (line) => {
    if (!line.startsWith('RETR') || asked.length > 0) return undefined
    const ids = house.store.read.prepare('SELECT message_id FROM message_partial').pluck().all() as number[]
    asked.push(Promise.resolve())
    for (const id of [ids[0]!, ids[29]!]) asked.push(fetchWhole(id, house.deps()))
    return undefined
  }
  expect(await fetchAccount(account, house.deps())).toMatchObject({ fetched: 30, problem: null })
  await Promise.all(asked)
  expect(asked).toHaveLength(3)
  expect((await texts(account)).toSorted()).toEqual(house.maildrop.messages.map(({ raw }) => endedText(raw)).toSorted())
  expect(partials()).toBe(0)
  expect(listTodo(house.store.read, Number.MAX_SAFE_INTEGER, 100)).toHaveLength(30)
})
