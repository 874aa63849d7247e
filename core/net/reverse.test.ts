import { expect, test } from 'vitest'
import type { Lookup, Resolver } from './dns.ts'
import { makeReverseName, reverseQuery } from './reverse.ts'

const resolver = (zone: Readonly<Record<string, readonly string[]>>): Resolver => ({
  async lookup(name, type) {
    const trace = { name, type, canonical: name, server: '', ttlSeconds: 60, cached: false }
    const records = zone[`${type} ${name}`]
    return (records ? { ...trace, kind: 'found', records } : { ...trace, kind: 'NXDOMAIN' }) as unknown as Lookup<
      typeof type
    >
  },
})

test('asks for an address by its name in the reverse tree', () => {
  expect(reverseQuery('192.0.2.1')).toBe('1.2.0.192.in-addr.arpa')
  expect(reverseQuery('2001:db8::567:89ab')).toBe(
    'b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa', // RFC 3596 §2.5
  )
})

test('a name counts only where it leads back to the address', async () => {
  const name = makeReverseName(
    resolver({
      'PTR 1.2.0.192.in-addr.arpa': ['mx.far.test'],
      'A mx.far.test': ['192.0.2.9', '192.0.2.1'],
      'PTR 2.2.0.192.in-addr.arpa': ['mx.bank.test'],
      'A mx.bank.test': ['198.51.100.1'],
    }),
  )
  expect(await name('::ffff:192.0.2.1')).toBe('reverse DNS: 192.0.2.1 is mx.far.test')
  expect(await name('192.0.2.2')).toContain('calls itself mx.bank.test, which does not lead back to it')
  expect(await name('192.0.2.3')).toBe('reverse DNS: 192.0.2.3 has no name (NXDOMAIN)')
})
