import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContractRouterClient } from '@orpc/contract'
import { createRouterClient } from '@orpc/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEngine } from '../../core/engine.ts'
import { fetchImapAccount } from '../../core/fetch/imap.ts'
import type { Contract } from '../../core/rpc/contract.ts'
import { listDrafts } from '../../core/store/draft.ts'
import type { Store } from '../../core/store/types.ts'
import { call } from '../support/contract.ts'
import { cutWhileReplacing, DraftServers, type DraftWorld, type ServerKind } from '../support/draft-world.ts'
import { OtherImapClient } from '../support/imap-client.ts'
import { mail } from '../support/imap-world.ts'
import { needs } from '../support/peers.ts'

needs('dovecot').describe('drafts in the folder of an account', () => {
  let servers: DraftServers
  beforeAll(async () => {
    servers = await DraftServers.start()
  })
  afterAll(() => servers.stop())
  /** A test of a person of its own. */
  const testWith = (name: string, run: (one: DraftWorld) => Promise<void>, at: ServerKind = 'full') =>
    test(name, async () => {
      const one = await servers.open(at)
      await run(one)
      await one.close()
    })

  testWith(
    'a draft is there, each state in the place of the one before, until it is sent or dropped',
    async ({ save, inStep, house, other }) => {
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
    },
  )

  testWith(
    'what was done offline is said in order, and only what still counts',
    async ({ save, inStep, there, house, world, account, proxy }) => {
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
    },
  )

  testWith(
    'drafts of other programs are shown, and what another program removes is put there with the next change',
    async ({ save, inStep, house, other, world }) => {
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
    },
  )

  testWith(
    'a draft of an address that no IMAP account has never leaves this computer',
    async ({ inStep, house, world }) => {
      const { id: identityId } = await call(house.identity.save, { name: 'A', address: 'a@far.example', routeId: null })
      await house.save(null, { subject: 'secret', identityId })
      house.copies.look()
      await inStep([])
      await world.flush()
      expect(JSON.stringify(world.recorded)).not.toMatch(/ APPEND /)
    },
  )

  // All of them: test/soak/imap-cut.test.ts.
  for (const [at, verb, when] of [
    ['full', 'UID EXPUNGE', 'before'],
    ['plain', 'APPEND', 'after'],
  ] as const)
    test(`a connection that ends ${when} ${verb} of a draft leaves one copy of its last state (${at} server)`, () =>
      cutWhileReplacing(servers, at, verb, when))

  test('what is kept in the composer of a running program is on the server by itself, and gone with the draft', async () => {
    const { user, password, port } = servers.somebody
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-drafts-'))
    const [dataFolder, keyFile] = [join(folder, 'data'), join(folder, 'key')]
    const kim = await OtherImapClient.open(port, user, password)
    const fileSettings = { submission: { port: null, tlsPort: null } }
    const engine = await startEngine({ dataFolder, keyFile, fileSettings, log: () => {} })
    const router = engine.router as Parameters<typeof createRouterClient>[0]
    const api = createRouterClient(router) as unknown as ContractRouterClient<Contract>
    try {
      const at = { host: '127.0.0.1', port, tls: 'none' as const, user, password }
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
    for (const step of ['imap.change-begun', 'imap.change-done'])
      testWith(
        `a draft that is changed while it goes to the server is there once, as it is now (${at} server, ${step})`,
        async ({ save, inStep, world, account }) => {
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
        },
        at,
      )
})
