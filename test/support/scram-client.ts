import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

/*
 * The client's side of SCRAM-SHA-256 (RFC 5802 §3), for tests: written apart from the server's, from the formulas of the RFC.
 */

const hmac = (key: Uint8Array, text: string) => createHmac('sha256', key).update(text).digest()
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

/** StoredKey and ServerKey of a password. */
export function scramKeys(password: string, salt: Uint8Array, rounds: number) {
  const salted = pbkdf2Sync(password, salt, rounds, 32, 'sha256')
  return { storedKey: hash(hmac(salted, 'Client Key')), serverKey: hmac(salted, 'Server Key') }
}

/** One login of a client that knows a password. `gs2` is the header with its flag, `binding` the channel's bytes. */
export class ScramClient {
  readonly first: string
  readonly #bare: string
  readonly #password: string
  readonly #gs2: string
  readonly #binding: Uint8Array
  /** What the server has to say last. */
  verifier = ''

  constructor(
    user: string,
    password: string,
    { gs2 = 'n,,', nonce = 'rOprNGfwEbeRWgbNEkqO', binding = Buffer.alloc(0) } = {},
  ) {
    this.#bare = `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`
    this.first = gs2 + this.#bare
    this.#gs2 = gs2
    this.#binding = binding
    this.#password = password
  }

  /** The last message of the client, in answer to the first of the server. */
  final(serverFirst: string): string {
    const {
      r = '',
      s = '',
      i = '',
    } = Object.fromEntries(serverFirst.split(',').map((part) => [part.slice(0, 1), part.slice(2)]))
    const channel = Buffer.concat([Buffer.from(this.#gs2), this.#binding]).toString('base64')
    const withoutProof = `c=${channel},r=${r}`
    const all = `${this.#bare},${serverFirst},${withoutProof}`
    const salted = pbkdf2Sync(this.#password, Buffer.from(s, 'base64'), Number(i), 32, 'sha256')
    const clientKey = hmac(salted, 'Client Key')
    const signature = hmac(hash(clientKey), all)
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)))
    this.verifier = `v=${hmac(hmac(salted, 'Server Key'), all).toString('base64')}`
    return `${withoutProof},p=${proof.toString('base64')}`
  }
}
