import type { Cause } from '../model/outcome.ts'
import { formatEndpoint, isOwnPublic, isPrivate } from '../net/address.ts'
import { CONNECT_TIMEOUT_MS, CONNECT_TIMEOUT_SHORT_MS } from '../net/dial.ts'
import { describeLookup, type Resolver } from '../net/dns.ts'
import type { Settings } from '../settings.ts'
import type { DeadHosts } from './dead-hosts.ts'
import type { Host } from './mx.ts'
import type { HostPlan } from './route-plan.ts'

/** An address to dial, or a host that has none and why. */
export type Candidate =
  | {
      readonly kind: 'address'
      readonly host: string
      readonly address: string
      readonly timeoutMs: number
      /** The same host has an address of the other family yet to come. */
      readonly hasOtherFamily: boolean
      readonly notes: readonly string[]
    }
  | {
      readonly kind: 'deferred' | 'bounced'
      readonly why: Cause
      readonly notes: readonly string[]
    }
interface Deps {
  readonly resolver: Resolver
  readonly family: Settings['relay.family']
  /** This machine can be answered over IPv6. */
  readonly hasIpv6: boolean
  readonly deadHosts: DeadHosts
}

/** Addresses tried of one host. */
const MOST_ADDRESSES = 2
const LOCALHOST = ['127.0.0.1', '::1']

/** The addresses of the hosts, each looked up only when its turn comes. */
export async function* listCandidates(plan: HostPlan, deps: Deps): AsyncGenerator<Candidate, void, void> {
  for (const host of plan.hosts) {
    const { addresses, notes, trouble } = await addressesOf(host, deps.resolver)
    if (!plan.allowPrivate && addresses.some((one) => isOwnPublic(one))) {
      // RFC 5321 §5.1: this host and all that are no better would send it back to us.
      notes.push(`${host.name} is this machine itself: neither it nor a host of lower preference is dialled`)
      yield { kind: 'bounced', why: { at: 'dns', rcode: 'LOOP', name: plan.domain }, notes }
      return
    }
    const { open, refused } = sift(host, addresses, plan, deps, notes)
    const chosen = choose(open, deps.hasIpv6)
    if (chosen.length === 0) {
      // Settings and networks change (a VPN, another house), so what they forbid is no final word.
      const kind = refused ? 'deferred' : (trouble?.kind ?? 'bounced')
      yield { kind, why: refused ?? trouble?.why ?? nowhere(host), notes }
    }
    for (const [n, address] of chosen.entries()) {
      const hasOtherFamily = chosen.slice(n + 1).some((other) => isV6(other) !== isV6(address))
      const dead =
        plan.isFixed || plan.isRehearsal ? undefined : deps.deadHosts.find(formatEndpoint(address, plan.port))
      if (dead !== undefined) {
        const until = new Date(dead.untilMs).toISOString().slice(0, 19)
        notes.push(`${host.name} at ${address}: nobody answered there of late, so it is left alone until ${until} UTC`)
        yield { kind: 'deferred', why: renamed(dead.why, host.name), notes: notes.splice(0) }
        continue
      }
      yield {
        kind: 'address',
        host: host.name,
        address,
        timeoutMs: hasOtherFamily ? CONNECT_TIMEOUT_SHORT_MS : CONNECT_TIMEOUT_MS,
        hasOtherFamily,
        notes: notes.splice(0),
      }
    }
  }
}

const isV6 = (address: string) => address.includes(':')
const nowhere = (host: Host): Cause => ({ at: 'dns', rcode: 'NODATA', name: host.name })
/** Several hosts may share an address: the one that is meant now is named. */
const renamed = (why: Cause, mx: string): Cause => ('mx' in why ? { ...why, mx } : why)

/** What may be dialled of a host's addresses; where that is nothing, `refused` says what forbids it. */
function sift(
  host: Host,
  addresses: readonly string[],
  plan: HostPlan,
  { family }: Deps,
  notes: string[],
): { readonly open: readonly string[]; readonly refused: Cause | undefined } {
  let errno = ''
  const open = addresses.filter((one) => {
    if (family !== 'both' && isV6(one) !== (family === 'ipv6')) {
      notes.push(`${host.name} at ${one}: relay.family is "${family}"`)
      errno ||= 'EAFNOSUPPORT'
      return false
    }
    if (plan.allowPrivate || !isPrivate(one)) return true
    notes.push(`${host.name} at ${one}: a private address is not dialled`)
    errno = 'EPRIVATE'
    return false
  })
  return { open, refused: errno === '' ? undefined : { at: 'connect', mx: host.name, errno } }
}

/** One of each family where there are both, the likelier first; a machine without IPv6 does not begin with it. */
function choose(addresses: readonly string[], hasIpv6: boolean): string[] {
  const v6 = addresses.filter((one) => isV6(one))
  const v4 = addresses.filter((one) => !isV6(one))
  const [first, second] = hasIpv6 ? [v6, v4] : [v4, v6]
  const mixed = [first[0], second[0], ...first.slice(1), ...second.slice(1)]
  return mixed.filter((one) => one !== undefined).slice(0, MOST_ADDRESSES)
}

interface Found {
  readonly addresses: readonly string[]
  readonly notes: string[]
  /** Why there is no address, where there is none. */
  readonly trouble?: { readonly kind: 'deferred' | 'bounced'; readonly why: Cause }
}

async function addressesOf(host: Host, resolver: Resolver): Promise<Found> {
  if (host.addresses) return { addresses: host.addresses, notes: [] }
  if (host.name === 'localhost') return { addresses: LOCALHOST, notes: [] } // never asked of a name server (RFC 6761 §6.3)
  const lookups = await Promise.all([resolver.lookup(host.name, 'A'), resolver.lookup(host.name, 'AAAA')])
  const addresses = lookups.flatMap((lookup) => (lookup.kind === 'found' ? lookup.records : []))
  const notes = lookups.map((lookup) => describeLookup(lookup))
  const trouble = lookups.find((lookup) => lookup.kind === 'SERVFAIL' || lookup.kind === 'TIMEOUT') ?? lookups[0]
  if (addresses.length > 0 || trouble.kind === 'found') return { addresses, notes }
  const isFinal = trouble.kind === 'NXDOMAIN' || trouble.kind === 'NODATA'
  return {
    addresses,
    notes,
    trouble: {
      kind: isFinal ? 'bounced' : 'deferred',
      why: { at: 'dns', rcode: trouble.kind, name: host.name },
    },
  }
}
