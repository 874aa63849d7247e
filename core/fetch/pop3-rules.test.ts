import { afterEach, beforeEach, expect, test } from 'vitest'
import { numbered, openFetchHouse, type FetchHouse } from '../../test/support/fetch-house.ts'
import { systemClock } from '../base/clock.ts'
import { isFault } from '../base/fault.ts'
import { getMessage } from '../store/message-list.ts'
import { getPartial, listSeen } from '../store/pop3-seen.ts'
import { fetchAccount } from './pop3.ts'
import { fetchWhole } from './pop3-whole.ts'

const DAY_MS = 86_400_000

let house: FetchHouse
beforeEach(async () => {
  house = await openFetchHouse()
})
afterEach(() => house.close())

const left = () => house.maildrop.messages.map(({ uidl }) => uidl)
/** A clock that many days ahead of the machine's. */
const days = (ahead: number) => ({ clock: { ...systemClock, nowMs: () => Date.now() + ahead * DAY_MS } })
const said = (verb: string) => house.server.commands.filter((line) => line.startsWith(verb))

test('mail is left on the server for as many days as its owner said', async () => {
  house.maildrop.messages.push(numbered(1), numbered(2))
  const account = await house.addAccount({ keep: true, deleteAfterDays: 7 })
  await fetchAccount(account, house.deps(days(-8)))
  house.maildrop.messages.push(numbered(3))
  await house.store.write('pop3.forget', { accountId: account.id, uidls: [] })
  expect(await fetchAccount(account, house.deps(days(6.9)))).toMatchObject({ fetched: 1, removed: 0 })
  expect(left()).toEqual(['uid-1', 'uid-2', 'uid-3'])
  expect(await fetchAccount(account, house.deps(days(7.1)))).toMatchObject({ fetched: 0, removed: 3 })
  expect(left()).toEqual([])
})

test('what is removed here for good is deleted there, and nothing else', async () => {
  house.maildrop.messages.push(numbered(1), numbered(2))
  const account = await house.addAccount({ keep: true, deleteWhenRemoved: true })
  await fetchAccount(account, house.deps())
  const [first] = await house.inbox(account)
  await house.store.write('message.remove', { ids: [first!.id] })
  expect(await fetchAccount(account, house.deps())).toMatchObject({ removed: 0 })
  await house.store.write('message.remove', { ids: [first!.id] })
  expect(await fetchAccount(account, house.deps())).toMatchObject({ removed: 1 })
  expect(left()).toEqual(['uid-2'])
})

test('without that rule what is removed here stays there, and does not come again', async () => {
  house.maildrop.messages.push(numbered(1))
  const account = await house.addAccount({ keep: true })
  await fetchAccount(account, house.deps())
  const ids = (await house.inbox(account)).map(({ id }) => id)
  await house.store.write('message.remove', { ids })
  await house.store.write('message.remove', { ids })
  expect(await fetchAccount(account, house.deps())).toMatchObject({ fetched: 0, removed: 0 })
  expect(left()).toEqual(['uid-1'])
})

test('the newest come first where that is wanted', async () => {
  house.maildrop.messages.push(numbered(1), numbered(2), numbered(3))
  await fetchAccount(await house.addAccount({ keep: true, newestFirst: true }), house.deps())
  expect(said('RETR')).toEqual(['RETR 3', 'RETR 2', 'RETR 1'])
})

test('of a large message the header comes, and the rest when somebody asks for it', async () => {
  const large = numbered(2, 'words of a long letter\r\n'.repeat(50_000))
  house.maildrop.messages.push(numbered(1), large)
  const account = await house.addAccount({ headersOnlyOverMb: 1 })
  expect(await fetchAccount(account, house.deps())).toMatchObject({ fetched: 2, removed: 1, problem: null })
  expect(said('TOP')).toEqual(['TOP 2 0'])
  expect(left()).toEqual(['uid-2'])
  const header = (await house.inbox(account)).find(({ subject }) => subject === 'number 2')!
  expect(header.raw).toBe('Subject: number 2\r\n\r\n')
  expect(getPartial(house.store.read, header.id)?.sizeBytes).toBe(large.raw.length)
  await fetchAccount(account, house.deps())
  expect(left()).toEqual(['uid-2'])

  await fetchWhole(header.id, house.deps())
  const whole = (await house.inbox(account)).find(({ id }) => id === header.id)!
  expect(whole.raw).toBe(large.raw.toString('latin1'))
  expect(getPartial(house.store.read, header.id)).toBeUndefined()
  expect(left()).toEqual([])
  expect(getMessage(house.store.read, header.id)?.preview).toContain('words of a long letter')
})

test('the rest of a message that its server has no more is said to be gone', async () => {
  house.maildrop.messages.push(numbered(1, 'x'.repeat(1_100_000)))
  const account = await house.addAccount({ keep: true, headersOnlyOverMb: 1 })
  await fetchAccount(account, house.deps())
  const { id } = (await house.inbox(account))[0]!
  house.maildrop.messages.splice(0)
  const error: unknown = await fetchWhole(id, house.deps()).catch((one: unknown) => one)
  expect(isFault(error, 'fetch.failed') && error.details.reason).toBe(
    'mail.example does not have this message any more: only its header was fetched.',
  )
  await house.store.write('account.remove', { id: account.id })
  await expect(fetchWhole(id, house.deps())).rejects.toThrow('The account this message came by is not here any more')
})

test('a server without TOP gives the whole of a large message instead of nothing', async () => {
  house.maildrop.meddle = (line) => (line.startsWith('TOP') ? '-ERR unknown command\r\n' : undefined)
  house.maildrop.messages.push(numbered(1, `${'x'.repeat(1_100_000)}\r\n`))
  const account = await house.addAccount({ headersOnlyOverMb: 1 })
  expect(await fetchAccount(account, house.deps())).toMatchObject({ fetched: 1, removed: 1, problem: null })
  const { id } = (await house.inbox(account))[0]!
  expect(getPartial(house.store.read, id)).toBeUndefined()
})

test('without UIDL messages are known by their headers: none comes twice, and the rules hold', async () => {
  house.maildrop.meddle = (line) => (line === 'UIDL' ? '-ERR unknown command\r\n' : undefined)
  house.maildrop.messages.push(numbered(1), numbered(2))
  const account = await house.addAccount({ keep: true, deleteWhenRemoved: true })
  expect(await fetchAccount(account, house.deps())).toMatchObject({ fetched: 2, problem: null })
  house.maildrop.messages.push(numbered(3))
  expect(await fetchAccount(account, house.deps())).toMatchObject({ fetched: 1, removed: 0, problem: null })
  const ids = (await house.inbox(account)).slice(0, 1).map(({ id }) => id)
  for (let n = 0; n < 2; n++) await house.store.write('message.remove', { ids })
  expect(await fetchAccount(account, house.deps())).toMatchObject({ fetched: 0, removed: 1, problem: null })
  expect(left()).toEqual(['uid-2', 'uid-3'])
})

test('without UIDL and TOP messages are known by their bytes', async () => {
  house.maildrop.meddle = (line) => (/^(?:UIDL|TOP)/.test(line) ? '-ERR unknown command\r\n' : undefined)
  house.maildrop.messages.push(numbered(1), numbered(2))
  const account = await house.addAccount({ keep: true })
  expect(await fetchAccount(account, house.deps())).toMatchObject({ fetched: 2, problem: null })
  house.maildrop.messages.push(numbered(3))
  expect(await fetchAccount(account, house.deps())).toMatchObject({ fetched: 1, problem: null })
  expect(await house.inbox(account)).toHaveLength(3)
})

test('a header that is refused once does not bring its message a second time', async () => {
  let refused = ''
  house.maildrop.meddle = (line) => (line === 'UIDL' || line === refused ? '-ERR not now\r\n' : undefined)
  house.maildrop.messages.push(numbered(1), numbered(2))
  const account = await house.addAccount({ keep: true })
  await fetchAccount(account, house.deps())
  refused = 'TOP 2 0'
  const { fetched, problem } = await fetchAccount(account, house.deps())
  expect(fetched).toBe(0)
  expect(problem).toContain('did not give out 1 of its messages')
  refused = ''
  expect(await fetchAccount(account, house.deps())).toMatchObject({ fetched: 0, problem: null })
})

test('of an account that leaves its mail, what the server has no more is forgotten', async () => {
  house.maildrop.messages.push(numbered(1), numbered(2))
  const account = await house.addAccount({ keep: true })
  await fetchAccount(account, house.deps())
  house.maildrop.messages.splice(0, 1)
  await fetchAccount(account, house.deps())
  expect(listSeen(house.store.read, account.id, '', 10).map(({ uidl }) => uidl)).toEqual(['uid-2'])
})

test('a maildrop that seems empty for a day brings nothing twice; after a week it is forgotten', async () => {
  const messages = [numbered(1), numbered(2)]
  house.maildrop.messages.push(...messages)
  const account = await house.addAccount({ keep: true })
  await fetchAccount(account, house.deps())
  house.maildrop.messages.splice(0)
  await fetchAccount(account, house.deps())
  house.maildrop.messages.push(...messages)
  expect(await fetchAccount(account, house.deps())).toMatchObject({ fetched: 0 })
  house.maildrop.messages.splice(0)
  await fetchAccount(account, house.deps())
  expect(listSeen(house.store.read, account.id, '', 10)).toHaveLength(2)
  await fetchAccount(account, house.deps(days(8)))
  expect(listSeen(house.store.read, account.id, '', 10)).toEqual([])
})

test('an account that has another maildrop now takes nothing there for known', async () => {
  house.maildrop.messages.push(numbered(1))
  const account = await house.addAccount()
  await fetchAccount(account, house.deps())
  house.maildrop.messages.push({ ...numbered(2), uidl: 'uid-1' })
  const other = await house.store.write('account.save', { id: account.id, settings: { user: 'bob' } })
  expect(await fetchAccount(other, house.deps())).toMatchObject({ fetched: 1, removed: 1, problem: null })
  // A fetch of the old one that is still under way keeps nothing of it, and deletes nothing.
  house.maildrop.messages.push(numbered(3))
  const { fetched, problem } = await fetchAccount(account, house.deps())
  expect(fetched).toBe(0)
  expect(problem).toContain('it has another maildrop by now')
  expect(left()).toEqual(['uid-3'])
})

test('what the server says of itself is remembered for the account', async () => {
  house.maildrop.capabilities = ['UIDL', 'EXPIRE 30', 'LOGIN-DELAY 60']
  const account = await house.addAccount({ keep: true })
  await fetchAccount(account, house.deps())
  expect(house.account(account.id).pop3).toMatchObject({ signedInBy: 'USER', expireDays: 30, loginDelaySeconds: 60 })
})

test('an account with a token never says it as a password', async () => {
  const account = await house.addAccount()
  const token = { loginOf: () => ({ kind: 'token', secret: 'tok-en' }) as const }
  const { problem, retry } = await fetchAccount(account, house.deps(token))
  expect(problem).toContain('does not take a token')
  expect(retry).toBe('person')
  expect(house.server.commands.join()).not.toContain('tok-en')
})

test('however far the readers are behind, no more than 6 MiB are held for them', async () => {
  const body = `${'x'.repeat(998)}\r\n`.repeat(250)
  // Fewer than are read in bulk.
  for (let n = 1; n <= 90; n++) house.maildrop.messages.push(numbered(n, body))
  let started = 0
  let most = 0
  const stuck: (() => void)[] = []
  const { readFields } = house.deps()
  const slow = async (raw: Uint8Array | readonly Uint8Array[]) => {
    started++
    most = Math.max(most, stuck.length + 1)
    await new Promise<void>((resolve) => stuck.push(resolve))
    return readFields(raw)
  }
  const account = await house.addAccount({ keep: true })
  const fetch = fetchAccount(account, house.deps({ readFields: slow }))
  let isOver = false
  void fetch.finally(() => (isOver = true))
  // They go on when nothing has come for a good many turns of the loop.
  for (let seen = -1, quiet = 0; !isOver; await new Promise((resolve) => setImmediate(resolve))) {
    quiet = seen === started ? quiet + 1 : 0
    seen = started
    if (quiet > 100) for (const go of stuck.splice(0)) go()
  }
  expect(await fetch).toMatchObject({ fetched: 90, problem: null })
  expect(started).toBe(90)
  expect(most * body.length).toBeLessThan(7 * 1024 * 1024)
}, 60_000)
