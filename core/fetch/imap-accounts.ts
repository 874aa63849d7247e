import type { Changes } from '../base/changes.ts'
import type { Cancel } from '../base/clock.ts'
import { listAccounts, type Account } from '../store/account.ts'
import { countChanges, lastChange } from '../store/imap-change.ts'
import { listImapFolders } from '../store/imap-folder.ts'
import type { Fetched } from './fetch-deps.ts'
import type { Fetcher } from './fetcher.ts'
import { fetchImapAccount } from './imap.ts'
import { openAccount, type ImapDeps, type Progress } from './imap-words.ts'

/** Accounts of IMAP while they are looked after: news from their servers, and what was done here. */
export interface ImapAccounts {
  fetch(account: Account, signal: AbortSignal): Promise<Fetched>
  /** What a window shows of an account besides its settings. */
  view(accountId: number): { readonly progress: Progress | null; readonly waiting: number; readonly push: boolean }
  /** Begins to listen for news, which `fetcher` then fetches. */
  start(fetcher: Pick<Fetcher, 'fetch' | 'isFetching' | 'changes'>): void
  stop(): Promise<void>
}

/** What comes within this is one piece of news, and what a person does within it goes to the server together. */
const SOON_MS = 1000
/** A session that waits for news and was lost is opened again after this, longer and longer. */
const AGAIN_MS = 30_000
const LONGEST_AGAIN_MS = 3_600_000
/** Progress is told at most so often. */
const TELL_MS = 500

interface Listening {
  /** What it was opened with: an account that was changed is listened to anew. */
  readonly as: string
  readonly abort: AbortController
  readonly over: Promise<void>
  isOpen: boolean
}

/** Looks after the accounts of IMAP. `accountChanges` tells of accounts that were added, changed or removed. */
export function openImapAccounts(
  deps: ImapDeps,
  joints: { readonly mailChanges: Changes<number>; readonly accountChanges: Changes<number> },
): ImapAccounts {
  const { store, clock } = deps
  const progress = new Map<number, Progress>()
  const listening = new Map<number, Listening>()
  const soon = new Map<number, Cancel>()
  /** The last change of an account that a fetch was begun for. */
  const said = new Map<number, number>()
  let fetcher: Pick<Fetcher, 'fetch' | 'isFetching' | 'changes'> | undefined
  let stops: (() => void)[] = []
  let toldAt = -Infinity

  const tell = (accountId: number) => joints.accountChanges.emit(accountId)

  const fetchSoon = (accountId: number) => {
    if (fetcher === undefined || soon.has(accountId)) return
    soon.set(
      accountId,
      clock.after(SOON_MS, () => {
        soon.delete(accountId)
        // One that is under way may have looked there already.
        if (fetcher?.isFetching(accountId)) fetchSoon(accountId)
        else fetcher?.fetch(accountId).catch(() => {}) // An account that was removed meanwhile.
      }),
    )
  }

  /** Waits for news of one account until it is aborted; a lost session is opened again. */
  const listen = async (account: Account, mine: { isOpen: boolean }, signal: AbortSignal): Promise<void> => {
    for (let tries = 0; !signal.aborted; tries++) {
      const inbox = listImapFolders(store.read, account.id).find(({ role }) => role === 'inbox')
      // Until it was fetched once there is nothing to listen to.
      const got = inbox === undefined ? undefined : await openAccount(account, deps, signal)
      const opened = got === undefined || 'problem' in got ? undefined : got
      if (opened?.ok) {
        const { session } = opened
        try {
          if (session.can('IDLE') && (await session.select(inbox!.path)) !== undefined) {
            tries = 0
            mine.isOpen = true
            tell(account.id)
            // What came while nobody listened.
            fetchSoon(account.id)
            await session.idle(() => fetchSoon(account.id))
          } else await session.quit()
        } catch {
          session.wire.abandon({ kind: 'lost' })
        }
        if (mine.isOpen) {
          mine.isOpen = false
          tell(account.id)
        }
      }
      if (signal.aborted) return
      // Each refused login brings an account nearer to being locked; a fetch that goes well begins this anew.
      const isRefused = opened?.ok === false && opened.trouble.kind === 'refused'
      await pause(
        isRefused ? LONGEST_AGAIN_MS : Math.min(AGAIN_MS * 2 ** Math.min(tries, 10), LONGEST_AGAIN_MS),
        signal,
      )
    }
  }

  const pause = (delayMs: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const end = () => {
        cancel()
        signal.removeEventListener('abort', end)
        resolve()
      }
      const cancel = clock.after(delayMs, end)
      signal.addEventListener('abort', end, { once: true })
    })

  const look = () => {
    if (fetcher === undefined) return
    const accounts = new Map(
      listAccounts(store.read)
        .filter(({ kind }) => kind === 'imap')
        .map((one) => [one.id, one]),
    )
    for (const [id, one] of listening) {
      const account = accounts.get(id)
      // With the first fetch there are folders to listen to.
      if (account !== undefined && one.as === nameOf(account)) accounts.delete(id)
      else {
        one.abort.abort()
        listening.delete(id)
      }
    }
    for (const [id, account] of accounts) {
      const abort = new AbortController()
      const mine: { isOpen: boolean } = { isOpen: false }
      const over = listen(account, mine, abort.signal).catch(() => {})
      listening.set(id, Object.assign(mine, { as: nameOf(account), abort, over }))
    }
  }
  const nameOf = (account: Account) => {
    const { host, port, tls, user, login, signInId, lastError } = account
    const hasInbox = listImapFolders(store.read, account.id).some(({ role }) => role === 'inbox')
    return JSON.stringify([host, port, tls, user, login, signInId, hasInbox, lastError === null])
  }

  /** Something was done here: what a server has to hear of goes there. */
  const sayChanges = () => {
    for (const { id, kind } of listAccounts(store.read)) {
      if (kind !== 'imap') continue
      const last = lastChange(store.read, id)
      if (last <= (said.get(id) ?? 0)) continue
      said.set(id, last)
      tell(id)
      fetchSoon(id)
    }
  }

  return {
    fetch: (account, signal) =>
      fetchImapAccount(
        account,
        {
          ...deps,
          onProgress(accountId, now) {
            if (now === null) progress.delete(accountId)
            else progress.set(accountId, now)
            if (now !== null && clock.monotonicMs() - toldAt < TELL_MS) return
            toldAt = clock.monotonicMs()
            tell(accountId)
          },
        },
        signal,
      ),
    view: (accountId) => ({
      progress: progress.get(accountId) ?? null,
      waiting: countChanges(store.read, accountId),
      push: listening.get(accountId)?.isOpen ?? false,
    }),
    start(started) {
      fetcher = started
      stops = [joints.mailChanges.watch(sayChanges), joints.accountChanges.watch(look)]
      look()
      sayChanges()
    },
    async stop() {
      fetcher = undefined
      for (const stop of stops.splice(0)) stop()
      for (const cancel of soon.values()) cancel()
      soon.clear()
      const all = [...listening.values()]
      for (const one of all) one.abort.abort()
      listening.clear()
      await Promise.all(all.map(({ over }) => over))
    },
  }
}
