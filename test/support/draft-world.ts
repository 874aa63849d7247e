import { expect } from 'vitest'
import { systemClock } from '../../core/base/clock.ts'
import type { Account } from '../../core/store/account.ts'
import { getDraftState } from '../../core/store/draft-copy.ts'
import { countChanges } from '../../core/store/imap-change.ts'
import { call } from './contract.ts'
import { startCuttingProxy, type CuttingProxy } from './cutting-proxy.ts'
import { startDovecot, type Dovecot } from './dovecot.ts'
import { openDraftHouse, type DraftHouse } from './draft-house.ts'
import { OtherImapClient } from './imap-client.ts'
import { openImapWorld, type ImapWorld } from './imap-world.ts'

/** A server that says which number a message got and removes single ones, or one that can do neither. */
export type ServerKind = 'full' | 'plain'

const PASSWORD = 'correct-horse-battery'
const FOLDER = 'namespace inbox {\n  mailbox Drafts {\n    special_use = \\Drafts\n    auto = create\n  }\n}\n'
const PLAIN = 'protocol imap {\n  imap_capability = IMAP4rev1 LITERAL+ NAMESPACE SPECIAL-USE\n}\n'

/** Dovecots of both kinds, each behind a proxy that breaks connections off. */
export class DraftServers {
  readonly #servers: Readonly<Record<ServerKind, { readonly dovecot: Dovecot; readonly proxy: CuttingProxy }>>
  #users = 0

  private constructor(servers: Record<ServerKind, { dovecot: Dovecot; proxy: CuttingProxy }>) {
    this.#servers = servers
  }

  static async start(): Promise<DraftServers> {
    const of = async (more: string, heard?: (said: string) => string) => {
      const dovecot = await startDovecot({ password: PASSWORD, more })
      return { dovecot, proxy: await startCuttingProxy(dovecot.imapPort, heard) }
    }
    // Dovecot says the number also where it has not offered to.
    const [full, plain] = await Promise.all([
      of(FOLDER),
      of(FOLDER + PLAIN, (said) => said.replace(/\[APPENDUID [^\]]*\] /, '')),
    ])
    return new DraftServers({ full, plain })
  }

  async stop(): Promise<void> {
    for (const { proxy, dovecot } of Object.values(this.#servers)) {
      await proxy.close()
      await dovecot.stop()
    }
  }

  /** Somebody of whom nothing is known yet. */
  get somebody(): { readonly user: string; readonly password: string; readonly port: number } {
    const { imapPort: port } = this.#servers.full.dovecot
    return { user: `ada${++this.#users}@here.example`, password: PASSWORD, port }
  }

  /** A person with an account at one of them, and another program of hers. */
  async open(at: ServerKind): Promise<DraftWorld> {
    const { user } = this.somebody
    const { dovecot, proxy } = this.#servers[at]
    const world = await openImapWorld(PASSWORD)
    const other = await OtherImapClient.open(dovecot.imapPort, user, PASSWORD)
    const account = await world.add({ port: proxy.port, user }, PASSWORD)
    const house = openDraftHouse(world.store, systemClock)
    await call(house.identity.save, { name: 'Ada', address: user, routeId: null })
    expect((await world.fetch(account)).problem).toBeNull()
    return new DraftWorld(world, other, account, house, proxy)
  }
}

/** A person who writes drafts, here and in another program. */
export class DraftWorld {
  readonly world: ImapWorld
  readonly other: OtherImapClient
  readonly account: Account
  readonly house: DraftHouse
  readonly proxy: CuttingProxy

  constructor(world: ImapWorld, other: OtherImapClient, account: Account, house: DraftHouse, proxy: CuttingProxy) {
    this.world = world
    this.other = other
    this.account = account
    this.house = house
    this.proxy = proxy
  }

  async close(): Promise<void> {
    await this.house.copies.stop()
    expect(this.house.logged).toEqual([])
    this.other.close()
    await this.world.close()
  }

  /** Keeps a draft and waits until it lies in the folder here. */
  readonly save = async (id: number | null, subject: string, more = {}): Promise<number> => {
    const saved = await this.house.save(id, { subject, ...more })
    const state = () => getDraftState(this.world.store.read, saved)!
    await expect.poll(() => state().ofMs, { interval: 5, timeout: 20_000 }).toBe(state().changedMs)
    return saved
  }

  /** What is on the server; what is only marked for removal counts as gone. */
  readonly there = async (): Promise<string[]> => {
    return (await this.other.look('Drafts')).filter((one) => !one.includes('\\Deleted'))
  }

  /** Both sides have these drafts, and nothing is left to be said. */
  readonly inStep = async (subjects: readonly string[]): Promise<void> => {
    for (let time = 0; time < 2; time++) {
      expect((await this.world.fetch(this.account)).problem).toBeNull()
      expect(await this.there()).toEqual(subjects.map((one) => `${one} \\Draft \\Seen`))
    }
    const here = this.world.look(this.account)['Drafts']?.toSorted()
    expect(here).toEqual(subjects.map((one) => `${one} \\Seen`).toSorted())
    expect(countChanges(this.world.store.read, this.account.id)).toBe(0)
  }
}

/**
 * The connection ends where a draft that was changed is put in the place of the one before: before the server has heard `verb`, or
 * before its answer came; then the draft is changed once more. One copy of the last state is left.
 */
export async function cutWhileReplacing(
  servers: DraftServers,
  at: ServerKind,
  verb: 'APPEND' | 'UID EXPUNGE' | 'UID STORE',
  when: 'before' | 'after',
): Promise<void> {
  const one = await servers.open(at)
  const id = await one.save(null, 'one')
  await one.inStep(['one'])
  await one.save(id, 'two')
  one.proxy.cutAt(verb, when)
  expect((await one.world.fetch(one.account)).problem).not.toBeNull()
  expect(one.proxy.commands.at(-1)).toBe(verb)
  // Changed again before anybody knows what became of that.
  if (when === 'after') await one.save(id, 'three')
  await one.world.fetch(one.account)
  await one.inStep([when === 'after' ? 'three' : 'two'])
  await one.close()
}
