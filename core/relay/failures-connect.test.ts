import { afterEach, describe, expect, test } from 'vitest'
import { Bench, ONE_MX, TWO_MX, hasIpv6Loopback, impatient, refusedAt, short } from '../../test/support/mx-zone.ts'
import type { SinkCommand, SinkReply } from '../../test/support/smtp-sink.ts'

/** What becomes of a recipient by what fails before the first transaction. The table itself is core/engine-failure-table.test.ts. */

const bench = new Bench()
afterEach(() => bench.close())

const on =
  (verb: string, reply: SinkReply) =>
  (command: SinkCommand): SinkReply =>
    command.verb === verb ? reply : undefined

describe('DNS', () => {
  test.each([
    ['servfail', 'SERVFAIL'],
    ['silence', 'TIMEOUT'],
  ] as const)('%s defers', async (trouble, rcode) => {
    // Only a question that is never answered may run out of time.
    const clock = impatient(...(trouble === 'silence' ? [5_000] : []))
    const relayed = await bench.deliver({ 'dest.test': { trouble } }, 1, undefined, { clock })
    expect(short(relayed)).toEqual([`bob deferred ${rcode} dest.test`])
    expect(relayed.sessions).toMatchObject([{ peer: 'dest.test', address: '', state: 'deferred' }])
    expect(relayed.outcomes[0]?.sessionId).toBe(relayed.sessions[0]?.id)
  })

  test('a domain that does not exist bounces, with no connection', async () => {
    const relayed = await bench.deliver({}, 1)
    expect(short(relayed)).toEqual(['bob bounced NXDOMAIN dest.test'])
    expect(relayed.sessions).toMatchObject([{ address: '', state: 'failed' }])
  })

  test('a domain with neither MX nor address bounces', async () => {
    expect(short(await bench.deliver({ 'dest.test': { TXT: ['x'] } }, 1))).toEqual(['bob bounced NODATA dest.test'])
  })

  test('a null MX bounces, with no connection', async () => {
    const mx = await bench.sink()
    const zone = { 'dest.test': { MX: [{ preference: 0, exchange: '.' }], A: ['127.0.0.1'] } }
    expect(short(await bench.deliver(zone, mx.port))).toEqual(['bob bounced NULLMX dest.test'])
    expect(mx.connections).toBe(0)
  })

  test('a domain without MX is its own mail exchanger', async () => {
    const mx = await bench.sink()
    const relayed = await bench.deliver({ 'dest.test': { A: ['127.0.0.1'] } }, mx.port)
    expect(short(relayed)).toEqual(['bob delivered dest.test'])
  })

  test('a domain with an MX that has no address does not fall back to its own', async () => {
    const mx = await bench.sink()
    const zone = { 'dest.test': { MX: [{ preference: 1, exchange: 'gone.test' }], A: ['127.0.0.1'] } }
    expect(short(await bench.deliver(zone, mx.port))).toEqual(['bob bounced NXDOMAIN gone.test'])
    expect(mx.connections).toBe(0)
  })

  test('an MX whose address cannot be asked for is passed over, and defers when it was the last', async () => {
    const [, mx2] = await bench.pair({}, {})
    const zone = { ...TWO_MX, 'mx1.dest.test': { trouble: 'servfail' as const } }
    expect(short(await bench.deliver(zone, mx2.port))).toEqual(['bob delivered mx2.dest.test'])
    const both = { ...zone, 'mx2.dest.test': { TXT: ['no address'] } }
    expect(short(await bench.deliver(both, mx2.port))).toEqual(['bob deferred SERVFAIL mx1.dest.test'])
  })

  test('mail whose best MX is this machine bounces as a loop', async () => {
    const relayed = await bench.deliver(ONE_MX, 1, undefined, { settings: { 'relay.ehloName': 'MX1.dest.test' } })
    expect(short(relayed)).toEqual(['bob bounced LOOP dest.test'])
  })
})

describe('connect, greeting, EHLO', () => {
  test('a refused connection goes on to the next MX, and defers when all refuse', async () => {
    const mx2 = await bench.sink({ host: '127.0.0.2' })
    const first = await bench.deliver(TWO_MX, mx2.port, undefined, { dial: refusedAt('127.0.0.1') })
    expect(short(first)).toEqual(['bob delivered mx2.dest.test'])
    const both = await bench.deliver(TWO_MX, mx2.port, undefined, { dial: refusedAt('127.0.0.1', '127.0.0.2') })
    expect(short(both)).toEqual(['bob deferred ECONNREFUSED mx2.dest.test'])
    expect(both.sessions).toMatchObject([{ worst: 'refused' }, { worst: 'refused' }])
  })

  test('a second address of the same host is tried before the next host', async () => {
    const mx = await bench.sink({ host: '127.0.0.2' })
    const zone = { ...ONE_MX, 'mx1.dest.test': { A: ['127.0.0.1', '127.0.0.2', '127.0.0.3'] } }
    const relayed = await bench.deliver(zone, mx.port, undefined, { dial: refusedAt('127.0.0.1', '127.0.0.3') })
    expect(short(relayed)).toEqual(['bob delivered mx1.dest.test'])
    expect(relayed.sessions).toHaveLength(2)
  })

  test.each(['CONNECT', 'EHLO'])('a 4xx at %s goes on to the next MX, and defers at the last', async (verb) => {
    const refuse = { answer: on(verb, '450 4.3.2 later') }
    const [mx1] = await bench.pair(refuse, {})
    expect(short(await bench.deliver(TWO_MX, mx1.port))).toEqual(['bob delivered mx2.dest.test'])
    expect(short(await bench.deliver(ONE_MX, mx1.port))).toEqual([`bob deferred ${verb} 450 mx1.dest.test`])
    expect(mx1.commands.at(-1)?.verb).toBe('QUIT')
  })

  test('a 5xx greeting goes on to the next MX, and bounces only when every MX says so', async () => {
    const refuse = { answer: on('CONNECT', '554 5.7.1 go away') }
    const [mx1] = await bench.pair(refuse, {})
    expect(short(await bench.deliver(TWO_MX, mx1.port))).toEqual(['bob delivered mx2.dest.test'])
    const [both] = await bench.pair(refuse, refuse)
    expect(short(await bench.deliver(TWO_MX, both.port))).toEqual(['bob bounced CONNECT 554 mx2.dest.test'])
    const alone = await bench.sink(refuse)
    const relayed = await bench.deliver(TWO_MX, alone.port, undefined, { dial: refusedAt('127.0.0.2') })
    expect(short(relayed)).toEqual(['bob deferred ECONNREFUSED mx2.dest.test'])
  })

  test('a 5xx to EHLO and to HELO is a refusal of the session', async () => {
    const answer = ({ verb }: SinkCommand) => (verb === 'EHLO' || verb === 'HELO' ? '550 5.7.1 no' : undefined)
    const [mx1] = await bench.pair({ answer }, {})
    expect(short(await bench.deliver(TWO_MX, mx1.port))).toEqual(['bob delivered mx2.dest.test'])
    expect(short(await bench.deliver(ONE_MX, mx1.port))).toEqual(['bob bounced HELO 550 mx1.dest.test'])
  })

  test('a connection closed or silent before the greeting goes on to the next MX', async () => {
    const [mx1] = await bench.pair({ answer: on('CONNECT', 'drop') }, {})
    expect(short(await bench.deliver(TWO_MX, mx1.port))).toEqual(['bob delivered mx2.dest.test'])
    expect(short(await bench.deliver(ONE_MX, mx1.port))).toEqual(['bob deferred greeting'])
    const silent = await bench.sink({ answer: on('CONNECT', 'silence') })
    const relayed = await bench.deliver(ONE_MX, silent.port, undefined, { clock: impatient(300_000) })
    expect(short(relayed)).toEqual(['bob deferred greeting'])
    expect(relayed.dialogue().at(-1)).toBe('! us: no answer within 300 s')
  })
})

describe.runIf(hasIpv6Loopback)('a host with IPv4 and IPv6', () => {
  const zone = { ...ONE_MX, 'mx1.dest.test': { A: ['127.0.0.1'], AAAA: ['::1'] } }
  const v6 = { host: '::1' }

  test('is asked over IPv6 first where this machine has it, and over IPv4 when that is dead', async () => {
    const [four, six] = await bench.pair({}, v6)
    await bench.deliver(zone, four.port, undefined, { hasIpv6: true })
    expect([four.count, six.count]).toEqual([0, 1])
    await bench.deliver(zone, four.port)
    expect([four.count, six.count]).toEqual([1, 1])
    await bench.deliver(zone, four.port, undefined, { hasIpv6: true, dial: refusedAt('::1') })
    expect(four.count).toBe(2)
  })

  test.each(['MAIL', 'RCPT', '.'])(
    'that refuses by policy at %s over IPv6 is asked once more over IPv4',
    async (verb) => {
      const [four] = await bench.pair({}, { ...v6, answer: on(verb, '550 5.7.25 no PTR') })
      const relayed = await bench.deliver(zone, four.port, undefined, { hasIpv6: true })
      expect(short(relayed)).toEqual(['bob delivered mx1.dest.test'])
      const refuse = { answer: on(verb, '550 5.7.1 not you') }
      const [both] = await bench.pair(refuse, { ...v6, ...refuse })
      const refused = await bench.deliver(zone, both.port, undefined, { hasIpv6: true })
      expect(short(refused)).toEqual([`bob bounced ${verb} 550 mx1.dest.test`])
      expect(refused.sessions).toHaveLength(2)
    },
  )
})
