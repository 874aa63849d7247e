import { getSecret, listSecretNames } from '../store/secret.ts'
import type { Store } from '../store/types.ts'

/** What a secret is for; its name says whose. */
export type SecretKind =
  | 'account-password' // name: account id
  | 'account-token' // name: account id; an OAuth 2.0 access token
  | 'sign-in-refresh' // name: sign-in id; what gets access tokens (RFC 6749 §1.5)
  | 'local-user' // name: local user id; a SCRAM verifier
  | 'route-login' // name: route id
  | 'tls' // name: what the certificate is for
  | 'pop3-uidl' // name: key; what unique-ids of the POP3 server are made with

/** Secrets at rest. Values go from here to the one who signs in with them and nowhere else. */
export interface Vault {
  /** Resolves when it is committed. */
  putSecret(kind: SecretKind, name: string, value: string): Promise<void>
  getSecret(kind: SecretKind, name: string): string | undefined
  removeSecret(kind: SecretKind, name: string): Promise<void>
  listNames(kind: SecretKind): string[]
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
  }
}

/** What a mail account signs in with: a token where there is one, else a password, else undefined. */
export function accountLogin(
  secrets: Pick<Vault, 'getSecret'>,
  accountId: number,
): { readonly kind: 'password' | 'token'; readonly secret: string } | undefined {
  for (const kind of ['token', 'password'] as const) {
    const secret = secrets.getSecret(`account-${kind}`, String(accountId))
    if (secret !== undefined) return { kind, secret }
  }
  return undefined
}
