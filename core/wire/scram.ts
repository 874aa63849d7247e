/**
 * The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677) as texts and values: no socket, and the
 * hash is handed in. SMTP and POP3 wrap the same messages in lines of their own.
 */

/** Channel bindings we know (RFC 9266 §2, RFC 5929 §4). */
export type BindingName = 'tls-exporter' | 'tls-server-end-point'
/** Who a key lets in. */
export interface ScramLogin {
  readonly userId: number
  readonly address: string
}
/** What is kept of one password (RFC 5802 §3). */
export interface ScramKey {
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
  /** Who signs in by it, asked once the proof fits; undefined when it was revoked meanwhile. */
  signIn(): ScramLogin | undefined
}
/**
 * What a user's passwords are proved against: all of them share salt and rounds. An unknown user has some, too, the same
 * at each try, and no key that any proof fits.
 */
export interface ScramCredentials {
  readonly salt: Uint8Array
  readonly rounds: number
  readonly keys: readonly ScramKey[]
}
/** SHA-256 and HMAC-SHA-256, from the platform. */
export interface ScramPrimitives {
  sha256(bytes: Uint8Array): Uint8Array
  hmac(key: Uint8Array, text: string): Uint8Array
}

/** The client's first message, read (RFC 5802 §7). */
export interface ClientFirst {
  readonly user: string
  readonly nonce: string
  /** Header with the flag of channel binding, as it is hashed later. */
  readonly gs2: string
  /** The rest of the message. */
  readonly bare: string
  readonly binding: BindingName | undefined
}
/** What both sides have said once the server has given salt and rounds. */
export interface ScramExchange {
  readonly first: ClientFirst
  readonly credentials: ScramCredentials
  readonly nonce: string
  /** Our message. */
  readonly serverFirst: string
}

/** Names and nonces beyond this are nobody's. */
const LONGEST_VALUE = 512
/** Our answer repeats the nonce, and has to fit into a reply line (RFC 5321 §4.5.3.1.5). */
const LONGEST_NONCE = 200
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** `isPlus` is the mechanism that was chosen, `bindings` what this connection could have had. */
export interface ScramTerms {
  readonly isPlus: boolean
  readonly bindings: readonly BindingName[]
}

/**
 * Reads the client's first message. Undefined when it is none, acts for another user, or flags its channel binding wrongly:
 * `p` belongs to -PLUS alone, and `y` says that the server offered no -PLUS, which only an attacker can have told it
 * where we did (RFC 5802 §6).
 */
export function readClientFirst(text: string, { isPlus, bindings }: ScramTerms): ClientFirst | undefined {
  // eslint-disable-next-line no-control-regex -- a NUL is what must not be there
  const match = /^((?:p=([A-Za-z0-9.-]+)|([ny])),(?:a=([^,\0]+))?,)(n=([^,\0]+),r=([!-+\--~]+)(?:,[^\0]+)?)$/s.exec(
    text,
  )
  if (match === null) return undefined
  const [, gs2 = '', name, flag, authzid, bare = '', saslName = '', nonce = ''] = match
  if (isPlus !== (name !== undefined)) return undefined
  const binding = bindings.find((known) => known === name)
  if (isPlus && binding === undefined) return undefined
  if (flag === 'y' && bindings.length > 0) return undefined
  const user = readName(saslName)
  if (user === undefined || nonce.length > LONGEST_NONCE) return undefined
  if (authzid !== undefined && readName(authzid) !== user) return undefined
  return { user, nonce, gs2, bare, binding }
}

/** `=2C` and `=3D` stand for comma and equals sign (RFC 5802 §5.1); any other `=` is a fault. */
function readName(written: string): string | undefined {
  if (written.length > LONGEST_VALUE || /=(?!2C|3D)/.test(written)) return undefined
  return written.replaceAll('=2C', ',').replaceAll('=3D', '=')
}

/** Answers the client's first message. `serverNonce` is fresh, at least 18 random bytes in base64. */
export function beginScram(first: ClientFirst, credentials: ScramCredentials, serverNonce: string): ScramExchange {
  const nonce = first.nonce + serverNonce
  const serverFirst = `r=${nonce},s=${toBase64(credentials.salt)},i=${credentials.rounds}`
  return { first, credentials, nonce, serverFirst }
}

/** Who has proved to know a password, and our last message, by which the client knows us. */
export interface ScramProof {
  readonly login: ScramLogin
  readonly serverFinal: string
}

/**
 * Reads the client's last message and checks its proof against each key (RFC 5802 §3). `bindingData` is that of the binding
 * the client chose. Undefined when it proves nothing, for whatever reason: a client is not told which.
 */
export function finishScram(
  exchange: ScramExchange,
  message: string,
  bindingData: Uint8Array | undefined,
  { sha256, hmac }: ScramPrimitives,
): ScramProof | undefined {
  const match = /^(c=([A-Za-z0-9+/=]+),r=([!-+\--~]+)(?:,[^\0]+?)?),p=([A-Za-z0-9+/=]+)$/s.exec(message)
  if (match === null) return undefined
  const [, withoutProof = '', header = '', nonce, written = ''] = match
  const proof = fromBase64(written)
  const said = fromBase64(header)
  if (nonce !== exchange.nonce || proof?.length !== 32 || said === undefined) return undefined
  if (exchange.first.binding !== undefined && bindingData === undefined) return undefined
  if (!isSame(said, bindingInput(exchange.first, bindingData))) return undefined

  const all = `${exchange.first.bare},${exchange.serverFirst},${withoutProof}`
  for (const key of exchange.credentials.keys) {
    const signature = hmac(key.storedKey, all)
    const clientKey = proof.map((byte, i) => byte ^ (signature[i] ?? 0))
    if (!isSame(sha256(clientKey), key.storedKey)) continue
    const login = key.signIn()
    return login && { login, serverFinal: `v=${toBase64(hmac(key.serverKey, all))}` }
  }
  return undefined
}

/** cbind-input of RFC 5802 §7: the header as it was said, and the channel's own bytes behind it. */
function bindingInput(first: ClientFirst, data: Uint8Array | undefined): Uint8Array {
  const header = new TextEncoder().encode(first.gs2)
  const more = (first.binding && data) ?? new Uint8Array(0)
  const input = new Uint8Array(header.length + more.length)
  input.set(header)
  input.set(more, header.length)
  return input
}

/** Compares without telling by its time how much was right. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}

const toBase64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes))

function fromBase64(text: string): Uint8Array | undefined {
  return BASE64.test(text) ? Uint8Array.from(atob(text), (c) => c.charCodeAt(0)) : undefined
}
