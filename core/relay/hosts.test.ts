import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { Bench, ONE_MX, TWO_MX, hasIpv6Loopback, impatient, refusedAt, short } from '../../test/support/mx-zone.ts'
import { relay } from '../../test/support/relay.ts'
import { makeDialer, type Dialer } from '../net/dial.ts'
import type { Lookup, Resolver } from '../net/dns.ts'
import { DeadHosts } from './dead-hosts.ts'
import { planMx } from './mx.ts'
import { noTlsPolicy } from './tls-policy-joint.ts'

/** Which hosts and addresses are dialled, and which are not. */

const bench = new Bench()
afterEach(() => bench.close())

/** Counts what is dialled. */
function counted(dial: Dialer = makeDialer()) {
  const dialled: string[] = []
  const counting: Dialer = (target, signal) => {
    dialled.push(target.address)
    return dial(target, signal)
  }
  return { dialled, dial: counting }
}

/** A resolver that knows these addresses of `mx1.dest.test`, the MX of `dest.test`. */
function knowing(addresses: readonly string[]): Resolver {
  const trace = { canonical: '', server: '', ttlSeconds: 60, cached: false }
  return {
    lookup: async (name, type) => {
      const records =
        type === 'MX'
          ? [{ preference: 1, exchange: 'mx1.dest.test' }]
          : addresses.filter((one) => one.includes(':') === (type === 'AAAA'))
      const kind = records.length > 0 ? 'found' : 'NODATA'
      return { ...trace, name, type, kind, records } as unknown as Lookup<typeof type>
    },
  }
}
const to = [{ to: ['bob@dest.test'] }]
const closed: Dialer = async () => ({ ok: false, errno: 'ECONNREFUSED', reason: 'closed' })
const onTheInternet = { 'relay.allowPrivateAddresses': false }

describe('addresses', () => {
  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.1.1',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    'ff02::1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2002:c0a8:101::1',
    '::127.0.0.1',
  ])('%s is not dialled for an MX, unless the setting allows', async (address) => {
    const { dial, dialled } = counted(closed)
    const relayed = await relay(to, { resolver: knowing([address]), dial, settings: onTheInternet, hasIpv6: true })
    expect([short(relayed), dialled]).toEqual([['bob deferred EPRIVATE mx1.dest.test'], []])
    expect(relayed.dialogue()).toContain(`# mx1.dest.test at ${address}: a private address is not dialled`)
    await relay(to, { resolver: knowing([address]), dial, hasIpv6: true })
    expect(dialled).toEqual([address])
  })

  test('an address literal of a private network is not dialled either', async () => {
    const { dial, dialled } = counted(closed)
    const jobs = [{ to: ['bob@[192.168.1.1]'] }]
    const relayed = await relay(jobs, { resolver: knowing([]), dial, settings: onTheInternet })
    expect([short(relayed), dialled]).toEqual([['bob deferred EPRIVATE [192.168.1.1]'], []])
  })

  test('at most two addresses of a host are dialled, one of each family where there are both', async () => {
    const { dial, dialled } = counted(closed)
    const addresses = ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2']
    await relay(to, { resolver: knowing(addresses), dial, hasIpv6: true })
    await relay(to, { resolver: knowing(addresses.slice(0, 2)), dial, hasIpv6: true })
    expect(dialled).toEqual(['2001:db8::1', '192.0.2.1', '192.0.2.1', '192.0.2.2'])
  })

  test('a dead family costs ten seconds, the last one thirty', async () => {
    const waits: number[] = []
    const dial: Dialer = async ({ timeoutMs }) => {
      waits.push(timeoutMs)
      return { ok: false, errno: 'ETIMEDOUT', reason: 'no answer' }
    }
    await relay(to, { resolver: knowing(['192.0.2.1', '2001:db8::1']), dial, hasIpv6: true })
    expect(waits).toEqual([10_000, 30_000])
  })

  test.each([
    ['ipv4', ['192.0.2.1']],
    ['ipv6', ['2001:db8::1']],
    ['both', ['192.0.2.1', '2001:db8::1']],
  ] as const)('relay.family %s dials %j', async (family, expected) => {
    const { dial, dialled } = counted(closed)
    const resolver = knowing(['192.0.2.1', '2001:db8::1'])
    await relay(to, { resolver, dial, settings: { 'relay.family': family } })
    expect(dialled).toEqual(expected)
  })

  test('a host without an address of the family that is allowed waits, and the transcript says why', async () => {
    const { dial, dialled } = counted(closed)
    const relayed = await relay(to, { resolver: knowing(['2001:db8::1']), dial, settings: { 'relay.family': 'ipv4' } })
    expect([short(relayed), dialled]).toEqual([['bob deferred EAFNOSUPPORT mx1.dest.test'], []])
    expect(relayed.dialogue()).toContain('# mx1.dest.test at 2001:db8::1: relay.family is "ipv4"')
  })

  const own = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({ address }) => address)
    .find((address) => !/^(?:127\.|10\.|192\.168\.|172\.|169\.254|100\.|::1|f[cde])/i.test(address))
  test.runIf(own !== undefined)('an MX that has an address of this machine is a loop', async () => {
    const { dial, dialled } = counted(closed)
    const relayed = await relay(to, { resolver: knowing([own!]), dial, settings: onTheInternet })
    expect([short(relayed), dialled]).toEqual([['bob bounced LOOP dest.test'], []])
  })
})

describe('the MX of a domain (RFC 5321 §5.1)', () => {
  const mx = (...records: [number, string][]): Resolver => ({
    lookup: async (name, type) =>
      ({
        name,
        type,
        canonical: name,
        server: '',
        ttlSeconds: 60,
        cached: false,
        kind: 'found',
        records: records.map(([preference, exchange]) => ({ preference, exchange })),
      }) as unknown as Lookup<typeof type>,
  })
  const plan = async (resolver: Resolver, ownNames: readonly string[] = [], random = () => 0.5) => {
    const found = await planMx('dest.test', { resolver, ownNames, random })
    return found.kind === 'hosts' ? found.hosts.map(({ name }) => name) : found.why
  }

  test('drops this machine and all that are no better', async () => {
    const records = mx([20, 'self.test'], [10, 'best.test'], [20, 'equal.test'], [30, 'worse.test'])
    expect(await plan(records, ['self.test'])).toEqual(['best.test'])
    expect(await plan(mx([5, 'self.test'], [5, 'equal.test']), ['self.test'])).toMatchObject({ rcode: 'LOOP' })
  })

  test('shuffles equal preferences evenly, and no others', async () => {
    const records = mx([10, 'a.test'], [10, 'b.test'], [10, 'c.test'], [20, 'd.test'])
    let seed = 1
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
    const firsts = new Map<string, number>()
    for (let i = 0; i < 900; i++) {
      const hosts = (await plan(records, [], random)) as string[]
      expect(hosts[3]).toBe('d.test')
      firsts.set(hosts[0] ?? '', (firsts.get(hosts[0] ?? '') ?? 0) + 1)
    }
    for (const name of ['a.test', 'b.test', 'c.test']) expect(firsts.get(name)).toBeGreaterThan(230)
  })

  test('names a host once, tries at most five, and takes a null MX among others for none', async () => {
    expect(await plan(mx([1, 'a.test'], [2, 'a.test'], [3, '']))).toEqual(['a.test'])
    const many = mx(...Array.from({ length: 9 }, (_, n): [number, string] => [n, `mx${n}.test`]))
    expect(await plan(many)).toHaveLength(5)
  })

  test('a U-label is asked for as its A-label', async () => {
    const zone = { 'xn--bcher-kva.test': { A: ['127.0.0.1'] } }
    const sink = await bench.sink()
    const { parseMailbox } = await import('../model/address.ts')
    const { local, domain } = parseMailbox('bob@Bücher.test')!
    expect(short(await bench.deliver(zone, sink.port, [{ to: [`${local}@${domain}`] }]))).toEqual([
      'bob delivered xn--bcher-kva.test',
    ])
  })
})

describe('hosts where nobody answers', () => {
  const minutes = (n: number) => n * 60_000

  test('are passed over for two minutes after a refusal, then four, up to an hour, and answering ends that', () => {
    const clock = fakeClock()
    const dead = new DeadHosts(clock)
    const why = { at: 'connect', mx: 'mx', errno: 'ECONNREFUSED' } as const
    const schedule = [minutes(15) / 1000, 3600, 14_400]
    const waits: number[] = []
    for (let i = 0; i < 8; i++) {
      dead.failed('a:25', why, schedule)
      waits.push(((dead.find('a:25')?.untilMs ?? 0) - clock.nowMs()) / 60_000)
      clock.advance((waits.at(-1) ?? 0) * 60_000)
      expect(dead.find('a:25')).toBeUndefined()
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 60, 60, 60])
    dead.answered('a:25')
    dead.failed('a:25', why, schedule)
    expect((dead.find('a:25')?.untilMs ?? 0) - clock.nowMs()).toBe(minutes(2))
    expect(dead.find('b:25')).toBeUndefined()
    dead.forget()
    expect(dead.find('a:25')).toBeUndefined()
  })

  test('silence counts for 15 minutes, and a schedule that is shorter for as long as it waits', () => {
    const clock = fakeClock()
    const dead = new DeadHosts(clock)
    const silent = { at: 'connect', mx: 'mx', errno: 'ETIMEDOUT' } as const
    dead.failed('a:25', silent, [900])
    dead.failed('b:25', silent, [60, 3600])
    dead.failed('c:25', { at: 'connect', mx: 'mx', errno: 'ENETUNREACH' }, [900])
    const left = (endpoint: string) => ((dead.find(endpoint)?.untilMs ?? clock.nowMs()) - clock.nowMs()) / 1000
    expect(['a:25', 'b:25', 'c:25'].map(left)).toEqual([900, 60, 0])
    // A clock that is set back makes no wait longer.
    clock.set(-minutes(60 * 24))
    expect(dead.find('a:25')).toBeUndefined()
  })

  test('the next delivery goes to the MX that answers, without a dial to the one that does not', async () => {
    const mx2 = await bench.sink({ host: '127.0.0.2' })
    const deadHosts = new DeadHosts(impatient())
    const { dial, dialled } = counted(refusedAt('127.0.0.1'))
    for (let i = 0; i < 2; i++) {
      const relayed = await bench.deliver(TWO_MX, mx2.port, undefined, { dial, deps: { deadHosts } })
      expect(short(relayed)).toEqual(['bob delivered mx2.dest.test'])
    }
    expect(dialled).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.2'])
    const alone = await bench.deliver(ONE_MX, mx2.port, undefined, { dial, deps: { deadHosts } })
    expect(short(alone)).toEqual(['bob deferred ECONNREFUSED mx1.dest.test'])
    expect(alone.dialogue().join('\n')).toMatch(/nobody answered there of late, so it is left alone until/)
    expect(dialled).toHaveLength(3)
  })
})

describe('a message that a host was given before', () => {
  const given = (mx: string, isOnly: boolean) => ({ to: ['bob@dest.test'], sameHost: { mx, isOnly } })

  test('goes to that one alone where it may have arrived, and waits while that one is away', async () => {
    const [mx1, mx2] = await bench.pair({}, {})
    const first = await bench.deliver(TWO_MX, mx1.port, [given('mx2.dest.test', true)])
    expect([short(first), mx1.connections, mx2.count]).toEqual([['bob delivered mx2.dest.test'], 0, 1])
    const away = { dial: refusedAt('127.0.0.2') }
    const second = await bench.deliver(TWO_MX, mx1.port, [given('mx2.dest.test', true)], away)
    expect([short(second), mx1.connections]).toEqual([['bob deferred ECONNREFUSED mx2.dest.test'], 0])
    const gone = await bench.deliver(TWO_MX, mx1.port, [given('mx9.dest.test', true)])
    expect(short(gone)).toEqual(['bob delivered mx1.dest.test']) // no host of theirs any more
  })

  test('is not carried along on a connection to another host', async () => {
    const [mx1, mx2] = await bench.pair({}, {})
    const jobs = [
      { to: ['a@dest.test'] },
      given('mx2.dest.test', true),
      { to: ['c@dest.test'] },
      given('mx1.dest.test', true),
    ]
    const relayed = await bench.deliver(TWO_MX, mx1.port, jobs)
    expect(short(relayed)).toEqual([
      'a delivered mx1.dest.test',
      'bob delivered mx2.dest.test',
      'c delivered mx2.dest.test',
      'bob delivered mx1.dest.test',
    ])
    expect([mx1.count, mx2.count]).toEqual([2, 2])
  })

  test('goes to that one first where its greylist remembers us, and to the others else', async () => {
    const [mx1, mx2] = await bench.pair({}, {})
    await bench.deliver(TWO_MX, mx1.port, [given('mx2.dest.test', false)])
    expect([mx1.count, mx2.count]).toEqual([0, 1])
    const relayed = await bench.deliver(TWO_MX, mx1.port, [given('mx2.dest.test', false)], {
      dial: refusedAt('127.0.0.2'),
    })
    expect(short(relayed)).toEqual(['bob delivered mx1.dest.test'])
  })
})

describe('what is kept with an attempt', () => {
  test('why it went that way and how its session was protected; whether reports are passed on', async () => {
    const [plain, dsn] = await bench.pair({}, { offers: ['DSN'] })
    const seen: string[] = []
    const deps = {
      tlsPolicyFor: noTlsPolicy,
      onTlsSeen: ({ domain, mxHost, isUsable }: { domain: string; mxHost: string; isUsable: boolean }) =>
        void seen.push(`${domain} ${mxHost} ${isUsable}`),
    }
    const relayed = await bench.deliver(ONE_MX, plain.port, undefined, { deps })
    expect(relayed.outcomes[0]).toMatchObject({
      dsn: 'relayed',
      facts: { tls: { policy: 'none', facts: null, trouble: null } },
    })
    expect(seen).toEqual(['dest.test mx1.dest.test true'])
    const other = { ...ONE_MX, 'mx1.dest.test': { A: ['127.0.0.2'] } }
    const passed = await bench.deliver(other, dsn.port, [
      { to: ['bob@dest.test'], options: { ret: 'headers', envid: 'x' }, recipientOptions: { notify: ['success'] } },
    ])
    expect(passed.outcomes[0]).toMatchObject({ dsn: 'passed-on' })
    expect(dsn.commands.find(({ verb }) => verb === 'RCPT')?.line).toBe('RCPT TO:<bob@dest.test> NOTIFY=SUCCESS')
  })

  test('what the server takes at most is told, also where it names no limit', async () => {
    const mx = await bench.sink({ offers: ['PIPELINING', 'SIZE 10485760'] })
    const bare = await bench.sink({ offers: ['SIZE 0'] })
    const seen: unknown[] = []
    const deps = { onSizeSeen: (one: unknown) => void seen.push(one) }
    await bench.deliver(ONE_MX, mx.port, undefined, { deps })
    await bench.deliver(ONE_MX, bare.port, undefined, { deps })
    expect(seen).toEqual([
      { host: 'mx1.dest.test', port: mx.port, largestBytes: 10_485_760 },
      { host: 'mx1.dest.test', port: bare.port, largestBytes: null },
    ])
  })

  test('a server that takes one message a session gets each over a connection of its own (RFC 9422 §4.1)', async () => {
    const mx = await bench.sink({ offers: ['PIPELINING', 'LIMITS MAILMAX=1'] })
    const jobs = ['a', 'b', 'c'].map((local) => ({ to: [`${local}@dest.test`] }))
    // The relay asks for the next job only where it can carry it; the others wait in the queue.
    const relayed = await bench.deliver(ONE_MX, mx.port, jobs)
    expect([mx.connections, mx.count, relayed.outcomes.length]).toEqual([1, 1, 1])
    const split = await bench.sink({ offers: ['PIPELINING', 'LIMITS MAILMAX=1 RCPTMAX=1'] })
    const recipients = [{ to: ['a@dest.test', 'b@dest.test', 'c@dest.test'] }]
    expect(short(await bench.deliver(ONE_MX, split.port, recipients))).toHaveLength(3)
    expect([split.connections, split.count]).toEqual([3, 3])
  })
})

test.runIf(hasIpv6Loopback)('relay.family keeps a policy refusal from being tried over the other family', async () => {
  const zone = { ...ONE_MX, 'mx1.dest.test': { A: ['127.0.0.1'], AAAA: ['::1'] } }
  const refuse = { answer: ({ verb }: { verb: string }) => (verb === 'RCPT' ? '550 5.7.25 no PTR' : undefined) }
  const [four] = await bench.pair({}, { host: '::1', ...refuse })
  const settings = { 'relay.family': 'ipv6' } as const
  expect(short(await bench.deliver(zone, four.port, undefined, { settings }))).toEqual([
    'bob bounced RCPT 550 mx1.dest.test',
  ])
  expect(four.connections).toBe(0)
})
