import type { Account } from '../store/account.ts'
import type { AccountLogin, FetchDeps, NoLogin } from './fetch-deps.ts'

const MISSING: NoLogin = {
  problem: 'The password of this account is missing: give it again in the settings of the account.',
  retry: 'person',
}

/**
 * Opens a session with what the account signs in with. A token of a sign-in may end before its hour: where the server refuses it,
 * the session is opened once more with another one.
 */
export async function openWithLogin<T extends { readonly ok: boolean }>(
  account: Pick<Account, 'id' | 'signInId'>,
  { loginOf }: Pick<FetchDeps, 'loginOf'>,
  open: (login: AccountLogin) => Promise<T>,
  isRefused: (opened: T) => boolean,
): Promise<T | NoLogin> {
  const login = (await loginOf(account.id)) ?? MISSING
  if ('problem' in login) return login
  const opened = await open(login)
  if (opened.ok || account.signInId === null || !isRefused(opened)) return opened
  const another = (await loginOf(account.id, login.secret)) ?? MISSING
  if ('problem' in another) return another
  return another.secret === login.secret ? opened : open(another)
}
