import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContractRouterClient } from '@orpc/contract'
import { createRouterClient } from '@orpc/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../core/engine.ts'
import type { Contract } from '../../core/rpc/contract.ts'
import { testCertificate, type TestCertificate } from '../support/certificate.ts'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { startDovecot, type Dovecot } from '../support/dovecot.ts'
import { mail } from '../support/imap-world.ts'
import { startOauthProvider, type OauthProvider } from '../support/oauth-provider.ts'
import { needs } from '../support/peers.ts'
import { submissionOf } from '../support/queue-house.ts'
import { startSink, type SmtpSink } from '../support/smtp-sink.ts'

/** The whole way: a person signs in by a page, and Dovecot and a smarthost take the tokens that come of it. */
needs('dovecot').describe('signing in by a page', () => {
  let provider: OauthProvider
  let dovecot: Dovecot
  let dns: DnsStub
  let smart: TestCertificate
  let sink: SmtpSink
  let folder: string
  let engine: Engine
  let api: ContractRouterClient<Contract>

  beforeAll(async () => {
    provider = await startOauthProvider()
    smart = testCertificate('smart.firm.test')
    dns = await startDnsServer({ 'id.test': { A: ['127.0.0.1'] }, 'smart.firm.test': { A: ['127.0.0.1'] } })
    folder = mkdtempSync(join(tmpdir(), 'posthorn-oauth-'))
    const asking = join(folder, 'oauth2.conf')
    writeFileSync(asking, `tokeninfo_url = ${provider.tokenInfoUrl}\nusername_attribute = email\n`)
    dovecot = await startDovecot({
      password: 'nobody-knows-this',
      mechanisms: 'plain xoauth2 oauthbearer',
      more: `passdb {\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = ${asking}\n}`,
    })
    const isGood = (line: string) => {
      const said = Buffer.from(line.split(' ')[2] ?? '', 'base64').toString()
      return provider.accessTokens.some((token) => said === `user=ada@firm.test\x01auth=Bearer ${token}\x01\x01`)
    }
    sink = await startSink({
      tls: smart,
      offers: ['AUTH XOAUTH2'],
      answer: ({ verb, line }) => (verb !== 'AUTH' ? undefined : isGood(line) ? '235 2.7.0 welcome' : '535 5.7.8 no'),
    })
    const caFile = join(folder, 'ca.pem')
    writeFileSync(
      caFile,
      [provider.caFile, dovecot.caFile, smart.caFile].map((file) => readFileSync(file, 'utf8')).join('\n'),
    )
    engine = await startEngine({
      dataFolder: join(folder, 'data'),
      keyFile: join(folder, 'key'),
      fileSettings: {
        submission: { port: null, tlsPort: null },
        dns: { servers: [dns.server] },
        relay: { allowPrivateAddresses: true, caFile },
        oauth: { providers: [provider.line] },
      },
      log: () => {},
    })
    api = createRouterClient(
      engine.router as Parameters<typeof createRouterClient>[0],
    ) as unknown as ContractRouterClient<Contract>
  })
  afterAll(async () => {
    await engine.close()
    await Promise.all([dovecot.stop(), provider.close(), dns.close(), sink.close()])
    smart.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  async function signIn(who: { provider: string; user: string } | { id: number }) {
    const { flow, url } = await api.signIn.start(who)
    const waiting = api.signIn.wait({ flow })
    await provider.browse(url)
    return waiting
  }
  const accountOf = async (id: number) => (await api.account.list()).find((one) => one.id === id)

  test.each([
    ['imap', 'ada@firm.test'],
    ['pop3', 'bob@firm.test'],
  ] as const)(
    '%s: mail comes with tokens that are made anew, until somebody has to sign in again',
    async (kind, user) => {
      const name = user.split('@')[0]!
      const { id: signInId } = await signIn({ provider: 'firm', user })
      const at = {
        kind,
        host: 'localhost',
        port: kind === 'imap' ? dovecot.imapTlsPort : dovecot.tlsPort,
        tls: 'implicit',
        user,
        signInId,
      } as const
      const steps: string[] = []
      for await (const { step, state } of await api.account.test(at))
        if (state !== 'trying') steps.push(`${step} ${state}`)
      expect(steps).toEqual(['connect ok', 'tls ok', 'login ok', 'list ok'])

      dovecot.deliver(name, Buffer.from(mail('one')))
      const { id } = await api.account.add({ ...at, name: user, keep: true, everySeconds: 86_400 })
      await expect.poll(async () => (await accountOf(id))?.lastFetchMs, { timeout: 10_000 }).not.toBeNull()
      expect(await accountOf(id)).toMatchObject({ login: 'token', signInId, lastError: null })

      // A fetch may be under way that has signed in before; the next one does not.
      const fetchUntil = async <T>(what: (failed: { reason: string }[]) => T, wanted: unknown) =>
        expect
          .poll(async () => what((await api.account.fetch({ id })).failed), { timeout: 10_000, interval: 20 })
          .toEqual(wanted)

      // The server takes the token no more: one other is made, and the mail comes.
      const asked = provider.tokenRequests.length
      provider.forgetAccess()
      dovecot.deliver(name, Buffer.from(mail('two')))
      await fetchUntil((failed) => [provider.tokenRequests.length, failed], [asked + 1, []])

      provider.forgetAll()
      dovecot.deliver(name, Buffer.from(mail('three')))
      const words = new RegExp(`^Sign in again at Firm Post as ${user}: Firm Post says: invalid_grant`)
      await fetchUntil((failed) => failed, [{ id, reason: expect.stringMatching(words) }])
      expect((await accountOf(id))?.lastError).toMatch(words)
      const status = await api.app.status()
      expect(JSON.stringify(status)).toContain('Sign in again at Firm Post')

      await signIn({ id: signInId })
      await expect.poll(async () => (await accountOf(id))?.lastError, { timeout: 10_000 }).toBeNull()
      const subjects = async () =>
        (await api.mail.list({ folderId: null, after: null, limit: 50 })).rows.map((row) => row.subject)
      await expect.poll(subjects, { timeout: 10_000 }).toEqual(expect.arrayContaining(['one', 'two', 'three']))
      await api.account.remove({ id })
      expect((await api.signIn.list()).filter((one) => one.id === signInId)).toEqual([])
    },
  )

  test('mail leaves with such tokens, is held while somebody has to sign in again, and goes when he has', async () => {
    const user = 'ada@firm.test'
    const { id: signInId } = await signIn({ provider: 'firm', user })
    const route = await api.route.add({
      host: 'smart.firm.test',
      port: sink.port,
      tls: 'starttls',
      login: { user, signInId },
    })
    expect(route).toMatchObject({ login: 'token', signInId, user })
    await api.route.saveRule({ sender: '', recipient: '', afterTries: 0, action: 'smarthost', routeId: route.id })
    const lines = ['From: ada@author.example', 'Subject: Hi', '', 'x']
    await engine.accept(submissionOf(lines))
    await sink.waitFor(1)

    provider.forgetAll()
    const last = async () => (await api.queue.list({ limit: 1 }))[0]?.recipients[0]
    await engine.accept(submissionOf(lines))
    await expect.poll(async () => (await last())?.state, { timeout: 10_000 }).toBe('held')
    expect((await api.signIn.list())[0]?.trouble).toContain('Sign in again at Firm Post')
    await engine.accept(submissionOf(lines))
    await expect.poll(async () => (await last())?.state, { timeout: 10_000 }).toBe('held')

    await signIn({ id: signInId })
    await sink.waitFor(3)
    await expect.poll(async () => (await last())?.state, { timeout: 10_000 }).toBe('delivered')
    expect(JSON.stringify(await api.app.status())).not.toContain('Sign in again')
  })

  test('no token, code or client secret is in the protocol log, the settings aside', async () => {
    const all = { before: null, limit: 200, protocol: null, problemsOnly: false, entryId: null, messageId: null }
    const sessions = await api.log.sessions(all)
    const log: unknown[] = []
    for (const { id } of sessions) log.push(await api.log.events({ id, fromSeq: 0, limit: 1000 }))
    const text = JSON.stringify([log, await api.signIn.list(), await api.account.list(), await api.route.list()])
    expect(text).toContain('XOAUTH2')
    expect(text).not.toMatch(/(?:access|refresh|code)-[0-9a-f]{8}|client-words/)
    const said = provider.tokenRequests.flatMap((asked) =>
      ['code', 'code_verifier', 'refresh_token'].flatMap((name) => asked.get(name) ?? []),
    )
    expect(said.length).toBeGreaterThan(5)
    for (const secret of [...said, ...provider.accessTokens]) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(Buffer.from(`Bearer ${secret}`).toString('base64').slice(8, 40))
    }
  })
})
