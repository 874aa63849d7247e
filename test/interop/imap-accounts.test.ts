import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDovecot, type Dovecot } from '../support/dovecot.ts'
import { OtherImapClient } from '../support/imap-client.ts'
import { mail, openImapWorld, type ImapWorld } from '../support/imap-world.ts'
import { Changes } from '../../core/base/changes.ts'
import type { Account } from '../../core/store/account.ts'
import { createFetcher, type Fetcher } from '../../core/fetch/fetcher.ts'
import { openImapAccounts, type ImapAccounts } from '../../core/fetch/imap-accounts.ts'
import { testImapAccount } from '../../core/fetch/imap-test-account.ts'
import type { TestStep } from '../../core/fetch/test-account.ts'
import { needs } from '../support/peers.ts'

needs('dovecot').describe('IMAP accounts that are looked after', () => {
  const PASSWORD = 'correct-horse-battery'
  const PATIENT = { timeout: 20_000 }
  let dovecot: Dovecot
  let world: ImapWorld
  let other: OtherImapClient
  let account: Account
  let fetcher: Fetcher
  let imap: ImapAccounts
  let mailChanges: Changes<number>
  let users = 0

  beforeAll(async () => {
    dovecot = await startDovecot({ password: PASSWORD })
  })
  afterAll(() => dovecot.stop())
  beforeEach(async () => {
    const user = `kim${++users}`
    world = await openImapWorld(PASSWORD, dovecot.caFile)
    other = await OtherImapClient.open(dovecot.imapPort, user, PASSWORD)
    account = await world.add({ port: dovecot.imapPort, tls: 'starttls', user }, PASSWORD)
    mailChanges = new Changes<number>(0)
    const deps = {
      ...world.deps,
      onMail: (folderId: number) => mailChanges.emit(folderId),
      fetchImap: (one: Account, signal: AbortSignal) => imap.fetch(one, signal),
    }
    fetcher = createFetcher(deps)
    imap = openImapAccounts(deps, { mailChanges, accountChanges: fetcher.changes })
  })
  afterEach(async () => {
    await imap.stop()
    await fetcher.stop()
    other.close()
    await world.close()
  })
  const start = async () => {
    fetcher.start()
    imap.start(fetcher)
    await expect.poll(() => imap.view(account.id).push, PATIENT).toBe(true)
  }
  const here = () => world.look(account)

  test('mail that comes to the server is here by itself, at once', async () => {
    await start()
    await other.append('INBOX', mail('news'))
    await expect.poll(() => here()['Inbox'], PATIENT).toEqual(['news'])
    await other.say('SELECT INBOX')
    await other.say('STORE 1 +FLAGS (\\Seen)')
    await expect.poll(() => here()['Inbox'], PATIENT).toEqual(['news \\Seen'])
  })

  test('what is done here is on the server by itself, at once', async () => {
    await other.append('INBOX', mail('news'))
    await start()
    await expect.poll(() => here()['Inbox'], PATIENT).toEqual(['news'])
    const [message] = world.messages(account, 'Inbox')
    mailChanges.emit(...(await world.store.write('message.move', { ids: [message!.id], to: { role: 'archive' } })))
    await expect.poll(() => other.look('Archive'), PATIENT).toEqual(['news'])
    await expect.poll(() => imap.view(account.id), PATIENT).toMatchObject({ waiting: 0, progress: null })
  })

  test('while a first look is under way it is said how far it has come', async () => {
    for (let n = 0; n < 5; n++) await other.append('INBOX', mail(`one ${n}`))
    const seen: unknown[] = []
    const stop = new AbortController()
    const watching = (async () => {
      while (!stop.signal.aborted) {
        seen.push(imap.view(account.id).progress)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    expect(await fetcher.fetch(account.id)).toMatchObject({ fetched: 5, problem: null })
    stop.abort()
    await watching
    expect(seen).toContainEqual({ done: 0, total: 5 })
    expect(imap.view(account.id)).toEqual({ progress: null, waiting: 0, push: false })
  })

  test('a test of settings says step by step how it went', async () => {
    const steps = async (secret: string, port = dovecot.imapPort) => {
      const said: TestStep[] = []
      const target = {
        host: 'localhost',
        port,
        tls: 'starttls',
        user: account.user,
        login: 'password',
        secret,
      } as const
      for await (const step of testImapAccount(target, world.deps)) said.push(step)
      return said
    }
    const good = await steps(PASSWORD)
    expect(good.map(({ step, state }) => `${step} ${state}`)).toEqual([
      'connect trying',
      'connect ok',
      'tls trying',
      'tls ok',
      'login trying',
      'login ok',
      'list trying',
      'list ok',
    ])
    expect(good.at(-1)?.text).toBe('There are 4 folders.')
    const wrong = (await steps('wrong-password')).at(-1)
    expect(wrong).toMatchObject({ step: 'login', state: 'failed' })
    expect(wrong?.text).toContain('check user name and password')
    expect((await steps(PASSWORD, 1)).at(-1)).toMatchObject({ step: 'connect', state: 'failed' })
  })
})
