import { afterEach, beforeEach, expect, test } from 'vitest'
import { numbered, openFetchHouse, type FetchHouse } from '../../test/support/fetch-house.ts'
import { fetchAccount } from './pop3.ts'

let house: FetchHouse
beforeEach(async () => {
  house = await openFetchHouse()
})
afterEach(() => house.close())

const answering = (answers: Readonly<Record<string, string>>) => {
  house.maildrop.meddle = (line) => answers[line]
}
const left = () => house.maildrop.messages.map(({ uidl }) => uidl)

test('sizes that are wrong make no difference to what is kept', async () => {
  house.maildrop.messages.push(numbered(1), numbered(2, 'x'.repeat(5000)))
  answering({ LIST: '+OK\r\n1 0\r\n2 999999\r\n3 5\r\n.\r\n' })
  const account = await house.addAccount()
  expect(await fetchAccount(account, house.deps())).toMatchObject({ fetched: 2, removed: 2, problem: null })
  expect((await house.inbox(account)).map(({ raw }) => raw.length).toSorted((a, b) => a - b)).toEqual([28, 5023])
})

test('sizes that nothing could have keep a message on the server, and the others come', async () => {
  house.maildrop.messages.push(numbered(1), numbered(2))
  answering({ LIST: '+OK\r\n1 999999999999999\r\n2 10\r\n.\r\n' })
  const { fetched, problem } = await fetchAccount(await house.addAccount(), house.deps())
  expect(fetched).toBe(1)
  expect(problem).toContain('did not give out 1 of its messages')
  expect(left()).toEqual(['uid-1'])
})

test('a listing of numbers beyond all measure is no listing, and mail comes all the same', async () => {
  house.maildrop.messages.push(numbered(1))
  answering({ LIST: '+OK\r\n1 99999999999999999999999\r\n.\r\n' })
  expect(await fetchAccount(await house.addAccount(), house.deps())).toMatchObject({ fetched: 1, problem: null })
  answering({ UIDL: '+OK\r\n99999999999999999999 a\r\n.\r\n' })
  const again = await fetchAccount(await house.addAccount({ user: 'bob' }), house.deps())
  expect(again.problem).toBe("mail.example lists its messages in a way that can't be read; nothing was fetched.")
})

test('of two messages with one name the first comes, and neither is deleted', async () => {
  house.maildrop.messages.push(numbered(1), { ...numbered(2), uidl: 'uid-1' }, numbered(3))
  const account = await house.addAccount()
  for (let n = 0; n < 2; n++) await fetchAccount(account, house.deps())
  expect(await house.inbox(account)).toHaveLength(2)
  expect(left()).toEqual(['uid-1', 'uid-1'])
})

test('a number that UIDL names twice is no listing', async () => {
  house.maildrop.messages.push(numbered(1))
  answering({ UIDL: '+OK\r\n1 a\r\n1 b\r\n.\r\n' })
  expect((await fetchAccount(await house.addAccount(), house.deps())).problem).toContain("can't be read")
  expect(left()).toEqual(['uid-1'])
})

test('a line without end ends the session, and not the program', async () => {
  house.maildrop.meddle = (line) => (line === 'UIDL' ? 'x'.repeat(3_000_000) : undefined)
  const { problem } = await fetchAccount(await house.addAccount(), house.deps())
  expect(problem).toBe(
    'mail.example does not speak POP3 as it should: a status line of more than 1024 bytes. Check host and port.',
  )
})

test('a listing without end ends the session, and not the program', async () => {
  house.maildrop.meddle = (line) => (line === 'UIDL' ? `+OK\r\n${'1 a\r\n'.repeat(4_000_000)}` : undefined)
  const { problem } = await fetchAccount(await house.addAccount(), house.deps())
  expect(problem).toContain('a listing of more than 16777216 bytes')
})

test('a connection that nobody takes is told in words, and so is one that breaks', async () => {
  const { port } = house.server
  await house.server.close()
  const refused = await fetchAccount(await house.addAccount(), house.deps())
  expect(refused.problem).toBe(
    `No connection to mail.example at 127.0.0.1:${port}: nothing listens there. Check the port; 995 is usual with TLS from the first byte, 110 otherwise.`,
  )
  expect(refused.problem).not.toMatch(/E[A-Z]{5,}/)
})
