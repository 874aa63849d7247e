import type { Clock } from './base/clock.ts'
import type { Routes } from './engine-routes.ts'
import type { Sizes } from './engine-sizes.ts'
import type { ComposeDeps } from './mailbox/compose-handlers.ts'
import type { LocalMail } from './mailbox/local.ts'
import type { DomainMail } from './mailbox/review.ts'
import { addressOfLiteral } from './net/address.ts'
import type { Resolver } from './net/dns.ts'
import { hasSpf } from './net/spf.ts'
import type { SignerFor } from './queue/sign.ts'

/** Whoever sends does not wait longer for an answer of DNS: without one nothing speaks against the message. */
const LONGEST_WAIT_MS = 4000

/** What the composer asks of DNS, of local mail and of signing, joined. */
export function openWriting(deps: {
  readonly resolver: Resolver
  readonly local: LocalMail
  readonly signerFor: SignerFor
  readonly routeFor: Routes['routeFor']
  readonly sizes: Pick<Sizes, 'limitsFor'>
  readonly clock: Clock
}): Pick<ComposeDeps, 'domainMail' | 'isDirect' | 'hasSpf' | 'isSigned' | 'limitsFor' | 'behind'> {
  const { resolver, local, signerFor, routeFor, sizes, clock } = deps
  const inTime = <T>(answer: Promise<T>, otherwise: T): Promise<T> =>
    new Promise((resolve) => {
      const cancel = clock.after(LONGEST_WAIT_MS, () => resolve(otherwise))
      const end = (value: T) => {
        cancel()
        resolve(value)
      }
      answer.then(end, () => end(otherwise))
    })
  const domainMail = async (domain: string): Promise<DomainMail> => {
    const mx = await resolver.lookup(domain, 'MX')
    if (mx.kind === 'found') return mx.records.every(({ exchange }) => exchange === '') ? 'null-mx' : 'takes-mail' // RFC 7505 §3
    if (mx.kind === 'NXDOMAIN') return 'no-domain'
    if (mx.kind !== 'NODATA') return 'unknown'
    // RFC 5321 §5.1: without an MX a domain's own address takes its mail.
    const own = await Promise.all([resolver.lookup(mx.canonical, 'A'), resolver.lookup(mx.canonical, 'AAAA')])
    if (own.some(({ kind }) => kind === 'found')) return 'takes-mail'
    return own.every(({ kind }) => kind === 'NODATA' || kind === 'NXDOMAIN') ? 'no-server' : 'unknown'
  }
  return {
    domainMail: (domain) =>
      // Of the rehearsal lab nothing is asked of DNS.
      local.isLocal(domain) || routeFor(null, domain, 0).kind === 'lab' || addressOfLiteral(domain) !== undefined
        ? Promise.resolve('takes-mail')
        : inTime(domainMail(domain), 'unknown'),
    isDirect: (from, domain) => local.isLocal(domain) || routeFor(from, domain, 0).kind === 'direct',
    hasSpf: (domain) => inTime(hasSpf(domain, resolver), undefined),
    limitsFor: (from, domains) => inTime(sizes.limitsFor(from, domains), []),
    isSigned: (domain) => signerFor(domain) !== undefined,
    behind: (address) => (local.isLocal(address.domain) ? local.explain(address).path.map((step) => step.address) : []),
  }
}
