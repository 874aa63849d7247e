import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDovecot, type Dovecot } from '../support/dovecot.ts'
import { OtherImapClient } from '../support/imap-client.ts'
import { mail, openImapWorld, type ImapWorld } from '../support/imap-world.ts'
import { requireAccount, type Account } from '../../core/store/account.ts'
import { listFolders } from '../../core/store/folder.ts'
import { listPage } from '../../core/store/message-list.ts'
import { needs } from '../support/peers.ts'

needs('dovecot').describe('IMAP with a private Dovecot', () => {
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
    await other.say('UID STORE 1 FLAGS (\\Flagged \\Answered)')
    expect(await fetched()).toMatchObject({ Inbox: ['one \\Flagged', 'four'] })
    expect(world.messages(account, 'Inbox')[0]).toMatchObject({ subject: 'one', answered: true })
  })

  test('of a folder that is known only what changed since is asked for', async () => {
    for (const subject of ['one', 'two', 'three', 'four']) await other.append('INBOX', mail(subject))
    await fetched()
    await world.flush()
    const before = world.recorded.length
    await other.say('SELECT INBOX')
    await other.say('UID STORE 1,3 +FLAGS (\\Seen)')
    await other.say('UID STORE 2,4 +FLAGS (\\Deleted)')
    await other.say('EXPUNGE')
    expect(await fetched()).toMatchObject({ Inbox: ['one \\Seen', 'three \\Seen'] })
    await other.append('INBOX', mail('five'), '\\Flagged')
    await other.say('UID STORE 3 -FLAGS (\\Seen)')
    expect(await fetched()).toMatchObject({ Inbox: ['one \\Seen', 'three', 'five \\Flagged'] })
    await world.flush()
    const said = JSON.stringify(world.recorded.slice(before))
    expect(said).toMatch(/SELECT INBOX \(QRESYNC \(\d+ \d+\)\)/)
    expect(said).toMatch(/VANISHED \(EARLIER\) 2,4/)
    expect(said).toContain('UID SEARCH UID 5:*')
    expect(said).not.toContain('UID SEARCH ALL')
    expect(said).not.toMatch(/UID FETCH [\d:]+ \(?(?:UID )?FLAGS\)? \(CHANGEDSINCE/)
  })

  test('what is done here is on the server after the next fetch, in order, and nothing else is', async () => {
    for (const subject of ['one', 'two', 'three']) await other.append('INBOX', mail(subject))
    // Another program has marked it and may think again: only that program removes it.
    for (const folder of ['INBOX', 'Trash']) await other.append(folder, mail('marked'), '\\Deleted')
    await fetched()
    const { write } = world.store
    await write('message.seen', { ids: idsOf('Inbox', 'one'), seen: true })
    await write('message.starred', { ids: idsOf('Inbox', 'one'), starred: true })
    await write('message.answered', { ids: idsOf('Inbox', 'one'), how: 'answered' })
    await write('message.move', { ids: idsOf('Inbox', 'two'), to: { role: 'archive' } })
    await write('message.seen', { ids: idsOf('Archive', 'two'), seen: true })
    await write('message.remove', { ids: idsOf('Inbox', 'three') })
    const here = world.look(account)
    expect(await fetched()).toEqual(here)
    expect(await other.look('INBOX')).toEqual(['one \\Answered \\Flagged \\Seen', 'marked \\Deleted'])
    expect(await other.look('Archive')).toEqual(['two \\Seen'])
    expect(await other.look('Trash')).toEqual(['marked \\Deleted', 'three'])
    await write('message.remove', { ids: idsOf('Trash', 'three') })
    expect(await fetched()).toMatchObject({ Trash: ['marked'] })
    expect(await other.look('Trash')).toEqual(['marked \\Deleted'])
  })

  test('messages of any size are here byte for byte, and nothing of the password is in the log', async () => {
    const large = mail('large', 3 * 1024 * 1024)
    await other.append('INBOX', large)
    await other.append('INBOX', mail('middling', 400_000))
    await fetched()
    for (const [subject, bytes] of [
      ['large', 3 * 1024 * 1024],
      ['middling', 400_000],
    ] as const) {
      const [message] = world.messages(account, 'Inbox').filter((one) => one.subject === subject)
      const stored = await world.store.readBody(message!.view)
      expect(stored.equals(Buffer.from(mail(subject, bytes)))).toBe(true)
    }
    await world.flush()
    const log = JSON.stringify(world.recorded)
    expect(log).toContain('AUTHENTICATE PLAIN')
    expect(log).not.toContain(PASSWORD)
    expect(log).not.toContain(Buffer.from(`\0${account.user}\0${PASSWORD}`).toString('base64'))
    // Bodies are told of, and are not in the log a second time.
    expect(log).not.toContain('x'.repeat(70))
    const uid = (n: number) => `imap:${world.messages(account, 'Inbox')[0]?.folderId}:\\d+:${n}`
    expect(log).toMatch(new RegExp(`"kind":"fetched","uidl":"${uid(1)}"`))
  })

  test('a folder that was numbered anew brings nothing twice and loses nothing', async () => {
    for (const subject of ['one', 'two', 'three', 'four']) await other.append('INBOX', mail(subject))
    await fetched()
    const ids = new Map(world.messages(account, 'Inbox').map(({ subject, id }) => [subject, id]))
    // Another program makes the folder anew, without one of its messages; here changes wait.
    const { write } = world.store
    await write('message.seen', { ids: [ids.get('one')!], seen: true })
    await write('message.move', { ids: [ids.get('two')!], to: { role: 'archive' } })
    const folderId = world.messages(account, 'Inbox')[0]!.folderId
    await write('imap.begin', { folderId, uidValidity: 1 })
    await other.say('SELECT INBOX')
    await other.say('UID STORE 3 +FLAGS (\\Deleted)')
    await other.say('EXPUNGE')
    await other.append('INBOX', mail('five'))
    await fetched()
    expect(await fetched()).toMatchObject({ Archive: ['two'], Inbox: ['one \\Seen', 'four', 'five'] })
    expect(world.messages(account, 'Inbox').find(({ subject }) => subject === 'four')?.id).toBe(ids.get('four'))
    // A server that has lost mail takes none of it away here.
    const aside = listFolders(world.store.read).find(({ name }) => name === 'Ada: Inbox (no more on its server)')
    expect(listPage(world.store.read, aside!.id, null, 10).rows.map(({ id }) => id)).toEqual([ids.get('three')])
    expect(await other.look('INBOX')).toEqual(['one \\Seen', 'four', 'five'])
    expect(await other.look('Archive')).toEqual(['two'])
  })

  test('the server is right about a message that was changed here and removed there', async () => {
    for (const subject of ['one', 'two', 'three']) await other.append('INBOX', mail(subject))
    await fetched()
    const { write } = world.store
    await write('message.starred', { ids: idsOf('Inbox', 'one'), starred: true })
    await write('message.move', { ids: idsOf('Inbox', 'two'), to: { role: 'archive' } })
    await other.say('SELECT INBOX')
    await other.say('UID STORE 1:2 +FLAGS (\\Deleted)')
    await other.say('EXPUNGE')
    await fetched()
    expect(await fetched()).toMatchObject({ Archive: [], Inbox: ['three'] })
  })

  test('a folder that another program removes goes here, too, and what leaves the account leaves its server', async () => {
    await other.say('CREATE Old')
    await other.append('Old', mail('old'))
    await other.append('INBOX', mail('mine'))
    await fetched()
    const own = await world.store.write('folder.ensure', { owner: { accountId: null, userId: null }, role: 'archive' })
    await world.store.write('message.move', { ids: idsOf('Inbox', 'mine'), to: { folderId: own } })
    await other.say('DELETE Old')
    expect(Object.keys(await fetched())).not.toContain('Old')
    expect(await other.look('INBOX')).toEqual([])
  })

  test('an account that is another one now leaves its mail here', async () => {
    await other.append('INBOX', mail('one'))
    await fetched()
    await world.store.write('account.save', { id: account.id, settings: { user: `${account.user}x` } })
    const inboxes = () => listFolders(world.store.read).map(({ name, accountId, total }) => [name, accountId, total])
    expect(inboxes()).toEqual([
      ['Ada: Inbox', null, 1],
      ['Inbox', account.id, 0],
    ])
    account = requireAccount(world.store.read, account.id, 'find')
    await fetched()
    expect(inboxes()[0]).toEqual(['Ada: Inbox', null, 1])
    expect(await other.look('INBOX')).toEqual(['one'])
  })
})
