/** Who signs people in by OAuth 2.0 (RFC 6749), and how. */
export interface SignInProvider {
  /** Lower case letters, digits and hyphens. */
  readonly id: string
  readonly name: string
  /** Where the person signs in, in the browser (RFC 6749 §3.1). */
  readonly authorizeUrl: string
  /** Where codes and refresh tokens become access tokens (§3.2). */
  readonly tokenUrl: string
  /** What is asked for (§3.3). */
  readonly scopes: readonly string[]
  /** Further parameters of the request in the browser. */
  readonly extra?: Readonly<Record<string, string>>
  /** Mail servers that take its tokens; `*.name` for all below one. */
  readonly hosts: readonly string[]
  /** Those servers take nothing else any more. */
  readonly isDemanded: boolean
  /** How the redirect names this computer: what the provider lets a client register (RFC 8252 §7.3 prefers the address). */
  readonly redirectHost: '127.0.0.1' | 'localhost'
}

/** Whether a host is one of the provider's mail servers. */
export function takesTokensOf({ hosts }: Pick<SignInProvider, 'hosts'>, host: string): boolean {
  return hosts.some((one) => (one.startsWith('*.') ? host.endsWith(one.slice(1)) : one === host))
}

const LONGEST_LINE = 4000
const ID = /^[a-z0-9][a-z0-9-]{0,39}$/
const HOST = /^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+$/

/** A provider of one's own with the client it knows Posthorn by. */
export type OwnProvider = SignInProvider & { readonly clientId: string; readonly clientSecret: string }

/**
 * A provider of one's own as the setting `oauth.providers` has it: words `key=value` with spaces between, lists with `+`, such as
 * `id=firm name=Firm authorize=https://… token=https://… client=… scope=openid+offline_access hosts=*.firm.example`. Undefined for
 * anything else.
 */
export function parseOwnProvider(line: string): OwnProvider | undefined {
  if (line.length > LONGEST_LINE) return undefined
  const found = new Map<string, string>()
  for (const word of line.trim().split(/\s+/)) {
    const [, key, value] = /^(id|name|authorize|token|client|secret|scope|hosts)=(.+)$/.exec(word) ?? []
    if (key === undefined || value === undefined || found.has(key)) return undefined
    found.set(key, value)
  }
  const list = (key: string) => (found.get(key) ?? '').split('+').filter((one) => one !== '')
  const id = found.get('id') ?? ''
  const authorizeUrl = httpsUrl(found.get('authorize'))
  const tokenUrl = httpsUrl(found.get('token'))
  const clientId = found.get('client')
  const hosts = list('hosts').map((one) => one.toLowerCase())
  if (!ID.test(id) || authorizeUrl === undefined || tokenUrl === undefined || clientId === undefined) return undefined
  if (!hosts.every((one) => HOST.test(one))) return undefined
  return {
    id,
    name: (found.get('name') ?? id).replaceAll('_', ' '),
    authorizeUrl,
    tokenUrl,
    scopes: list('scope'),
    hosts,
    isDemanded: false,
    redirectHost: '127.0.0.1',
    clientId,
    clientSecret: found.get('secret') ?? '',
  }
}

/** A URL of HTTPS without login and fragment, as it is dialled; undefined for anything else. */
export function httpsUrl(text: string | undefined): string | undefined {
  if (text === undefined || text.length > 2000 || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const isPlain = url.username === '' && url.password === '' && url.hash === ''
  return url.protocol === 'https:' && isPlain ? url.href : undefined
}
