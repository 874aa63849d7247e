import { isIPv4, isIPv6 } from 'node:net'
import { groupsOf } from '../net/address.ts'

/** The address of a client without what a socket adds: a zone, and the form IPv4 has on a socket of both families. */
export function plainAddress(peer: string): string {
  const bare = peer.split('%')[0] ?? ''
  return /^::ffff:(\d+(?:\.\d+){3})$/i.exec(bare)?.[1] ?? bare
}

/**
 * Who a client counts as: the first `ipv4Bits` (24 or 32) of an IPv4 address, and of an IPv6 address the 64 that one network has:
 * the rest is for it to choose.
 */
export function networkOf(peer: string, ipv4Bits: 24 | 32): string {
  const address = plainAddress(peer)
  if (!isIPv6(address)) return ipv4Bits === 32 ? address : `${address.split('.').slice(0, 3).join('.')}.0/24`
  const network = groupsOf(address).slice(0, 4)
  return `${network.map((group) => group.toString(16)).join(':')}::/64`
}

/** True for addresses that only this computer can reach (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
export function isLoopback(host: string): boolean {
  const address = plainAddress(host)
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'))
}
