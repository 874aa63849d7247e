import type { Clock } from './base/clock.ts'
import { reasonOf } from './base/fault.ts'
import type { Routes } from './engine-routes.ts'
import type { LocalMail } from './mailbox/local.ts'
import type { SizeLimit, SizeLimits } from './mailbox/review.ts'
import type { Domain } from './model/address.ts'
import { addressOfLiteral } from './net/address.ts'
import type { Resolver } from './net/dns.ts'
import type { OnSizeSeen } from './relay/deps.ts'
import { getServerSize } from './store/server-size.ts'
import type { Store } from './store/types.ts'

/** The same word of a server is written once a day at most. */
const SAME_FOR_MS = 86_400_000
/** A server that nothing was heard of for so long may be another one by now. */
const KEEP_MS = 400 * 86_400_000
/** A composer asks while somebody writes: names beyond that are asked for no limit. */
const MOST_DOMAINS = 20

/** What other servers take at most, as they said themselves. */
export interface Sizes {
  readonly onSizeSeen: OnSizeSeen
  /** What is known of the servers that mail to these domains would go to, the smallest first. Never throws. */
  readonly limitsFor: SizeLimits
}

/** Keeps what servers say of their size, and finds it again by the way that mail would take. */
export function openSizes(deps: {
  readonly store: Store
  readonly resolver: Resolver
  readonly local: Pick<LocalMail, 'isLocal'>
  readonly routeFor: Routes['routeFor']
  readonly mxPort: () => number
  readonly clock: Clock
  readonly log: (line: string) => void
}): Sizes {
  const { store, resolver, local, routeFor, mxPort, clock, log } = deps
  const failed = (error: unknown) => log(`note what servers take: ${reasonOf(error)}`)
  store.write('serverSize.expire', { beforeMs: clock.nowMs() - KEEP_MS }).catch(failed)

  const known = (name: string, port: number): Omit<SizeLimit, 'domains'> | undefined => {
    const host = name.toLowerCase()
    const size = getServerSize(store.read, host, port)
    if (size === undefined || size.largestBytes === null) return undefined
    return { host, largestBytes: size.largestBytes, seenMs: size.seenMs }
  }
  /** Of the servers that are tried first the one that takes least: which of them it will be is drawn by lot. */
  const ofMx = async (domain: Domain): Promise<Omit<SizeLimit, 'domains'> | undefined> => {
    const literal = addressOfLiteral(domain)
    const mx = literal === undefined ? await resolver.lookup(domain, 'MX') : undefined
    const hosts =
      mx?.kind === 'found'
        ? mx.records
            .filter(({ preference }) => preference === Math.min(...mx.records.map((one) => one.preference)))
            .map(({ exchange }) => exchange)
        : [domain]
    const limits = hosts.flatMap((host) => known(host, mxPort()) ?? [])
    return limits.toSorted((a, b) => a.largestBytes - b.largestBytes)[0]
  }
  return {
    onSizeSeen({ host, port, largestBytes }) {
      const name = host.toLowerCase()
      const before = getServerSize(store.read, name, port)
      const isSame = before?.largestBytes === largestBytes && clock.nowMs() - before.seenMs < SAME_FOR_MS
      if (!isSame) store.write('serverSize.seen', { host: name, port, largestBytes }).catch(failed)
    },
    async limitsFor(from, domains) {
      const found = await Promise.all(
        domains.slice(0, MOST_DOMAINS).map(async (domain) => {
          if (local.isLocal(domain)) return undefined
          const route = routeFor(from, domain, 0)
          const limit =
            route.kind === 'smarthost'
              ? known(route.host, route.port)
              : route.kind === 'direct'
                ? await ofMx(domain).catch(() => undefined)
                : undefined
          return limit && { ...limit, domains: [domain] }
        }),
      )
      const byHost = new Map<string, SizeLimit>()
      for (const one of found) {
        if (one === undefined) continue
        const same = byHost.get(one.host)
        byHost.set(one.host, same === undefined ? one : { ...same, domains: [...same.domains, ...one.domains] })
      }
      return [...byHost.values()].toSorted((a, b) => a.largestBytes - b.largestBytes)
    },
  }
}
