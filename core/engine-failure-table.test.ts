import { afterEach, describe, expect, test } from 'vitest'
import { Bench, ONE_MX, TWO_MX, heldBack, impatient, refusedAt, short } from '../test/support/mx-zone.ts'
import type { Relayed, RelayOptions } from '../test/support/relay.ts'
import type { SinkCommand, SinkReply } from '../test/support/smtp-sink.ts'
import type { Zone } from '../test/support/dns-server.ts'
import type { Dialer } from './net/dial.ts'
import { explain } from './queue/why.ts'

/**
 * What each failure must do, one row a test: whether the next MX is asked, what becomes of the recipient, and the status a
 * report would carry. The particulars of each phase stand in core/relay/failures-*.test.ts.
 */

const bench = new Bench()
afterEach(() => bench.close())

const at =
  (verb: string, reply: SinkReply) =>
  (command: SinkCommand): SinkReply =>
    command.verb === verb ? reply : undefined

/** Kind of outcome and RFC 3463 status of the first recipient. */
function verdictOf({ outcomes: [first] }: Pick<Relayed, 'outcomes'>): string {
  if (first === undefined) return 'nothing'
  if (first.kind === 'delivered' || first.kind === 'unknown') return first.kind
  return `${first.kind} ${explain(first.why, first.kind === 'bounced').status}`
}

interface Seen {
  /** With a single MX: what becomes of the recipient. */
  readonly alone: string
  /** With a second MX that takes everything: whether that one was asked. */
  readonly next: boolean
}

/** Meets the same failure at an only MX, and at the better one of two. */
async function meet(answer: (command: SinkCommand) => SinkReply, options: Partial<RelayOptions> = {}): Promise<Seen> {
  const [mx1, mx2] = await bench.pair({ answer }, {})
  const alone = await bench.deliver(ONE_MX, mx1.port, undefined, options)
  await bench.deliver(TWO_MX, mx1.port, undefined, options)
  return { alone: verdictOf(alone), next: mx2.connections > 0 }
}

/** Without any server: DNS says it all. */
async function lookUp(zone: Zone, options: Partial<RelayOptions> = {}): Promise<string> {
  const mx = await bench.sink()
  const relayed = await bench.deliver(zone, mx.port, undefined, options)
  expect(mx.connections).toBe(0)
  return verdictOf(relayed)
}

describe('DNS', () => {
  test('SERVFAIL or timeout: deferred 4.4.3', async () => {
    expect(await lookUp({ 'dest.test': { trouble: 'servfail' } })).toBe('deferred 4.4.3')
    expect(await lookUp({ 'dest.test': { trouble: 'silence' } }, { clock: impatient(5000) })).toBe('deferred 4.4.3')
  })
  test('NXDOMAIN, or neither MX nor address: bounced 5.1.2', async () => {
    expect(await lookUp({})).toBe('bounced 5.1.2')
    expect(await lookUp({ 'dest.test': { TXT: ['x'] } })).toBe('bounced 5.1.2')
  })
  test('null MX: bounced 5.1.10', async () => {
    const zone = { 'dest.test': { MX: [{ preference: 0, exchange: '.' }], A: ['127.0.0.1'] } }
    expect(await lookUp(zone)).toBe('bounced 5.1.10')
  })
  test('a loop: bounced 5.4.6', async () => {
    expect(await lookUp(ONE_MX, { settings: { 'relay.ehloName': 'mx1.dest.test' } })).toBe('bounced 5.4.6')
  })
})

test.each(['ECONNREFUSED', 'ETIMEDOUT', 'ECONNRESET', 'EHOSTUNREACH'])(
  'connect: %s: the next MX; deferred 4.4.1 when all failed',
  async (errno) => {
    const mx2 = await bench.sink({ host: '127.0.0.2' })
    const refusing = refusedAt('127.0.0.1')
    const dial: Dialer = async (target, signal) => {
      const dialled = await refusing(target, signal)
      return dialled.ok ? dialled : { ...dialled, errno }
    }
    expect(verdictOf(await bench.deliver(ONE_MX, mx2.port, undefined, { dial }))).toBe('deferred 4.4.1')
    expect(verdictOf(await bench.deliver(TWO_MX, mx2.port, undefined, { dial }))).toBe('delivered')
  },
)

describe.each(['CONNECT', 'EHLO'])('%s', (verb) => {
  test('4xx: the next MX; deferred 4.3.2', async () => {
    expect(await meet(at(verb, '451 not now'))).toEqual({ alone: 'deferred 4.3.2', next: true })
  })
  test('5xx: the next MX; bounced 5.3.2 only when every MX says so', async () => {
    const answer = (command: SinkCommand) =>
      command.verb === verb || (verb === 'EHLO' && command.verb === 'HELO') ? '554 no service' : undefined
    expect(await meet(answer)).toEqual({ alone: 'bounced 5.3.2', next: true })
    const refuse = { answer }
    const [both] = await bench.pair(refuse, refuse)
    expect(verdictOf(await bench.deliver(TWO_MX, both.port))).toBe('bounced 5.3.2')
    const half = await bench.deliver(TWO_MX, both.port, undefined, { dial: refusedAt('127.0.0.2') })
    expect(verdictOf(half)).toBe('deferred 4.4.1')
  })
})

test('STARTTLS: a handshake error: the same host by a smaller hello, then in clear text only without a policy; else deferred 4.7.5', async () => {
  const [broken, other] = await bench.pair({ tls: {} }, {})
  const free = await bench.deliver(ONE_MX, broken.port)
  expect([verdictOf(free), broken.connections]).toEqual(['delivered', 3])
  const tlsPolicyFor = async () => ({ kind: 'go', require: 'verified', source: 'mta-sts' }) as const
  const bound = await bench.deliver(ONE_MX, broken.port, undefined, { tlsPolicyFor })
  expect([verdictOf(bound), broken.connections, broken.count]).toEqual(['deferred 4.7.5', 5, 1])
  const two = await bench.deliver(TWO_MX, broken.port, undefined, { tlsPolicyFor })
  expect([verdictOf(two), other.count]).toEqual(['deferred 4.7.5', 0]) // the other one has no TLS at all
})

test('AUTH 535: held, not bounced; nothing else is tried, and the route is paused', async () => {
  const host = await bench.sink({ offers: ['AUTH PLAIN'], answer: at('AUTH', '535 5.7.8 wrong password') })
  const paused: number[] = []
  const relayed = await bench.deliver({}, 1, [{ to: ['bob@dest.test'] }, { to: ['eve@dest.test'] }], {
    route: { kind: 'smarthost', routeId: 7, host: '127.0.0.1', port: host.port, tls: 'none' },
    deps: {
      signInOf: () => ({ login: { user: 'ada', secret: 'x', kind: 'password' } }),
      onLoginRefused: async (routeId) => void paused.push(routeId),
    },
  })
  expect(short(relayed)).toEqual(['bob held login', 'eve held login'])
  expect([verdictOf(relayed), host.connections, paused]).toEqual(['held 4.7.8', 1, [7]])
})

describe('MAIL, RCPT, DATA', () => {
  test('MAIL 4xx: the next MX; deferred with its code. 5xx: bounced with its code', async () => {
    expect(await meet(at('MAIL', '451 4.3.5 later'))).toEqual({ alone: 'deferred 4.3.5', next: true })
    expect(await meet(at('MAIL', '550 5.1.8 no such sender'))).toEqual({ alone: 'bounced 5.1.8', next: false })
  })
  test('RCPT 4xx or 5xx: that recipient only, with its code, and no other MX', async () => {
    expect(await meet(at('RCPT', '450 4.2.1 busy'))).toEqual({ alone: 'deferred 4.2.1', next: false })
    expect(await meet(at('RCPT', '550 5.1.1 unknown'))).toEqual({ alone: 'bounced 5.1.1', next: false })
    const answer = ({ verb, line }: SinkCommand) =>
      verb === 'RCPT' && line.includes('bob') ? '550 5.1.1 unknown' : undefined
    const mx = await bench.sink({ answer })
    const relayed = await bench.deliver(ONE_MX, mx.port, [{ to: ['bob@dest.test', 'eve@dest.test'] }])
    expect(short(relayed)).toEqual(['bob bounced RCPT 550 mx1.dest.test', 'eve delivered mx1.dest.test'])
  })
  test.each(['452 4.5.3 too many', '552 too many recipients'])(
    'RCPT %s: the rest in a new transaction, without penalty',
    async (reply) => {
      let taken = 0
      const answer = ({ verb }: SinkCommand) => {
        if (verb === 'MAIL') taken = 0
        return verb === 'RCPT' && ++taken > 1 ? reply : undefined
      }
      const mx = await bench.sink({ answer })
      const relayed = await bench.deliver(ONE_MX, mx.port, [{ to: ['bob@dest.test', 'eve@dest.test'] }])
      expect(short(relayed)).toEqual(['bob delivered mx1.dest.test', 'eve delivered mx1.dest.test'])
      expect([mx.connections, mx.count]).toEqual([1, 2])
    },
  )
  test('DATA 4xx: the next MX; deferred with its code. 5xx: bounced with its code', async () => {
    expect(await meet(at('DATA', '451 4.3.0 later'))).toEqual({ alone: 'deferred 4.3.0', next: true })
    expect(await meet(at('DATA', '554 5.6.0 no'))).toEqual({ alone: 'bounced 5.6.0', next: false })
  })
})

test('body: a drop before the final dot: the next MX; deferred 4.4.2', async () => {
  const [mx1] = await bench.pair({ answer: at('DATA', { thenDrop: '354 go ahead' }) }, {})
  expect(verdictOf(await bench.deliver(ONE_MX, mx1.port, undefined, heldBack()))).toBe('deferred 4.4.2')
  expect(short(await bench.deliver(TWO_MX, mx1.port, undefined, heldBack()))).toEqual(['bob delivered mx2.dest.test'])
})

describe('the final dot', () => {
  test.each([
    ['250 2.0.0 taken', 'delivered'],
    ['451 4.3.0 later', 'deferred 4.3.0'],
    ['554 5.7.1 spam', 'bounced 5.7.1'],
  ])('%s: %s, and no other MX', async (reply, expected) => {
    expect(await meet(at('.', reply))).toEqual({ alone: expected, next: false })
  })
  test('a drop: unknown, and no other MX', async () => {
    expect(await meet(at('.', 'drop'))).toEqual({ alone: 'unknown', next: false })
  })
  test('ten minutes of silence: unknown, and no other MX', async () => {
    const seen = await meet(at('.', 'silence'), { clock: impatient(600_000) })
    expect(seen).toEqual({ alone: 'unknown', next: false })
  })
})

describe.each(['CONNECT', 'EHLO', 'MAIL', 'RCPT', 'DATA', '.'])('anywhere, here at %s', (verb) => {
  test('421: as 4xx, the session is over, the next MX; 4.3.2', async () => {
    expect(await meet(at(verb, '421 closing'))).toEqual({ alone: 'deferred 4.3.2', next: true })
  })
  test('a malformed reply: the next MX; deferred 4.5.0. At the dot: unknown, and no other MX', async () => {
    const expected = verb === '.' ? { alone: 'unknown', next: false } : { alone: 'deferred 4.5.0', next: true }
    expect(await meet(at(verb, '2x0 what'))).toEqual(expected)
  })
})

test('when its time is over: 5.4.7, with what came last', () => {
  const last = { at: 'connect', mx: 'mx1.dest.test', errno: 'ETIMEDOUT' } as const
  expect(explain({ at: 'expired', queuedMs: 432_000_000, last }, true)).toMatchObject({
    status: '5.4.7',
    remoteMta: 'mx1.dest.test',
  })
})
