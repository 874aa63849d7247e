import type { Delivery } from '../model/delivery.ts'
import type { HostPlan } from './route-plan.ts'
import type { Work } from './work.ts'

/** False where the message may be at another of the hosts already: a second one must not get it (RFC 1047). */
export function mayGoTo(host: string, { hosts }: HostPlan, work: Work | undefined): boolean {
  const bound = work?.job.sameHost
  return bound?.isOnly !== true || bound.mx === host || !hosts.some(({ name }) => name === bound.mx)
}

/** The host that was asked before comes first: its greylist remembers us (RFC 6647 §4.1). */
export function inTurn(hosts: HostPlan['hosts'], work: Work | undefined): HostPlan['hosts'] {
  const known = hosts.find(({ name }) => name === work?.job.sameHost?.mx)
  return known ? [known, ...hosts.filter((host) => host !== known)] : hosts
}

/** Names what a parked connection is good for: the same route to the same server. */
export function parkingOf(route: Delivery['route']): string {
  if (route.kind === 'direct') return `direct ${route.domain}`
  if (route.kind === 'lab') return `lab ${route.domain}`
  return route.kind === 'hold' ? '' : `smarthost ${route.routeId} ${route.tls} ${route.host}:${route.port}`
}
