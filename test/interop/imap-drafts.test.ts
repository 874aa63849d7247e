import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContractRouterClient } from '@orpc/contract'
import { createRouterClient } from '@orpc/server'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../core/base/clock.ts'
import { startEngine } from '../../core/engine.ts'
import { fetchImapAccount } from '../../core/fetch/imap.ts'
import type { Contract } from '../../core/rpc/contract.ts'
import type { Account } from '../../core/store/account.ts'
import { listDrafts } from '../../core/store/draft.ts'
import { getDraftState } from '../../core/store/draft-copy.ts'
import { countChanges } from '../../core/store/imap-change.ts'
import type { Store } from '../../core/store/types.ts'
import { call } from '../support/contract.ts'
import { startCuttingProxy, type CuttingProxy } from '../support/cutting-proxy.ts'
import { startDovecot, type Dovecot } from '../support/dovecot.ts'
import { openDraftHouse, type DraftHouse } from '../support/draft-house.ts'
import { OtherImapClient } from '../support/imap-client.ts'
import { mail, openImapWorld, type ImapWorld } from '../support/imap-world.ts'
import { needs } from '../support/peers.ts'

needs('dovecot').describe('drafts in the folder of an account', () => {
  const PASSWORD = 'correct-horse-battery'
  const FOLDER = 'namespace inbox {\n  mailbox Drafts {\n    special_use = \\Drafts\n    auto = create\n  }\n}\n'
  const PLAIN = 'protocol imap {\n  imap_capability = IMAP4rev1 LITERAL+ NAMESPACE SPECIAL-USE\n}\n'
  /** One that says which number a message got and removes single ones, and one that can do neither. */
  const servers: Record<'full' | 'plain', { dovecot: Dovecot; proxy: CuttingProxy }> = {} as never
  let world: ImapWorld
  let other: OtherImapClient
  let account: Account
  let house: DraftHouse
  let proxy: CuttingProxy
  let users = 0

  beforeAll(async () => {
    for (const [name, more] of [
      ['full', FOLDER],
      ['plain', FOLDER + PLAIN],
    ] as const) {
      const dovecot = await startDovecot({ password: PASSWORD, more })
      // Dovecot says the number also where it has not offered to.
      const heard = (said: string) => (name === 'plain' ? said.replace(/\[APPENDUID [^\]]*\] /, '') : said)
      servers[name] = { dovecot, proxy: await startCuttingProxy(dovecot.imapPort, heard) }
    }
  })
  afterAll(async () => {
    for (const server of Object.values(servers)) {
      await server.proxy.close()
      await server.dovecot.stop()
    }
  })
  async function open(at: 'full' | 'plain') {
    const user = `ada${++users}@here.example`
    proxy = servers[at].proxy
    world = await openImapWorld(PASSWORD)
    other = await OtherImapClient.open(servers[at].dovecot.imapPort, user, PASSWORD)
    account = await world.add({ port: proxy.port, user }, PASSWORD)
    house = openDraftHouse(world.store, systemClock)
    await call(house.identity.save, { name: 'Ada', address: user, routeId: null })
    expect((await world.fetch(account)).problem).toBeNull()
  }
  async function close() {
    await house.copies.stop()
    expect(house.logged).toEqual([])
    other.close()
    await world.close()
  }
  beforeEach(() => open('full'))
  afterEach(close)

  /** Keeps a draft and waits until it lies in the folder here. */
  const save = async (id: number | null, subject: string, more = {}) => {
    const saved = await house.save(id, { subject, ...more })
    const state = () => getDraftState(world.store.read, saved)!
    await expect.poll(() => state().ofMs, { interval: 5, timeout: 20_000 }).toBe(state().changedMs)
    return saved
  }
  /** What is there; what is only marked for removal counts as gone. */
  const there = async () => (await other.look('Drafts')).filter((one) => !one.includes('\\Deleted'))
  const fetched = async () => {
    expect((await world.fetch(account)).problem).toBeNull()
    return there()
  }
  const inStep = async (subjects: readonly string[]) => {
    expect(await fetched()).toEqual(subjects.map((one) => `${one} \\Draft \\Seen`))
    expect(await fetched()).toEqual(subjects.map((one) => `${one} \\Draft \\Seen`))
    expect(world.look(account)['Drafts']?.toSorted()).toEqual(subjects.map((one) => `${one} \\Seen`).toSorted())
    expect(countChanges(world.store.read, account.id)).toBe(0)
  }

  test('a draft is there, each state in the place of the one before, until it is sent or dropped', async () => {
    const id = await save(null, 'one', { to: 'bob@far.example', bcc: 'kim@far.example', text: 'Hello' })
    await inStep(['one'])
    await other.say('SELECT Drafts')
    const source = await other.say('FETCH 1 BODY.PEEK[]')
    expect(source).toContain('To: bob@far.example\r\n')
    expect(source).toContain('Bcc: kim@far.example\r\n')
    await save(id, 'two', { to: 'bob@far.example' })
    await inStep(['two'])
    const second = await save(null, 'another')
    await inStep(['two', 'another'])
    await call(house.compose.dropDraft, { id: second })
    await inStep(['two'])
    // What the composer does when it sends.
    const [draft] = await call(house.compose.drafts, undefined)
    await call(house.compose.send, draft!.content)
    await call(house.compose.dropDraft, { id })
    await inStep([])
  })

  test('what was done offline is said in order, and only what still counts', async () => {
    const first = await save(null, 'one')
    await save(first, 'two')
    const second = await save(null, 'never')
    await call(house.compose.dropDraft, { id: second })
    await inStep(['two'])
    await save(first, 'three')
    await save(first, 'four')
    await save(null, 'new')
    expect(await there()).toEqual(['two \\Draft \\Seen'])
    await world.fetch(account)
    const said = proxy.commands.filter((one) => one === 'APPEND' || one === 'UID EXPUNGE')
    expect(said.toSorted()).toEqual(['APPEND', 'APPEND', 'UID EXPUNGE'])
    await inStep(['four', 'new'])
  })

  test('drafts of other programs are shown, and what another program removes is put there with the next change', async () => {
    const id = await save(null, 'mine')
    await other.append('Drafts', mail('theirs'), '\\Draft \\Seen')
    await inStep(['theirs', 'mine'])
    await other.say('SELECT Drafts')
    await other.say('UID STORE 2 +FLAGS (\\Deleted)')
    await other.say('EXPUNGE')
    await inStep(['theirs'])
    house.copies.look()
    expect(listDrafts(world.store.read)).toHaveLength(1)
    await inStep(['theirs'])
    await save(id, 'mine again')
    await inStep(['theirs', 'mine again'])
  })

  test('a draft of an address that no IMAP account has never leaves this computer', async () => {
    const { id: identityId } = await call(house.identity.save, { name: 'A', address: 'a@far.example', routeId: null })
    await house.save(null, { subject: 'secret', identityId })
    house.copies.look()
    await inStep([])
    await world.flush()
    expect(JSON.stringify(world.recorded)).not.toMatch(/ APPEND /)
  })

  for (const at of ['full', 'plain'] as const)
    test(`a connection that ends at what is said of a draft leaves one copy of the last state (${at} server)`, async () => {
      await close()
      let whole: string[] = []
      for (const [verb, when] of [
        ['', 'before'],
        ['APPEND', 'before'],
        ['APPEND', 'after'],
        [at === 'full' ? 'UID EXPUNGE' : 'UID STORE', 'before'],
        [at === 'full' ? 'UID EXPUNGE' : 'UID STORE', 'after'],
      ] as const) {
        await open(at)
        const id = await save(null, 'one')
        await inStep(['one'])
        await save(id, 'two')
        if (verb !== '') {
          proxy.cutAt(whole.indexOf(verb) + 1, when)
          expect((await world.fetch(account)).problem).not.toBeNull()
          expect(proxy.commands.at(-1)).toBe(verb)
          // Changed again before anybody knows what became of that.
          if (when === 'after') await save(id, 'three')
        }
        await world.fetch(account)
        if (verb === '') whole = [...proxy.commands]
        await inStep([when === 'after' ? 'three' : 'two'])
        await close()
      }
      await open(at)
    })
  test('what is kept in the composer of a running program is on the server by itself, and gone with the draft', async () => {
    const user = `kim${++users}@here.example`
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-drafts-'))
    const [dataFolder, keyFile] = [join(folder, 'data'), join(folder, 'key')]
    const { imapPort: port } = servers.full.dovecot
    const kim = await OtherImapClient.open(port, user, PASSWORD)
    const fileSettings = { submission: { port: null, tlsPort: null } }
    const engine = await startEngine({ dataFolder, keyFile, fileSettings, log: () => {} })
    const router = engine.router as Parameters<typeof createRouterClient>[0]
    const api = createRouterClient(router) as unknown as ContractRouterClient<Contract>
    try {
      const at = { host: '127.0.0.1', port, tls: 'none' as const, user, password: PASSWORD }
      await api.account.add({ ...at, kind: 'imap', name: 'Kim', keep: true, everySeconds: 300 })
      await api.identity.save({ name: 'Kim', address: user, routeId: null })
      const isReady = async () =>
        (await api.mail.folders()).some(({ role, owner }) => role === 'drafts' && owner?.kind === 'account')
      await expect.poll(isReady, { timeout: 20_000 }).toBe(true)
      const content = {
        identityId: null,
        to: '',
        cc: '',
        bcc: '',
        subject: 'mine',
        text: '',
        inReplyTo: '',
        references: '',
      }
      const draft = { id: null, content: { ...content, attachments: [] }, isClosing: true }
      const { id } = await api.compose.saveDraft(draft)
      await expect.poll(() => kim.look('Drafts'), { timeout: 20_000 }).toEqual(['mine \\Draft \\Seen'])
      await api.compose.dropDraft({ id })
      await expect.poll(() => kim.look('Drafts'), { timeout: 20_000 }).toEqual([])
    } finally {
      await engine.close()
      kim.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })

  for (const at of ['full', 'plain'] as const)
    test(`a draft that is changed while it goes to the server is there once, as it is now (${at} server)`, async () => {
      for (const step of ['imap.change-begun', 'imap.change-done']) {
        await close()
        await open(at)
        const id = await save(null, 'one')
        let isFirst = true
        const store: Store = Object.create(world.store, {
          write: {
            value: async (...[name, args]: Parameters<Store['write']>) => {
              const done = await world.store.write(name, args)
              if (name !== step || !isFirst) return done
              isFirst = false
              await save(id, 'two')
              return done
            },
          },
        })
        expect((await fetchImapAccount(account, { ...world.deps, store })).problem).toBeNull()
        expect(isFirst).toBe(false)
        await world.fetch(account)
        await inStep(['two'])
      }
    })
})
