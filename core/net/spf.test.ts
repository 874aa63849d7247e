import fc from 'fast-check'
import { spf } from 'mailauth/lib/spf/index.js'
import { describe, expect, test } from 'vitest'
import type { ZoneEntry } from '../../test/support/dns-server.ts'
import type { Lookup, Resolver } from './dns.ts'
import { reverseQuery } from './reverse.ts'
import { checkSpf } from './spf.ts'

type World = Readonly<Record<string, ZoneEntry>>

/** Answers out of a zone, as `makeResolver` would. */
const resolverOf = (zone: World): Resolver => ({
  async lookup(name, type) {
    const entry = zone[name.toLowerCase()]
    const trace = { name, type, canonical: name, server: 'zone', ttlSeconds: 60, cached: false }
    if (entry?.trouble === 'servfail') return { ...trace, kind: 'SERVFAIL' }
    const records = entry?.[type as 'A'] ?? []
    if (records.length > 0) return { ...trace, kind: 'found', records } as unknown as Lookup<typeof type>
    return { ...trace, kind: entry === undefined ? 'NXDOMAIN' : 'NODATA' }
  },
})

/** The same answers as Node's own resolver gives them, for mailauth. */
const peerResolver =
  (zone: World) =>
  async (name: string, type: string): Promise<string[]> => {
    const entry = zone[name.toLowerCase()]
    const failed = (code: string) => Object.assign(new Error(code), { code })
    if (entry?.trouble === 'servfail') throw failed('ESERVFAIL')
    const records: readonly unknown[] = entry?.[type as 'A'] ?? []
    if (records.length === 0) throw failed(entry === undefined ? 'ENOTFOUND' : 'ENODATA')
    if (type === 'TXT') return records.map((one) => [one]) as never
    if (type === 'MX')
      return (entry?.MX ?? []).map(({ preference, exchange }) => ({ priority: preference, exchange })) as never
    return [...records] as string[]
  }

const ask = (zone: World, address: string, sender: string, helo = 'mail.client.example') =>
  checkSpf({ address, sender, helo }, resolverOf(zone))

describe('an SPF record', () => {
  // The zone of RFC 7208, appendix A.
  const EXAMPLE: World = {
    'example.com': {
      MX: [
        { preference: 10, exchange: 'mail-a.example.com' },
        { preference: 20, exchange: 'mail-b.example.com' },
      ],
      A: ['192.0.2.10', '192.0.2.11'],
    },
    'amy.example.com': { A: ['192.0.2.65'] },
    'bob.example.com': { A: ['192.0.2.66'] },
    'mail-a.example.com': { A: ['192.0.2.129'] },
    'mail-b.example.com': { A: ['192.0.2.130'] },
    'mail-c.example.org': { A: ['192.0.2.140'] },
    'example.org': { MX: [{ preference: 10, exchange: 'mail-c.example.org' }] },
    [reverseQuery('192.0.2.65')]: { PTR: ['amy.example.com'] },
    [reverseQuery('10.0.0.4')]: { PTR: ['bob.example.com'] },
    'mary.mobile-users._spf.example.com': { A: ['127.0.0.2'] },
    '15.15.168.192.joel.remote-users._spf.example.com': { A: ['127.0.0.2'] },
  }
  const withRecord = (record: string): World => ({
    ...EXAMPLE,
    'example.com': { ...EXAMPLE['example.com'], TXT: [record] },
  })

  test.each([
    ['v=spf1 +all', '198.51.100.1', 'pass', '+all'],
    ['v=spf1 a -all', '192.0.2.10', 'pass', 'a'],
    ['v=spf1 a -all', '192.0.2.65', 'fail', '-all'],
    ['v=spf1 a:example.org -all', '192.0.2.140', 'fail', '-all'],
    ['v=spf1 mx -all', '192.0.2.129', 'pass', 'mx'],
    ['v=spf1 mx:example.org -all', '192.0.2.140', 'pass', 'mx:example.org'],
    ['v=spf1 mx/30 mx:example.org/30 -all', '192.0.2.131', 'pass', 'mx/30'],
    ['v=spf1 mx/30 mx:example.org/30 -all', '192.0.2.141', 'pass', 'mx:example.org/30'],
    ['v=spf1 ptr -all', '192.0.2.65', 'pass', 'ptr'],
    ['v=spf1 ptr -all', '10.0.0.4', 'fail', '-all'],
    ['v=spf1 ip4:192.0.2.128/28 ~all', '192.0.2.140', 'pass', 'ip4:192.0.2.128/28'],
    ['v=spf1 ip4:192.0.2.128/28 ~all', '192.0.2.65', 'softfail', '~all'],
    ['v=spf1 ip4:192.0.2.128/28', '192.0.2.65', 'neutral', ''],
    ['v=spf1 ip6:2001:db8::/32 -all', '2001:db8:1::9', 'pass', 'ip6:2001:db8::/32'],
    [
      'v=spf1 exists:%{l1r-}.mobile-users._spf.%{d} -all',
      '198.51.100.1',
      'pass',
      'exists:%{l1r-}.mobile-users._spf.%{d}',
    ],
    [
      'v=spf1 exists:%{ir}.joel.remote-users._spf.%{d} -all',
      '192.168.15.15',
      'pass',
      'exists:%{ir}.joel.remote-users._spf.%{d}',
    ],
    ['v=spf10 +all', '198.51.100.1', 'none', ''],
  ])('%s, asked of %s, is %s', async (record, address, result, term) => {
    expect(await ask(withRecord(record), address, 'mary@example.com')).toMatchObject({ result, term })
  })

  test('an address that is written as IPv6 and is IPv4 is looked for as IPv4', async () => {
    expect((await ask(withRecord('v=spf1 ip4:192.0.2.7 -all'), '::ffff:192.0.2.7', 'a@example.com')).result).toBe(
      'pass',
    )
  })

  test.each([
    ['v=spf1 ip4:192.0.2.300 -all', 'ip4:192.0.2.300'],
    ['v=spf1 a:%{x}.example.com -all', 'a:%{x}.example.com'],
    ['v=spf1 -all redirect=a.test redirect=b.test', 'redirect=b.test'],
    ['v=spf1 mx/33 -all', 'mx/33'],
  ])('%s is wrong as a whole, and the word that is wrong is named', async (record, word) => {
    const { result, reason } = await ask(withRecord(record), '192.0.2.10', 'a@example.com')
    expect([result, reason]).toEqual(['permerror', `the SPF record of example.com cannot be read at "${word}"`])
  })

  test('records that include one another for ever end after ten', async () => {
    const zone = {
      'a.example': { TXT: ['v=spf1 include:b.example'] },
      'b.example': { TXT: ['v=spf1 include:a.example'] },
    }
    let asked = 0
    const counting: Resolver = {
      lookup(name, type) {
        asked++
        return resolverOf(zone).lookup(name, type)
      },
    }
    const answer = await checkSpf({ address: '192.0.2.1', sender: 'x@a.example', helo: 'h.example' }, counting)
    expect(answer.result).toBe('permerror')
    expect(asked).toBeLessThan(13)
  })

  test.each([
    ['a label without end', `a:x.${'a'.repeat(1_000_000)}!`, 'permerror'],
    ['a label that changes all the time', `a:x.${'1-'.repeat(500_000)}!`, 'permerror'],
    ['digits without end', `a:x.${'1'.repeat(1_000_000)}`, 'permerror'],
    ['a name of very many labels', `a:${'a1.'.repeat(300_000)}test`, 'fail'],
  ])('%s is read in one go, and told of in a few words', async (_what, word, result) => {
    const answer = await ask(withRecord(`v=spf1 ${word} -all`), '203.0.113.5', 'a@example.com')
    expect(answer.result).toBe(result)
    expect(answer.reason.length + answer.term.length).toBeLessThan(400)
  })

  test('name servers that do not answer are a trouble of the moment, not a record', async () => {
    const zone: World = { 'a.example': { trouble: 'servfail' } }
    expect((await ask(zone, '192.0.2.1', 'x@a.example')).result).toBe('temperror')
  })

  test('mailauth comes to the same of any record in any zone', async () => {
    const name = fc.constantFrom(
      'a.example',
      'b.example',
      'c.example',
      'gone.example',
      'sick.example',
      '%{d}',
      'x.%{d}',
      '%{l}.a.example',
      '%{ir}.%{v}.b.example',
      '%{d2}',
      'bad_name',
      'a.example.',
    )
    const bits = fc.constantFrom('', '', '/24', '/0', '/33', '//64', '/24//64', '/024')
    const term = fc.oneof(
      fc.constantFrom(
        'all',
        'ip4:192.0.2.0/24',
        'ip4:198.51.100.7',
        'ip4:1.2.3',
        'ip6:2001:db8::/32',
        'ip6:::1/129',
        'ptr',
        'all:x.example',
        'exp=why.%{d}',
        'x-later=%{s}',
        'redirect=',
        'unknown',
        'include',
        '/24',
      ),
      fc.tuple(fc.constantFrom('a', 'mx'), bits).map(([kind, size]) => kind + size),
      fc.tuple(fc.constantFrom('a', 'mx'), name, bits).map(([kind, of, size]) => `${kind}:${of}${size}`),
      fc.tuple(fc.constantFrom('include', 'exists', 'ptr'), name).map(([kind, of]) => `${kind}:${of}`),
      name.map((of) => `redirect=${of}`),
    )
    const signed = fc
      .tuple(fc.constantFrom('', '', '-', '~', '?', '+'), term)
      .map(([sign, word]) => (word.includes('=') ? word : sign + word))
    const record = fc.array(signed, { maxLength: 5 }).map((terms) => ['v=spf1', ...terms].join(' '))
    const address = fc.constantFrom('192.0.2.10', '198.51.100.7', '203.0.113.5', '2001:db8::5')
    const entry = fc.record({
      TXT: fc.oneof(
        { weight: 6, arbitrary: record.map((one) => [one]) },
        { weight: 1, arbitrary: fc.constant(['hello']) },
        { weight: 1, arbitrary: fc.tuple(record, record) },
      ),
      A: fc.subarray(['192.0.2.10', '198.51.100.7', '203.0.113.99']),
      AAAA: fc.subarray(['2001:db8::5', '2001:db8::99']),
      MX: fc.subarray([
        { preference: 10, exchange: 'a.example' },
        { preference: 20, exchange: 'c.example' },
        { preference: 30, exchange: 'gone.example' },
      ]),
    })
    const tally = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(entry, entry, entry),
        address,
        fc.constantFrom('mary', 'strong-bad'),
        async (entries, ip, local) => {
          const zone: World = {
            'a.example': entries[0],
            'b.example': entries[1],
            'c.example': entries[2],
            'mary.a.example': { A: ['127.0.0.2'] },
            'sick.example': { trouble: 'servfail' },
            [reverseQuery('192.0.2.10')]: { PTR: ['a.example', 'c.example'] },
          }
          const sender = `${local}@a.example`
          const ours = await ask(zone, ip, sender)
          const theirs = await spf({
            sender,
            ip,
            helo: 'mail.client.example',
            resolver: peerResolver(zone),
            strict: true,
          })
          tally.set(ours.result, (tally.get(ours.result) ?? 0) + 1)
          expect(ours.result, JSON.stringify({ zone, ip, ours, theirs: theirs.info })).toBe(theirs.status.result)
        },
      ),
      { numRuns: 3000 },
    )
    // Each answer was met: the peer was asked about more than broken records.
    expect([...tally.keys()].toSorted()).toEqual([
      'fail',
      'neutral',
      'none',
      'pass',
      'permerror',
      'softfail',
      'temperror',
    ])
  })
})
