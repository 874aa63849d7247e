import { formatMailbox } from '../model/address.ts'
import { findLogin, VERIFIER_KIND } from '../store/local-user.ts'
import type { Store } from '../store/types.ts'
import type { CheckLogin } from './submission.ts'

/**
 * Joint: serve ← vault. Whether the password fits the verifier kept as a secret of that kind and name; for `undefined` it
 * spends the same time and says no.
 */
export type CheckPassword = (
  secret: { readonly kind: string; readonly name: string } | undefined,
  password: string,
) => Promise<boolean>

/** Signs local users in. An unknown user costs the same time as a wrong password, so that nobody can ask who is here. */
export function localLogin(store: Pick<Store, 'read' | 'write'>, checkPassword: CheckPassword): CheckLogin {
  return async (name, password) => {
    const user = findLogin(store.read, name)
    const secret = user && { kind: VERIFIER_KIND, name: String(user.id) }
    const fits = await checkPassword(secret, password)
    if (user === undefined || !fits) return undefined
    // When it was last used is worth knowing, and not worth waiting for.
    store.write('user.touch', { id: user.id }).catch(() => {})
    return { userId: user.id, address: formatMailbox(user.mailbox) }
  }
}
