import { afterAll, afterEach, expect, test } from 'vitest'
import { testCertificate } from '../../test/support/certificate.ts'
import { Bench, short } from '../../test/support/mx-zone.ts'
import type { SinkCommand } from '../../test/support/smtp-sink.ts'
import type { AccessToken } from '../model/access-token.ts'
import { testRoute, type RouteTestStep } from './test-route.ts'
import type { RelayDeps } from './deps.ts'

/** Smarthosts whose route signs in by tokens that are made as they are needed. */

const bench = new Bench()
afterEach(() => bench.close())
const certificate = testCertificate('smart.test')
afterAll(() => certificate.remove())

const ok = (token: string): AccessToken => ({ ok: true, token })
const JOBS = [{ to: ['bob@dest.test', 'eve@dest.test'] }, { to: ['kim@dest.test'] }]

/** A smarthost that takes one token only; what was asked of whoever makes tokens, and what came of it. */
async function send(good: string, tokens: readonly AccessToken[]) {
  const response = (token: string) => Buffer.from(`user=ada\x01auth=Bearer ${token}\x01\x01`).toString('base64')
  const answer = ({ verb, line }: SinkCommand) =>
    verb === 'AUTH' ? (line.endsWith(response(good)) ? '235 2.7.0 welcome' : '535 5.7.8 no') : undefined
  const host = await bench.sink({ tls: certificate, offers: ['PIPELINING', 'AUTH XOAUTH2'], answer })
  const asked: (string | undefined)[] = []
  const refused: string[] = []
  const token = async (used?: string) => tokens[Math.min(asked.push(used), tokens.length) - 1]!
  const deps: Partial<RelayDeps> = {
    signInOf: () => ({ by: { user: 'ada', token } }),
    onLoginRefused: async (_, reason) => void refused.push(reason),
  }
  const relayed = await bench.deliver({ 'smart.test': { A: ['127.0.0.1'] } }, 1, JOBS, {
    route: { kind: 'smarthost', routeId: 7, host: 'smart.test', port: host.port, tls: 'starttls' },
    settings: { 'relay.caFile': certificate.caFile },
    deps,
  })
  const log = relayed.sessions.map((_, n) => relayed.dialogue(n).join('\n')).join('\n')
  return { relayed, asked, refused, host, log }
}

test('mail goes with the token of the moment, which stands nowhere', async () => {
  const { relayed, asked, log } = await send('tok-1', [ok('tok-1')])
  expect(short(relayed)).toEqual(['bob delivered smart.test', 'eve delivered smart.test', 'kim delivered smart.test'])
  expect(asked).toEqual([undefined])
  expect(log).toContain('AUTH XOAUTH2 <secret>')
  expect(log).not.toContain('tok-1')
})

test('a token that is refused is changed for another one, once, and the mail goes', async () => {
  const { relayed, asked, refused } = await send('tok-2', [ok('tok-1'), ok('tok-2')])
  expect(short(relayed)).toEqual(['bob delivered smart.test', 'eve delivered smart.test', 'kim delivered smart.test'])
  expect(asked).toEqual([undefined, 'tok-1'])
  expect(refused).toEqual([])
})

test.each([
  ['another one that is refused, too', ok('tok-2')],
  ['the same again', ok('tok-1')],
])('with %s, all is held and nothing bounces', async (_, second) => {
  const { relayed, asked, refused, host } = await send('tok-9', [ok('tok-1'), second])
  expect(short(relayed)).toEqual(['bob held login', 'eve held login', 'kim held login'])
  expect(asked).toEqual([undefined, 'tok-1'])
  expect(refused).toEqual(['no'])
  expect(host.connections).toBeLessThanOrEqual(2)
})

test.each([
  ['before anything is dialled', [], 0],
  ['after a refusal', [ok('tok-1')], 1],
])(
  'where somebody has to sign in again, found out %s, all is held with these words',
  async (_, before, connections) => {
    const reason = 'Sign in again at Firm as ada.'
    const { relayed, host } = await send('tok-9', [...before, { ok: false, needsPerson: true, reason }])
    expect(short(relayed)).toEqual(['bob held login', 'eve held login', 'kim held login'])
    expect(relayed.outcomes[2]).toMatchObject({ why: { at: 'login', mx: 'smart.test', reason, routeId: 7 } })
    expect(host.connections).toBe(connections)
  },
)

test.each([
  ['before anything is dialled', []],
  ['after a refusal', [ok('tok-1')]],
])('where no token can be had for now, found out %s, mail waits for another try', async (_, before) => {
  const reason = 'The sign-in of ada could not be renewed: Firm answers 503.'
  const { relayed, refused } = await send('tok-9', [...before, { ok: false, needsPerson: false, reason }])
  expect(short(relayed).slice(0, 2)).toEqual(['bob deferred local', 'eve deferred local'])
  expect(relayed.outcomes[0]).toMatchObject({ why: { at: 'local', reason, reply: { code: 451 } } })
  expect(refused).toEqual([])
})

test('a test of such a route signs in by a token, or says why there is none', async () => {
  const answer = ({ verb }: SinkCommand) => (verb === 'AUTH' ? '235 2.7.0 welcome' : undefined)
  const host = await bench.sink({ tls: certificate, offers: ['AUTH XOAUTH2'], answer })
  const last = async (got: AccessToken) => {
    const said: RouteTestStep[] = []
    const target = {
      host: 'smart.test',
      port: host.port,
      tls: 'starttls',
      by: { user: 'ada', token: async () => got },
    } as const
    await bench.deliver({ 'smart.test': { A: ['127.0.0.1'] } }, 1, undefined, {
      settings: { 'relay.caFile': certificate.caFile },
      route: { kind: 'hold', key: 'x', cause: { at: 'rule', ruleId: 1, reason: '' } },
      deps: {},
      withDeps: async (deps: RelayDeps) => {
        for await (const step of testRoute(target, deps)) said.push(step)
      },
    })
    const { step, state, text } = said.at(-1)!
    return `${step} ${state}: ${text}`
  }
  expect(await last(ok('tok-1'))).toBe('login ok: Signed in.')
  expect(await last({ ok: false, needsPerson: true, reason: 'Sign in again.' })).toBe('login failed: Sign in again.')
  expect(host.connections).toBe(1)
})
