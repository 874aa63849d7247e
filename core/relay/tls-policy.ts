import type { Clock } from '../base/clock.ts'
import type { TlsDomain } from '../model/tls-domain.ts'
import type { TlsFacts } from '../model/transcript.ts'
import type { Settings } from '../settings.ts'
import { listsHost } from './mta-sts-policy.ts'
import { MtaSts, type FoundPolicy, type StsDeps } from './mta-sts.ts'
import { ratchetUntilMs } from './tls-ratchet.ts'
import type { OnTlsSeen, TlsPolicy, TlsPolicyFor } from './tls-policy-joint.ts'

/** What is to be remembered of a session. */
export interface SessionTls {
  readonly domain: string
  readonly mx: string
  readonly facts: TlsFacts | null
  readonly isVerified: boolean
  /** A ratchet last confirmed before then begins anew. */
  readonly ratchetFromMs: number
}
export interface TlsPolicyDeps extends StsDeps {
  readonly remember: (seen: SessionTls) => Promise<void>
  readonly log: (line: string) => void
}
/** The relay's two joints, and how to wait for what they began. */
export interface TlsPolicies {
  readonly policyFor: TlsPolicyFor
  readonly onSeen: OnTlsSeen
  /** The domain begins anew: the next session with it is remembered, whatever the last was. */
  forget(domain: string): void
  /** Resolves when nothing more is fetched or stored. */
  settled(): Promise<void>
}

/** The same fact of a domain is stored at most this often. */
const REMEMBER_EVERY_MS = 60_000
const MOST_REMEMBERED = 2_000

/** Decides what the TLS of a session must be like: REQUIRETLS, then MTA-STS, then the ratchet, then as good as can be had. */
export function makeTlsPolicies(deps: TlsPolicyDeps): TlsPolicies {
  const sts = new MtaSts(deps)
  const { settings, clock, known } = deps
  const recent = new Map<string, { readonly isVerified: boolean; readonly untilMs: number }>()
  const storing = new Set<Promise<void>>()

  return {
    async policyFor({ domain, mxHost, requireTls }) {
      // An address literal has no name a policy could stand at.
      const isLiteral = domain.startsWith('[')
      const found = settings()['relay.mtaSts'] && !isLiteral ? await sts.find(domain) : { notes: [] }
      if (requireTls) return requireVerified(domain, mxHost, found)
      const bySts = policyOf(domain, mxHost, found)
      if (bySts.kind === 'refuse' || bySts.require === 'verified') return bySts
      return byRatchet(known(domain), settings(), clock) ? { ...bySts, require: 'verified', source: 'ratchet' } : bySts
    },
    onSeen({ domain, mxHost: mx, facts, isUsable }) {
      if (!isUsable || domain.startsWith('[')) return
      const isVerified = facts?.trusted === true
      const last = recent.get(domain)
      if (last?.isVerified === isVerified && last.untilMs > clock.monotonicMs()) return
      const [oldest] = recent.keys()
      if (recent.size >= MOST_REMEMBERED && oldest !== undefined) recent.delete(oldest)
      recent.set(domain, { isVerified, untilMs: clock.monotonicMs() + REMEMBER_EVERY_MS })
      const ratchetFromMs = clock.nowMs() - settings()['relay.tlsRatchetSeconds'] * 1000
      const stored = deps
        .remember({ domain, mx, facts, isVerified, ratchetFromMs })
        .catch((error: unknown) => {
          recent.delete(domain)
          deps.log(`remember the TLS of ${domain}: ${error instanceof Error ? error.message : String(error)}`)
        })
        .finally(() => storing.delete(stored))
      storing.add(stored)
    },
    forget(domain) {
      recent.delete(domain)
    },
    async settled() {
      await sts.settled()
      await Promise.all(storing)
    },
  }
}

const because = (found: FoundPolicy) => (found.trouble === undefined ? {} : { trouble: found.trouble })

/** RFC 8461 §5: `enforce` binds, `testing` is only told of. */
function policyOf(domain: string, mxHost: string, found: FoundPolicy): TlsPolicy {
  const { policy, notes } = found
  if (policy === undefined || policy.mode === 'none')
    return { kind: 'go', require: 'none', source: 'none', notes, ...because(found) }
  const reason = `${mxHost} is not among the servers that the MTA-STS policy of ${domain} lists`
  const isListed = listsHost(policy, mxHost)
  if (policy.mode === 'enforce')
    return isListed
      ? { kind: 'go', require: 'verified', source: 'mta-sts', notes, ...because(found) }
      : { kind: 'refuse', policy: 'mta-sts', reason, notes }
  const testing = { kind: 'go', require: 'none', source: 'mta-sts-testing', notes } as const
  return isListed ? { ...testing, ...because(found) } : { ...testing, trouble: reason }
}

/**
 * RFC 8689 §4.2.1: verified TLS, and a name that nobody could have put into DNS: one that MTA-STS lists, or the domain's own. DNSSEC,
 * the other way to know it, is not validated here.
 */
function requireVerified(domain: string, mxHost: string, found: FoundPolicy): TlsPolicy {
  const { policy, notes, isUnsure } = found
  const isListed = policy !== undefined && policy.mode !== 'none' && listsHost(policy, mxHost)
  if (mxHost === domain || isListed) return { kind: 'go', require: 'verified', source: 'requiretls', notes }
  const why =
    isUnsure === true
      ? `whether ${domain} has an MTA-STS policy cannot be found out now`
      : policy === undefined || policy.mode === 'none'
        ? `${domain} has no MTA-STS policy`
        : `the MTA-STS policy of ${domain} does not list it`
  const reason = `the message requires verified TLS (REQUIRETLS), and nothing vouches for the name ${mxHost}: ${why}`
  return { kind: 'refuse', policy: 'requiretls', reason, notes, ...(isUnsure === true && { mayChange: true as const }) }
}

/** Whether a domain is held to the verified TLS it once had. */
function byRatchet(known: TlsDomain | undefined, settings: Settings, clock: Clock): boolean {
  const untilMs = ratchetUntilMs(known?.verified ?? null, settings)
  return untilMs !== null && untilMs > clock.nowMs()
}
