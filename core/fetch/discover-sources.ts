import type { Mailbox } from '../model/address.ts'
import { isPrivate } from '../net/address.ts'
import type { Resolver, SrvRecord } from '../net/dns.ts'
import type { HttpsGet, HttpsTerms } from '../net/https-get.ts'
import type { ProbePeers } from '../net/probe.ts'
import { probe } from '../net/probe.ts'
import type { Settings } from '../settings.ts'
import { readConfig, hostName, type FoundServer } from './discover-config.ts'

/** What a source came to. `nothing`: it was asked and has none. */
export type Looked =
  | {
      readonly state: 'found'
      readonly servers: readonly FoundServer[]
      /** What the provider calls itself; '' where it doesn't. */
      readonly name: string
      /** Who said so, for a sentence such as "… names it". */
      readonly by: string
      /** What it names that is not used, in words. */
      readonly passedOver: readonly string[]
    }
  | { readonly state: 'nothing' | 'failed'; readonly text: string }
/** What looking works with; all of it handed in. */
export interface DiscoverDeps extends ProbePeers {
  readonly resolver: Resolver
  readonly get: HttpsGet
  readonly settings: () => Pick<Settings, 'discovery.ispdbUrl' | 'discovery.allowPrivateAddresses'>
}

const MOST_REDIRECTS = 3
const MOST_BYTES = 128 * 1024
const HTTPS_MS = 10_000
const MOST_OF_A_SERVICE = 3
const PROBE_MS = 6_000
const MOST_PROBES_AT_ONCE = 6

/**
 * Asks one URL for a configuration. Redirects lead to other HTTPS only, a few times, and each of their hosts is judged like the first:
 * what is asked for in the clear could be anybody's.
 */
export async function askForConfig(
  first: string,
  address: Mailbox,
  deps: DiscoverDeps,
  signal: AbortSignal,
): Promise<Looked> {
  let url = new URL(first)
  const begun = url.hostname
  for (let followed = 0; ; followed++) {
    const terms: HttpsTerms = {
      caFile: deps.caFile(),
      allowPrivate: deps.settings()['discovery.allowPrivateAddresses'],
      ...(url.port !== '' && { port: Number(url.port) }),
      accept: 'application/xml, text/xml',
      mostBytes: MOST_BYTES,
      timeoutMs: HTTPS_MS,
      signal,
    }
    const answer = await deps.get(url.hostname, `${url.pathname}${url.search}`, terms)
    const failed = (text: string): Looked => ({ state: 'failed', text: `${url.hostname}: ${text}.` })
    if (!answer.ok)
      return answer.isNowhere && followed === 0
        ? { state: 'nothing', text: `There is no ${url.hostname}.` }
        : failed(answer.reason)
    if ([301, 302, 303, 307, 308].includes(answer.status)) {
      const next = URL.canParse(answer.location, url.href) ? new URL(answer.location, url) : undefined
      if (next === undefined) return failed('it leads nowhere')
      if (next.protocol !== 'https:' || next.username !== '' || next.port !== '')
        return failed(`it leads to ${next.protocol}//${next.host}, and only plain https is gone on to`)
      if (followed === MOST_REDIRECTS) return failed('it leads on and on')
      url = next
      continue
    }
    if (answer.status >= 500) return failed(`it answers ${answer.status}`)
    if (answer.status !== 200)
      return { state: 'nothing', text: `${url.hostname} has none (it answers ${answer.status}).` }
    const config = readConfig(answer.body, address)
    // Many hosts answer every question with a page.
    if (typeof config === 'string')
      return { state: 'nothing', text: `What ${url.hostname} answers is no configuration: ${config}.` }
    const { servers, name, passedOver } = config
    const unused = passedOver.length === 0 ? '' : ` It names ${passedOver.join('; ')}: not used.`
    if (servers.length === 0)
      return { state: 'nothing', text: `${url.hostname} names no server that can be used.${unused}` }
    return { state: 'found', servers, name, by: begun, passedOver }
  }
}

/** Services by their names (RFC 6186 §3, RFC 8314 §5.1), those inside TLS from the first byte before those that become so. */
const SERVICES = [
  ['_imaps', 'imap', 'implicit'],
  ['_imap', 'imap', 'starttls'],
  ['_pop3s', 'pop3', 'implicit'],
  ['_pop3', 'pop3', 'starttls'],
  ['_submissions', 'smtp', 'implicit'],
  ['_submission', 'smtp', 'starttls'],
] as const

/** Asks for the SRV records of the domain. */
export async function askForSrv(domain: string, { resolver }: DiscoverDeps): Promise<Looked> {
  const lookups = await Promise.all(SERVICES.map(([service]) => resolver.lookup(`${service}._tcp.${domain}`, 'SRV')))
  const servers = SERVICES.flatMap(([, kind, tls], n): FoundServer[] => {
    const lookup = lookups[n]
    const records = lookup?.kind === 'found' ? lookup.records : []
    return records
      .toSorted(byWeight)
      .slice(0, MOST_OF_A_SERVICE)
      .flatMap(({ target, port }) => {
        const host = hostName(target)
        // The target "." says that the service is decidedly not there (RFC 6186 §3.4).
        return host === undefined || port < 1 ? [] : [{ kind, host, port, tls }]
      })
  })
  if (servers.length > 0)
    return { state: 'found', servers, name: '', by: `the name servers of ${domain}`, passedOver: [] }
  const trouble = lookups.find(({ kind }) => kind === 'TIMEOUT' || kind === 'SERVFAIL')
  return trouble === undefined
    ? { state: 'nothing', text: `${domain} has no SRV records for mail.` }
    : { state: 'failed', text: `The name servers could not say whether ${domain} has SRV records for mail.` }
}

/** Lowest priority number first (RFC 2782); of equal ones what is meant to get most. */
const byWeight = (a: SrvRecord, b: SrvRecord) => a.priority - b.priority || b.weight - a.weight

/** The host that receives the domain's mail first; or in words why none is known. */
export async function receiverOf(
  domain: string,
  { resolver }: DiscoverDeps,
): Promise<{ host: string } | { text: string; isFailed: boolean }> {
  const lookup = await resolver.lookup(domain, 'MX')
  const records = lookup.kind === 'found' ? lookup.records : []
  const best = records.toSorted((a, b) => a.preference - b.preference).find(({ exchange }) => exchange !== '')
  if (best !== undefined) return { host: best.exchange }
  const isFailed = lookup.kind === 'TIMEOUT' || lookup.kind === 'SERVFAIL'
  return {
    isFailed,
    text: isFailed
      ? `The name servers could not say who receives mail for ${domain}.`
      : `No host is named that receives mail for ${domain}.`,
  }
}

/** An address of a host that may be dialled; or in words why there is none. Asks the name servers and nobody else. */
export async function addressOf(
  host: string,
  { resolver, settings }: DiscoverDeps,
): Promise<{ address: string } | string> {
  const [a, aaaa] = await Promise.all([resolver.lookup(host, 'A'), resolver.lookup(host, 'AAAA')])
  const found = [...(a.kind === 'found' ? a.records : []), ...(aaaa.kind === 'found' ? aaaa.records : [])]
  const [address] = found.filter((one) => settings()['discovery.allowPrivateAddresses'] || !isPrivate(one))
  if (address !== undefined) return { address }
  if (found.length > 0) return `${host} has only private addresses`
  return a.kind === 'TIMEOUT' || a.kind === 'SERVFAIL' ? `${host} could not be looked up` : `${host} is not there`
}

/** Names a domain's servers usually have ('' for the domain itself), and their ports. */
const USUAL = {
  imap: { names: ['imap', 'mail', ''], implicit: 993, starttls: 143 },
  pop3: { names: ['pop', 'pop3', 'mail'], implicit: 995, starttls: 110 },
  smtp: { names: ['smtp', 'mail', ''], implicit: 465, starttls: 587 },
} as const

/**
 * Tries the usual names of a domain: TLS from the first byte first, and what becomes so on demand only where the other is not there. At most
 * 18 connections, 6 at once.
 */
export async function probeUsual(
  domain: string,
  kinds: readonly FoundServer['kind'][],
  deps: DiscoverDeps,
  signal: AbortSignal,
): Promise<Looked> {
  const names = [...new Set(kinds.flatMap((kind) => USUAL[kind].names.map((name) => hostOf(name, domain))))]
  const found = await Promise.all(names.map(async (name) => [name, await addressOf(name, deps)] as const))
  const addresses = new Map(
    found.flatMap(([name, at]) => (typeof at === 'string' ? [] : [[name, at.address] as const])),
  )
  const servers: FoundServer[] = []
  const refused: string[] = []
  for (const tls of ['implicit', 'starttls'] as const) {
    const wanted = kinds
      .filter((kind) => !servers.some((server) => server.kind === kind))
      .flatMap((kind) =>
        USUAL[kind].names.flatMap((name) => {
          const host = hostOf(name, domain)
          const address = addresses.get(host)
          return address === undefined ? [] : [{ protocol: kind, host, address, port: USUAL[kind][tls], tls }]
        }),
      )
    const results = await someAtOnce(wanted, (target) => probe(target, deps, { timeoutMs: PROBE_MS, signal }))
    for (const [n, result] of results.entries()) {
      const target = wanted[n]!
      const { protocol: kind, host, port } = target
      if (result.ok) servers.push({ kind, host, port, tls })
      else refused.push(`${host}:${port} (${result.reason})`)
    }
  }
  if (servers.length > 0) return { state: 'found', servers, name: '', by: 'the server itself', passedOver: [] }
  const [reason] = found.flatMap(([, at]) => (typeof at === 'string' && at.endsWith('private addresses') ? [at] : []))
  const why = reason ?? (refused.length === 0 ? 'none of the usual names is there' : refused.slice(0, 4).join(', '))
  return { state: 'nothing', text: `No server was found at the usual names of ${domain}: ${why}.` }
}

const hostOf = (name: string, domain: string) => (name === '' ? domain : `${name}.${domain}`)

/** Does the work of all, few at a time; results in their order. */
async function someAtOnce<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const left = [...all.entries()]
  const go = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) results[next[0]] = await work(next[1])
  }
  await Promise.all(Array.from({ length: MOST_PROBES_AT_ONCE }, go))
  return results
}
