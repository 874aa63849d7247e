import { implement } from '@orpc/server'
import { Fault } from '../base/fault.ts'
import { newToken, type TokenOf } from '../model/access-token.ts'
import { isLiteral, parseMailbox } from '../model/address.ts'
import { contract } from '../rpc/contract.ts'
import { listAccounts, type Account, type AccountSecret } from '../store/account.ts'
import type { discover as Discover } from './discover.ts'
import type { Fetcher } from './fetcher.ts'
import type { FetchDeps } from './fetch-deps.ts'
import type { ImapAccounts } from './imap-accounts.ts'
import { testImapAccount } from './imap-test-account.ts'
import { testAccount } from './test-account.ts'
import { accountWarnings } from './words.ts'

const HOST = /^(?:[\p{L}\p{N}_](?:[\p{L}\p{N}_-]{0,62})(?:\.(?!$)|$))+$|^\[?[0-9a-f:.]*:[0-9a-f:.]*\]?$/iu

/** A host as it is dialled. Throws `address.invalid` for what is neither a name nor an address. */
function hostOf(text: string): string {
  const host = text.trim().toLowerCase().replace(/\.$/, '')
  if (HOST.test(host)) return host
  throw new Fault('address.invalid', `use the host "${text}": not a host name or an address`, {
    value: text,
    reason: 'not a host name or an address',
  })
}

/** What was said of it, without what was said to be undefined. */
function given<T extends object>(some: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined)) as never
}

/** What an account is to sign in with. Throws `conflict` where that is nothing, or two things. */
function secretOf(input: {
  readonly login?: 'password' | 'token' | undefined
  readonly password?: string | undefined
  readonly signInId?: number | undefined
}): AccountSecret {
  const { login = 'password', password, signInId } = input
  if (password !== undefined && signInId === undefined) return { login, value: Buffer.from(password, 'utf8') }
  if (signInId !== undefined && password === undefined) return { signInId }
  const reason = 'give either a password or a sign-in'
  throw new Fault('conflict', `sign in: ${reason}`, { what: 'account', reason })
}

/** Rules, and what its owner should know about them. */
function pop3View({ pop3, tls, keep }: Pick<Account, 'pop3' | 'tls' | 'keep'>) {
  if (pop3 === null) return null
  const { signedInBy, loginDelaySeconds, expireDays, ...rules } = pop3
  void loginDelaySeconds // Honoured by the fetcher; there is nothing to do about it.
  return { ...rules, warnings: accountWarnings({ tls, keep, signedInBy, expireDays }) }
}

/** Answers `account.*`. */
export function accountHandlers({
  deps,
  fetcher,
  imap,
  tokenOf,
  discovery,
}: {
  readonly deps: FetchDeps
  readonly fetcher: Fetcher
  readonly imap: ImapAccounts
  readonly tokenOf: TokenOf
  readonly discovery: Parameters<typeof Discover>[1]
}) {
  const os = implement(contract.account)
  const { store } = deps
  const toView = ({ nextFetchMs, ...account }: Account) => {
    void nextFetchMs // The window shows what was, not what is planned.
    return {
      ...account,
      fetching: fetcher.isFetching(account.id),
      pop3: pop3View(account),
      imap: account.imap && { ...account.imap, ...imap.view(account.id) },
    }
  }
  return {
    list: os.list.handler(() => listAccounts(store.read).map(toView)),
    discover: os.discover.handler(async function* ({ input, signal }) {
      const address = parseMailbox(input.address.trim())
      if (address === undefined || isLiteral(address.domain) || !address.domain.includes('.')) {
        const reason = 'a whole address with a domain is needed'
        throw new Fault('address.invalid', `look for the servers of "${input.address}": ${reason}`, {
          value: input.address,
          reason,
        })
      }
      // The list of domains it knows takes memory that only looking is worth.
      const { discover } = await import('./discover.ts')
      yield* discover(address, discovery, signal)
    }),
    test: os.test.handler(async function* ({ input, signal }) {
      const { kind = 'pop3', allowApop, port, tls, user } = input
      const secret = secretOf(input)
      let known: { readonly login: 'password' | 'token'; readonly text: string }
      if ('signInId' in secret) {
        const got = await newToken((refused) => tokenOf(secret.signInId, refused))
        if (!got.ok)
          return yield { step: 'login' as const, state: 'failed' as const, text: got.reason, sessionId: null }
        known = { login: 'token', text: got.token }
      } else known = { login: secret.login, text: Buffer.from(secret.value).toString('utf8') }
      const at = { host: hostOf(input.host), port, tls, user, login: known.login }
      yield* kind === 'imap'
        ? testImapAccount({ ...at, secret: known.text }, deps, signal)
        : testAccount({ ...at, password: known.text, ...(allowApop !== undefined && { allowApop }) }, deps, signal)
    }),
    add: os.add.handler(async ({ input }) => {
      const { port, tls, user, keep, everySeconds, name, rules, kind, sentCopy, drafts } = input
      const account = await store.write('account.add', {
        port,
        tls,
        user,
        keep,
        everySeconds,
        host: hostOf(input.host),
        name: name.trim() || user,
        secret: secretOf(input),
        ...(rules && { rules: given(rules) }),
        ...(kind && { kind }),
        ...(sentCopy && { sentCopy }),
        ...(drafts && { drafts }),
      })
      fetcher.look(account.id)
      return toView(account)
    }),
    save: os.save.handler(async ({ input }) => {
      const { id, rules, host, name, sentCopy, drafts, port, tls, user, keep, everySeconds } = input
      const isOtherLogin = input.password !== undefined || input.signInId !== undefined
      const account = await store.write('account.save', {
        id,
        settings: {
          ...given({ port, tls, user, keep, everySeconds }),
          ...(host !== undefined && { host: hostOf(host) }),
          ...(name !== undefined && name.trim() !== '' && { name: name.trim() }),
        },
        ...(isOtherLogin && { secret: secretOf(input) }),
        ...(rules && { rules: given(rules) }),
        ...(sentCopy && { sentCopy }),
        ...(drafts && { drafts }),
      })
      fetcher.look(id)
      return toView(account)
    }),
    remove: os.remove.handler(async ({ input }) => {
      await store.write('account.remove', { id: input.id })
      fetcher.look(input.id)
      return { ok: true as const }
    }),
    fetch: os.fetch.handler(async ({ input }) => {
      const ids = input.id === null ? listAccounts(store.read).map((account) => account.id) : [input.id]
      const ended = await Promise.all(ids.map(async (id) => ({ id, ...(await fetcher.fetch(id)) })))
      return {
        fetched: ended.reduce((sum, { fetched }) => sum + fetched, 0),
        failed: ended.flatMap(({ id, problem }) => (problem === null ? [] : [{ id, reason: problem }])),
      }
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of fetcher.changes.stream(signal)) yield { ids }
    }),
  }
}
