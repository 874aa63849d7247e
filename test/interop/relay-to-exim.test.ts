import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { startExim, type Exim } from '../support/exim.ts'
import { localhost } from '../support/localhost.ts'
import { Bench, short } from '../support/mx-zone.ts'
import { needs } from '../support/peers.ts'
import type { TestJob } from '../support/relay.ts'

/** Our relay against Exim: with all it offers, with nearly nothing, and as a smarthost. */
const bench = new Bench()
afterAll(() => bench.close())
// Whatever was said to it can be said again: each session is exported and played.
afterEach(() => bench.replay())

const peers = needs('exim')
const zone = {
  'dest.test': { MX: [{ preference: 10, exchange: 'mx.dest.test' }] },
  'mx.dest.test': { A: ['127.0.0.1'] },
}
const bodyOf = (raw: Buffer) => raw.toString('latin1').slice(raw.indexOf('\n\n') + 2)
const arrived = async (exim: Exim, user: string, count = 1): Promise<Buffer[]> => {
  for (;;) {
    const messages = await exim.messages(user)
    if (messages.length >= count) return messages
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
const send = (exim: Exim, job: TestJob) => bench.deliver(zone, exim.port, [job])
const LARGE = '.\r\n..\r\n.x of a line\r\n'.repeat(80_000)
const head = 'Subject: hi\r\nMessage-ID: <1@sender.test>\r\n\r\n'

peers.describe('relay to an Exim that offers CHUNKING and DSN', () => {
  let exim: Exim
  beforeAll(async () => {
    exim = await startExim({
      receive: { domain: 'dest.test', users: ['bob', 'eve', 'grey'], offersDsn: true },
    })
  })
  afterAll(() => exim?.stop())

  peers.test('a large message goes by BDAT, a small one by DATA, and both arrive line for line', async () => {
    const large = await send(exim, { to: ['bob@dest.test', 'nobody@dest.test'], message: head + LARGE })
    expect(short(large)).toEqual(['bob delivered mx.dest.test', 'nobody bounced RCPT 550 mx.dest.test'])
    expect(large.dialogue()).toContainEqual(expect.stringMatching(/^C: BDAT \d+ LAST$/))
    const small = await send(exim, { to: ['eve@dest.test'], message: `${head}.dot\r\n..\r\n` })
    expect(small.dialogue()).toContain('C: DATA')
    const [bob] = await arrived(exim, 'bob')
    const [eve] = await arrived(exim, 'eve')
    expect(bodyOf(bob!)).toBe(LARGE.replaceAll('\r\n', '\n'))
    expect(bodyOf(eve!)).toBe('.dot\n..\n')
  })

  peers.test('what is asked of reports is passed on, and Exim takes it', async () => {
    const relayed = await send(exim, {
      to: ['eve@dest.test'],
      options: { ret: 'full', envid: 'id=1' },
      recipientOptions: { notify: ['failure'], orcpt: { type: 'rfc822', address: 'eve@dest.test' } },
    })
    expect(relayed.outcomes[0]).toMatchObject({ kind: 'delivered', dsn: 'passed-on' })
  })
})

peers.describe('relay to an Exim that offers nearly nothing, and greylists', () => {
  let exim: Exim
  beforeAll(async () => {
    exim = await startExim({
      receive: {
        domain: 'dest.test',
        users: ['bob'],
        greylist: '4.7.1 greylisted, come again',
        sizeBytes: 50_000,
        without: ['SMTPUTF8', 'CHUNKING', 'PIPELINING', '8BITMIME', 'STARTTLS'],
      },
    })
  })
  afterAll(() => exim?.stop())

  peers.test('is asked a second time, a command at a time, and then takes it', async () => {
    const job = { to: ['bob@dest.test'], message: `${head}.dot\r\n` }
    const first = await send(exim, job)
    expect(short(first)).toEqual(['bob deferred RCPT 451 mx.dest.test'])
    const second = await send(exim, job)
    expect(short(second)).toEqual(['bob delivered mx.dest.test'])
    expect(second.sessions).toMatchObject([{ tls: false }])
    expect(bodyOf((await arrived(exim, 'bob'))[0]!)).toBe('.dot\n')
  })

  peers.test('what it cannot take is not begun', async () => {
    const to = ['bob@dest.test']
    expect(short(await send(exim, { to, message: head + LARGE }))).toEqual(['bob bounced no SIZE mx.dest.test'])
    expect(short(await send(exim, { to, needsUtf8: true }))).toEqual(['bob bounced no SMTPUTF8 mx.dest.test'])
    expect(short(await send(exim, { to, is8bit: true }))).toEqual(['bob bounced no 8BITMIME mx.dest.test'])
  })
})

peers.describe('relay by an Exim that wants a login', () => {
  let exim: Exim
  let folder: string
  beforeAll(async () => {
    exim = await startExim({
      receive: { domain: 'dest.test', users: ['bob'], login: { user: 'ada', password: 'sesame' } },
    })
    folder = await mkdtemp(join(tmpdir(), 'posthorn-ca-'))
    writeFileSync(join(folder, 'ca.pem'), localhost.cert)
  })
  afterAll(async () => {
    await exim?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  peers.test('signs in over verified TLS; a wrong password holds the mail', async () => {
    const by = (secret: string) =>
      bench.deliver({}, 1, [{ to: ['bob@dest.test'] }], {
        route: { kind: 'smarthost', routeId: 1, host: '127.0.0.1', port: exim.port, tls: 'starttls' },
        settings: { 'relay.caFile': join(folder, 'ca.pem') },
        deps: { signInOf: () => ({ login: { user: 'ada', secret, kind: 'password' } }) },
      })
    const relayed = await by('sesame')
    expect(short(relayed)).toEqual(['bob delivered 127.0.0.1'])
    expect(relayed.dialogue()).toContain('C: AUTH PLAIN <secret>')
    expect(short(await by('wrong'))).toEqual(['bob held login'])
    await arrived(exim, 'bob')
  })
})
