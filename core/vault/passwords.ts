import { createHmac, randomBytes } from 'node:crypto'
import { getSecret } from '../store/secret.ts'
import type { Store } from '../store/types.ts'
import { asMade, newAppPassword } from './app-password.ts'
import { freshSalt, makeVerifier, parseVerifier, ROUNDS, whichFits, type Verifier } from './verifier.ts'

/** Where a verifier is kept. */
export interface SecretName {
  readonly kind: string
  readonly name: string
}
/** What SCRAM proves a password against (RFC 5802 §3). */
export interface ScramKeysOf<S extends SecretName> {
  readonly salt: Uint8Array
  readonly rounds: number
  readonly keys: readonly { readonly secret: S; readonly storedKey: Uint8Array; readonly serverKey: Uint8Array }[]
}

/** The passwords people and programs sign in with, kept as verifiers. */
export interface Passwords {
  /** What to keep of a password. `beside`: where those of the same user are, whose salt it must share. */
  verifierOf(password: string, beside: readonly SecretName[]): Promise<Uint8Array>
  /** A new password for a program, and what to keep of it. */
  newAppPassword(beside: readonly SecretName[]): Promise<{ readonly password: string; readonly verifier: Uint8Array }>
  /**
   * The one among these verifiers that a password fits. None at all, a user that does not exist, takes as long. Throws when
   * too many wait.
   */
  find<S extends SecretName>(secrets: readonly S[], password: string): Promise<S | undefined>
  /** What SCRAM needs of these verifiers; for none, a user that does not exist, salt and rounds that stay the same. */
  scramKeys<S extends SecretName>(secrets: readonly S[], user: string): ScramKeysOf<S>
}

/** From it comes the salt of names that nobody has. */
const DECOY = { kind: 'login', name: 'decoy' } as const

/** The passwords of an open store. */
export async function openPasswords(store: Pick<Store, 'read' | 'write'>): Promise<Passwords> {
  const decoyKey = getSecret(store.read, DECOY.kind, DECOY.name) ?? (await makeDecoyKey(store))
  const read = <S extends SecretName>(secrets: readonly S[]): (Verifier & { readonly secret: S })[] =>
    secrets.flatMap((secret) => {
      const kept = getSecret(store.read, secret.kind, secret.name)
      const verifier = kept && parseVerifier(Buffer.from(kept).toString('utf8'))
      return verifier === undefined ? [] : [{ ...verifier, secret }]
    })
  const verifierOf = async (password: string, beside: readonly SecretName[]) =>
    Buffer.from(JSON.stringify(await makeVerifier(password, read(beside)[0] ?? freshSalt())), 'utf8')

  return {
    verifierOf,
    async newAppPassword(beside) {
      const password = newAppPassword()
      return { password, verifier: await verifierOf(password, beside) }
    },
    async find(secrets, password) {
      const verifiers = read(secrets)
      const found = await whichFits(verifiers, password)
      const retyped = found === undefined ? asMade(password) : undefined
      return (found ?? (retyped === undefined ? undefined : await whichFits(verifiers, retyped)))?.secret
    },
    scramKeys(secrets, user) {
      const [first, ...others] = read(secrets)
      if (first === undefined) {
        const salt = createHmac('sha256', decoyKey).update(user).digest().subarray(0, 16)
        return { salt, rounds: ROUNDS, keys: [] }
      }
      const bytes = (base64: string) => Buffer.from(base64, 'base64')
      const sharing = others.filter(({ salt, rounds }) => salt === first.salt && rounds === first.rounds)
      const keys = [first, ...sharing].map(({ secret, storedKey, serverKey }) => ({
        secret,
        storedKey: bytes(storedKey),
        serverKey: bytes(serverKey),
      }))
      return { salt: bytes(first.salt), rounds: first.rounds, keys }
    },
  }
}

async function makeDecoyKey({ write }: Pick<Store, 'write'>): Promise<Uint8Array> {
  const value = randomBytes(32)
  await write('secret.put', { ...DECOY, value })
  return value
}
