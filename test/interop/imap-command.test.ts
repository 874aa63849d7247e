import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDovecot, type Dovecot } from '../support/dovecot.ts'
import { OtherImapClient } from '../support/imap-client.ts'
import { mail } from '../support/imap-world.ts'
import { Home } from '../support/posthorn.ts'
import type { AccountView } from '../../core/rpc/views.ts'
import { needs } from '../support/peers.ts'

needs('dovecot').describe('IMAP on the command line', () => {
  const PASSWORD = 'correct-horse-battery'
  let dovecot: Dovecot
  let home: Home
  beforeAll(async () => {
    dovecot = await startDovecot({ password: PASSWORD })
    home = new Home()
  })
  afterAll(async () => {
    home.remove()
    await dovecot.stop()
  })

  test('an IMAP account is added, fetched and changed on the command line', async () => {
    const other = await OtherImapClient.open(dovecot.imapPort, 'ada', PASSWORD)
    await other.append('INBOX', mail('hello'))
    other.close()
    const server = `127.0.0.1:${dovecot.imapPort}`
    const add = ['account', 'add', 'imap', server, '--tls', 'none', '--user', 'ada', '--password-stdin']
    expect((await home.run(add.slice(0, 3))).status).toBe(64)
    const added = await home.json<AccountView>(add, `${PASSWORD}\n`)
    expect(added).toMatchObject({
      kind: 'imap',
      pop3: null,
      imap: { sentCopy: 'append', drafts: 'server', progress: null, waiting: 0, push: false },
    })
    expect((await home.run(['fetch', 'ada'])).status).toBe(0)
    const [row] = await home.json<{ subject: string }[]>(['list'])
    expect(row).toMatchObject({ subject: 'hello', seen: false })
    const changed = await home.json<AccountView>(['account', 'set', 'ada', '--sent-copy', 'server'])
    expect(changed.imap).toMatchObject({ sentCopy: 'server', drafts: 'server' })
    const here = await home.json<AccountView>(['account', 'set', 'ada', '--drafts', 'here'])
    expect(here.imap).toMatchObject({ sentCopy: 'server', drafts: 'here' })
    expect((await home.run(['account', 'set', 'ada', '--drafts', 'there'])).status).toBe(64)
  })
})
