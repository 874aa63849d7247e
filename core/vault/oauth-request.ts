import { createHash, randomBytes } from 'node:crypto'
import type { HttpsAnswer, HttpsGet, HttpsTerms } from '../net/https-get.ts'
import type { OwnProvider } from '../model/sign-in-provider.ts'

/** What a provider's token endpoint gave (RFC 6749 §5.1), or why it gave nothing. */
export type Granted =
  | {
      readonly ok: true
      readonly access: string
      /** Null where the one there is goes on to count. */
      readonly refresh: string | null
      readonly forMs: number
    }
  /** `isOver`: what was shown counts no more, and only the person can change that. */
  | { readonly ok: false; readonly isOver: boolean; readonly reason: string }
/** Where token endpoints are asked. */
export interface TokenPeers {
  readonly ask: HttpsGet
  readonly caFile: () => string
}

const ASK_MS = 30_000
const MOST_BYTES = 65_536
/** What a provider that does not say how long is believed for, and the most that is believed. */
const USUAL_SECONDS = 600
const MOST_SECONDS = 30 * 86_400
const LONGEST_TOKEN = 16_384
const LONGEST_SAID = 200

/** One sign-in's secrets: what proves in the end that it was we who began it (RFC 7636 §4.1, RFC 6749 §10.12). */
export function freshProof(): { readonly verifier: string; readonly state: string } {
  return { verifier: randomBytes(32).toString('base64url'), state: randomBytes(32).toString('base64url') }
}

/** Where the browser begins: authorization code with PKCE by S256 (RFC 7636 §4.3). */
export function authorizeUrlOf(
  provider: OwnProvider,
  how: {
    readonly redirectUri: string
    readonly verifier: string
    readonly state: string
    readonly user: string
  },
): string {
  const url = new URL(provider.authorizeUrl)
  const parameters = {
    response_type: 'code',
    client_id: provider.clientId,
    redirect_uri: how.redirectUri,
    ...(provider.scopes.length > 0 && { scope: provider.scopes.join(' ') }),
    state: how.state,
    code_challenge: createHash('sha256').update(how.verifier, 'ascii').digest('base64url'),
    code_challenge_method: 'S256',
    login_hint: how.user,
    ...provider.extra,
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

/** Changes the code the browser brought into tokens (RFC 6749 §4.1.3, RFC 7636 §4.5). */
export function askForCode(
  provider: OwnProvider,
  how: { readonly code: string; readonly redirectUri: string; readonly verifier: string },
  peers: TokenPeers,
): Promise<Granted> {
  const { code, redirectUri, verifier } = how
  return ask(
    provider,
    { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier },
    peers,
  )
}

/** Gets another access token (RFC 6749 §6). */
export function askAgain(provider: OwnProvider, refresh: string, peers: TokenPeers): Promise<Granted> {
  return ask(provider, { grant_type: 'refresh_token', refresh_token: refresh }, peers)
}

async function ask(
  provider: OwnProvider,
  parameters: Readonly<Record<string, string>>,
  peers: TokenPeers,
): Promise<Granted> {
  const url = new URL(provider.tokenUrl)
  const body = new URLSearchParams({
    ...parameters,
    client_id: provider.clientId,
    ...(provider.clientSecret !== '' && { client_secret: provider.clientSecret }),
  }).toString()
  const terms: HttpsTerms = {
    caFile: peers.caFile(),
    // The URL is of the program or of the person's own settings, never of a stranger.
    allowPrivate: true,
    ...(url.port !== '' && { port: Number(url.port) }),
    accept: 'application/json',
    post: { mediaType: 'application/x-www-form-urlencoded', body },
    mostBytes: MOST_BYTES,
    timeoutMs: ASK_MS,
  }
  return readGrant(provider.name, url.hostname, await peers.ask(url.hostname, `${url.pathname}${url.search}`, terms))
}

/** Words of a provider that say that what it gave counts no more: §5.2, and those that large ones add. */
const OVER = /^(?:invalid_grant|interaction_required|consent_required|login_required|access_denied)$/

/** What is said of an error is for the log and a screen: one line of ASCII, and never what could be a token. */
const plain = (text: unknown) =>
  typeof text === 'string'
    ? text
        .slice(0, LONGEST_SAID)
        .replaceAll(/[^ -~]/g, '?')
        .replaceAll(/[\w.~+/-]{40,}/g, '…')
    : ''

function readGrant(name: string, host: string, answer: HttpsAnswer): Granted {
  const failed = (reason: string, isOver = false): Granted => ({ ok: false, isOver, reason })
  if (!answer.ok) return failed(`${name} could not be asked at ${host}: ${answer.reason}`)
  const said = jsonOf(answer.body)
  if (answer.status !== 200) {
    const error = plain(said?.['error'])
    if (error === '') return failed(`${name} answers ${answer.status} at ${host}`)
    const more = plain(said?.['error_description'])
    return failed(`${name} says: ${error}${more === '' ? '' : ` (${more})`}`, OVER.test(error))
  }
  const access = said?.['access_token']
  const type = said?.['token_type']
  if (!isToken(access) || (typeof type === 'string' && type.toLowerCase() !== 'bearer'))
    return failed(`${name} answers with no token that mail can be fetched with`)
  const refresh = said?.['refresh_token']
  const seconds = Number(said?.['expires_in'] ?? USUAL_SECONDS)
  return {
    ok: true,
    access,
    refresh: isToken(refresh) ? refresh : null,
    forMs: Math.min(seconds > 0 ? seconds : USUAL_SECONDS, MOST_SECONDS) * 1000,
  }
}

/** RFC 6749 §A.12: printable ASCII. Anything else could not be sent to a mail server as one token. */
const isToken = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= LONGEST_TOKEN && /^[!-~]+$/.test(value)

function jsonOf(body: Buffer): Record<string, unknown> | undefined {
  try {
    const found: unknown = JSON.parse(body.toString('utf8'))
    return typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
