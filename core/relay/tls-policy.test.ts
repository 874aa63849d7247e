import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testCertificate } from '../../test/support/certificate.ts'
import { short } from '../../test/support/mx-zone.ts'
import type { Relayed } from '../../test/support/relay.ts'
import { policyFile, TlsWorld } from '../../test/support/tls-world.ts'

let world: TlsWorld
beforeEach(async () => {
  world = await TlsWorld.start()
  world.zone(null)
})
afterEach(() => world.close())

const DAY_MS = 86_400_000
const refusal = (relayed: Relayed) => {
  const [outcome] = relayed.outcomes
  return outcome && 'why' in outcome && outcome.why.at === 'policy' ? [outcome.kind, outcome.why.policy] : outcome
}
const tlsOf = (relayed: Relayed) => relayed.outcomes[0]?.facts?.tls
const delivered = ['bob delivered mx1.dest.test']

const untrusted = testCertificate('mx1.dest.test')
afterAll(() => untrusted.remove())

describe('the ratchet', () => {
  test.each([
    ['an untrusted certificate', { tls: untrusted }],
    ['clear text', { tls: undefined as never }],
  ])('holds a domain that had verified TLS to it: nothing goes over %s', async (_, options) => {
    const mx = await world.mx()
    expect(short(await world.deliver(mx.port))).toEqual(delivered)
    const worse = await world.mx(options)
    const relayed = await world.deliver(worse.port)
    expect(refusal(relayed)).toEqual(['deferred', 'ratchet'])
    expect(worse.commands.filter(({ verb }) => verb === 'MAIL')).toEqual([])
    expect(short(await world.deliver(mx.port))).toEqual(delivered)
    expect(world.known()?.last?.facts?.trusted).toBe(true)
  })

  test('is let go of by whoever says so, for that domain', async () => {
    expect(short(await world.deliver((await world.mx()).port))).toEqual(delivered)
    expect(await world.domains()).toMatchObject([
      {
        domain: 'dest.test',
        ratchet: { untilMs: expect.any(Number) },
        last: { facts: { trusted: true } },
        mtaSts: null,
      },
    ])
    await world.forget(' Dest.test ')
    const bare = await world.mx({ tls: undefined as never })
    expect(short(await world.deliver(bare.port))).toEqual(delivered)
    expect(await world.domains()).toMatchObject([{ ratchet: null, last: { facts: null } }])
    await expect(world.forget('nobody.test')).rejects.toMatchObject({ code: 'not-found' })
  })

  test('lasts 90 days from the last time, and begins anew after that', async () => {
    const mx = await world.mx()
    const bare = await world.mx({ tls: undefined as never })
    await world.deliver(mx.port)
    const since = world.known()?.verified?.sinceMs
    world.later(89 * DAY_MS)
    expect(refusal(await world.deliver(bare.port))).toEqual(['deferred', 'ratchet'])
    await world.deliver(mx.port)
    expect(world.known()?.verified?.sinceMs).toBe(since)
    world.later(89 * DAY_MS)
    expect(refusal(await world.deliver(bare.port))).toEqual(['deferred', 'ratchet'])
    world.later(2 * DAY_MS)
    expect(short(await world.deliver(bare.port))).toEqual(delivered)
    expect(world.known()?.verified).toBeNull()
    world.later(DAY_MS)
    await world.deliver(mx.port)
    expect(world.known()?.verified?.sinceMs).toBeGreaterThan((since ?? 0) + 100 * DAY_MS)
  })

  test('is off where the setting is 0', async () => {
    await world.deliver((await world.mx()).port)
    Object.assign(world.settings, { 'relay.tlsRatchetSeconds': 0 })
    expect(short(await world.deliver((await world.mx({ tls: undefined as never })).port))).toEqual(delivered)
  })

  test('never starts with a certificate nobody vouches for', async () => {
    const relayed = await world.deliver((await world.mx({ tls: untrusted })).port)
    expect(tlsOf(relayed)).toMatchObject({ policy: 'none', facts: { trusted: false, nameFits: true } })
    expect(world.known()).toMatchObject({ verified: null, last: { mx: 'mx1.dest.test', facts: { trusted: false } } })
    expect(short(await world.deliver((await world.mx({ tls: undefined as never })).port))).toEqual(delivered)
  })
})

describe('a smaller hello', () => {
  test('reaches a server that breaks on a large one, before any talk of clear text', async () => {
    const mx = await world.mx()
    const box = await world.boxBefore(mx)
    const relayed = await world.deliver(box.port)
    expect(short(relayed)).toEqual(delivered)
    expect(tlsOf(relayed)?.facts).toMatchObject({ version: 'TLSv1.2', trusted: true })
    expect(tlsOf(relayed)?.trouble).toBeTruthy()
    const [full = 0, reduced = 0, ...more] = box.hellos
    expect(more).toEqual([])
    expect(reduced).toBeLessThan(Math.min(full, 256))
    expect(relayed.sessions).toHaveLength(2)
    expect(relayed.dialogue(1)[0]).toMatch(/^# TLS failed \(.+\): the same host again with a smaller hello$/)
  })

  test('is all that is tried where verified TLS is demanded', async () => {
    await world.deliver((await world.mx()).port)
    const box = await world.boxBefore(await world.mx(), 'none')
    expect(refusal(await world.deliver(box.port))).toEqual(['deferred', 'ratchet'])
    expect(box.hellos).toHaveLength(2)
  })

  test('is enough where verified TLS is demanded', async () => {
    const mx = await world.mx()
    await world.deliver(mx.port)
    expect(short(await world.deliver((await world.boxBefore(mx)).port))).toEqual(delivered)
  })

  test('is followed by clear text where nothing is demanded', async () => {
    const mx = await world.mx()
    const box = await world.boxBefore(mx, 'none')
    const relayed = await world.deliver(box.port)
    expect(short(relayed)).toEqual(delivered)
    expect(tlsOf(relayed)).toMatchObject({ policy: 'none', facts: null })
    expect(relayed.sessions).toHaveLength(3)
  })
})

describe('REQUIRETLS (RFC 8689)', () => {
  const job = { options: { requireTls: true } } as const
  const OFFERS = ['PIPELINING', 'SIZE 52428800', '8BITMIME', 'ENHANCEDSTATUSCODES', 'REQUIRETLS']

  test('goes to a server that a policy vouches for and that offers it inside TLS', async () => {
    world.zone('1')
    world.answer = policyFile('enforce')
    const mx = await world.mx({ offers: OFFERS })
    const relayed = await world.deliver(mx.port, job)
    expect(short(relayed)).toEqual(delivered)
    expect(mx.messages[0]?.parameters).toContain('REQUIRETLS')
    expect(tlsOf(relayed)).toMatchObject({ policy: 'requiretls', facts: { trusted: true } })
  })

  test('is returned where the server does not offer it', async () => {
    world.zone('1')
    const mx = await world.mx()
    const relayed = await world.deliver(mx.port, job)
    expect(relayed.outcomes[0]?.kind).toBe('bounced')
    expect(mx.commands.filter(({ verb }) => verb === 'MAIL')).toEqual([])
  })

  test.each([
    ['no policy', null, 'enforce', 'mx1.dest.test'],
    ['a policy that lists another', '1', 'enforce', 'other.dest.test'],
    ['a policy that says none', '1', 'none', 'mx1.dest.test'],
  ])('is returned where %s vouches for the name of the server', async (_, id, mode, listed) => {
    world.zone(id)
    world.answer = policyFile(mode, [listed])
    const mx = await world.mx({ offers: OFFERS })
    expect(refusal(await world.deliver(mx.port, job))).toEqual(['bounced', 'requiretls'])
    expect(mx.connections).toBe(0)
  })

  test.each([
    ['a certificate nobody vouches for', { tls: untrusted }],
    ['no TLS', { tls: undefined as never }],
  ])('is returned where the server has %s', async (_, options) => {
    world.zone('1')
    const mx = await world.mx({ offers: OFFERS, ...options })
    expect(refusal(await world.deliver(mx.port, job))).toEqual(['bounced', 'requiretls'])
    expect(mx.commands.filter(({ verb }) => verb === 'MAIL')).toEqual([])
  })

  test.each([
    ['its name servers', () => world.zone(null, { '_mta-sts.dest.test': { trouble: 'servfail' } })],
    [
      'the host of its policy',
      () => {
        world.zone('1')
        world.answer = (_, response) => void response.writeHead(503, { 'content-type': 'text/plain' }).end('later')
      },
    ],
  ])('waits where %s cannot say now who vouches for the server', async (_, change) => {
    change()
    const mx = await world.mx({ offers: OFFERS })
    expect(refusal(await world.deliver(mx.port, job))).toEqual(['deferred', 'requiretls'])
    expect(mx.connections).toBe(0)
  })

  test('waits where the server cannot be reached', async () => {
    world.zone('1')
    const mx = await world.mx({ answer: ({ verb }) => (verb === 'CONNECT' ? '421 4.3.2 later' : undefined) })
    expect((await world.deliver(mx.port, job)).outcomes).toMatchObject([{ kind: 'deferred' }])
  })

  test('does not slip through over a connection that was opened for other mail', async () => {
    const mx = await world.mx({ offers: OFFERS })
    const relayed = await world.deliver(mx.port, {}, [job])
    expect(relayed.outcomes.map(({ kind }) => kind)).toEqual(['delivered', 'bounced'])
    expect(mx.commands.filter(({ verb }) => verb === 'MAIL')).toHaveLength(1)
    world.zone('1')
    expect((await world.deliver(mx.port, {}, [job])).outcomes.map(({ kind }) => kind)).toEqual([
      'delivered',
      'delivered',
    ])
  })

  test('needs no policy for a domain that is its own server', async () => {
    const question = { domain: 'mx1.dest.test', mxHost: 'mx1.dest.test', requireTls: true }
    expect(await world.policies.policyFor(question)).toMatchObject({ require: 'verified', source: 'requiretls' })
  })
})

test('an address literal has no policy and leaves nothing behind', async () => {
  const question = { domain: '[127.0.0.1]', mxHost: '[127.0.0.1]', requireTls: false }
  expect(await world.policies.policyFor(question)).toMatchObject({ require: 'none', source: 'none' })
  world.policies.onSeen({ domain: '[127.0.0.1]', mxHost: '[127.0.0.1]', policy: 'none', facts: null, isUsable: true })
  await world.policies.settled()
  expect(await world.domains()).toEqual([])
})
