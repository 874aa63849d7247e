import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDovecot, type Dovecot } from '../../test/support/dovecot.ts'
import { OtherImapClient } from '../../test/support/imap-client.ts'
import { mail, openImapWorld, type ImapWorld } from '../../test/support/imap-world.ts'
import type { Account } from '../store/account.ts'

const PASSWORD = 'correct-horse-battery'
let dovecot: Dovecot
let world: ImapWorld
let other: OtherImapClient
let account: Account
let users = 0

beforeAll(async () => {
  dovecot = await startDovecot({ password: PASSWORD })
})
afterAll(() => dovecot.stop())
beforeEach(async () => {
  const user = `ada${++users}`
  world = await openImapWorld(PASSWORD, dovecot.caFile)
  other = await OtherImapClient.open(dovecot.imapPort, user, PASSWORD)
  account = await world.add({ port: dovecot.imapTlsPort, tls: 'implicit', user }, PASSWORD)
})
afterEach(async () => {
  other.close()
  await world.close()
})
const fetched = async () => {
  const { problem } = await world.fetch(account)
  expect(problem).toBeNull()
  return world.look(account)
}
const idsOf = (folder: string, subject: string) =>
  world
    .messages(account, folder)
    .filter((one) => one.subject === subject)
    .map(({ id }) => id)

test('folders, mail and flags of the server are here after the first fetch', async () => {
  await other.append('INBOX', mail('one'), '\\Seen')
  await other.append('INBOX', mail('two'), '\\Flagged')
  await other.say('CREATE Work.Plans')
  await other.append('Work.Plans', mail('plan'))
  expect(await fetched()).toEqual({
    'Archive': [],
    'Inbox': ['one \\Seen', 'two \\Flagged'],
    'Sent': [],
    'Trash': [],
    'Work/Plans': ['plan'],
  })
})

test('what another program does is here after the next fetch', async () => {
  for (const subject of ['one', 'two', 'three']) await other.append('INBOX', mail(subject))
  await fetched()
  await other.say('SELECT INBOX')
  await other.say('UID STORE 1 +FLAGS (\\Seen)')
  await other.say('UID STORE 2 +FLAGS (\\Deleted)')
  await other.say('EXPUNGE')
  await other.say('UID MOVE 3 Archive')
  await other.append('INBOX', mail('four'))
  expect(await fetched()).toMatchObject({ Inbox: ['one \\Seen', 'four'], Archive: ['three'] })
  await other.say('SELECT INBOX')
  await other.say('UID STORE 1 FLAGS (\\Flagged)')
  expect(await fetched()).toMatchObject({ Inbox: ['one \\Flagged', 'four'] })
})

test('what is done here is on the server after the next fetch, in order', async () => {
  for (const subject of ['one', 'two', 'three']) await other.append('INBOX', mail(subject))
  await fetched()
  const { write } = world.store
  await write('message.seen', { ids: idsOf('Inbox', 'one'), seen: true })
  await write('message.starred', { ids: idsOf('Inbox', 'one'), starred: true })
  await write('message.move', { ids: idsOf('Inbox', 'two'), to: { role: 'archive' } })
  await write('message.seen', { ids: idsOf('Archive', 'two'), seen: true })
  await write('message.remove', { ids: idsOf('Inbox', 'three') })
  const here = world.look(account)
  expect(await fetched()).toEqual(here)
  expect(await other.look('INBOX')).toEqual(['one \\Flagged \\Seen'])
  expect(await other.look('Archive')).toEqual(['two \\Seen'])
  expect(await other.look('Trash')).toEqual(['three'])
  await write('message.remove', { ids: idsOf('Trash', 'three') })
  expect(await fetched()).toMatchObject({ Trash: [] })
  expect(await other.look('Trash')).toEqual([])
})
