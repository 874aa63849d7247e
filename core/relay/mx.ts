import type { Cause } from '../model/outcome.ts'
import { addressOfLiteral } from '../net/address.ts'
import { describeLookup, type MxRecord, type Resolver } from '../net/dns.ts'

/** A host to try. `addresses` where they need no look-up. */
export interface Host {
  readonly name: string
  readonly addresses?: readonly string[]
}
/** Where mail for a domain goes, in the order to try; or why it goes nowhere. `notes` tell how that was found. */
export type MxPlan = { readonly notes: readonly string[] } & (
  | { readonly kind: 'hosts'; readonly hosts: readonly Host[] }
  | { readonly kind: 'bounced' | 'deferred'; readonly why: Cause }
)
interface Deps {
  readonly resolver: Resolver
  /** Names this machine answers to, in lower case. */
  readonly ownNames: readonly string[]
  /** 0 ≤ n < 1, for hosts of equal preference. */
  readonly random: () => number
}

/** Hosts tried in one attempt. */
const MOST_HOSTS = 5

/** Finds the hosts for a domain or an address literal. RFC 5321 §5.1, null MX RFC 7505. */
export async function planMx(domain: string, { resolver, ownNames, random }: Deps): Promise<MxPlan> {
  const literal = addressOfLiteral(domain)
  if (literal !== undefined)
    return { kind: 'hosts', hosts: [{ name: domain, addresses: [literal] }], notes: [`${domain} is an address`] }

  const lookup = await resolver.lookup(domain, 'MX')
  const notes = [describeLookup(lookup)]
  const dns = (rcode: Extract<Cause, { at: 'dns' }>['rcode']): Cause => ({ at: 'dns', rcode, name: domain })
  switch (lookup.kind) {
    case 'NXDOMAIN':
      return { kind: 'bounced', why: dns('NXDOMAIN'), notes }
    case 'SERVFAIL':
    case 'TIMEOUT':
      return { kind: 'deferred', why: dns(lookup.kind), notes }
    case 'NODATA':
      // Only a domain without any MX is its own mail exchanger.
      notes.push(`${domain} has no MX: its own address is tried (RFC 5321 §5.1)`)
      return { kind: 'hosts', hosts: [{ name: lookup.canonical }], notes }
    case 'found': {
      const named = lookup.records.filter((record) => record.exchange !== '')
      if (named.length === 0) {
        notes.push(`${domain} takes no mail: null MX (RFC 7505)`)
        return { kind: 'bounced', why: dns('NULLMX'), notes }
      }
      const ordered = withoutLoop(order(named, random), ownNames)
      if (ordered.length === 0) {
        notes.push(`the best MX of ${domain} is this machine itself`)
        return { kind: 'bounced', why: dns('LOOP'), notes }
      }
      const hosts = [...new Set(ordered.map((record) => record.exchange))].slice(0, MOST_HOSTS)
      notes.push(`order of trying: ${hosts.join(', ')}`)
      return { kind: 'hosts', hosts: hosts.map((name) => ({ name })), notes }
    }
    default:
      return lookup satisfies never
  }
}

/** By preference, lowest first; equals in random order, so that a domain's load is spread. */
function order(records: readonly MxRecord[], random: () => number): MxRecord[] {
  return records
    .map((record) => ({ record, lot: random() }))
    .toSorted((a, b) => a.record.preference - b.record.preference || a.lot - b.lot)
    .map(({ record }) => record)
}

/** Drops ourselves and all that are no better than we: mail sent there would come back. */
function withoutLoop(ordered: readonly MxRecord[], ownNames: readonly string[]): MxRecord[] {
  const own = ordered.find((record) => ownNames.includes(record.exchange))
  return own ? ordered.filter((record) => record.preference < own.preference) : [...ordered]
}
