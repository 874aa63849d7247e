import { parseDomain } from '../model/address.ts'
import type { Delivery } from '../model/delivery.ts'
import { isIpAddress } from '../net/address.ts'
import type { Resolver } from '../net/dns.ts'
import type { SmtpTarget } from '../net/smtp-client-terms.ts'
import type { Settings } from '../settings.ts'
import { planMx, type Host, type MxPlan } from './mx.ts'

/** Hosts of a route with how to talk to them; or why there are none. */
export type RoutePlan =
  | Extract<MxPlan, { kind: 'bounced' | 'deferred' }>
  | {
      readonly kind: 'hosts'
      readonly notes: readonly string[]
      readonly hosts: readonly Host[]
      readonly port: number
      readonly tls: SmtpTarget['tls']
      readonly allowPrivate: boolean
      /** A host the user has named: trouble with it is never the fault of a recipient's address. */
      readonly isFixed: boolean
    }

/** The name this machine gives itself, in A-labels (RFC 5890 §2.3.2.1); '' where none is set or it is none. */
export function ownNameOf(settings: Settings): string {
  return parseDomain(settings['relay.ehloName']) ?? ''
}

/** Decides where a route leads, at the moment of the attempt. */
export async function planRoute(
  route: Delivery['route'],
  settings: Settings,
  resolver: Resolver,
  random: () => number,
): Promise<RoutePlan> {
  if (route.kind === 'smarthost') {
    const host: Host = isIpAddress(route.host) ? { name: route.host, addresses: [route.host] } : { name: route.host }
    return {
      kind: 'hosts',
      notes: [`by the smarthost ${route.host}, port ${route.port}, TLS: ${route.tls}`],
      hosts: [host],
      port: route.port,
      tls: route.tls,
      // The user's own choice, often in the user's own network.
      allowPrivate: true,
      isFixed: true,
    }
  }
  const ownName = ownNameOf(settings)
  const ownNames = ownName === '' ? [] : [ownName]
  const plan = await planMx(route.domain, { resolver, ownNames, random })
  if (plan.kind !== 'hosts') return plan
  return {
    ...plan,
    port: settings['relay.port'],
    tls: 'opportunistic',
    allowPrivate: settings['relay.allowPrivateAddresses'],
    isFixed: false,
  }
}
