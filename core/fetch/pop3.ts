import { isFault, reasonOf } from '../base/fault.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { openPop3 } from '../net/pop3-client-driver.ts'
import type { Answer, Pop3Peers, Pop3Session, Pop3Target, Pop3Trouble } from '../net/pop3-words.ts'
import type { Account } from '../store/account.ts'
import { listSeen, type Pop3Arrival } from '../store/pop3-seen.ts'
import type { Store } from '../store/types.ts'
import { parseSizes, parseUidl, type Listed } from '../wire/pop3/listing.ts'
import { Arrival } from './arrival.ts'
import { receivedTime } from './received.ts'
import { describeTrouble } from './words.ts'

/** What an account signs in with; `token` is an OAuth 2.0 access token. */
export interface AccountLogin {
  readonly kind: 'password' | 'token'
  readonly secret: string
}
/** What fetching works with. */
export interface FetchDeps extends Pop3Peers {
  readonly store: Pick<Store, 'read' | 'write' | 'stage'>
  /** Joint: what an account signs in with, from the vault; undefined when there is nothing. A token may be made anew for it. */
  readonly loginOf: (accountId: number) => AccountLogin | undefined | Promise<AccountLogin | undefined>
  /** Joint: what is known of a message, read where it does not hold up the window. */
  readonly readFields: (raw: Uint8Array | readonly Uint8Array[]) => Promise<MessageFields>
  /** Joint: mail has come into a folder. */
  readonly onMail?: (folderId: number) => void
}
/** How a fetch ended. `problem` is in words; messages may have come all the same. */
export interface Fetched {
  readonly fetched: number
  /** Deleted on the server. */
  readonly removed: number
  readonly problem: string | null
  readonly sessionId: number | undefined
}

/** Unique-ids read at once on the main thread. */
const PAGE = 200
/** Messages asked for and not yet answered; the wire has its own window. */
const ASKED = 256
/** One operation of the writer takes at most this: more would be a long turn of the main thread for handing it over. */
const BATCH_MESSAGES = 256
const BATCH_BYTES = 1 * 1024 * 1024
/** While more than this waits for the writer, no more is read from the server. */
const WAITING_BYTES = 8 * 1024 * 1024
/** The store's longest body. */
const LONGEST_BYTES = 1024 * 1024 * 1024
/** Work on the main thread between two turns of its event loop. */
const TURN_MS = 4

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

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
  const target = await targetOf(account, deps)
  if (target === undefined)
    return {
      fetched: 0,
      removed: 0,
      problem: 'The password of this account is missing: add the account again.',
      sessionId: undefined,
    }
  const opened = await openPop3(target, deps, signal)
  if (!opened.ok)
    return { fetched: 0, removed: 0, problem: describeTrouble(opened.trouble, account), sessionId: opened.sessionId }
  const fetch = new Fetch(account, deps, opened.session)
  let problem: string | null
  try {
    problem = await fetch.run()
  } catch (error) {
    // A fault of ours, such as a full disk. What is on the server stays there.
    opened.session.transcript.note(`fetch given up: ${reasonOf(error)}`)
    opened.session.abandon({ kind: 'given-up' })
    problem = isFault(error, 'store.full')
      ? 'The disk is full: mail stays on the server until there is room.'
      : `The fetch was given up: ${reasonOf(error)}`
  }
  return { fetched: fetch.fetched, removed: fetch.removed, problem, sessionId: opened.session.sessionId }
}

interface Item {
  readonly number: number
  readonly arrival: Pop3Arrival
  readonly bytes: number
  readonly drop: () => Promise<void>
}

class Fetch {
  fetched = 0
  removed = 0
  readonly #account: Account
  readonly #deps: FetchDeps
  readonly #session: Pop3Session
  #lost: Pop3Trouble | undefined
  #fault: unknown
  #refused = 0
  #waiting: Item[] = []
  #waitingBytes = 0
  #keeping: Promise<void> | undefined
  /** The batch that the writer has now; never rejects. */
  #committing: Promise<void> | undefined
  #deleting: Promise<void>[] = []
  #turnAt: number
  /** Unique-ids that stand for more than one message. */
  #doubled: ReadonlySet<string> = new Set()
  #wake = () => {}

  constructor(account: Account, deps: FetchDeps, session: Pop3Session) {
    this.#account = account
    this.#deps = deps
    this.#session = session
    this.#turnAt = deps.clock.monotonicMs()
  }

  /** Words for what went wrong, or null. Throws a fault of ours. */
  async run(): Promise<string | null> {
    const uidl = await this.#session.ask({ verb: 'UIDL' })
    if (uidl.kind === 'lost') return describeTrouble(uidl.trouble, this.#account)
    const listed = uidl.kind === 'granted' ? parseUidl(uidl.listing ?? new Uint8Array()) : undefined
    if (listed === undefined) {
      await this.#session.quit()
      return uidl.kind === 'refused'
        ? `${this.#account.host} can't tell its messages apart (no UIDL), so they would come again with every fetch. It says: ${uidl.text.slice(0, 500)}`
        : `${this.#account.host} lists its messages in a way that can't be read; nothing was fetched.`
    }
    const { fresh, known } = await this.#compare(listed)
    if (!this.#account.keep) for (const { number } of known) this.#delete(number)
    const wanted = await this.#dropTooLarge(fresh)
    await this.#retrieve(wanted)
    await this.#idle()
    if (this.#fault !== undefined) throw this.#fault
    if (this.#lost) return describeTrouble(this.#lost, this.#account)
    const goodbye = await this.#session.quit()
    if (goodbye.kind === 'lost') return describeTrouble(goodbye.trouble, this.#account)
    if (goodbye.kind === 'refused' && this.#deleting.length > 0)
      return `${this.#account.host} could not delete all messages; they are deleted with the next fetch. It says: ${goodbye.text.slice(0, 500)}`
    return this.#refused === 0
      ? null
      : `${this.#account.host} did not give out ${this.#refused} of its messages; the next fetch asks again.`
  }

  /** What is new, and what is on the server though it is here. */
  async #compare(listed: readonly Listed<string>[]): Promise<{ fresh: Listed<string>[]; known: Listed<string>[] }> {
    const { store } = this.#deps
    const seen = new Set<string>()
    for (let after = '', page = [after]; page.length > 0; after = page.at(-1) ?? '') {
      page = listSeen(store.read, this.#account.id, after, PAGE).map(({ uidl }) => uidl)
      for (const uidl of page) seen.add(uidl)
      if (page.length > 0) await turn()
    }
    // Two messages of one unique-id can't be told apart (RFC 1939 §7 forbids it). The first comes; neither is deleted, or
    // the other one would be lost.
    const times = new Map<string, number>()
    for (const { value } of listed) times.set(value, (times.get(value) ?? 0) + 1)
    const first = new Set<string>()
    const fresh: Listed<string>[] = []
    const known: Listed<string>[] = []
    for (const one of listed) {
      if (seen.has(one.value)) {
        if (times.get(one.value) === 1) known.push(one)
      } else if (!first.has(one.value)) fresh.push(one)
      first.add(one.value)
    }
    this.#doubled = new Set([...times].flatMap(([uidl, count]) => (count > 1 ? [uidl] : [])))
    if (this.#doubled.size > 0)
      this.#session.transcript.note(
        `${this.#doubled.size} unique-ids stand for more than one message; none of these is deleted`,
      )
    if (!this.#account.keep) {
      // Deleted by us and gone: no need to know them any longer.
      const gone = [...seen].filter((uidl) => !times.has(uidl))
      for (let from = 0; from < gone.length; from += PAGE)
        await store.write('pop3.forget', { accountId: this.#account.id, uidls: gone.slice(from, from + PAGE) })
    }
    return { fresh, known }
  }

  /** Leaves what no store could hold on the server. */
  async #dropTooLarge(fresh: readonly Listed<string>[]): Promise<readonly Listed<string>[]> {
    if (fresh.length === 0) return fresh
    const answer = await this.#session.ask({ verb: 'LIST' })
    if (answer.kind !== 'granted' || answer.listing === undefined) return fresh
    const sizes = parseSizes(answer.listing) ?? []
    const large = new Set(sizes.flatMap(({ number, value }) => (value > LONGEST_BYTES ? [number] : [])))
    this.#refused += large.size
    return large.size === 0 ? fresh : fresh.filter(({ number }) => !large.has(number))
  }

  async #retrieve(wanted: readonly Listed<string>[]): Promise<void> {
    let under = 0
    for (const one of wanted) {
      if (this.#lost !== undefined || this.#fault !== undefined) break
      under++
      void this.#retrieveOne(one).finally(() => {
        under--
        this.#wake()
      })
      if (under >= ASKED) await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    while (under > 0) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  async #retrieveOne({ number, value: uidl }: Listed<string>): Promise<void> {
    const arrival = new Arrival(() => this.#deps.store.stage())
    try {
      const answer = await this.#session.retrieve({ verb: 'RETR', number }, { kind: 'fetched', uidl }, (bytes) =>
        this.#take(arrival, bytes),
      )
      if (answer.kind !== 'granted') {
        this.#onNotGranted(answer)
        return await arrival.drop()
      }
      const { body, toRead } = await arrival.finish()
      const fields = await this.#deps.readFields(toRead)
      const head = toRead instanceof Uint8Array ? toRead : (toRead[0] ?? new Uint8Array())
      const receivedMs = receivedTime(head) ?? this.#deps.clock.nowMs()
      this.#keep({
        number,
        arrival: { uidl, body, fields, receivedMs },
        bytes: arrival.sizeBytes,
        drop: () => arrival.drop(),
      })
    } catch (error) {
      this.#fail(error)
    }
  }

  #onNotGranted(answer: Exclude<Answer, { kind: 'granted' }>): void {
    if (answer.kind === 'lost') this.#lost ??= answer.trouble
    else this.#refused++
  }

  #fail(error: unknown): void {
    this.#fault ??= error
    this.#session.abandon({ kind: 'given-up' })
  }

  #take(arrival: Arrival, bytes: Uint8Array): void | Promise<void> {
    if (this.#fault !== undefined) return
    const stored = arrival.add(bytes)
    if (stored !== undefined) return stored.catch((error: unknown) => this.#fail(error))
    if (this.#waitingBytes > WAITING_BYTES) return this.#committing
    // Many messages come in one read of the socket; the window wants its turn in between.
    const { clock } = this.#deps
    if (clock.monotonicMs() - this.#turnAt < TURN_MS) return
    return turn().then(() => void (this.#turnAt = clock.monotonicMs()))
  }

  /** What arrives while one batch is committed is the next one. */
  #keep(item: Item): void {
    this.#waiting.push(item)
    this.#waitingBytes += item.bytes
    this.#keeping ??= this.#keepAll().finally(() => (this.#keeping = undefined))
  }

  async #keepAll(): Promise<void> {
    await turn()
    while (this.#waiting.length > 0) {
      let bytes = 0
      let count = 0
      for (const item of this.#waiting) {
        if (count > 0 && (count >= BATCH_MESSAGES || bytes + item.bytes > BATCH_BYTES)) break
        bytes += item.bytes
        count++
      }
      const batch = this.#waiting.splice(0, count)
      this.#waitingBytes -= bytes
      this.#committing = this.#keepOrDrop(batch)
      await this.#committing
    }
  }

  async #keepOrDrop(batch: readonly Item[]): Promise<void> {
    try {
      await this.#keepBatch(batch)
    } catch (error) {
      this.#fail(error)
      for (const item of [...batch, ...this.#waiting.splice(0)]) await item.drop().catch(() => {})
      this.#waitingBytes = 0
    }
  }

  async #keepBatch(batch: readonly Item[]): Promise<void> {
    const { id: accountId, keep } = this.#account
    const arrivals = batch.map((item) => item.arrival)
    const { folderId, messageIds } = await this.#deps.store.write('pop3.keep', { accountId, arrivals })
    for (const [index, item] of batch.entries()) {
      const messageId = messageIds[index]
      if (messageId === null || messageId === undefined) await item.drop()
      else {
        this.fetched++
        this.#session.transcript.link({ messageId })
      }
      // Only now: it is durably here.
      if (!keep && !this.#doubled.has(item.arrival.uidl)) this.#delete(item.number)
    }
    this.#deps.onMail?.(folderId)
  }

  #delete(number: number): void {
    const answered = this.#session.ask({ verb: 'DELE', number }).then((answer) => {
      if (answer.kind === 'granted') this.removed++
      else if (answer.kind === 'lost') this.#lost ??= answer.trouble
      return undefined
    })
    this.#deleting.push(answered)
  }

  async #idle(): Promise<void> {
    while (this.#keeping !== undefined) await this.#keeping
    await Promise.all(this.#deleting)
  }
}
