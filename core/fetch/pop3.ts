import { isFault, reasonOf } from '../base/fault.ts'
import { openPop3 } from '../net/pop3-client-driver.ts'
import type { OpenedPop3, Pop3Session } from '../net/pop3-words.ts'
import type { Account } from '../store/account.ts'
import { openWithLogin } from './account-login.ts'
import type { FetchDeps, Fetched, NoLogin } from './fetch-deps.ts'
import { Pop3Run } from './pop3-run.ts'
import { describeTrouble, retryOf } from './words.ts'

/** Opens an account's maildrop with what it signs in with. */
export function openMaildrop(account: Account, deps: FetchDeps, signal?: AbortSignal): Promise<OpenedPop3 | NoLogin> {
  const { host, port, tls, user, id: accountId } = account
  const allowApop = account.pop3?.allowApop ?? true
  const target = { host, port, tls, user, allowApop, accountId }
  return openWithLogin(
    account,
    deps,
    ({ kind: login, secret: password }) => openPop3({ ...target, login, password }, deps, signal),
    // Not where it wants a pause, or the maildrop is in use: a second login at once would be one too many.
    (opened) => !opened.ok && opened.trouble.kind === 'refused' && retryOf(opened.trouble) === 'person',
  )
}

/**
 * Fetches what is new in an account's maildrop. A message is deleted on the server only after it is committed here, with its
 * unique-id in the same operation; so neither a crash nor a lost connection loses a message or brings it twice.
 */
export async function fetchAccount(account: Account, deps: FetchDeps, signal?: AbortSignal): Promise<Fetched> {
  const nothing = { fetched: 0, removed: 0 }
  const opened = await openMaildrop(account, deps, signal)
  if ('problem' in opened) return { ...nothing, ...opened, sessionId: undefined }
  if (!opened.ok) {
    const { trouble, sessionId } = opened
    return { ...nothing, problem: describeTrouble(trouble, account), sessionId, retry: retryOf(trouble) }
  }
  const { session } = opened
  const run = new Pop3Run(account, deps, session)
  let problem: string | null
  try {
    await learn(account, session, deps)
    problem = await run.run()
  } catch (error) {
    // A fault of ours, such as a full disk. What is on the server stays there.
    session.transcript.note(`fetch given up: ${reasonOf(error)}`)
    session.abandon({ kind: 'given-up' })
    problem = isFault(error, 'store.full')
      ? 'The disk is full: mail stays on the server until there is room.'
      : `The fetch was given up: ${reasonOf(error)}`
  }
  return { fetched: run.fetched, removed: run.removed, problem, sessionId: session.sessionId }
}

/** Remembers what the server says of itself, where that is news. */
async function learn({ id, pop3 }: Account, { facts }: Pop3Session, { store }: FetchDeps): Promise<void> {
  const { signedInBy, loginDelaySeconds, expireDays } = facts
  const isKnown =
    pop3?.signedInBy === signedInBy && pop3.loginDelaySeconds === loginDelaySeconds && pop3.expireDays === expireDays
  if (pop3 !== null && !isKnown)
    await store.write('pop3.learn', { accountId: id, signedInBy, loginDelaySeconds, expireDays })
}
