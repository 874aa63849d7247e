import type { Mailbox } from '../model/address.ts'
import type { FoundServer } from './discover-config.ts'
import { isWithin, registeredDomain } from './discover-domain.ts'

/** Where settings are looked for, in the order in which they are believed. */
export const SOURCES = ['autoconfig', 'well-known', 'srv', 'ispdb', 'mx-autoconfig', 'mx-ispdb', 'probe'] as const
export type Source = (typeof SOURCES)[number]

/** Servers one source has named. */
export interface Named {
  readonly source: Source
  /** Who said so. */
  readonly by: string
  readonly servers: readonly FoundServer[]
}
/** Who signs people in for a mail server; `isDemanded`: nothing else is taken there. */
export interface TokenProvider {
  readonly id: string
  readonly name: string
  readonly isReady: boolean
  readonly isDemanded: boolean
}
/** Settings that may work, as a window shows them. */
export interface Candidate {
  readonly kind: FoundServer['kind']
  readonly host: string
  readonly port: number
  readonly tls: FoundServer['tls']
  readonly user: string
  readonly otherUser: string | null
  readonly auth: 'password' | 'oauth2'
  readonly provider: string | null
  readonly source: Source
  readonly why: string
  readonly needsConsent: boolean
  readonly consent: string
}

interface Merged extends FoundServer {
  readonly source: Source
  readonly by: string
  readonly also: readonly string[]
  readonly rank: number
}

/** Best first: IMAP before POP3, then by how far the source is believed, then in the source's own order. */
export function rank(
  named: readonly Named[],
  address: Mailbox,
  providerFor: (host: string) => TokenProvider | undefined,
): { readonly incoming: Candidate[]; readonly outgoing: Candidate[] } {
  const merged = new Map<string, Merged>()
  for (const { source, by, servers } of named.toSorted((a, b) => SOURCES.indexOf(a.source) - SOURCES.indexOf(b.source)))
    for (const server of servers) {
      const key = `${server.kind} ${server.host} ${server.port} ${server.tls}`
      const known = merged.get(key)
      // Records that anybody on the way could have written lead elsewhere only after whoever proves who he is.
      const isForeign = source === 'srv' && !isWithin(server.host, address.domain)
      const place = isForeign ? SOURCES.indexOf('mx-ispdb') + 0.5 : SOURCES.indexOf(source)
      merged.set(
        key,
        known === undefined
          ? { ...server, source, by, also: [], rank: place }
          : {
              // SRV records tell nothing of users and ways to sign in.
              ...server,
              ...known,
              also: [...known.also, by],
              rank: Math.min(known.rank, place),
            },
      )
    }
  const all = [...merged.values()].toSorted((a, b) => KINDS[a.kind] - KINDS[b.kind] || a.rank - b.rank)
  const candidates = all.map((one) => toCandidate(one, address, providerFor(one.host)))
  return {
    incoming: candidates.filter(({ kind }) => kind !== 'smtp'),
    outgoing: candidates.filter(({ kind }) => kind === 'smtp'),
  }
}

const KINDS = { imap: 0, pop3: 1, smtp: 2 } as const

function toCandidate(found: Merged, address: Mailbox, provider: TokenProvider | undefined): Candidate {
  const { kind, host, port, tls, source, by, also } = found
  const whole = `${address.local}@${address.domain}`
  const needsConsent = !isWithin(host, address.domain)
  const { auth, words } = signInBy(found, provider)
  return {
    kind,
    host,
    port,
    tls,
    user: found.user ?? whole,
    otherUser: found.user === undefined ? address.local : null,
    auth,
    provider: auth === 'oauth2' ? (provider?.id ?? null) : null,
    source,
    why: `${WHY[source](address.domain, by)}${also.length === 0 ? '' : ` ${also.join(' and ')} ${also.length === 1 ? 'says' : 'say'} the same.`}${words}`,
    needsConsent,
    consent: needsConsent ? consentFor(host, address.domain, source, by) : '',
  }
}

const WHY: Readonly<Record<Source, (domain: string, by: string) => string>> = {
  'autoconfig': (domain, by) => `${domain} itself names it, at ${by}.`,
  'well-known': (domain) => `${domain} itself names it.`,
  'srv': (domain) => `The DNS of ${domain} names it.`,
  'ispdb': (domain, by) => `The list of providers at ${by} names it for ${domain}.`,
  'mx-autoconfig': (domain, by) => `${by}, whose provider receives the mail of ${domain}, names it.`,
  'mx-ispdb': (domain, by) =>
    `The list of providers at ${by} names it for the provider that receives the mail of ${domain}.`,
  'probe': () => 'Nobody names it; it was found at a usual name and has a certificate for that.',
}

function signInBy(
  { auth }: FoundServer,
  provider: TokenProvider | undefined,
): { readonly auth: Candidate['auth']; readonly words: string } {
  const onlyToken = auth !== undefined && auth.oauth2 && !auth.password
  if (provider === undefined)
    return onlyToken
      ? {
          auth: 'oauth2',
          words:
            ' It takes only tokens of a provider that Posthorn does not know; the setting oauth.providers can name it.',
        }
      : { auth: 'password', words: '' }
  if (provider.isDemanded || onlyToken || (provider.isReady && auth?.oauth2 !== false))
    return { auth: 'oauth2', words: ` ${provider.name} has its own page to sign in.` }
  return { auth: 'password', words: ` ${provider.name} takes an app password there, not the one of its web pages.` }
}

function consentFor(host: string, domain: string, source: Source, by: string): string {
  const whose = registeredDomain(host) ?? host
  const said = source === 'srv' ? 'the DNS, which is not signed,' : by
  return `${host} belongs to ${whose}, not to ${domain}; ${said} names it. Your name and password would go there: go on only if ${whose} provides your mail.`
}
