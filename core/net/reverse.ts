import { isIPv6 } from 'node:net'
import { groupsOf } from './address.ts'
import type { Resolver } from './dns.ts'

/** Joint: what the domain name system calls an address, in words for a transcript. Never throws. */
export type ReverseName = (address: string) => Promise<string>

/** The name under which an address is looked up (RFC 1035 §3.5, RFC 3596 §2.5). */
export function reverseQuery(address: string): string {
  if (!isIPv6(address)) return `${address.split('.').toReversed().join('.')}.in-addr.arpa`
  const nibbles = groupsOf(address).map((group) => group.toString(16).padStart(4, '0'))
  return `${[...nibbles.join('')].toReversed().join('.')}.ip6.arpa`
}

/** Whether a name leads to an address, as a name that somebody gave it must (RFC 7208 §5.5). Trouble is no. */
export async function leadsTo(name: string, address: string, resolver: Resolver): Promise<boolean> {
  const found = await resolver.lookup(name, isIPv6(address) ? 'AAAA' : 'A')
  const addresses: readonly string[] = found.kind === 'found' ? found.records : []
  return addresses.some((one) => one === address || reverseQuery(one) === reverseQuery(address))
}

/** Looks names up and back: a name counts only where it leads to the address again. */
export function makeReverseName(resolver: Resolver): ReverseName {
  return async (peer) => {
    const address = peer.startsWith('::ffff:') ? peer.slice(7) : (peer.split('%')[0] ?? peer)
    const found = await resolver.lookup(reverseQuery(address), 'PTR')
    const name = found.kind === 'found' ? found.records[0] : undefined
    if (name === undefined) return `reverse DNS: ${address} has no name (${found.kind})`
    return (await leadsTo(name, address, resolver))
      ? `reverse DNS: ${address} is ${name}`
      : `reverse DNS: ${address} calls itself ${name}, which does not lead back to it`
  }
}
