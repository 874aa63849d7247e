import { X509Certificate } from 'node:crypto'
import { getSecret, listSecretNames } from '../store/secret.ts'
import type { Store } from '../store/types.ts'
import { selfSigned } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import { checkPassword, makeVerifier, parseVerifier } from './verifier.ts'

/** What a secret is for; its name says whose. */
export type SecretKind =
  | 'account-password' // name: account id
  | 'local-user' // name: local user id; a SCRAM verifier
  | 'route-login' // name: route id
  | 'tls' // name: what the certificate is for

const CERTIFICATE_NAMES = ['localhost', '127.0.0.1', '::1']
/** A certificate is made anew when it has less than this left, so that one never ends while a server runs. */
const RENEW_MS = 60 * 86_400_000

/** Secrets at rest. Values go from here to the one who signs in with them and nowhere else. */
export interface Vault {
  /** Resolves when it is committed. */
  putSecret(kind: SecretKind, name: string, value: string): Promise<void>
  getSecret(kind: SecretKind, name: string): string | undefined
  removeSecret(kind: SecretKind, name: string): Promise<void>
  listNames(kind: SecretKind): string[]
  /** What to keep of a new password, as the value of a secret: enough to check it, not enough to know it. */
  makeVerifier(password: string): Promise<Uint8Array>
  /** Whether a password fits the verifier kept as that secret. `undefined`, nobody, takes as long as a wrong password. */
  checkPassword(
    secret: { readonly kind: string; readonly name: string } | undefined,
    password: string,
  ): Promise<boolean>
  /** Key and certificate of this installation's own servers: made once, and made anew before they end. */
  certificate(nowMs: number): Promise<Certificate>
}

/** The vault of an open store. */
export function vault(store: Store): Vault {
  const get = (kind: SecretKind, name: string) => {
    const value = getSecret(store.read, kind, name)
    return value === undefined ? undefined : Buffer.from(value).toString('utf8')
  }
  const put = async (kind: SecretKind, name: string, value: string) => {
    await store.write('secret.put', { kind, name, value: Buffer.from(value, 'utf8') })
  }
  return {
    putSecret: put,
    getSecret: get,
    async removeSecret(kind, name) {
      await store.write('secret.remove', { kind, name })
    },
    listNames: (kind) => listSecretNames(store.read, kind),
    makeVerifier: async (password) => Buffer.from(JSON.stringify(await makeVerifier(password)), 'utf8'),
    async checkPassword(secret, password) {
      const stored = secret === undefined ? undefined : getSecret(store.read, secret.kind, secret.name)
      const verifier = stored === undefined ? undefined : parseVerifier(Buffer.from(stored).toString('utf8'))
      return checkPassword(verifier, password)
    },
    async certificate(nowMs) {
      const kept = toCertificate(get('tls', 'submission'))
      if (kept !== undefined && kept.notAfterMs - nowMs > RENEW_MS) return kept
      const fresh = selfSigned(CERTIFICATE_NAMES, { nowMs })
      await put('tls', 'submission', fresh.key + fresh.cert)
      return fresh
    },
  }
}

/** Key and certificate from the PEM text they are kept as; undefined when it holds none. */
function toCertificate(pem: string | undefined): Certificate | undefined {
  const parts = /^(-----BEGIN PRIVATE KEY-----[^]+-----END PRIVATE KEY-----\n)(-----BEGIN CERTIFICATE-----[^]+)$/.exec(
    pem ?? '',
  )
  const [, key, cert] = parts ?? []
  if (key === undefined || cert === undefined) return undefined
  const { fingerprint256, validTo } = new X509Certificate(cert)
  return { key, cert, fingerprint256, notAfterMs: Date.parse(validTo) }
}
