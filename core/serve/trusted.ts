import { BlockList, isIPv6 } from 'node:net'

/** Addresses whose answer is remembered. */
const MOST_KNOWN = 1000

/** Says whether an address lies in one of the networks, each `address` or `address/bits`. */
export function networkTest(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  // The same programs come again and again.
  const known = new Map<string, boolean>()
  const find = (address: string) => {
    // An IPv4 client of a socket that listens on `::` (RFC 4291 §2.5.5.2).
    const plain = address.startsWith('::ffff:') ? address.slice(7) : address
    return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4')
  }
  return (address) => {
    let isInOne = known.get(address)
    if (isInOne === undefined) {
      if (known.size >= MOST_KNOWN) known.clear()
      known.set(address, (isInOne = find(address)))
    }
    return isInOne
  }
}
