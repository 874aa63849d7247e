import type { ScramPrimitives } from '../scram.ts'

/** How a client signs in: `token` is an OAuth 2.0 access token. */
export interface ClientLogin {
  readonly user: string
  readonly secret: string
  readonly kind: 'password' | 'token'
  /** The server as the user named it, for OAUTHBEARER (RFC 7628 §3.1). */
  readonly host: string
  readonly port: number
}
/** What SCRAM needs of the platform. `nonce`: fresh, printable, without a comma. */
export interface ClientSaslPrimitives extends ScramPrimitives {
  nonce(): string
}

/** What a client answers within AUTH. */
export type SaslAnswer =
  /** Sends that text, not yet in base64. */
  | { readonly do: 'say'; readonly text: string; readonly next: SaslExchange }
  /** PBKDF2 with HMAC-SHA-256 over the prepared password; it takes long, so somebody else does it. */
  | {
      readonly do: 'derive'
      readonly password: string
      readonly salt: Uint8Array
      readonly rounds: number
      readonly goOn: (salted: Uint8Array) => SaslAnswer
    }
  /** The server is wrong, or is not who it should be. */
  | { readonly do: 'stop'; readonly reason: string }
/** One mechanism under way. */
export interface SaslExchange {
  /** Answers a challenge. */
  onChallenge(challenge: string): SaslAnswer
  /** False while a success cannot be believed: with SCRAM the server proves that it knows the password, too. */
  readonly mayEnd: boolean
}
/** A mechanism at its beginning. */
export interface SaslStart {
  readonly mechanism: string
  /** What the client says first, where the mechanism lets it begin. */
  readonly initial?: string
  readonly exchange: SaslExchange
}

/** Best first. What proves a password without telling it comes before what tells it. */
const FOR_PASSWORD = ['SCRAM-SHA-256', 'PLAIN', 'LOGIN'] as const
const FOR_TOKEN = ['OAUTHBEARER', 'XOAUTH2'] as const

/** Mechanisms that the server offers and this login can use, best first. */
export function listMechanisms(offered: readonly string[], login: ClientLogin): string[] {
  const usable: readonly string[] = login.kind === 'token' ? FOR_TOKEN : FOR_PASSWORD
  return usable.filter((one) => offered.includes(one))
}

const stop = (reason: string): SaslAnswer => ({ do: 'stop', reason })
/** Whatever comes now is one challenge too many. */
const atEnd: SaslExchange = {
  mayEnd: true,
  onChallenge: () => stop('the server asks on after all was said'),
}

/** Begins one of the mechanisms of `listMechanisms`. */
export function startSasl(mechanism: string, login: ClientLogin, primitives: ClientSaslPrimitives): SaslStart {
  switch (mechanism) {
    case 'SCRAM-SHA-256':
      return startScram(login, primitives)
    case 'PLAIN': // RFC 4616 §2
      return { mechanism, initial: `\0${login.user}\0${login.secret}`, exchange: atEnd }
    case 'LOGIN':
      return { mechanism, exchange: tell(login.user, tell(login.secret, atEnd)) }
    case 'OAUTHBEARER': {
      const { host, port, secret } = login
      const initial = `n,a=${saslName(login.user)},\u0001host=${host}\u0001port=${port}\u0001auth=Bearer ${secret}\u0001\u0001`
      // RFC 7628 §3.2.3: the reason comes as a challenge, and 0x01 asks for the refusal itself.
      return { mechanism, initial, exchange: tell('\u0001', atEnd) }
    }
    case 'XOAUTH2':
      return {
        mechanism,
        initial: `user=${login.user}\u0001auth=Bearer ${login.secret}\u0001\u0001`,
        exchange: tell('', atEnd),
      }
    default:
      throw new Error(`sign in with ${mechanism}: it is not known`)
  }
}

/** Says `text` to whatever is asked. */
function tell(text: string, next: SaslExchange): SaslExchange {
  return { mayEnd: true, onChallenge: () => ({ do: 'say', text, next }) }
}

/** RFC 5802 §5.1: comma and equals sign have names of their own. */
const saslName = (user: string) => user.replaceAll('=', '=3D').replaceAll(',', '=2C')
/** The form a password is derived from: what SASLprep maps (RFC 4013 §2.1), then NFKC. */
const prepare = (password: string) =>
  password
    .replaceAll(/\p{Zs}/gu, ' ')
    .replaceAll(/\u00AD|\u1806|[\u200B-\u200D]|\u2060|[\uFE00-\uFE0F]|\uFEFF/gu, '')
    .normalize('NFKC')

/** RFC 7677 §4 wants 4,096 at least; what is beyond a million is there to keep us busy. */
const LEAST_ROUNDS = 4096
const MOST_ROUNDS = 1_000_000
const BASE64 = '[A-Za-z0-9+/]+={0,2}'
const SERVER_FIRST = new RegExp(`^r=([!-+\\--~]{1,1024}),s=(${BASE64}),i=([1-9][0-9]{0,9})(?:,.*)?$`, 's')

/** The client's side of RFC 5802 without channel binding. */
function startScram(login: ClientLogin, { hmac, sha256, nonce }: ClientSaslPrimitives): SaslStart {
  const own = nonce()
  const bare = `n=${saslName(login.user)},r=${own}`
  const onServerFirst = (serverFirst: string): SaslAnswer => {
    const [, whole = '', salt = '', rounds = ''] = SERVER_FIRST.exec(serverFirst) ?? []
    if (whole === '') return stop('its first message of SCRAM makes no sense')
    if (!whole.startsWith(own) || whole.length === own.length) return stop('it does not go on with our nonce')
    if (Number(rounds) < LEAST_ROUNDS || Number(rounds) > MOST_ROUNDS) return stop(`it asks for ${rounds} rounds`)
    const withoutProof = `c=biws,r=${whole}` // biws: `n,,` in base64, no channel binding
    const said = `${bare},${serverFirst},${withoutProof}`
    return {
      do: 'derive',
      password: prepare(login.secret),
      salt: fromBase64(salt),
      rounds: Number(rounds),
      goOn(salted) {
        const clientKey = hmac(salted, 'Client Key')
        const signature = hmac(sha256(clientKey), said)
        const proof = clientKey.map((byte, i) => byte ^ (signature[i] ?? 0))
        const expected = toBase64(hmac(hmac(salted, 'Server Key'), said))
        return { do: 'say', text: `${withoutProof},p=${toBase64(proof)}`, next: scramEnd(expected) }
      },
    }
  }
  return { mechanism: 'SCRAM-SHA-256', initial: `n,,${bare}`, exchange: { mayEnd: false, onChallenge: onServerFirst } }
}

/** The server's signature shows that it knows the password as well (RFC 5802 §3); then an empty answer ends it. */
function scramEnd(expected: string): SaslExchange {
  return {
    mayEnd: false,
    onChallenge(serverFinal) {
      if (/^v=([^,]+)/.exec(serverFinal)?.[1] === expected) return { do: 'say', text: '', next: atEnd }
      return stop('it does not know our password either: it cannot be the server that is meant')
    },
  }
}

const fromBase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
const toBase64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes))

/** Text as a base64 line of AUTH; `=` stands for nothing in an initial response (RFC 4954 §4). */
export function encodeAnswer(text: string): string {
  return toBase64(new TextEncoder().encode(text))
}

/** A challenge as text; undefined when it is no base64 of a sane length. */
export function decodeChallenge(line: string): string | undefined {
  const text = line.trim()
  if (text.length > 8192 || !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    return undefined
  return new TextDecoder().decode(fromBase64(text))
}
