import { afterEach, describe, expect, test } from 'vitest'
import { Bench, impatient } from '../../test/support/mx-zone.ts'
import type { Zone } from '../../test/support/dns-server.ts'
import { relay } from '../../test/support/relay.ts'
import type { Domain, ForwardPath } from '../model/address.ts'
import type { Dialer } from '../net/dial.ts'
import type { Settings } from '../settings.ts'
import { preflight, seenIn, type PreflightFinding } from './preflight.ts'

const bench = new Bench()
afterEach(() => bench.close())

const ADA: ForwardPath = { local: 'ada', domain: 'dest.test' as Domain }
const SEEN = '203.0.113.7'
const REVERSE = '7.113.0.203.in-addr.arpa'
const MX: Zone = {
  'dest.test': { MX: [{ preference: 10, exchange: 'mx.dest.test' }], TXT: [`v=spf1 ip4:${SEEN} -all`] },
  'mx.dest.test': { A: ['127.0.0.1'] },
  [REVERSE]: { PTR: ['post.dest.test'] },
  'post.dest.test': { A: [SEEN] },
}
const hello = (text: string) => (command: { readonly verb: string }) =>
  command.verb === 'EHLO' ? `250-${text}\r\n250 PIPELINING` : undefined

interface World {
  readonly zone?: Zone
  readonly answer?: (command: { readonly verb: string }) => string | undefined
  readonly settings?: Partial<Settings>
  readonly isLocal?: boolean
  readonly dial?: Dialer
  readonly clock?: ReturnType<typeof impatient>
}
/** What each check came to, and what was said to the server. */
async function look({ zone = MX, answer = hello(`mx.dest.test greets [${SEEN}]`), ...world }: World = {}) {
  const sink = await bench.sink({ answer })
  const findings: PreflightFinding[] = []
  const resolver = await bench.resolver(zone)
  const relayed = await relay([], {
    resolver,
    settings: {
      'relay.port': sink.port,
      'relay.allowPrivateAddresses': true,
      'preflight.blocklist': 'list.test',
      'relay.ehloName': 'post.dest.test',
      ...world.settings,
    },
    ...(world.dial && { dial: world.dial }),
    ...(world.clock && { clock: world.clock }),
    async withDeps(deps) {
      for await (const one of preflight(ADA, { ...deps, isLocal: () => world.isLocal ?? false })) findings.push(one)
    },
  })
  const ended = findings.filter(({ state }) => state !== 'trying')
  return {
    sink,
    relayed,
    findings,
    of: (check: PreflightFinding['check']) => {
      const one = ended.find((found) => found.check === check)
      return one && `${one.state}: ${one.text}`
    },
  }
}

describe('a look at the network', () => {
  test('of a server that is right finds nothing wrong, sends no mail and shows its dialogue', async () => {
    const { of, sink, relayed, findings } = await look()
    expect([of('port'), of('name'), of('spf'), of('blocklist')]).toEqual([
      `ok: mx.dest.test answers on port ${sink.port}.`,
      `ok: ${SEEN} is called post.dest.test, and the name leads back to it.`,
      `ok: The SPF record of dest.test lets ${SEEN} send for it (ip4:${SEEN}).`,
      `ok: list.test does not list ${SEEN}.`,
    ])
    expect(sink.commands.map(({ verb }) => verb)).toEqual(['CONNECT', 'EHLO', 'QUIT'])
    expect(relayed.dialogue()).toContain('# a look at the network: no mail is sent')
    expect(findings.find(({ check, state }) => check === 'port' && state === 'ok')?.sessionId).toBe(1)
  })

  test('of a home finds a closed port, and says that a provider is needed', async () => {
    const dial: Dialer = async () => ({ ok: false, errno: 'ETIMEDOUT', reason: 'timed out' })
    const { of } = await look({ dial })
    expect(of('port')).toMatch(/^failed: Port \d+ of mx\.dest\.test does not answer \(no answer came \(ETIMEDOUT\)\)\./)
    expect(of('name')).toBe('unknown: No server has said under which address it sees this network.')
    expect(of('spf')).toMatch(/^unknown: dest\.test has an SPF record\./)
    expect(of('blocklist')).toMatch(/^unknown/)
  })

  test('that nobody answers ends by itself', async () => {
    const dial: Dialer = (_, signal) =>
      new Promise((resolve) =>
        signal?.addEventListener('abort', () => resolve({ ok: false, errno: 'ABORTED', reason: 'aborted' })),
      )
    const { of } = await look({ dial, clock: impatient(20_000) })
    expect(of('port')).toMatch(/^failed: Port \d+ of mx\.dest\.test does not answer/)
  })

  test('hears a server that turns this network away', async () => {
    const answer = ({ verb }: { readonly verb: string }) =>
      verb === 'CONNECT' ? '554 5.7.1 203.0.113.7 is listed, go away' : undefined
    expect((await look({ answer })).of('port')).toMatch(
      /^failed: mx\.dest\.test does not take mail from this network: .*is listed, go away/,
    )
  })

  test.each([
    [{}, 'failed: 203.0.113.7 has no name in the DNS (PTR).'],
    [
      { [REVERSE]: { PTR: ['elsewhere.test'] } },
      'failed: 203.0.113.7 is called elsewhere.test, which does not lead back to it.',
    ],
    [
      { [REVERSE]: { PTR: ['7-113-0-203.net.test'] }, '7-113-0-203.net.test': { A: [SEEN] } },
      'warning: 203.0.113.7 is called 7-113-0-203.net.test, as addresses of homes are.',
    ],
    [
      { [REVERSE]: { PTR: ['p7.dyn.net.test'] }, 'p7.dyn.net.test': { A: [SEEN] } },
      'warning: 203.0.113.7 is called p7.dyn.net.test, as addresses of homes are.',
    ],
    [
      { [REVERSE]: { PTR: ['mail.net.test'] }, 'mail.net.test': { A: [SEEN] } },
      'warning: 203.0.113.7 is called mail.net.test, and Posthorn greets as post.dest.test (relay.ehloName).',
    ],
    [{ [REVERSE]: { trouble: 'servfail' } }, 'unknown: The name of 203.0.113.7 cannot be looked up now.'],
  ] as const)('judges the name of an address: %j', async (names, said) => {
    const { 'dest.test': domain, 'mx.dest.test': mx } = MX
    const { of } = await look({ zone: { 'dest.test': domain!, 'mx.dest.test': mx!, ...names } })
    expect(of('name')).toContain(said)
  })

  test.each([
    ['v=spf1 -all', 'failed: The SPF record of dest.test does not let 203.0.113.7 send for it (-all)'],
    ['v=spf1 ~all', 'warning: The SPF record of dest.test does not name 203.0.113.7'],
    [
      'v=spf1 ipv4:1.2.3.4',
      'warning: The SPF record of dest.test is wrong: the SPF record of dest.test cannot be read at "ipv4:1.2.3.4".',
    ],
    ['hello', 'warning: dest.test has no SPF record'],
  ])('judges the SPF record %s', async (record, said) => {
    const { of } = await look({ zone: { ...MX, 'dest.test': { ...MX['dest.test'], TXT: [record] } } })
    expect(of('spf')).toContain(said)
  })

  test.each([
    ['127.0.0.2', 'failed: list.test lists 203.0.113.7 (127.0.0.2). Many servers refuse mail from it.'],
    ['127.0.0.11', 'failed: list.test lists 203.0.113.7 as an address of a home'],
    ['127.255.255.254', 'unknown: list.test does not answer questions of your name servers.'],
  ])('understands a blocklist that says %s', async (answer, said) => {
    const { of } = await look({ zone: { ...MX, '7.113.0.203.list.test': { A: [answer] } } })
    expect(of('blocklist')).toContain(said)
  })

  test('asks no blocklist where none is set', async () => {
    expect((await look({ settings: { 'preflight.blocklist': '' } })).of('blocklist')).toBeUndefined()
  })

  test('dials nobody where the domain lives on this computer', async () => {
    const { of, sink } = await look({ isLocal: true })
    expect(of('port')).toBe(
      'unknown: Mail for dest.test comes to this computer: there is no other server to try it with.',
    )
    expect(sink.connections).toBe(0)
  })

  test('believes no private address and no words that only look like one', () => {
    expect(
      [
        'mx at your service, [192.168.1.9]',
        'mx Hello [300.1.1.1]',
        'mx (no)',
        'mx.a.test Hello x [IPv6:2001:4860::9], hi',
      ].map(seenIn),
    ).toEqual([undefined, undefined, undefined, '2001:4860::9'])
  })
})
