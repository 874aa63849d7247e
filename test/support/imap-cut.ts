import { expect } from 'vitest'
import type { Account } from '../../core/store/account.ts'
import { countChanges } from '../../core/store/imap-change.ts'
import { startCuttingProxy, type CuttingProxy } from './cutting-proxy.ts'
import { startDovecot, type Dovecot } from './dovecot.ts'
import { OtherImapClient } from './imap-client.ts'
import { mail, openImapWorld, type ImapWorld } from './imap-world.ts'

/** Between what a session is cut off. */
export interface CutHouse {
  readonly dovecot: Dovecot
  readonly proxy: CuttingProxy
  readonly world: ImapWorld
  readonly password: string
  /** Its server can remove nothing for good but what everybody has marked, so what is removed stays there, marked. */
  readonly isPlain?: boolean
}

/** Opens a Dovecot, a proxy before it and a world that fetches; `close` ends all three. */
export async function openCutHouse(password: string): Promise<CutHouse & { close(): Promise<void> }> {
  const dovecot = await startDovecot({ password })
  const proxy = await startCuttingProxy(dovecot.imapPort)
  const world = await openImapWorld(password)
  return {
    dovecot,
    proxy,
    world,
    password,
    async close() {
      await world.close()
      await proxy.close()
      await dovecot.stop()
    },
  }
}

const FOLDERS = ['INBOX', 'Archive', 'Sent', 'Trash'] as const
const idsOf = (world: ImapWorld, account: Account, folder: string, subject: string) =>
  world
    .messages(account, folder)
    .filter((one) => one.subject === subject)
    .map(({ id }) => id)

/**
 * Mail on both sides, changes here and there, and then a session that is cut off at its n-th command. Two more fetches later all must be as
 * both sides wanted it. Returns the commands of the session that was cut.
 */
export async function cutOnce(
  { dovecot, proxy, world, password, isPlain = false }: CutHouse,
  user: string,
  n: number,
  when: 'before' | 'after',
): Promise<readonly string[]> {
  const other = await OtherImapClient.open(dovecot.imapPort, user, password)
  for (const subject of ['flag', 'move', 'remove', 'theirs']) await other.append('INBOX', mail(subject))
  await other.append('Trash', mail('old'))
  const account = await world.add({ port: proxy.port, user }, password)
  expect((await world.fetch(account)).problem).toBeNull()

  const { write } = world.store
  await write('message.seen', { ids: idsOf(world, account, 'Inbox', 'flag'), seen: true })
  await write('message.move', { ids: idsOf(world, account, 'Inbox', 'move'), to: { role: 'archive' } })
  await write('message.remove', { ids: idsOf(world, account, 'Inbox', 'remove') })
  await write('message.remove', { ids: idsOf(world, account, 'Trash', 'old') })
  const raw = Buffer.from(mail('sent'))
  const fields = await world.deps.readFields(raw)
  await write('message.deliver', {
    owner: { accountId: account.id, userId: null },
    role: 'sent',
    message: { body: { raw }, prefix: '', removed: [], fields, receivedMs: Date.now(), seen: true },
  })
  await other.append('INBOX', mail('new'))
  await other.say('SELECT INBOX')
  await other.say('UID STORE 4 +FLAGS (\\Flagged)')
  await other.say('UNSELECT')

  proxy.cutAt(n, when)
  await world.fetch(account)
  const { commands } = proxy
  expect((await world.fetch(account)).problem).toBeNull()
  expect((await world.fetch(account)).problem).toBeNull()

  const wanted = {
    Archive: ['move'],
    Inbox: ['flag \\Seen', 'new', 'theirs \\Flagged'],
    Sent: ['sent \\Seen'],
    Trash: ['remove'],
  }
  const sorted = (found: Record<string, string[]>) =>
    Object.fromEntries(Object.entries(found).map(([name, list]) => [name, list.toSorted()]))
  expect(sorted(world.look(account)), `here, cut ${when} command ${n}: ${commands.at(n - 1)}`).toEqual(wanted)
  const there: Record<string, string[]> = {}
  for (const folder of FOLDERS) {
    const found = await other.look(folder)
    there[folder === 'INBOX' ? 'Inbox' : folder] = isPlain ? found.filter((one) => !one.includes('Deleted')) : found
  }
  expect(sorted(there), `there, cut ${when} command ${n}: ${commands.at(n - 1)}`).toEqual(wanted)
  expect(countChanges(world.store.read, account.id)).toBe(0)
  other.close()
  return commands
}
