import { BlockList, isIP, SocketAddress } from 'node:net'
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'

/**
 * Addresses no mail exchanger on the Internet can have (RFC 6890). A stranger's MX record that names one would make us talk
 * to the user's own network.
 */
const unreachable = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8], // unspecified, "this network"
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // shared by carriers (RFC 6598)
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local
  ['172.16.0.0', 12],
  ['192.0.0.0', 24], // protocol assignments
  ['192.168.0.0', 16],
  ['198.18.0.0', 15], // benchmarks
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
] as const)
  unreachable.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [
  ['::', 128],
  ['::1', 128],
  ['64:ff9b:1::', 48], // NAT64 of a local network (RFC 8215)
  ['100::', 64], // discard
  ['2001::', 32], // Teredo
  ['fc00::', 7], // unique local
  ['fe80::', 10], // link-local
  ['fec0::', 10], // site-local, deprecated
  ['ff00::', 8], // multicast
] as const)
  unreachable.addSubnet(network, bits, 'ipv6')

/** Prefixes that carry an IPv4 address, with the group it starts in. */
const CARRIERS: readonly (readonly [BlockList, number])[] = (
  [
    ['::', 96, 6], // IPv4-compatible, deprecated
    ['::ffff:0:0', 96, 6], // IPv4-mapped
    ['::ffff:0:0:0', 96, 6], // IPv4-translated (RFC 2765)
    ['64:ff9b::', 96, 6], // NAT64 (RFC 6052)
    ['2002::', 16, 1], // 6to4 (RFC 3056)
  ] as const
).map(([network, bits, group]) => {
  const list = new BlockList()
  list.addSubnet(network, bits, 'ipv6')
  return [list, group] as const
})

/** The eight 16-bit groups of an IPv6 address. */
export function groupsOf(address: string): number[] {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const plain = dotted
    ? address.slice(0, dotted.index) +
      [0, 2].map((i) => (Number(dotted[i + 1]) * 256 + Number(dotted[i + 2])).toString(16)).join(':')
    : address
  const [head = '', tail] = plain.split('::')
  const parse = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const left = parse(head)
  if (tail === undefined) return left
  const right = parse(tail)
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right]
}

/** The IPv4 address hidden in an IPv6 address by a known prefix; undefined where there is none. */
function hiddenIn(address: string): string | undefined {
  const carrier = CARRIERS.find(([list]) => list.check(address, 'ipv6'))
  if (carrier === undefined) return undefined
  const groups = groupsOf(address)
  const [high = 0, low = 0] = groups.slice(carrier[1], carrier[1] + 2)
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

const withoutZone = (address: string) => address.split('%')[0] ?? ''

/** So long what the system said of its interfaces is believed: asking costs, and connections begin by the dozen. */
const REMEMBERED_MS = 1000
let asked: { readonly all: readonly NetworkInterfaceInfo[]; readonly atMs: number } | undefined

function interfaces(): readonly NetworkInterfaceInfo[] {
  const nowMs = performance.now()
  if (asked === undefined || nowMs - asked.atMs > REMEMBERED_MS)
    asked = { all: Object.values(networkInterfaces()).flatMap((list) => list ?? []), atMs: nowMs }
  return asked.all
}

/** The one way the system writes an address: IPv6 has many (RFC 5952 §2). */
const canonical = (address: string) =>
  isIP(address) === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : address

function ownAddresses(): ReadonlySet<string> {
  return new Set(interfaces().map((one) => withoutZone(one.address)))
}

/**
 * True for an address that is private, reserved, multicast or one of this machine's own, also where an IPv6 address hides
 * such an IPv4 address; and for text that is no IP address at all.
 */
export function isPrivate(address: string, own: ReadonlySet<string> = ownAddresses()): boolean {
  const bare = withoutZone(address)
  const family = isIP(bare)
  if (family === 0 || own.has(canonical(bare))) return true
  if (family === 4) return unreachable.check(bare, 'ipv4')
  const hidden = hiddenIn(bare)
  return unreachable.check(bare, 'ipv6') || (hidden !== undefined && isPrivate(hidden, own))
}

/** True for an address of this very computer that nobody else can see. */
export function isLoopback(address: string): boolean {
  const bare = withoutZone(address)
  return bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}

/** True for an address of this machine that others can reach it by. */
export function isOwnPublic(address: string, own: ReadonlySet<string> = ownAddresses()): boolean {
  return own.has(canonical(withoutZone(address))) && !isPrivate(address, new Set())
}

/** True for an IPv4 or IPv6 address without brackets. */
export const isIpAddress = (text: string): boolean => isIP(text) !== 0

/** True when this machine has an IPv6 address the Internet could answer to. */
export function hasGlobalIpv6(): boolean {
  return interfaces().some((one) => one.family === 'IPv6' && !one.internal && !isPrivate(one.address, new Set()))
}

/** `address:port` with brackets around IPv6, for people and transcripts. */
export function formatEndpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** An address as SMTP's literal, `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3). */
export function formatLiteral(address: string): string {
  const bare = withoutZone(address)
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1]
  if (mapped !== undefined) return `[${mapped}]`
  return isIP(bare) === 6 ? `[IPv6:${bare}]` : `[${bare}]`
}

/** The address inside a literal with its brackets; undefined when it is none. RFC 5321 §4.1.3. */
export function addressOfLiteral(domain: string): string | undefined {
  const inner = /^\[(?:IPv6:)?([^\]]+)\]$/i.exec(domain)?.[1]
  if (inner === undefined || withoutZone(inner) !== inner) return undefined
  const family = isIP(inner)
  const saysIpv6 = /^\[IPv6:/i.test(domain)
  return (family === 4 && !saysIpv6) || (family === 6 && saysIpv6) ? inner : undefined
}
