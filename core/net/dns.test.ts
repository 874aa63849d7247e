import { afterEach, expect, test } from 'vitest'
import { startDnsServer, type DnsStub, type Zone } from '../../test/support/dns-server.ts'
import { hasIpv6Loopback } from '../../test/support/mx-zone.ts'
import { systemClock, type Clock } from '../base/clock.ts'
import { describeLookup, makeResolver } from './dns.ts'
import { dnsServers, parseDnsServer } from './dns-servers.ts'

/** A port at which nothing listens, whatever tests run beside this one. */
const NOBODY = 1
const stubs: DnsStub[] = []
afterEach(() => Promise.all(stubs.splice(0).map((stub) => stub.close())))

async function start(zone: Zone, host?: string): Promise<DnsStub> {
  const stub = await startDnsServer(zone, host)
  stubs.push(stub)
  return stub
}
/** Time stands still but for `pass`, and for a question that a server has left unanswered: its patience is over then. */
function stillClock() {
  let nowMs = 0
  const patience = new Set<() => void>()
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: (delayMs, run) => {
      const cancel = systemClock.after(delayMs, run)
      patience.add(run)
      return () => {
        patience.delete(run)
        cancel()
      }
    },
  }
  return {
    clock,
    pass: (seconds: number) => void (nowMs += seconds * 1000),
    giveUp: () => patience.forEach((run) => run()),
  }
}
async function resolverOf(zone: Zone) {
  const stub = await start(zone)
  const { clock, pass, giveUp } = stillClock()
  stub.onSilence = giveUp
  return { stub, pass, ...makeResolver({ servers: () => [{ address: '127.0.0.1', port: stub.port }], clock }) }
}

test('finds MX, A, AAAA and TXT records', async () => {
  const { lookup } = await resolverOf({
    'a.test': {
      MX: [{ preference: 7, exchange: 'MX.a.test' }],
      A: ['192.0.2.1', '192.0.2.2'],
      AAAA: ['2001:db8::1'],
      TXT: ['v=spf1 -all'],
      ttl: 77,
    },
  })
  expect(await lookup('A.test.', 'MX')).toMatchObject({
    kind: 'found',
    records: [{ preference: 7, exchange: 'mx.a.test' }],
    ttlSeconds: 77,
    cached: false,
  })
  expect(await lookup('a.test', 'A')).toMatchObject({ records: ['192.0.2.1', '192.0.2.2'] })
  expect(await lookup('a.test', 'AAAA')).toMatchObject({ records: ['2001:db8::1'] })
  expect(await lookup('a.test', 'TXT')).toMatchObject({ records: ['v=spf1 -all'] })
})

test('tells the four ways to have no record apart', async () => {
  const { lookup } = await resolverOf({
    'empty.test': { A: ['192.0.2.1'] },
    'broken.test': { trouble: 'servfail' },
    'silent.test': { trouble: 'silence' },
  })
  expect(await lookup('gone.test', 'MX')).toMatchObject({ kind: 'NXDOMAIN' })
  expect(await lookup('empty.test', 'MX')).toMatchObject({ kind: 'NODATA' })
  expect(await lookup('broken.test', 'MX')).toMatchObject({ kind: 'SERVFAIL', reason: 'SERVFAIL' })
  expect(await lookup('silent.test', 'MX')).toMatchObject({ kind: 'TIMEOUT' })
})

test('a name server that cannot be reached at all is trouble with DNS and nothing worse', async () => {
  // As without a network, the system refuses to connect: to a broadcast address everywhere.
  const { lookup } = makeResolver({ servers: () => [{ address: '255.255.255.255', port: 53 }], clock: systemClock })
  expect(await lookup('a.test', 'MX')).toMatchObject({ kind: 'TIMEOUT', reason: expect.stringMatching(/^connect E/) })
})

test('asks each question with its own port and an id nobody can guess', async () => {
  const { stub, lookup } = await resolverOf({})
  await Promise.all(Array.from({ length: 40 }, (_, n) => lookup(`n${n}.test`, 'A')))
  expect(new Set(stub.origins.map(({ port }) => port)).size).toBeGreaterThan(30)
  const ids = stub.origins.map(({ id }) => id)
  expect(new Set(ids).size).toBeGreaterThan(35)
  expect(ids.some((id, n) => n > 0 && id === (ids[n - 1] ?? 0) + 1)).toBe(false)
})

test('takes no answer that is not to its question', async () => {
  const { lookup } = await resolverOf({
    'a.test': { A: ['192.0.2.1'], trouble: 'forge-first' },
    'b.test': { A: ['192.0.2.1'], trouble: 'forge-only' },
  })
  expect(await lookup('a.test', 'A')).toMatchObject({ kind: 'found', records: ['192.0.2.1'] })
  expect(await lookup('b.test', 'A')).toMatchObject({ kind: 'TIMEOUT' })
})

test('asks again over TCP when an answer is cut short', async () => {
  const A = Array.from({ length: 100 }, (_, n) => `192.0.2.${n}`)
  const { stub, lookup } = await resolverOf({ 'big.test': { A, trouble: 'truncate' } })
  expect(await lookup('big.test', 'A')).toMatchObject({ kind: 'found', records: A })
  expect(stub.asked).toEqual(['udp A big.test', 'tcp A big.test'])
})

test('follows CNAMEs, also where the answer ends at one, and no more than 16', async () => {
  const chain = (length: number): Zone =>
    Object.fromEntries(
      Array.from({ length }, (_, n) => [`c${n}.test`, { CNAME: n + 1 === length ? 'end.test' : `c${n + 1}.test` }]),
    )
  const { lookup } = await resolverOf({
    ...chain(16),
    'end.test': { A: ['192.0.2.9'], MX: [{ preference: 1, exchange: 'mx.test' }] },
    'long.test': { CNAME: 'c0.test' },
    'round.test': { CNAME: 'round2.test' },
    'round2.test': { CNAME: 'round.test' },
    'dangling.test': { CNAME: 'nowhere.test' },
  })
  expect(await lookup('c0.test', 'A')).toMatchObject({ kind: 'found', canonical: 'end.test', records: ['192.0.2.9'] })
  expect(await lookup('long.test', 'A')).toMatchObject({ kind: 'SERVFAIL' })
  expect(await lookup('round.test', 'A')).toMatchObject({ kind: 'SERVFAIL' })
  expect(await lookup('dangling.test', 'MX')).toMatchObject({ kind: 'NXDOMAIN', canonical: 'nowhere.test' })
})

test('reads the null MX, and drops exchanges that are no host names', async () => {
  const { lookup } = await resolverOf({
    'null.test': { MX: [{ preference: 0, exchange: '.' }] },
    'odd.test': {
      MX: [
        { preference: 1, exchange: 'bad name.test' },
        { preference: 2, exchange: 'good.test' },
      ],
    },
    'bad.test': { MX: [{ preference: 1, exchange: 'bad\r\nname.test' }] },
  })
  expect(await lookup('null.test', 'MX')).toMatchObject({ records: [{ preference: 0, exchange: '' }] })
  expect(await lookup('odd.test', 'MX')).toMatchObject({ records: [{ preference: 2, exchange: 'good.test' }] })
  expect(await lookup('bad.test', 'MX')).toMatchObject({ kind: 'SERVFAIL' })
})

test('reads SRV records, those that say no, and none whose target is no host name', async () => {
  const { lookup } = await resolverOf({
    '_imaps._tcp.dest.test': {
      SRV: [
        { priority: 10, weight: 5, port: 993, target: 'IMAP.Dest.test' },
        { port: 993, target: 'a b.dest.test' },
        { port: 993, target: 'imap.dest.test\r\nx' },
      ],
    },
    '_pop3s._tcp.dest.test': { SRV: [{ port: 0, target: '.' }] },
  })
  const found = await lookup('_imaps._tcp.dest.test', 'SRV')
  expect(found).toMatchObject({
    kind: 'found',
    records: [{ priority: 10, weight: 5, port: 993, target: 'imap.dest.test' }],
  })
  expect(describeLookup(found)).toContain('10 5 993 imap.dest.test')
  const none = await lookup('_pop3s._tcp.dest.test', 'SRV')
  expect(none).toMatchObject({ kind: 'found', records: [{ target: '' }] })
  expect(describeLookup(none)).toContain('(not there)')
})

test('a name that is none is not asked for', async () => {
  const { stub, lookup } = await resolverOf({})
  for (const name of ['', 'a b.test', 'x..test', `${'a'.repeat(64)}.test`, '[192.0.2.1]'])
    expect(await lookup(name, 'A')).toMatchObject({ kind: 'NXDOMAIN' })
  expect(stub.asked).toEqual([])
})

test('remembers an answer for its TTL, not under 30 s and not over an hour, and a denial for 60 s', async () => {
  const { stub, pass, lookup } = await resolverOf({
    'short.test': { A: ['192.0.2.1'], ttl: 1 },
    'long.test': { A: ['192.0.2.1'], ttl: 100_000 },
    'broken.test': { trouble: 'servfail' },
  })
  const asked = async (name: string) => {
    const before = stub.asked.length
    await lookup(name, 'A')
    return stub.asked.length > before
  }
  for (const name of ['short.test', 'long.test', 'gone.test', 'broken.test']) expect(await asked(name)).toBe(true)
  expect(await asked('broken.test')).toBe(true)
  pass(29)
  expect(await asked('short.test')).toBe(false)
  expect(await lookup('long.test', 'A')).toMatchObject({ cached: true, ttlSeconds: 3571 })
  pass(2)
  expect(await asked('short.test')).toBe(true)
  expect(await asked('gone.test')).toBe(false)
  pass(30)
  expect(await asked('gone.test')).toBe(true)
  pass(3538)
  expect(await asked('long.test')).toBe(false)
  pass(2)
  expect(await asked('long.test')).toBe(true)
})

test('whoever has just changed a record is not told what was remembered, and the news is remembered', async () => {
  const { lookup, stub } = await resolverOf({ 'a.test': { A: ['192.0.2.1'] } })
  expect(await lookup('key.a.test', 'TXT')).toMatchObject({ kind: 'NXDOMAIN' })
  stub.setZone({ 'key.a.test': { TXT: ['here'] } })
  expect(await lookup('key.a.test', 'TXT')).toMatchObject({ kind: 'NXDOMAIN', cached: true })
  expect(await lookup('key.a.test', 'TXT', { isFresh: true })).toMatchObject({ records: ['here'], cached: false })
  expect(await lookup('key.a.test', 'TXT')).toMatchObject({ records: ['here'], cached: true })
})

test('asks once for what many want at a time', async () => {
  const { stub, lookup } = await resolverOf({ 'a.test': { A: ['192.0.2.1'] } })
  await Promise.all(Array.from({ length: 20 }, () => lookup('a.test', 'A')))
  expect(stub.asked).toHaveLength(1)
})

test('goes on to the next server where one fails, refuses or is silent', async () => {
  const good = await start({ 'a.test': { A: ['192.0.2.1'] } })
  const failing = await start({ 'a.test': { trouble: 'servfail' } })
  const silent = await start({ 'a.test': { trouble: 'silence' } })
  for (const bad of [failing, silent, { port: NOBODY }]) {
    const servers = [bad, good].map(({ port }) => ({ address: '127.0.0.1', port }))
    const { clock, giveUp } = stillClock()
    silent.onSilence = giveUp
    const { lookup } = makeResolver({ servers: () => servers, clock })
    expect(await lookup('a.test', 'A')).toMatchObject({ kind: 'found', server: good.server })
  }
  expect(await makeResolver({ servers: () => [] }).lookup('a.test', 'A')).toMatchObject({ kind: 'TIMEOUT' })
})

test('asks a silent server three times', async () => {
  const { stub, lookup } = await resolverOf({ 'a.test': { trouble: 'silence' } })
  await lookup('a.test', 'A')
  expect(stub.asked).toHaveLength(3)
})

test.runIf(hasIpv6Loopback)('asks over IPv6', async () => {
  const stub = await start({ 'a.test': { A: ['192.0.2.1'] } }, '::1')
  const { lookup } = makeResolver({ servers: () => dnsServers([stub.server]) })
  expect(describeLookup(await lookup('a.test', 'A'))).toBe(`DNS A a.test: 192.0.2.1 (from ${stub.server}, 300 s)`)
})

test.each([
  ['127.0.0.1', '127.0.0.1', 53],
  ['127.0.0.1:5353', '127.0.0.1', 5353],
  ['::1', '::1', 53],
  ['[::1]', '::1', 53],
  ['[2001:db8::53]:5353', '2001:db8::53', 5353],
])('reads the server %s', (text, address, port) => expect(parseDnsServer(text)).toEqual({ address, port }))
test.each(['', 'name', '127.0.0.1:0', '127.0.0.1:70000', '127.0.0.1:', '1.2.3', 'a.test:53'])(
  'knows that %j is no server',
  (text) => expect(parseDnsServer(text)).toBeUndefined(),
)

test('a lookup in words is one short line, whatever a stranger has put into DNS', async () => {
  const MX = Array.from({ length: 1000 }, (_, n) => ({ preference: n, exchange: `mx${n}.a.test` }))
  const { lookup } = await resolverOf({ 'a.test': { MX, TXT: [`v=STSv1;\r\nS: 250 forged ${'x'.repeat(4000)}`] } })
  const many = describeLookup(await lookup('a.test', 'MX'))
  expect(many).toContain('0 mx0.a.test, 1 mx1.a.test')
  expect(many).toContain('19 mx19.a.test, and 980 more')
  const text = describeLookup(await lookup('a.test', 'TXT'))
  expect(text).toMatch(/^DNS TXT a\.test: v=STSv1;\?\?S: 250 forged x+… \(/)
  expect(text.length).toBeLessThan(500)
})
