import { expect, test } from 'vitest'
import type { Lookup, Resolver } from './dns.ts'
import { makeFindHost } from './find-host.ts'

const trace = { canonical: '', server: '192.0.2.53:53', ttlSeconds: 60, cached: false }

/** A resolver that knows these A records, and no other name. */
function knowing(records: Readonly<Record<string, string>>, otherwise: 'NXDOMAIN' | 'TIMEOUT' = 'NXDOMAIN') {
  const asked: string[] = []
  const resolver: Resolver = {
    async lookup(name, type) {
      asked.push(`${type} ${name}`)
      const address = type === 'A' ? records[name] : undefined
      const at = { ...trace, name, type }
      return (address ? { ...at, kind: 'found', records: [address] } : { ...at, kind: otherwise }) as Lookup<
        typeof type
      >
    },
  }
  const system = async (name: string) => {
    if (name === 'printer.local') return [{ address: '10.0.0.9' }]
    throw new Error('ENOTFOUND')
  }
  return { asked, findHost: makeFindHost(resolver, system) }
}

test('finds a host by our own resolver, private addresses included, and shows how', async () => {
  const { findHost } = knowing({ 'mail.example': '10.0.0.7' })
  const found = await findHost('mail.example.')
  expect(found).toMatchObject({ ok: true, addresses: ['10.0.0.7'] })
  expect(found.trace.join('\n')).toContain('DNS A mail.example')
})

test('asks nobody about addresses and about localhost', async () => {
  const { findHost, asked } = knowing({})
  expect(await findHost('192.0.2.1')).toMatchObject({ addresses: ['192.0.2.1'] })
  expect(await findHost('[2001:db8::1]')).toMatchObject({ addresses: ['2001:db8::1'] })
  expect(await findHost('LOCALHOST')).toMatchObject({ addresses: ['127.0.0.1', '::1'] })
  expect(asked).toEqual([])
})

test('says why a host was not found', async () => {
  expect(await knowing({}).findHost('no-such-host.invalid')).toMatchObject({
    ok: false,
    reason: 'there is no such host',
  })
  expect(await knowing({}, 'TIMEOUT').findHost('no-such-host.invalid')).toMatchObject({
    ok: false,
    reason: 'the name servers do not answer',
  })
})

test('asks the system for what only it knows, such as a name of the local network', async () => {
  expect(await knowing({}).findHost('printer.local')).toMatchObject({ ok: true, addresses: ['10.0.0.9'] })
})
