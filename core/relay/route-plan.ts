import { hostname } from 'node:os'
import { parseDomain } from '../model/address.ts'
import type { Route, TlsMode } from '../model/outcome.ts'
import { isIpAddress } from '../net/address.ts'
import type { Resolver } from '../net/dns.ts'
import type { Settings } from '../settings.ts'
import type { LabTarget, RelayDeps } from './deps.ts'
import { planMx, type Host, type MxPlan } from './mx.ts'
import type { TlsPolicy } from './tls-policy-joint.ts'

/** Hosts of a route with how to talk to them. */
export interface HostPlan {
  readonly kind: 'hosts'
  readonly notes: readonly string[]
  readonly hosts: readonly Host[]
  readonly port: number
  /** `policy`: as the domain's policy and the server have it. */
  readonly tls: TlsMode | 'policy'
  /** It is the rehearsal lab: each try begins anew, whatever the one before has met. */
  readonly isRehearsal?: true
  /** What protects it where nobody else is asked. */
  readonly policy?: Extract<TlsPolicy, { kind: 'go' }>
  /** PEM: the authorities its certificate is checked against, in place of all others. */
  readonly authorities?: string
  readonly allowPrivate: boolean
  /** A host the user has named: trouble with it is never the fault of a recipient's address. */
  readonly isFixed: boolean
  /** The recipients' domain, or the smarthost. */
  readonly domain: string
}
/** Where a route leads; or why nowhere. */
export type RoutePlan = Extract<MxPlan, { kind: 'bounced' | 'deferred' }> | HostPlan

/** The name this machine gives itself, in A-labels (RFC 5890 §2.3.2.1); '' where none is set or it is none. */
export function ownNameOf(settings: Settings): string {
  return parseDomain(settings['relay.ehloName']) ?? ''
}

/** Names by which an MX record can mean this machine, in lower case. */
function ownNamesOf(settings: Settings): string[] {
  // A machine's own name without a dot is nobody's MX.
  return [ownNameOf(settings), hostname().toLowerCase()].filter((name) => name.includes('.'))
}

/** Its own port on this computer: no other route may dial it, and it leads to no other place. */
function planLab(domain: string, target: LabTarget | undefined): RoutePlan {
  const name = `mx.${domain}`
  if (target === undefined) {
    const notes = ['the rehearsal lab is switched off: nothing is dialled']
    return { kind: 'deferred', why: { at: 'connect', mx: name, errno: 'ELABOFF' }, notes }
  }
  const { port, authorities, demandsTls } = target
  return {
    kind: 'hosts',
    notes: [`${name} is the rehearsal lab on this computer`],
    hosts: [{ name, addresses: ['127.0.0.1'] }],
    port,
    tls: 'policy',
    policy: { kind: 'go', ...(demandsTls ? DEMANDED : { require: 'none', source: 'none' }) },
    authorities,
    isRehearsal: true,
    allowPrivate: true,
    isFixed: false,
    domain,
  }
}
const DEMANDED = {
  require: 'verified',
  source: 'mta-sts',
  notes: ['the lab says that its domain demands verified TLS'],
} as const

/** Decides where a route leads, at the moment of the attempt. */
export async function planRoute(
  route: Extract<Route, { kind: 'direct' | 'smarthost' | 'lab' }>,
  settings: Settings,
  resolver: Resolver,
  random: () => number,
  lab?: RelayDeps['lab'],
): Promise<RoutePlan> {
  if (route.kind === 'lab') return planLab(route.domain, lab?.())
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
      domain: route.host,
    }
  }
  const plan = await planMx(route.domain, { resolver, ownNames: ownNamesOf(settings), random })
  if (plan.kind !== 'hosts') return plan
  return {
    ...plan,
    port: settings['relay.port'],
    tls: 'policy',
    allowPrivate: settings['relay.allowPrivateAddresses'],
    isFixed: false,
    domain: route.domain,
  }
}
