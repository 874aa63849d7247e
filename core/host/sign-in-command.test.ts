import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDnsServer, type DnsStub } from '../../test/support/dns-server.ts'
import { dialerTo, startOauthProvider, type OauthProvider } from '../../test/support/oauth-provider.ts'
import { startEngine, type Engine } from '../engine.ts'
import { runCommand } from './commands.ts'

let folder: string
let engine: Engine
let provider: OauthProvider
let dns: DnsStub
const HERE = { A: ['127.0.0.1'] }
beforeAll(async () => {
  provider = await startOauthProvider()
  dns = await startDnsServer({
    'id.test': HERE,
    'imap.firm.test': HERE,
    'smtp.else.test': HERE,
    '_imaps._tcp.firm.test': { SRV: [{ port: 993, target: 'imap.firm.test' }] },
    '_submissions._tcp.firm.test': { SRV: [{ port: 465, target: 'smtp.else.test' }] },
  })
  folder = mkdtempSync(join(tmpdir(), 'posthorn-sign-in-command-'))
  engine = await startEngine({
    dataFolder: join(folder, 'data'),
    keyFile: join(folder, 'key'),
    fileSettings: {
      dns: { servers: [dns.server] },
      relay: { caFile: provider.caFile },
      oauth: { providers: [provider.line] },
      discovery: { ispdbUrl: '', allowPrivateAddresses: true },
    },
    // No mail server is really there.
    dialer: dialerTo(provider.port),
    alone: true,
    log: () => {},
  })
})
afterAll(async () => {
  await engine.close()
  await Promise.all([provider.close(), dns.close()])
  rmSync(folder, { recursive: true, force: true })
})

/** Runs one command line, with somebody at the browser who goes to whatever page is named; what it printed. */
async function run(argv: readonly string[], says?: 'yes' | 'no' | 'leaves') {
  let out = ''
  let err = ''
  const gone = new AbortController()
  const io = {
    cwd: folder,
    stdin: (async function* () {})(),
    stdout: async (bytes: string | Uint8Array) => void (out += Buffer.from(bytes as string).toString('utf8')),
    stderr: async (text: string) => {
      err += text
      const [url] = /https:\S+/.exec(text) ?? []
      if (url === undefined) return
      if (says === 'leaves') setImmediate(() => gone.abort())
      else if (says !== undefined) void provider.browse(url, says)
    },
    signal: gone.signal,
  }
  return { status: await runCommand(engine, argv, io, undefined), out, err }
}
const json = async (...argv: string[]) => JSON.parse((await run([...argv, '--json'])).out) as unknown

test('somebody signs in by the page that is named, and accounts and routes use that', async () => {
  const signedIn = await run(['account', 'sign-in', 'firm', 'ada@firm.test'], 'yes')
  expect(signedIn).toMatchObject({ status: 0, out: 'Signed in at Firm Post as ada@firm.test.\n' })
  const imap = ['account', 'add', 'imap', 'imap.firm.test', '--user', 'ada@firm.test', '--oauth', 'firm']
  const added = await run(imap)
  expect(added).toMatchObject({ status: 0, err: '' }) // the sign-in there is
  const route = ['route', 'add', 'smarthost', 'smtp.firm.test', '--user', 'ada@firm.test', '--oauth', 'firm', '--json']
  expect(JSON.parse((await run(route)).out)).toMatchObject({ login: 'token', signInId: 1 })
  const pop3 = ['account', 'add', 'pop3', '--host', 'pop.firm.test', '--user', 'bob@firm.test', '--oauth', 'firm']
  expect((await run(pop3, 'yes')).status).toBe(0) // signs in on the way
  expect(await json('account', 'sign-in', 'list')).toMatchObject([
    { provider: 'firm', user: 'ada@firm.test', accountIds: [1], routeIds: [1], trouble: null },
    { provider: 'firm', user: 'bob@firm.test', accountIds: [2], routeIds: [] },
  ])
  expect((await run(['account', 'sign-in', '1'], 'yes')).status).toBe(0)
  expect((await run(['account', 'sign-in', 'remove', '1'])).err).toContain('an account or a smarthost uses it')
  expect(await json('account', 'set', '2', '--oauth', 'firm')).toMatchObject({ signInId: 2 })
  expect((await run(['account', 'sign-in', 'list'])).out).toMatch(/^ID +PROVIDER +USER[^]*1 +Firm Post +ada@firm\.test/)
})

test('a person who refuses or leaves, and options that exclude each other, are said', async () => {
  const eve = ['account', 'sign-in', 'firm', 'eve@firm.test']
  expect(await run(eve, 'no')).toMatchObject({
    status: 1,
    err: expect.stringContaining('was not allowed to let Posthorn in'),
  })
  expect(await run(eve, 'leaves')).toMatchObject({ status: 1, err: expect.stringContaining('it was given up') })
  expect((await run(['account', 'sign-in', 'google', 'eve@gmail.com'])).err).toContain('oauth.google.clientId')
  expect((await run(['account', 'sign-in', 'providers'])).out).toMatch(/google +Google +no +oauth\.google\.clientId/)
  for (const argv of [
    ['account', 'sign-in'],
    ['account', 'sign-in', 'firm'],
    ['account', 'discover'],
  ])
    expect((await run(argv)).status, argv.join(' ')).toBe(64)
  const both = ['account', 'add', 'imap', 'x.test', '--user', 'eve@firm.test', '--oauth', 'firm', '--password-stdin']
  expect(await run(both)).toMatchObject({ status: 64, err: expect.stringContaining('excludes') })
})

test('discover tells what was found, by whom, and whose it is', async () => {
  const found = await run(['account', 'discover', 'ada@firm.test'])
  expect(found.status).toBe(0)
  expect(found.err).toMatch(/^found +srv: It names IMAP at imap\.firm\.test:993, SMTP at smtp\.else\.test:465/m)
  expect(found.out).toMatch(/imap +imap\.firm\.test:993 +implicit +ada@firm\.test +--oauth firm +yes/)
  expect(found.out).toMatch(/smtp +smtp\.else\.test:465 +implicit +ada@firm\.test +password +ASK/)
  expect(found.out).toContain('smtp.else.test belongs to else.test, not to firm.test')
  expect(await json('account', 'discover', 'ada@firm.test')).toMatchObject({
    ended: true,
    incoming: [{ host: 'imap.firm.test', auth: 'oauth2', provider: 'firm', needsConsent: false }],
    outgoing: [{ host: 'smtp.else.test', needsConsent: true }],
  })
  expect(await run(['account', 'discover', 'ada@nowhere.test'])).toMatchObject({
    status: 69,
    out: expect.stringContaining('Give them by hand'),
  })
  for (const address of ['ada', 'ada@[127.0.0.1]', 'ada@localhost'])
    expect((await run(['account', 'discover', address])).err).toContain('a whole address with a domain is needed')
})
