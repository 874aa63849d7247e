import { afterEach, beforeEach, expect, test } from 'vitest'
import { startPop3Server, type Maildrop, type Pop3TestServer } from '../../test/support/pop3-server.ts'
import { openTestStore, type TestStore } from '../../test/support/store.ts'
import { systemClock } from '../base/clock.ts'
import { readFields } from '../message/read.ts'
import { makeDialer } from '../net/dial.ts'
import { getAccount, type Account } from '../store/account.ts'
import { listSeen } from '../store/pop3-seen.ts'
import { findFolder } from '../store/folder.ts'
import { getMessage } from '../store/message-list.ts'
import { listEvents } from '../store/session-segment.ts'
import { createRecorder } from '../transcript/recorder.ts'
import type { Recorder } from '../transcript/sink.ts'
import type { FetchDeps } from './fetch-deps.ts'
import { fetchAccount } from './pop3.ts'

let store: TestStore
let server: Pop3TestServer
const recorders: Recorder[] = []
const maildrop: Maildrop = { messages: [] }

beforeEach(async () => {
  store = await openTestStore()
  Object.assign(maildrop, { messages: [], capabilities: undefined, meddle: undefined })
  server = await startPop3Server(maildrop)
})
afterEach(async () => {
  await server.close()
  for (const recorder of recorders.splice(0)) await recorder.flush()
  await store.closeAndRemove()
})

const message = (n: number, body = 'hello\r\n') =>
  ({ uidl: `uid-${n}`, raw: Buffer.from(`Subject: number ${n}\r\n\r\n${body}`, 'latin1') }) as const

function deps(more: Partial<FetchDeps> = {}): FetchDeps {
  const recorder = createRecorder({
    sink: (batch) => store.record(batch),
    clock: systemClock,
    firstSessionId: recorders.length + 1,
    onFailure: (reason) => expect(reason).toBe(''),
  })
  recorders.push(recorder)
  return {
    store,
    recorder,
    clock: systemClock,
    dial: makeDialer(),
    findHost: async () => ({ ok: true, addresses: ['127.0.0.1'], trace: [] }),
    caFile: () => '',
    loginOf: () => ({ kind: 'password', secret: 'secret' }),
    readFields: async (raw) => readFields(raw instanceof Uint8Array ? raw : Buffer.concat(raw)),
    ...more,
  }
}
async function addAccount(keep: boolean): Promise<Account> {
  const secret = { login: 'password', value: Buffer.from('secret') } as const
  const rest = { host: 'mail.example', port: server.port, tls: 'none', user: 'ada', everySeconds: 300 } as const
  return store.write('account.add', { ...rest, name: 'Ada', keep, secret })
}
/** What the account's Inbox holds: subject and bytes of each message, in order of arrival here. */
async function inbox(account: Account): Promise<{ subject: string; raw: string }[]> {
  const folder = findFolder(store.read, { accountId: account.id, userId: null }, 'inbox')
  const ids = store.read.prepare('SELECT id FROM message WHERE folder_id = ? ORDER BY id').all(folder!.id) as {
    id: number
  }[]
  return Promise.all(
    ids.map(async ({ id }) => {
      const row = getMessage(store.read, id)!
      return { subject: row.subject, raw: (await store.readBody(row.view)).toString('latin1') }
    }),
  )
}
const subjects = async (account: Account) => (await inbox(account)).map((one) => one.subject).toSorted()

test('fetches what is new, keeps every byte, and deletes it on the server', async () => {
  const account = await addAccount(false)
  maildrop.messages.push(message(1), message(2, '.\r\n..\r\n\xe4\0 no line end'), message(3, 'x'.repeat(600_000)))
  const sent = maildrop.messages.map((one) => one.raw.toString('latin1'))
  expect(await fetchAccount(account, deps())).toMatchObject({ fetched: 3, removed: 3, problem: null })
  const stored = (await inbox(account)).map((one) => one.raw)
  expect(stored.toSorted()).toEqual(sent.map((raw) => (raw.endsWith('\r\n') ? raw : `${raw}\r\n`)).toSorted())
  expect(maildrop.messages).toEqual([])
})

test('leaves mail on the server when told so, and does not fetch it again', async () => {
  const account = await addAccount(true)
  maildrop.messages.push(message(1), message(2))
  expect(await fetchAccount(account, deps())).toMatchObject({ fetched: 2, removed: 0 })
  maildrop.messages.push(message(3))
  expect(await fetchAccount(account, deps())).toMatchObject({ fetched: 1, removed: 0, problem: null })
  expect(await subjects(account)).toEqual(['number 1', 'number 2', 'number 3'])
  expect(maildrop.messages).toHaveLength(3)
})

test('a connection lost between the commit and the deletion brings nothing twice and deletes it the next time', async () => {
  const account = await addAccount(false)
  maildrop.messages.push(message(1), message(2))
  maildrop.meddle = (line) => (line.startsWith('DELE') ? 'hang-up' : undefined)
  const first = await fetchAccount(account, deps())
  expect(first).toMatchObject({ fetched: 2, removed: 0 })
  expect(first.problem).toContain('closed the connection')
  expect(maildrop.messages).toHaveLength(2)
  delete maildrop.meddle
  server.commands.length = 0
  expect(await fetchAccount(account, deps())).toMatchObject({ fetched: 0, removed: 2, problem: null })
  expect(server.commands.some((line) => line.startsWith('RETR'))).toBe(false)
  expect(await subjects(account)).toEqual(['number 1', 'number 2'])
  expect(maildrop.messages).toEqual([])
})

test('nothing is deleted on the server when it could not be stored', async () => {
  const account = await addAccount(false)
  maildrop.messages.push(message(1), message(2))
  const failing: FetchDeps['store'] = {
    read: store.read,
    stage: () => store.stage(),
    write: async (name, args) => {
      if (name === 'pop3.keep') throw new Error('no room')
      return store.write(name, args)
    },
  }
  const ended = await fetchAccount(account, deps({ store: failing }))
  expect(ended).toMatchObject({ fetched: 0, removed: 0, problem: 'The fetch was given up: no room' })
  expect(server.commands.some((line) => line.startsWith('DELE'))).toBe(false)
  expect(await fetchAccount(account, deps())).toMatchObject({ fetched: 2, removed: 2, problem: null })
})

test('a connection lost in the middle keeps what came whole, and nothing of what did not', async () => {
  const account = await addAccount(false)
  for (let n = 1; n <= 20; n++) maildrop.messages.push(message(n))
  maildrop.meddle = (line, socket) => {
    if (line !== 'RETR 11') return undefined
    socket.end('+OK\r\nSubject: half\r\n\r\nha')
    return ''
  }
  const first = await fetchAccount(account, deps())
  expect(first).toMatchObject({ fetched: 10 })
  expect(await subjects(account)).not.toContain('half')
  delete maildrop.meddle
  expect(await fetchAccount(account, deps())).toMatchObject({ fetched: 10, problem: null })
  expect(await inbox(account)).toHaveLength(20)
  expect(maildrop.messages).toEqual([])
})

test('a message the server does not give out stays for the next time, and the others come', async () => {
  const account = await addAccount(false)
  maildrop.messages.push(message(1), message(2), message(3))
  maildrop.meddle = (line) => (line === 'RETR 2' ? '-ERR busy\r\n' : undefined)
  const ended = await fetchAccount(account, deps())
  expect(ended).toMatchObject({ fetched: 2, removed: 2 })
  expect(ended.problem).toContain('did not give out 1 of its messages')
  expect(maildrop.messages.map((one) => one.uidl)).toEqual(['uid-2'])
})

test('two messages of one unique-id are never deleted, for one of them may not have come', async () => {
  const account = await addAccount(false)
  maildrop.messages.push(message(1), { ...message(2), uidl: 'uid-1' }, message(3))
  expect(await fetchAccount(account, deps())).toMatchObject({ fetched: 2, removed: 1, problem: null })
  expect(await fetchAccount(account, deps())).toMatchObject({ fetched: 0, removed: 0, problem: null })
  expect(maildrop.messages).toHaveLength(2)
})

test('a refused login says what to do, in the words of the server, without the password', async () => {
  const account = await addAccount(false)
  maildrop.meddle = (line) => (line.startsWith('PASS') ? '-ERR [AUTH] secret is wrong\r\n' : undefined)
  const { problem, sessionId } = await fetchAccount(account, deps())
  expect(problem).toBe(
    'mail.example refuses the login of "ada": check user name and password; some providers ask for an app password. The server says: -ERR [AUTH] <secret> is wrong',
  )
  expect(sessionId).toBe(1)
})

test('a session is linked to every message it brought', async () => {
  const account = await addAccount(true)
  for (let n = 1; n <= 30; n++) maildrop.messages.push(message(n))
  const house = deps()
  const { sessionId } = await fetchAccount(account, house)
  await house.recorder.flush()
  const { n } = store.read
    .prepare(
      'SELECT count(DISTINCT l.message_id) AS n FROM session_message l JOIN message m ON m.id = l.message_id WHERE l.session_id = ?',
    )
    .get(sessionId) as { n: number }
  expect(n).toBe(30)
})

test('the password is not in the store outside the table of secrets', async () => {
  const account = await addAccount(true)
  maildrop.messages.push(message(1))
  const house = deps()
  await fetchAccount(account, house)
  await house.recorder.flush()
  const all = JSON.stringify(listEvents(store.read, 1, 0, 1000))
  expect(all).toContain('USER ada')
  expect(all).not.toContain('secret"]')
  expect(all.replaceAll('{"secret":true}', '')).not.toContain('secret')
})

test('unique-ids the server has no more are forgotten where mail is deleted there', async () => {
  const account = await addAccount(false)
  maildrop.messages.push(message(1), message(2))
  await fetchAccount(account, deps())
  expect(listSeen(store.read, account.id, '', 10).map(({ uidl }) => uidl)).toEqual(['uid-1', 'uid-2'])
  await fetchAccount(account, deps())
  expect(listSeen(store.read, account.id, '', 10).map(({ uidl }) => uidl)).toEqual([])
})

test('an account that is taken away leaves its mail', async () => {
  const account = await addAccount(false)
  maildrop.messages.push(message(1))
  await fetchAccount(account, deps())
  await store.write('account.remove', { id: account.id })
  expect(getAccount(store.read, account.id)).toBeUndefined()
  expect(store.read.prepare('SELECT name, total, account_id FROM folder WHERE total > 0').all()).toEqual([
    { name: 'Ada: Inbox', total: 1, account_id: null },
  ])
  expect(store.read.prepare('SELECT count(*) AS n FROM secret').get()).toEqual({ n: 0 })
})

test('one window of commands is enough for a thousand messages in one session', async () => {
  const account = await addAccount(false)
  for (let n = 1; n <= 1000; n++) maildrop.messages.push(message(n))
  expect(await fetchAccount(account, deps())).toMatchObject({ fetched: 1000, removed: 1000, problem: null })
  expect(new Set(await subjects(account)).size).toBe(1000)
})
