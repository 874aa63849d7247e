import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { testCertificate } from '../../test/support/certificate.ts'
import { Bench, short } from '../../test/support/mx-zone.ts'
import type { TestJob } from '../../test/support/relay.ts'
import type { SinkCommand, SinkOptions, SinkReply } from '../../test/support/smtp-sink.ts'
import type { TlsMode } from '../model/outcome.ts'
import type { RelayDeps, RouteSignIn } from './deps.ts'
import { testRoute, type RouteTestStep } from './test-route.ts'

/** Logins at smarthosts: only to whom they are meant for, and never on record. */

const bench = new Bench()
afterEach(() => bench.close())
const good = testCertificate('smart.test')
const other = testCertificate('elsewhere.test')
afterAll(() => [good, other].forEach((one) => one.remove()))

const PASSWORD = 'open sesame 97'
const PLAIN = Buffer.from(`\0ada\0${PASSWORD}`).toString('base64')
const login = { user: 'ada', secret: PASSWORD, kind: 'password' } as const

/** A smarthost that offers AUTH inside TLS and answers it with `reply`. */
function offering(reply: SinkReply, more: SinkOptions = {}): SinkOptions {
  const answer = (command: SinkCommand): SinkReply => {
    if (command.verb === 'AUTH') return reply
    return more.answer?.(command)
  }
  return { tls: good, offers: ['PIPELINING', 'AUTH PLAIN'], ...more, answer }
}

async function send(
  port: number,
  tls: TlsMode = 'starttls',
  signIn: RouteSignIn = { login },
  jobs: readonly TestJob[] = [{ to: ['bob@dest.test'] }],
  caFile = good.caFile,
) {
  const refused: string[] = []
  const deps: Partial<RelayDeps> = {
    signInOf: () => signIn,
    onLoginRefused: async (routeId, reason) => void refused.push(`${routeId} ${reason}`),
  }
  const relayed = await bench.deliver({ 'smart.test': { A: ['127.0.0.1'] } }, 1, jobs, {
    route: { kind: 'smarthost', routeId: 7, host: 'smart.test', port, tls },
    settings: { 'relay.caFile': caFile },
    deps,
  })
  return { ...relayed, refused, dialogue: relayed.dialogue }
}
const everything = (relayed: Awaited<ReturnType<typeof send>>) =>
  relayed.sessions.map((_, n) => relayed.dialogue(n).join('\n')).join('\n')

describe('a smarthost with a login', () => {
  test.each(['starttls', 'implicit'] as const)(
    '%s: signs in inside verified TLS, and the secret stands nowhere',
    async (tls) => {
      const host = await bench.sink(offering('235 2.7.0 welcome', { implicitTls: tls === 'implicit' }))
      const relayed = await send(host.port, tls)
      expect(short(relayed)).toEqual(['bob delivered smart.test'])
      expect(host.commands.find(({ verb }) => verb === 'AUTH')?.line).toBe(`AUTH PLAIN ${PLAIN}`)
      expect(relayed.dialogue()).toContain('C: AUTH PLAIN <secret>')
      expect(everything(relayed)).toContain('signs in as ada')
      for (const secret of [PASSWORD, PLAIN, PLAIN.slice(0, 12)]) expect(everything(relayed)).not.toContain(secret)
    },
  )

  test.each<[string, SinkReply, string?]>([
    ['the password', `535 5.7.8 no "${PASSWORD}" for ada`],
    ['our answer', `535 5.7.8 ${PLAIN} is wrong`],
    ['both, on two lines', `535-5.7.8 ${PLAIN}\r\n535 5.7.8 ${PASSWORD}${PASSWORD}`],
    ['it cut off', { thenDrop: `535 5.7.8 ${PLAIN}` }],
    ['it after it let us in', '235 2.7.0 ok', `550 5.7.1 not with ${PASSWORD}`],
  ])('a server that says back %s has told nobody of it', async (_, reply, later) => {
    const answer = ({ verb }: SinkCommand) => (verb === 'MAIL' ? later : undefined)
    const host = await bench.sink(offering(reply, { answer }))
    const relayed = await send(host.port)
    expect(relayed.outcomes[0]?.kind).toBe(later === undefined ? 'held' : 'bounced')
    const all = everything(relayed) + JSON.stringify([relayed.outcomes, relayed.refused])
    expect(all).toContain('<secret>')
    for (const secret of [PASSWORD, PLAIN, PLAIN.slice(0, 12)]) expect(all).not.toContain(secret)
  })

  test.each([
    ['another name', other, other.caFile],
    ['an unknown authority', good, ''],
  ] as const)('a certificate of %s hears no login and gets no mail, whatever hello', async (_, certificate, caFile) => {
    const host = await bench.sink(offering('235 2.7.0 welcome', { tls: certificate }))
    const relayed = await send(host.port, 'starttls', { login }, undefined, caFile)
    expect(short(relayed)).toEqual(['bob deferred tls'])
    expect(host.commands.map(({ verb }) => verb)).toEqual(['CONNECT', 'EHLO', 'STARTTLS'])
  })

  test('a server that offers no TLS hears no login', async () => {
    const { tls: _, ...plainly } = offering('235 2.7.0 welcome')
    const host = await bench.sink(plainly)
    expect(short(await send(host.port))).toEqual(['bob deferred tls'])
    const plain = await send(host.port, 'none')
    expect(short(plain)).toEqual(['bob delivered smart.test']) // this very computer, where nobody listens in
    expect(host.commands.filter(({ verb }) => verb === 'AUTH')).toHaveLength(1)
  })

  test.each(['535 5.7.8 wrong password', '534 5.7.9 stronger, please', '530 5.7.0 no', '432 4.7.12 a new password'])(
    '%s: all its mail is held with one try, the user is told, and nothing bounces',
    async (reply) => {
      const host = await bench.sink(offering(reply))
      const jobs = [{ to: ['bob@dest.test', 'eve@dest.test'] }, { to: ['kim@else.test'] }]
      const relayed = await send(host.port, 'starttls', { login }, jobs)
      expect(short(relayed)).toEqual(['bob held login', 'eve held login', 'kim held login'])
      expect(relayed.outcomes[2]).toMatchObject({
        why: { at: 'login', mx: 'smart.test', routeId: 7, reply: { code: Number(reply.slice(0, 3)) } },
      })
      expect(relayed.refused).toEqual([`7 ${reply.replace(/^\S+ \S+ /, '')}`])
      expect(host.connections).toBe(1)
      expect(everything(relayed)).not.toContain(PLAIN.slice(0, 12))
    },
  )

  test('454 to AUTH is the trouble of the server: the mail is tried again, and the login stands', async () => {
    const host = await bench.sink(offering('454 4.7.0 not now'))
    const relayed = await send(host.port)
    expect(short(relayed)).toEqual(['bob deferred AUTH 454 smart.test'])
    expect(relayed.refused).toEqual([])
  })

  test('while its login is known to be refused nothing is dialled', async () => {
    const host = await bench.sink(offering('235 2.7.0 welcome'))
    const relayed = await send(host.port, 'starttls', { login, trouble: 'wrong password' })
    expect(short(relayed)).toEqual(['bob held login'])
    expect(host.connections).toBe(0)
  })

  test('a token and its refusal leave no trace either', async () => {
    const token = 'ya29.A0ARrdaM-secret-token'
    const encoded = Buffer.from(`user=ada\u0001auth=Bearer ${token}\u0001\u0001`).toString('base64')
    const answer = ({ line }: SinkCommand): SinkReply => {
      if (line.startsWith('AUTH')) return '334 eyJzdGF0dXMiOiI0MDAifQ=='
      return line === '' ? '535 5.7.8 stale' : undefined
    }
    const host = await bench.sink({ tls: good, offers: ['AUTH XOAUTH2'], answer })
    const relayed = await send(host.port, 'starttls', { login: { user: 'ada', secret: token, kind: 'token' } })
    expect(short(relayed)).toEqual(['bob held login'])
    expect(host.commands.find(({ verb }) => verb === 'AUTH')?.line).toBe(`AUTH XOAUTH2 ${encoded}`)
    for (const secret of [token, encoded.slice(8, 30)]) expect(everything(relayed)).not.toContain(secret)
  })

  test('a route that is held by a rule is not dialled, and says the rule', async () => {
    const why = 'rule 3: Mail is held'
    const relayed = await bench.deliver({}, 1, [{ to: ['bob@dest.test'] }, { to: ['eve@dest.test'] }], {
      route: { kind: 'hold', key: 'rule 3', cause: { at: 'rule', ruleId: 3, reason: why }, why },
    })
    expect(short(relayed)).toEqual(['bob held rule', 'eve held rule'])
    expect(relayed.sessions).toEqual([])
  })
})

describe('a test of a route', () => {
  async function steps(port: number, more: { tls?: TlsMode; login?: typeof login } = {}): Promise<string[]> {
    const said: RouteTestStep[] = []
    await bench.deliver({ 'smart.test': { A: ['127.0.0.1'] } }, 1, undefined, {
      settings: { 'relay.caFile': good.caFile },
      route: { kind: 'hold', key: 'x', cause: { at: 'rule', ruleId: 1, reason: '' } },
      deps: {},
      withDeps: async (deps: RelayDeps) => {
        for await (const step of testRoute({ host: 'smart.test', port, tls: 'starttls', ...more }, deps))
          said.push(step)
      },
    })
    return said.filter(({ state }) => state !== 'trying').map(({ step, state, text }) => `${step} ${state}: ${text}`)
  }

  test('says each step as it goes, and sends no mail', async () => {
    const host = await bench.sink(offering('235 2.7.0 welcome'))
    expect(await steps(host.port, { login })).toEqual([
      'connect ok: Connected.',
      expect.stringMatching(/^tls ok: Encrypted with TLSv1\.3/),
      'hello ok: smart.test answers.',
      'login ok: Signed in.',
    ])
    expect(host.commands.some(({ verb }) => verb === 'MAIL')).toBe(false)
    expect(host.commands.at(-1)?.verb).toBe('QUIT')
    expect((await steps(host.port)).at(-1)).toBe('login ok: No login is set for it.')
  })

  test('ends with the step that failed, in words', async () => {
    const wrong = await bench.sink(offering('535 5.7.8 wrong password'))
    expect((await steps(wrong.port, { login })).at(-1)).toBe(
      'login failed: smart.test does not accept the login: 535 5.7.8 wrong password',
    )
    const misnamed = await bench.sink({ tls: other })
    expect((await steps(misnamed.port)).at(-1)).toMatch(/^tls failed: The connection could not be secured: /)
    const plain = await bench.sink()
    expect((await steps(plain.port)).at(-1)).toMatch(/^tls failed: .*STARTTLS is required/)
    const refusing = await bench.sink({ answer: ({ verb }) => (verb === 'CONNECT' ? '554 5.7.1 go away' : undefined) })
    expect((await steps(refusing.port, { tls: 'none' })).at(-1)).toBe(
      'hello failed: smart.test says: 554 5.7.1 go away',
    )
  })
})
