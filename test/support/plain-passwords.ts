import { pbkdf2Sync, randomBytes } from 'node:crypto'
import type { Store } from '../../core/store/types.ts'
import { scramKeys } from './scram-client.ts'

type SecretName = { readonly kind: string; readonly name: string }
/** Few rounds: these tests are about who may sign in, not about how hard a password is to guess. */
const ROUNDS = 4096

/**
 * What a vault does for logins, written anew for rooms that may not import it: passwords are kept as they are, beside the salt
 * that all of one user share.
 */
export function plainPasswords(store: Pick<Store, 'read'>) {
  const keptOf = ({ kind, name }: SecretName) => {
    const row = store.read.prepare('SELECT value FROM secret WHERE kind = ? AND name = ?').get(kind, name)
    if (row === undefined) return undefined
    return JSON.parse(Buffer.from((row as { value: Uint8Array }).value).toString()) as {
      password: string
      salt: string
    }
  }
  const verifierOf = async (password: string, beside: readonly SecretName[]) => {
    const salt = beside.map(keptOf).find((kept) => kept !== undefined)?.salt ?? randomBytes(16).toString('base64')
    return Buffer.from(JSON.stringify({ password, salt }))
  }
  let made = 0
  return {
    verifierOf,
    newAppPassword: async (beside: readonly SecretName[]) => {
      const password = `app password ${++made}`
      return { password, verifier: await verifierOf(password, beside) }
    },
    find: async <S extends SecretName>(secrets: readonly S[], password: string) =>
      secrets.find((secret) => keptOf(secret)?.password === password),
    scramKeys<S extends SecretName>(secrets: readonly S[], user: string) {
      const salt = Buffer.from(
        (secrets[0] && keptOf(secrets[0])?.salt) ?? pbkdf2Sync(user, 'nobody', 1, 16, 'sha256').toString('base64'),
        'base64',
      )
      const keys = secrets.map((secret) => ({ secret, ...scramKeys(keptOf(secret)?.password ?? '', salt, ROUNDS) }))
      return { salt, rounds: ROUNDS, keys }
    },
  }
}
