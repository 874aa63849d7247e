import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { hasGlobalIpv6 } from './address.ts'
import { describeLookup, type Resolver } from './dns.ts'

/** Addresses of a host to try in this order, or why there are none; `trace` says for the transcript how that was found. */
export type FoundHost =
  | { readonly ok: true; readonly addresses: readonly string[]; readonly trace: readonly string[] }
  | { readonly ok: false; readonly reason: string; readonly trace: readonly string[] }
/** Joint: finds a host somebody typed in. Never throws. */
export type FindHost = (host: string) => Promise<FoundHost>

/** The system's own way to find a host; rejects when it doesn't know it. */
export type SystemLookup = (name: string) => Promise<readonly { readonly address: string }[]>

/**
 * Finds hosts by our own resolver, and what it doesn't know by the system's, which also reads the hosts file and asks the
 * local network. Private addresses are allowed: the user named that server.
 */
export function makeFindHost(
  resolver: Resolver,
  system: SystemLookup = (name) => lookup(name, { all: true }),
): FindHost {
  return async (host) => {
    const name = host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
    if (isIP(name) !== 0) return { ok: true, addresses: [name], trace: [] }
    // RFC 6761 §6.3: never asked of a name server.
    if (/^(?:.+\.)?localhost$/i.test(name)) return { ok: true, addresses: ['127.0.0.1', '::1'], trace: [] }
    const [a, aaaa] = await Promise.all([resolver.lookup(name, 'A'), resolver.lookup(name, 'AAAA')])
    const trace = [describeLookup(a), describeLookup(aaaa)]
    const ipv4 = a.kind === 'found' ? a.records : []
    const ipv6 = aaaa.kind === 'found' ? aaaa.records : []
    const addresses = hasGlobalIpv6() ? [...ipv6, ...ipv4] : [...ipv4, ...ipv6]
    if (addresses.length > 0) return { ok: true, addresses, trace }
    try {
      const found = (await system(name)).map((one) => one.address)
      if (found.length > 0) return { ok: true, addresses: found, trace: [...trace, `the system knows it: ${found}`] }
    } catch {
      // The system does not know it either; our own answer says more.
    }
    const reason =
      a.kind === 'TIMEOUT'
        ? 'the name servers do not answer'
        : a.kind === 'SERVFAIL'
          ? 'the name servers could not find out'
          : 'there is no such host'
    return { ok: false, reason, trace }
  }
}
