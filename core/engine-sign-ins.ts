import type { Clock } from './base/clock.ts'
import { reasonOf } from './base/fault.ts'
import type { AccountLogin, NoLogin } from './fetch/fetch-deps.ts'
import type { HttpsGet } from './net/https-get.ts'
import type { Settings } from './settings.ts'
import { getAccount } from './store/account.ts'
import type { UsedSignIn } from './store/sign-in.ts'
import type { Store } from './store/types.ts'
import { signInHandlers } from './vault/oauth-handlers.ts'
import { SignIns } from './vault/oauth.ts'
import { accountLogin, type Vault } from './vault/vault.ts'

/** What sign-ins are wired to. */
export interface EngineSignInsDeps {
  readonly store: Store
  readonly vault: Vault
  readonly settings: () => Settings
  readonly ask: HttpsGet
  readonly clock: Clock
  readonly log: (line: string) => void
}

/** Sign-ins by a provider's own page, wired to store, vault and network, and to the accounts and routes that use them. */
export interface EngineSignIns {
  readonly signIns: SignIns
  /** What an account signs in with; see `FetchDeps`. */
  readonly loginOf: (accountId: number, refused?: string) => Promise<AccountLogin | NoLogin | undefined>
  readonly handlers: ReturnType<typeof signInHandlers>
  /** What goes on when somebody has signed in. */
  onSignedIn(goOn: (signIn: UsedSignIn) => Promise<void>): void
}

/** Wires sign-ins. */
export function openSignIns({ store, vault, settings, ask, clock, log }: EngineSignInsDeps): EngineSignIns {
  const waiting: ((signIn: UsedSignIn) => Promise<void>)[] = []
  const signIns = new SignIns({
    store,
    vault,
    settings,
    clock,
    ask,
    caFile: () => settings()['relay.caFile'],
    async onSignedIn(signIn) {
      for (const goOn of waiting)
        await goOn(signIn).catch((error: unknown) => log(`go on after a sign-in: ${reasonOf(error)}`))
    },
  })
  return {
    signIns,
    async loginOf(accountId, refused) {
      const signInId = getAccount(store.read, accountId)?.signInId ?? null
      if (signInId === null) return accountLogin(vault, accountId)
      const got = await signIns.tokenOf(signInId, refused)
      if (got.ok) return { kind: 'token', secret: got.token }
      return { problem: got.reason, retry: got.needsPerson ? 'person' : 'usual' }
    },
    handlers: signInHandlers(signIns),
    onSignedIn: (goOn) => void waiting.push(goOn),
  }
}
