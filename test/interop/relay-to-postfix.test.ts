import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import type { RelayDeps } from '../../core/relay/deps.ts'
import { startDovecot, type Dovecot } from '../support/dovecot.ts'
import { localhost } from '../support/localhost.ts'
import { Bench, short } from '../support/mx-zone.ts'
import { needs } from '../support/peers.ts'
import { startPostfix, type Postfix } from '../support/postfix.ts'
import type { TestJob } from '../support/relay.ts'

/** Our relay against Postfix: as the MX of a domain, as one that can little, and as a smarthost. */
const bench = new Bench()
afterAll(() => bench.close())
// Whatever was said to it can be said again: each session is exported and played.
afterEach(() => bench.replay())

const zone = {
  'dest.test': { MX: [{ preference: 10, exchange: 'mx.dest.test' }] },
  'mx.dest.test': { A: ['127.0.0.1'] },
}
const arrived = async (postfix: Postfix, user: string, count: number): Promise<string[]> => {
  for (;;) {
    const messages = await postfix.messages(user)
    if (messages.length >= count) return messages.map((one) => one.toString('latin1'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
const bodyOf = (text: string) => text.slice(text.indexOf('\n\n') + 2)
const message = (n: number, body: string) => `Subject: ${n}\r\nMessage-ID: <${n}@sender.test>\r\n\r\n${body}\r\n`

const peers = needs('postfix')
peers.describe('relay to Postfix', () => {
  let postfix: Postfix
  beforeAll(async () => {
    postfix = await startPostfix({
      domain: 'dest.test',
      users: ['bob', 'eve', 'later', 'closing', 'slow', 'policy'],
      extra: {
        smtpd_recipient_restrictions: `check_recipient_access inline:{${[
          '{later@dest.test = 450 4.7.1 greylisted, come back in five minutes}',
          '{closing@dest.test = 421 4.3.2 closing}',
          '{policy@dest.test = 550 5.7.1 not from here}',
          '{slow@dest.test = sleep 1}',
        ].join(' ')}}, reject_unauth_destination`,
      },
    })
  })
  afterAll(() => postfix?.stop())
  const send = (to: readonly string[], more: Partial<TestJob> = {}) =>
    bench.deliver(zone, postfix.port, [{ to: to.map((user) => `${user}@dest.test`), ...more }])

  peers.test('two messages over one TLS connection arrive line for line, an unknown user bounces', async () => {
    const body = ['.', '..', '. .', 'plain', '', '.end', 'x'.repeat(990), '.'].join('\r\n')
    const relayed = await bench.deliver(zone, postfix.port, [
      { to: ['bob@dest.test', 'nobody@dest.test', 'eve@dest.test'], message: message(1, body) },
      { to: ['bob@dest.test'], message: message(2, body) },
    ])
    expect(short(relayed)).toEqual([
      'bob delivered mx.dest.test',
      'nobody bounced RCPT 550 mx.dest.test',
      'eve delivered mx.dest.test',
      'bob delivered mx.dest.test',
    ])
    expect(relayed.sessions).toMatchObject([{ tls: true, messages: 2 }])
    const got = await arrived(postfix, 'bob', 2)
    await arrived(postfix, 'eve', 1)
    for (const text of got) expect(bodyOf(text)).toBe(`${body.replaceAll('\r\n', '\n')}\n`)
  })

  peers.test('a large message goes by BDAT and arrives line for line', async () => {
    const body = '.\r\n..\r\n.x of a line\r\n'.repeat(80_000)
    const relayed = await send(['eve'], { message: message(3, body) })
    expect(short(relayed)).toEqual(['eve delivered mx.dest.test'])
    expect(relayed.dialogue().filter((line) => line.startsWith('C: BDAT'))).toEqual([
      'C: BDAT 1048576',
      expect.stringMatching(/^C: BDAT \d+ LAST$/),
    ])
    const got = (await arrived(postfix, 'eve', 2)).find((text) => text.includes('Subject: 3'))
    expect(bodyOf(got ?? '')).toBe(`${body.replaceAll('\r\n', '\n')}\n`)
  })

  peers.test('what is asked of reports is passed on, and Postfix takes it', async () => {
    const relayed = await send(['bob'], {
      options: { ret: 'headers', envid: 'id + 1' },
      recipientOptions: { notify: ['failure', 'delay'], orcpt: { type: 'rfc822', address: 'bob+x@dest.test' } },
    })
    expect(relayed.outcomes[0]).toMatchObject({ kind: 'delivered', dsn: 'passed-on' })
    expect(relayed.dialogue()).toContainEqual(expect.stringContaining('RET=HDRS ENVID=id+20+2B+201'))
  })

  peers.test('greylisting, a refusal by policy, a slow reply and 421 each count for their recipient', async () => {
    expect(short(await send(['later', 'bob', 'policy', 'slow']))).toEqual([
      'later deferred RCPT 450 mx.dest.test',
      'bob delivered mx.dest.test',
      'policy bounced RCPT 550 mx.dest.test',
      'slow delivered mx.dest.test',
    ])
    const closing = await send(['closing'])
    expect(short(closing)).toEqual(['closing deferred RCPT 421 mx.dest.test'])
  })
})

peers.describe('relay to a Postfix that can little', () => {
  let postfix: Postfix
  beforeAll(async () => {
    postfix = await startPostfix({
      domain: 'dest.test',
      users: ['bob'],
      extra: {
        smtpd_discard_ehlo_keywords: 'pipelining, chunking, smtputf8, 8bitmime, dsn, enhancedstatuscodes',
        message_size_limit: '50000',
        // A TLS that nobody speaks any more.
        smtpd_tls_protocols: '>=TLSv1, <=TLSv1.1',
      },
    })
  })
  afterAll(() => postfix?.stop())

  peers.test(
    'TLS that fails is tried with a smaller hello, then the mail goes in clear text, a command at a time',
    async () => {
      const relayed = await bench.deliver(zone, postfix.port, [{ to: ['bob@dest.test'], message: message(1, 'hello') }])
      expect(short(relayed)).toEqual(['bob delivered mx.dest.test'])
      expect(relayed.sessions.map(({ worst, tls }) => `${worst} ${tls}`)).toEqual([
        'tls false',
        'tls false',
        '250 false',
      ])
      const lines = relayed.dialogue(2)
      expect(lines[lines.findIndex((line) => line.startsWith('C: MAIL')) + 1]).toMatch(/^S: 250/)
      await arrived(postfix, 'bob', 1)
    },
  )

  describe.each([
    ['SIZE', { message: message(2, 'x'.repeat(60_000)) }, 'no SIZE'],
    ['SMTPUTF8', { needsUtf8: true }, 'no SMTPUTF8'],
    ['8BITMIME', { is8bit: true }, 'no 8BITMIME'],
  ] as const)('%s', (_, job, missing) => {
    peers.test('what it cannot take is not begun', async () => {
      const relayed = await bench.deliver(zone, postfix.port, [{ to: ['bob@dest.test'], ...job }])
      expect(short(relayed)).toEqual([`bob bounced ${missing} mx.dest.test`])
    })
  })
})

const logins = needs('postfix', 'dovecot')
logins.describe('relay by a Postfix that wants a login, with Dovecot to check it', () => {
  let dovecot: Dovecot
  let folder: string
  const servers: Postfix[] = []
  const password = 'open-sesame-42'
  const start = async (mechanisms: string) => {
    const postfix = await startPostfix({
      domain: 'dest.test',
      users: ['bob'],
      extra: {
        smtpd_tls_security_level: 'encrypt',
        smtpd_sasl_auth_enable: 'yes',
        smtpd_sasl_type: 'dovecot',
        smtpd_sasl_path: `inet:127.0.0.1:${dovecot.saslPort}`,
        smtpd_sasl_mechanism_filter: mechanisms,
        smtpd_recipient_restrictions: 'permit_sasl_authenticated, reject',
        mynetworks: '',
      },
    })
    servers.push(postfix)
    return postfix
  }
  beforeAll(async () => {
    dovecot = await startDovecot({ password })
    folder = await mkdtemp(join(tmpdir(), 'posthorn-ca-'))
    writeFileSync(join(folder, 'ca.pem'), localhost.cert)
  })
  afterAll(async () => {
    await Promise.all([dovecot?.stop(), ...servers.map((one) => one.stop())])
    await rm(folder, { recursive: true, force: true })
  })
  const send = (port: number, secret: string, host = 'localhost') => {
    const deps: Partial<RelayDeps> = { signInOf: () => ({ login: { user: 'ada', secret, kind: 'password' } }) }
    return bench.deliver({ 'other.test': { A: ['127.0.0.1'] } }, 1, [{ to: ['bob@dest.test'] }], {
      route: { kind: 'smarthost', routeId: 1, host, port, tls: 'starttls' },
      settings: { 'relay.caFile': join(folder, 'ca.pem'), 'relay.family': 'ipv4' },
      deps,
    })
  }

  describe.each([
    ['SCRAM-SHA-256', 'plain, login, scram-sha-256'],
    ['PLAIN', 'plain, login'],
    ['LOGIN', 'login'],
  ])('%s', (mechanism, offered) => {
    logins.test('signs in over verified TLS', async () => {
      const postfix = await start(offered)
      const relayed = await send(postfix.port, password)
      expect(short(relayed)).toEqual(['bob delivered localhost'])
      expect(relayed.dialogue()).toContainEqual(expect.stringMatching(`^C: AUTH ${mechanism}(?: <secret>)?$`))
      expect(relayed.dialogue().join('\n')).not.toContain(Buffer.from(password).toString('base64').slice(0, 12))
      await arrived(postfix, 'bob', 1)
    })
  })

  logins.test('a wrong password holds the mail', async () => {
    expect(short(await send(servers[0]?.port ?? 1, 'wrong'))).toEqual(['bob held login'])
  })

  logins.test('a host of another name than its certificate hears no login', async () => {
    const relayed = await send(servers[0]?.port ?? 1, password, 'other.test')
    expect(short(relayed)).toEqual(['bob deferred tls'])
    expect(relayed.dialogue().some((line) => line.startsWith('C: AUTH'))).toBe(false)
  })
})
