import { Changes } from './base/changes.ts'
import type { Clock } from './base/clock.ts'
import { reasonOf } from './base/fault.ts'
import type { Dialer } from './net/dial.ts'
import type { Resolver } from './net/dns.ts'
import { makeHttpsGet } from './net/https-get.ts'
import { tlsHandlers } from './relay/tls-handlers.ts'
import { makeTlsPolicies } from './relay/tls-policy.ts'
import type { OnTlsSeen, TlsPolicyFor } from './relay/tls-policy-joint.ts'
import type { Settings } from './settings.ts'
import { getTlsDomain, listTlsDomains } from './store/tls-domain.ts'
import type { Store } from './store/types.ts'

/** A domain nothing was heard of for so long is let go of, unless its ratchet is to hold for longer. */
const KEEP_MS = 400 * 86_400_000

export interface EngineTlsDeps {
  readonly store: Store
  readonly settings: () => Settings
  readonly resolver: Resolver
  readonly dial: Dialer
  readonly clock: Clock
  readonly log: (line: string) => void
}
/** What is known and demanded of the TLS of other servers, wired to store and network. */
export interface EngineTls {
  readonly policyFor: TlsPolicyFor
  readonly onSeen: OnTlsSeen
  readonly handlers: ReturnType<typeof tlsHandlers>
  /** Gives up what is being fetched and waits for what is being stored. After the last delivery. */
  close(): Promise<void>
}

/** Wires MTA-STS, ratchet and their calls. */
export function openTls({ store, settings, resolver, dial, clock, log }: EngineTlsDeps): EngineTls {
  const changes = new Changes<string>()
  const stopping = new AbortController()
  const policies = makeTlsPolicies({
    settings,
    resolver,
    get: makeHttpsGet({ resolver, dial, clock }),
    clock,
    log,
    signal: stopping.signal,
    known: (domain) => getTlsDomain(store.read, domain),
    async putPolicy(domain, policy) {
      await store.write('tls.putPolicy', { domain, policy })
      changes.emit(domain)
    },
    async putError(domain, error) {
      await store.write('tls.putError', { domain, error })
      changes.emit(domain)
    },
    async remember(seen) {
      await store.write('tls.seen', seen)
      changes.emit(seen.domain)
    },
  })
  const keepMs = Math.max(KEEP_MS, settings()['relay.tlsRatchetSeconds'] * 1000)
  store
    .write('tls.expire', { beforeMs: clock.nowMs() - keepMs })
    .catch((error: unknown) => log(`let go of old domains: ${reasonOf(error)}`))
  return {
    policyFor: policies.policyFor,
    onSeen: policies.onSeen,
    handlers: tlsHandlers({
      settings,
      clock,
      list: (after, limit) => listTlsDomains(store.read, after, limit),
      async forget(domain) {
        await store.write('tls.forget', { domain })
        policies.forget(domain)
        changes.emit(domain)
      },
      changes,
    }),
    close() {
      stopping.abort()
      return policies.settled()
    },
  }
}
