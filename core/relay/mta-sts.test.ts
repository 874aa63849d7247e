import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testCertificate } from '../../test/support/certificate.ts'
import { short } from '../../test/support/mx-zone.ts'
import { policyFile, TlsWorld, type Answer } from '../../test/support/tls-world.ts'
import type { Relayed } from '../../test/support/relay.ts'

let world: TlsWorld
beforeEach(async () => {
  world = await TlsWorld.start()
})
afterEach(() => world.close())

const DAY_MS = 86_400_000
const refusal = (relayed: Relayed) => {
  const [outcome] = relayed.outcomes
  return outcome && 'why' in outcome && outcome.why.at === 'policy' ? [outcome.kind, outcome.why.policy] : outcome
}
const tlsOf = (relayed: Relayed) => relayed.outcomes[0]?.facts?.tls
const policyFor = () => world.policies.policyFor({ domain: 'dest.test', mxHost: 'mx1.dest.test', requireTls: false })
const fail =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end('no')

describe('a policy that enforces', () => {
  test('is fetched once, kept, and mail goes to the host it lists over verified TLS', async () => {
    const mx = await world.mx()
    const first = await world.deliver(mx.port)
    expect(short(first)).toEqual(['bob delivered mx1.dest.test'])
    expect(tlsOf(first)).toMatchObject({
      policy: 'mta-sts',
      trouble: null,
      facts: { version: 'TLSv1.3', trusted: true, nameFits: true, chain: ['CN=mx1.dest.test'] },
    })
    expect(first.dialogue()).toContain('# MTA-STS of dest.test: enforce, mx1.dest.test, fetched')
    expect(short(await world.deliver(mx.port))).toEqual(['bob delivered mx1.dest.test'])
    expect(world.asked).toEqual(['mta-sts.dest.test/.well-known/mta-sts.txt'])
    expect(world.known()?.policy).toMatchObject({ mode: 'enforce', id: '1', mx: ['mx1.dest.test'] })
  })

  test('keeps mail from a host that it does not list, which is not even dialled', async () => {
    world.answer = policyFile('enforce', ['other.dest.test'])
    const mx = await world.mx()
    expect(refusal(await world.deliver(mx.port))).toEqual(['deferred', 'mta-sts'])
    expect(mx.connections).toBe(0)
  })

  test.each([
    ['a certificate nobody vouches for', () => testCertificate('mx1.dest.test')],
    ['no TLS at all', () => undefined],
  ])('defers where the host has %s, and says nothing in clear text', async (_, make) => {
    const certificate = make()
    const mx = await world.mx({ tls: certificate as never })
    expect(refusal(await world.deliver(mx.port))).toEqual(['deferred', 'mta-sts'])
    expect(mx.commands.filter(({ verb }) => verb === 'MAIL')).toEqual([])
    certificate?.remove()
  })

  test('defers where the certificate is for another name', async () => {
    world.zone('1', {
      'dest.test': { MX: [{ preference: 1, exchange: 'mx2.dest.test' }] },
      'mx2.dest.test': { A: ['127.0.0.1'] },
    })
    world.answer = policyFile('enforce', ['*.dest.test'])
    const mx = await world.mx()
    expect(refusal(await world.deliver(mx.port))).toEqual(['deferred', 'mta-sts'])
  })

  test('binds while it lasts, whatever DNS and its host say', async () => {
    const mx = await world.mx()
    expect(short(await world.deliver(mx.port))).toEqual(['bob delivered mx1.dest.test'])
    const bare = await world.mx({ tls: undefined as never })
    const states = [
      () => world.zone(null),
      () => world.zone(null, { '_mta-sts.dest.test': { TXT: ['v=STSv1; id=1', 'v=STSv1; id=2'] } }),
      () => world.zone(null, { '_mta-sts.dest.test': { trouble: 'servfail' } }),
      () => {
        world.zone('2')
        world.answer = fail(500)
      },
    ]
    for (const change of states) {
      change()
      expect(refusal(await world.deliver(bare.port))).toEqual(['deferred', 'mta-sts'])
    }
    expect(world.known()).toMatchObject({ policy: { id: '1' }, error: 'the answer is 500, not 200' })
  })

  test('ends with its max_age, counted from the day it was fetched', async () => {
    world.answer = policyFile('enforce', ['mx1.dest.test'], 100)
    expect(await policyFor()).toMatchObject({ require: 'verified', source: 'mta-sts' })
    world.zone(null)
    world.later(99_000)
    expect(await policyFor()).toMatchObject({ require: 'verified', source: 'mta-sts' })
    world.later(2_000)
    expect(await policyFor()).toMatchObject({ require: 'none', source: 'none' })
  })

  test('is kept for a year at most', async () => {
    world.answer = policyFile('enforce', ['mx1.dest.test'], 4_000_000_000)
    await policyFor()
    const { fetchedMs = 0, expiresMs = 0 } = world.known()?.policy ?? {}
    expect((expiresMs - fetchedMs) / DAY_MS).toBe(365.25)
  })

  test('gives way to a newer one that could be fetched, also to none', async () => {
    await policyFor()
    world.zone('2')
    world.answer = policyFile('none', [])
    expect(await policyFor()).toMatchObject({ require: 'none', source: 'none' })
    expect(world.known()?.policy).toMatchObject({ mode: 'none', id: '2' })
    const bare = await world.mx({ tls: undefined as never })
    expect(short(await world.deliver(bare.port))).toEqual(['bob delivered mx1.dest.test'])
  })

  test('is fetched anew once it is a day old, and nobody waits for that', async () => {
    await policyFor()
    world.later(DAY_MS + 1000)
    world.answer = policyFile('testing')
    expect(await policyFor()).toMatchObject({ source: 'mta-sts' })
    await world.policies.settled()
    expect(await policyFor()).toMatchObject({ source: 'mta-sts-testing' })
    expect(world.asked).toHaveLength(2)
  })
})

describe('a policy that tests', () => {
  test.each([
    ['lists another host', ['other.dest.test'], true, /^mx1\.dest\.test is not among/],
    ['lists a host without TLS', ['mx1.dest.test'], false, null],
  ])('and %s stops no mail, and the try says so', async (_, mx, hasTls, trouble) => {
    world.answer = policyFile('testing', mx)
    const sink = await world.mx(hasTls ? {} : { tls: undefined as never })
    const relayed = await world.deliver(sink.port)
    expect(short(relayed)).toEqual(['bob delivered mx1.dest.test'])
    const tls = tlsOf(relayed)
    expect(tls).toMatchObject({ policy: 'mta-sts-testing' })
    if (trouble) expect(tls?.trouble).toMatch(trouble)
    else expect(tls?.facts).toBeNull()
  })
})

describe('a first policy that cannot be had', () => {
  const cases: readonly (readonly [string, Answer, RegExp])[] = [
    [
      'its host sends elsewhere',
      fail(301, { location: 'https://mta-sts.dest.test/other' }),
      /^the answer is 301, not 200$/,
    ],
    ['there is no such file', fail(404), /^the answer is 404/],
    [
      'it comes as a web page',
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('version: STSv1'),
      /^its type is "text\/html", not text\/plain$/,
    ],
    [
      'it is larger than 64 KiB',
      policyFile('enforce', Array<string>(5000).fill('mx1.dest.test')),
      /longer than 65536 bytes$/,
    ],
    [
      'it is cut off',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '1000' }).write('version: STSv1\n')
        setImmediate(() => response.destroy())
      },
      /aborted|cut off|hang up/,
    ],
    ['it is no HTTP', (request) => void request.socket.end('220 mail.example ESMTP\r\n'), /Parse Error/],
    ['it has no mode', policyFile('perhaps'), /^it is no policy: its mode is "perhaps"$/],
    ['it lists nobody', policyFile('enforce', []), /^it is no policy: it lists no mx$/],
    ['it lasts for ever', policyFile('enforce', ['mx1.dest.test'], '-1'), /^it is no policy: its max_age is "-1"$/],
  ]
  test.each(cases)('(%s) demands nothing, and is shown', async (_, answer, words) => {
    world.answer = answer
    const policy = await policyFor()
    expect(policy).toMatchObject({ kind: 'go', require: 'none', source: 'none' })
    expect(world.known()?.error).toMatch(words)
    expect(policy.kind === 'go' && policy.trouble).toContain(world.known()?.error)
    expect(world.asked).toHaveLength(1)
  })

  test('(its host never ends) is given up after a minute', async () => {
    world.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).write('version: STSv1\n', () => world.expire(60_000))
    }
    expect(await policyFor()).toMatchObject({ require: 'none' })
    expect(world.known()?.error).toBe('no whole answer within 60 s')
    expect(world.asked).toHaveLength(1)
  })

  test('(its certificate is not trusted) is not believed', async () => {
    Object.assign(world.settings, { 'relay.caFile': '' })
    expect(await policyFor()).toMatchObject({ require: 'none' })
    expect(world.known()?.error).toMatch(/^TLS with 127\.0\.0\.1:443 failed: DEPTH_ZERO_SELF_SIGNED_CERT/)
    expect(world.asked).toEqual([])
  })

  test('(it lies in a private network) is not asked for', async () => {
    Object.assign(world.settings, { 'relay.allowPrivateAddresses': false })
    expect(await policyFor()).toMatchObject({ require: 'none' })
    expect(world.known()?.error).toBe('mta-sts.dest.test has only private addresses')
    expect(world.asked).toEqual([])
  })

  test('is asked for again five minutes later and not before', async () => {
    world.answer = fail(503)
    await policyFor()
    world.answer = policyFile('enforce')
    expect(await policyFor()).toMatchObject({ require: 'none', trouble: expect.stringContaining('503') })
    expect(world.asked).toHaveLength(1)
    world.later(5 * 60_000)
    expect(await policyFor()).toMatchObject({ require: 'verified' })
    expect(world.known()?.error).toBeNull()
  })

  test('is fetched once for all that wait for it', async () => {
    const all = await Promise.all([policyFor(), policyFor(), policyFor()])
    expect(all.map((one) => one.kind === 'go' && one.source)).toEqual(['mta-sts', 'mta-sts', 'mta-sts'])
    expect(world.asked).toHaveLength(1)
  })
})

test.each([
  ['no record', null, {}],
  ['an invalid record', null, { '_mta-sts.dest.test': { TXT: ['v=STSv1; id=a_b'] } }],
  ['two records', null, { '_mta-sts.dest.test': { TXT: ['v=STSv1; id=1', 'v=STSv1; id=2'] } }],
])('a domain with %s has no policy, and nobody asks its host', async (_, id, zone) => {
  world.zone(id, zone)
  expect(await policyFor()).toMatchObject({ require: 'none', source: 'none' })
  expect(world.asked).toEqual([])
})

test('where the setting says so, no policy is looked for', async () => {
  Object.assign(world.settings, { 'relay.mtaSts': false })
  expect(await policyFor()).toMatchObject({ require: 'none', source: 'none' })
  expect(world.asked).toEqual([])
})
