import { isFault, reasonOf } from '../base/fault.ts'
import { openPop3 } from '../net/pop3-client-driver.ts'
import type { Pop3Session, Pop3Target } from '../net/pop3-words.ts'
import type { Account } from '../store/account.ts'
import type { FetchDeps, Fetched } from './fetch-deps.ts'
import { Pop3Run } from './pop3-run.ts'
import { describeTrouble, retryOf } from './words.ts'

/** Where an account's maildrop is and what opens it; undefined where the vault has nothing. */
export async function targetOf(account: Account, deps: FetchDeps): Promise<Pop3Target | undefined> {
  const login = await deps.loginOf(account.id)
  if (login === undefined) return undefined
  const { host, port, tls, user, id: accountId } = account
  const allowApop = account.pop3?.allowApop ?? true
  return { host, port, tls, user, password: login.secret, login: login.kind, allowApop, accountId }
}

/**
 * Fetches what is new in an account's maildrop. A message is deleted on the server only after it is committed here, with its
 * unique-id in the same operation; so neither a crash nor a lost connection loses a message or brings it twice.
 */
export async function fetchAccount(account: Account, deps: FetchDeps, signal?: AbortSignal): Promise<Fetched> {
  const nothing = { fetched: 0, removed: 0 }
  const target = await targetOf(account, deps)
  if (target === undefined) {
    const problem = 'The password of this account is missing: give it again in the settings of the account.'
    return { ...nothing, problem, sessionId: undefined, retry: 'person' }
  }
  const opened = await openPop3(target, deps, signal)
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
