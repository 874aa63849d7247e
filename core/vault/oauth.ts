import { randomBytes } from 'node:crypto'
import { Changes } from '../base/changes.ts'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import type { AccessToken } from '../model/access-token.ts'
import { takesTokensOf } from '../model/sign-in-provider.ts'
import { awaitRedirect, type LoopbackRedirect, type Redirected } from '../net/loopback-redirect.ts'
import type { Settings } from '../settings.ts'
import {
  getSignIn,
  listSignIns,
  requireSignIn,
  SIGN_IN_REFRESH,
  type SignIn,
  type UsedSignIn,
} from '../store/sign-in.ts'
import type { Store } from '../store/types.ts'
import { providersOf, type ReadyProvider } from './oauth-providers.ts'
import { askAgain, askForCode, authorizeUrlOf, freshProof, type TokenPeers } from './oauth-request.ts'
import type { Vault } from './vault.ts'

/** What signing in works with. */
export interface SignInsDeps extends TokenPeers {
  readonly store: Pick<Store, 'read' | 'write'>
  readonly vault: Pick<Vault, 'getSecret'>
  readonly settings: () => Settings
  readonly clock: Clock
  /** Joint: somebody has signed in; what waited for that goes on. */
  readonly onSignedIn: (signIn: UsedSignIn) => Promise<void>
}

/** A sign-in that was begun: where the browser goes, and until when it may come back. */
export interface BegunFlow {
  readonly flow: string
  readonly url: string
  readonly untilMs: number
}

interface Flow {
  readonly redirect: LoopbackRedirect
  readonly result: Promise<SignIn>
}
interface Known {
  readonly token: string
  readonly untilMs: number
}

/** Time a person has to sign in, with a second factor and a forgotten password. */
const FLOW_MS = 10 * 60_000
const MOST_FLOWS = 4
const GONE = 'The sign-in of this account is gone: sign in again.'
/** An access token is made anew so long before it runs out, or in the last tenth of a short life. */
const EARLY_MS = 5 * 60_000

/** The sign-ins of a store: begins them, keeps what they bring, and has a token for whoever needs one. */
export class SignIns {
  readonly changes = new Changes<number>()
  readonly #deps: SignInsDeps
  /** Access tokens live in memory only. */
  readonly #tokens = new Map<number, Known>()
  readonly #renewing = new Map<number, Promise<AccessToken>>()
  readonly #flows = new Map<string, Flow>()
  #underWay = 0
  constructor(deps: SignInsDeps) {
    this.#deps = deps
  }

  providers(): ReadyProvider[] {
    return providersOf(this.#deps.settings())
  }

  /** Who signs people in for a mail server; undefined where nobody is known to. */
  providerFor(host: string): { id: string; name: string; isReady: boolean; isDemanded: boolean } | undefined {
    const found = this.providers().findLast((one) => takesTokensOf(one, host))
    return found && { id: found.id, name: found.name, isReady: found.clientId !== '', isDemanded: found.isDemanded }
  }

  list(): UsedSignIn[] {
    return listSignIns(this.#deps.store.read)
  }

  /** Why somebody has to sign in again; null where nothing is wrong. */
  troubleOf(signInId: number): string | null {
    return getSignIn(this.#deps.store.read, signInId)?.trouble ?? null
  }

  /** What a person should know of, in words. */
  troubles(): string[] {
    return this.list().flatMap(({ trouble }) => (trouble === null ? [] : [`${trouble} Its mail waits meanwhile.`]))
  }

  /** Begins to sign somebody in, anew where `id` is given. Faults: `not-found`, `conflict`. */
  async start(who: { readonly id: number } | { readonly provider: string; readonly user: string }): Promise<BegunFlow> {
    const { clock, store } = this.#deps
    const { provider: id, user } = 'id' in who ? requireSignIn(store.read, who.id) : who
    const provider = this.#ready(id)
    if (this.#underWay >= MOST_FLOWS)
      throw conflict(`sign in at ${provider.name}: ${MOST_FLOWS} others are under way; finish or give up one of them`)
    const proof = freshProof()
    this.#underWay++
    const redirect = await awaitRedirect({ state: proof.state, clock, timeoutMs: FLOW_MS }).catch((error: unknown) => {
      this.#underWay--
      throw error
    })
    const redirectUri = `http://${provider.redirectHost}:${redirect.port}`
    const flow = randomBytes(16).toString('base64url')
    const result = redirect.redirected.then((said) =>
      this.#finish(provider, user, said, { redirectUri, verifier: proof.verifier }),
    )
    this.#flows.set(flow, { redirect, result })
    // Whoever waits hears of it; a window that has gone must not bring the process down.
    result
      .catch(() => {})
      .finally(() => {
        this.#underWay--
        clock.after(FLOW_MS, () => this.#flows.delete(flow))
      })
    return {
      flow,
      url: authorizeUrlOf(provider, { ...proof, redirectUri, user }),
      untilMs: clock.nowMs() + FLOW_MS,
    }
  }

  /** Resolves when the person has signed in. Faults: `not-found`, `sign-in.failed`. */
  wait(flow: string): Promise<SignIn> {
    const found = this.#flows.get(flow)
    if (found !== undefined) return found.result
    throw new Fault('not-found', 'wait for the sign-in: it is over', { what: 'sign-in', id: 'this one' })
  }

  cancel(flow: string): void {
    this.#flows.get(flow)?.redirect.close()
  }

  /** Faults: `not-found`, and `conflict` while an account or a route uses it. */
  async remove(id: number): Promise<void> {
    await this.#deps.store.write('signIn.remove', { id })
    this.#tokens.delete(id)
    this.changes.emit(id)
  }

  /** A token to sign in with, made anew where it is about to run out or is the one that was refused. Never throws. */
  async tokenOf(signInId: number, refused?: string): Promise<AccessToken> {
    const known = this.#tokens.get(signInId)
    const isHere = getSignIn(this.#deps.store.read, signInId) !== undefined
    if (!isHere) this.#tokens.delete(signInId)
    if (isHere && known !== undefined && known.token !== refused && known.untilMs > this.#deps.clock.nowMs())
      return { ok: true, token: known.token }
    const running = this.#renewing.get(signInId)
    if (running !== undefined) return running
    const renewing = this.#renew(signInId)
      .catch((error: unknown): AccessToken => {
        const reason = `The sign-in could not be renewed: ${error instanceof Error ? error.message : 'no reason'}.`
        return { ok: false, needsPerson: false, reason }
      })
      .finally(() => this.#renewing.delete(signInId))
    this.#renewing.set(signInId, renewing)
    return renewing
  }

  /** Nobody waits for a browser any more. */
  close(): void {
    for (const { redirect } of this.#flows.values()) redirect.close()
  }

  #ready(id: string): ReadyProvider {
    const provider = this.providers().find((one) => one.id === id)
    if (provider === undefined)
      throw new Fault('not-found', `sign in at "${id}": no such provider is known`, { what: 'provider', id })
    if (provider.clientId !== '') return provider
    throw conflict(`sign in at ${provider.name}: the setting ${provider.setting} has no client id`)
  }

  async #finish(
    provider: ReadyProvider,
    user: string,
    said: Redirected,
    how: { readonly redirectUri: string; readonly verifier: string },
  ): Promise<SignIn> {
    const failed = (reason: string) =>
      new Fault('sign-in.failed', `sign in at ${provider.name}: ${reason}`, { provider: provider.id, reason })
    if (!said.ok) throw failed(WORDS[said.why](provider.name, said.why === 'refused' ? said.error : ''))
    const got = await askForCode(provider, { code: said.code, ...how }, this.#deps)
    if (!got.ok) throw failed(`${got.reason}. Try again.`)
    if (got.refresh === null)
      throw failed(`${provider.name} gave a token for now and none for later, so mail could not be fetched for long.`)
    const { store, onSignedIn } = this.#deps
    const signIn = await store.write('signIn.put', {
      provider: provider.id,
      user,
      refresh: Buffer.from(got.refresh, 'utf8'),
    })
    this.#keep(signIn.id, got)
    this.changes.emit(signIn.id)
    const used = this.list().find(({ id }) => id === signIn.id)
    if (used !== undefined) await onSignedIn(used)
    return signIn
  }

  /** The token that is known already. */
  #known(id: number): AccessToken {
    const known = this.#tokens.get(id)
    if (known !== undefined && known.untilMs > this.#deps.clock.nowMs()) return { ok: true, token: known.token }
    return { ok: false, needsPerson: false, reason: 'Somebody has just signed in anew.' }
  }

  #keep(id: number, { access, forMs }: { readonly access: string; readonly forMs: number }): string {
    const untilMs = this.#deps.clock.nowMs() + forMs - Math.min(EARLY_MS, forMs / 10)
    this.#tokens.set(id, { token: access, untilMs })
    return access
  }

  async #renew(id: number): Promise<AccessToken> {
    const { store, vault } = this.#deps
    const signIn = getSignIn(store.read, id)
    const again = (reason: string): AccessToken => ({ ok: false, needsPerson: true, reason })
    if (signIn === undefined) return again(GONE)
    if (signIn.trouble !== null) return again(signIn.trouble)
    const provider = this.providers().find((one) => one.id === signIn.provider)
    const name = provider?.name ?? signIn.provider
    const later = (reason: string): AccessToken => ({ ok: false, needsPerson: false, reason })
    if (provider === undefined || provider.clientId === '')
      return later(`The sign-in at ${name} can't be renewed: the settings name no client of it any more.`)
    const refresh = vault.getSecret(SIGN_IN_REFRESH, String(id))
    const got =
      refresh === undefined
        ? { ok: false as const, isOver: true, reason: 'what renews it is not in the vault' }
        : await askAgain(provider, refresh, this.#deps)
    // Somebody has signed in anew meanwhile: whatever was answered is of what no longer counts.
    if (vault.getSecret(SIGN_IN_REFRESH, String(id)) !== refresh)
      return getSignIn(store.read, id) === undefined ? again(GONE) : this.#known(id)
    if (got.ok) {
      // A refresh token that was changed for another one counts no more (RFC 6749 §6): kept before the new one is used.
      if (got.refresh !== null && got.refresh !== refresh)
        await store.write('signIn.renew', { id, refresh: Buffer.from(got.refresh, 'utf8') })
      return { ok: true, token: this.#keep(id, got) }
    }
    this.#tokens.delete(id)
    if (!got.isOver) return later(`The sign-in of ${signIn.user} could not be renewed: ${got.reason}.`)
    const trouble = `Sign in again at ${name} as ${signIn.user}: ${got.reason}.`
    await store.write('signIn.setTrouble', { id, trouble })
    this.changes.emit(id)
    return again(trouble)
  }
}

const WORDS: Readonly<Record<Extract<Redirected, { ok: false }>['why'], (name: string, error: string) => string>> = {
  'refused': (name, error) =>
    error === 'access_denied'
      ? `${name} was not allowed to let Posthorn in.`
      : `${name} says: ${error.replaceAll(/[^ -~]/g, '?')}.`,
  'time': () => 'nobody signed in within ten minutes. Try again.',
  'given-up': () => 'it was given up.',
}

const conflict = (words: string) => new Fault('conflict', words, { what: 'sign-in', reason: words })
