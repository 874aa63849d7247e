import { Changes } from '../base/changes.ts'
import type { Cancel } from '../base/clock.ts'
import { Fault, reasonOf } from '../base/fault.ts'
import { getAccount, listAccounts, type Account } from '../store/account.ts'
import type { FetchDeps, Fetched } from './fetch-deps.ts'
import { getPartial } from '../store/pop3-seen.ts'
import { BulkThreads } from './bulk-threads.ts'
import { fetchAccount } from './pop3.ts'
import { fetchWhole } from './pop3-whole.ts'

/** Fetches every account in its rhythm and whenever it is asked to; one fetch an account at a time. */
export interface Fetcher {
  /** Begins to fetch by the clock. */
  start(): void
  /** Ends what is under way and begins nothing more. */
  stop(): Promise<void>
  /** Fetches now, or joins the fetch that is under way. Throws `not-found`. */
  fetch(accountId: number): Promise<Fetched>
  /**
   * Brings the rest of a message of which only the header is here, beside no fetch of its account: a maildrop is open to one
   * session at a time (RFC 1939 §4). Throws `fetch.failed` with a sentence for a person.
   */
  fetchWhole(messageId: number, signal?: AbortSignal): Promise<void>
  isFetching(accountId: number): boolean
  /** Accounts were added, changed or removed: looks again when the next one is due. */
  look(...accountIds: readonly number[]): void
  readonly changes: Changes<number>
}

/** The clock is read again at least so often: it jumps when a computer has slept. */
const LONGEST_LOOK_MS = 60_000
const MOST_AT_ONCE = 4
/** An account that fails is asked less and less often, but no less than hourly or than its own rhythm. */
const LONGEST_WAIT_MS = 3_600_000
/** The first wait for a maildrop that is in use. */
const SOON_MS = 60_000
/** A pause longer than this is not believed. */
const LONGEST_DELAY_MS = 86_400_000
/** For a server that wants a pause and does not say how long. */
const LOGIN_DELAY_MS = 900_000

const delayMsOf = (pop3: Account['pop3']) => Math.min((pop3?.loginDelaySeconds ?? 0) * 1000, LONGEST_DELAY_MS)
const tooSoon = (host: string, seconds: number) =>
  `${host} wants a pause between two logins (RFC 2449 §6.5): it can be asked again in ${seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`}.`

/** Makes a fetcher; it does nothing by itself before `start`. */
export function createFetcher(deps: FetchDeps): Fetcher {
  const { store, clock } = deps
  const changes = new Changes<number>()
  const bulkThreads = new BulkThreads(clock, deps.startBulk)
  const running = new Map<number, Promise<Fetched>>()
  /** The rests of messages that are being brought, one after the other. */
  const bringing = new Map<number, Promise<void>>()
  const failures = new Map<number, number>()
  /** Until when (Unix ms) an account is left alone whose result could not be stored. */
  const held = new Map<number, number>()
  let abort = new AbortController()
  let timer: Cancel = () => {}
  let isStarted = false

  /** From when on (Unix ms) its server takes another login (RFC 2449 §6.5). */
  const takesLoginMs = ({ pop3, lastFetchMs, lastError }: Account): number =>
    lastFetchMs === null || lastError !== null || lastFetchMs > clock.nowMs() ? 0 : lastFetchMs + delayMsOf(pop3)

  const wait = (account: Account, problem: Pick<Fetched, 'retry'> | undefined): number => {
    const everyMs = account.everySeconds * 1000
    const count = problem === undefined ? 0 : (failures.get(account.id) ?? 0) + 1
    failures.set(account.id, count)
    const delayMs = delayMsOf(getAccount(store.read, account.id)?.pop3 ?? null)
    if (problem === undefined) return Math.max(everyMs, delayMs)
    const longer = Math.min(everyMs * 2 ** Math.min(count, 10), Math.max(everyMs, LONGEST_WAIT_MS))
    switch (problem.retry) {
      case 'soon':
        // Another program has the maildrop for a moment.
        return Math.max(Math.min(SOON_MS * 2 ** Math.min(count - 1, 10), everyMs), delayMs)
      case 'login-delay':
        return Math.max(everyMs, delayMs === 0 ? LOGIN_DELAY_MS : delayMs)
      case 'person':
        // The first time may be a mistake of the server's; after that each try could lock the account.
        return count > 1 ? Math.max(everyMs, LONGEST_WAIT_MS) : longer
      default:
        return longer
    }
  }

  const run = async (account: Account): Promise<Fetched> => {
    changes.emit(account.id)
    await bringing.get(account.id)
    try {
      const fetched = await (account.kind === 'imap' && deps.fetchImap !== undefined
        ? deps.fetchImap(account, abort.signal)
        : fetchAccount(account, { ...deps, bulkThreads }, abort.signal))
      if (!abort.signal.aborted) {
        const nextFetchMs = clock.nowMs() + wait(account, fetched.problem === null ? undefined : fetched)
        await store.write('account.fetched', { id: account.id, error: fetched.problem, nextFetchMs })
        held.delete(account.id)
      }
      return fetched
    } catch (error) {
      // By its row it is still due: without this it would be asked again and again while the disk is full.
      held.set(account.id, clock.nowMs() + wait(account, {}))
      throw error
    } finally {
      running.delete(account.id)
      changes.emit(account.id)
      look()
    }
  }

  const begin = (account: Account): Promise<Fetched> => {
    const known = running.get(account.id)
    if (known !== undefined) return known
    const fetch = run(account)
    running.set(account.id, fetch)
    return fetch
  }

  const bring = async (accountId: number, messageId: number, signal: AbortSignal): Promise<void> => {
    const before = [bringing.get(accountId), running.get(accountId)]
    const work = Promise.allSettled(before).then(() => fetchWhole(messageId, deps, signal))
    // Whoever waits for it wants the maildrop, and not its words.
    const settled = work.catch(() => {})
    bringing.set(accountId, settled)
    try {
      await work
    } finally {
      if (bringing.get(accountId) === settled) bringing.delete(accountId)
    }
  }

  function look(): void {
    timer()
    if (!isStarted) return
    const nowMs = clock.nowMs()
    let nextMs = nowMs + LONGEST_LOOK_MS
    for (const account of listAccounts(store.read)) {
      if (running.has(account.id)) continue
      // A time farther ahead than any wait was written before the clock was set back.
      const delayMs = delayMsOf(account.pop3)
      const longestMs = Math.max(account.everySeconds * 1000, LONGEST_WAIT_MS, delayMs)
      const isStale = account.nextFetchMs > nowMs + longestMs
      const heldMs = held.get(account.id) ?? 0
      const isHeld = heldMs > nowMs && heldMs <= nowMs + longestMs
      const ownMs = isHeld ? heldMs : isStale ? nowMs : account.nextFetchMs
      const dueMs = isStale ? ownMs : Math.max(ownMs, takesLoginMs(account))
      if (dueMs > nowMs) nextMs = Math.min(nextMs, dueMs)
      else if (running.size < MOST_AT_ONCE) begin(account).catch(() => {}) // A store that is gone says so elsewhere.
    }
    timer = clock.after(nextMs - nowMs, look)
  }

  return {
    changes,
    start() {
      isStarted = true
      look()
    },
    async stop() {
      isStarted = false
      timer()
      abort.abort()
      await Promise.allSettled([...running.values(), ...bringing.values()])
      await bulkThreads.end()
      abort = new AbortController()
    },
    async fetch(accountId) {
      const account = getAccount(store.read, accountId)
      if (account === undefined)
        throw new Fault('not-found', `fetch account ${accountId}: there is none`, {
          what: 'account',
          id: String(accountId),
        })
      const takesMs = takesLoginMs(account)
      if (!running.has(accountId) && takesMs > clock.nowMs()) {
        const seconds = Math.ceil((takesMs - clock.nowMs()) / 1000)
        return { fetched: 0, removed: 0, problem: tooSoon(account.host, seconds), sessionId: undefined }
      }
      try {
        return await begin(account)
      } catch (error) {
        return { fetched: 0, removed: 0, problem: reasonOf(error), sessionId: undefined }
      }
    },
    async fetchWhole(messageId, signal) {
      const accountId = getPartial(store.read, messageId)?.source?.accountId
      const until = signal === undefined ? abort.signal : AbortSignal.any([abort.signal, signal])
      await (accountId === undefined ? fetchWhole(messageId, deps, until) : bring(accountId, messageId, until))
    },
    isFetching: (accountId) => running.has(accountId),
    look(...accountIds) {
      changes.emit(...accountIds)
      look()
    },
  }
}
