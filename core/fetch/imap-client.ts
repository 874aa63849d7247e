import type {
  FetchMessageObject,
  FetchQueryObject,
  ImapFlow,
  ListResponse,
  MailboxObject,
  SearchObject,
} from 'imapflow'
import { Fault, reasonOf } from '../base/fault.ts'
import { connectImap } from '../net/imap-connect.ts'
import type { ImapWire } from '../net/imap-wire.ts'
import type { ImapPeers, ImapStep, ImapTarget, ImapTrouble } from '../net/imap-words.ts'
import { bitsOf } from './imap-flags.ts'
import { handOver, type HeardVanished } from './imap-hand-over.ts'
import { joinRanges, type UidRange } from './imap-uid-set.ts'

/** One literal of a response may have this many octets; larger messages are asked for in parts. */
export const LONGEST_LITERAL = 1024 * 1024
const LONGEST_RESPONSE = 4 * LONGEST_LITERAL
const LONGEST_LINE = 8 * 1024 * 1024
/** Shorter than the 29 minutes of RFC 2177, and than the half hour after which boxes on the way forget a connection. */
const LONGEST_IDLE_MS = 25 * 60_000
const GOODBYE_MS = 5000
/** Changes of flags, and ranges of what is gone, that are held while a folder is being selected. */
const MOST_CHANGES = 50_000
const MOST_RANGES = 200_000

/** A signed-in session, or why there is none. */
export type OpenedImap =
  | { readonly ok: true; readonly session: ImapSession }
  | { readonly ok: false; readonly trouble: ImapTrouble; readonly sessionId: number | undefined }

/** What the server says of a folder that is selected. */
export interface Selected {
  readonly path: string
  readonly uidValidity: number
  readonly uidNext: number | null
  readonly exists: number
  readonly modseq: string | null
  /** What changed since it was last seen; null where the server can't say. */
  readonly since: Since | null
}
/** What the server says of a folder since a MODSEQ (RFC 7162 §3.2.5). */
export interface Since {
  readonly gone: readonly UidRange[]
  /** The flags that changed, by number; null where there were too many to hold. */
  readonly flags: ReadonlyMap<number, number> | null
}
/** How far a folder is known. */
export interface Known {
  readonly uidValidity: number | null
  readonly modseq: string | null
}
/** One answer to a FETCH. */
export interface Fetched {
  readonly uid: number
  readonly flags: ReadonlySet<string> | undefined
  readonly sizeBytes: number | undefined
  readonly receivedMs: number | undefined
  readonly source: Uint8Array | undefined
  readonly headers: Uint8Array | undefined
}

/** Connects, secures and signs in. `onStep` hears of each part before it begins. */
export async function openImap(
  target: ImapTarget,
  peers: ImapPeers,
  signal?: AbortSignal,
  onStep?: (step: ImapStep, sessionId: number | undefined) => void,
): Promise<OpenedImap> {
  const opened = await connectImap(target, peers, signal, onStep)
  if (!opened.ok) return opened
  const { wire, sessionId } = opened
  // Only who has such an account pays for it.
  const { ImapFlow: Client } = await import('imapflow')
  const client = new Client({
    host: target.host,
    port: target.port,
    secure: target.tls !== 'none',
    doSTARTTLS: false,
    auth:
      target.login === 'token'
        ? { user: target.user, accessToken: target.secret }
        : { user: target.user, pass: target.secret },
    clientInfo: { 'name': 'Posthorn', 'version': '', 'vendor': '', 'support-url': '' },
    logger: false,
    // The log shows what was said, and octets that were deflated say nothing.
    disableCompression: true,
    disableAutoIdle: true,
    disableIMAP4rev2: true,
    qresync: true,
    maxIdleTime: LONGEST_IDLE_MS,
    maxLineLength: LONGEST_LINE,
    maxLiteralSize: LONGEST_LITERAL + 65_536,
    maxResponseSize: LONGEST_RESPONSE,
  } as ConstructorParameters<typeof Client>[0])
  client.on('error', (error: unknown) => wire.abandon({ kind: 'protocol', reason: reasonOf(error).slice(0, 500) }))
  const onAbort = () => wire.abandon({ kind: 'given-up' })
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  wire.once('close', () => {
    signal?.removeEventListener('abort', onAbort)
    client.close()
  })
  try {
    const session = new ImapSession(client, wire)
    await handOver(client, wire, session.onVanished)
    return { ok: true, session }
  } catch (error) {
    const words = (text: unknown) => wire.withoutEchoes(String(text)).slice(0, 500)
    const said = error as { readonly authenticationFailed?: boolean; readonly response?: unknown }
    const trouble: ImapTrouble =
      wire.trouble ??
      (said.authenticationFailed === true
        ? { kind: 'refused', at: 'login', reply: words(said.response ?? reasonOf(error)) }
        : { kind: 'protocol', reason: words(reasonOf(error)) })
    wire.abandon(trouble)
    return { ok: false, trouble, sessionId }
  }
}

/** Null: too much to hold. */
interface Hearing {
  gone: UidRange[] | null
  flags: Map<number, number> | null
}

/** The library behind the few things that are asked of it. A call on a session that has ended throws `fetch.failed`. */
export class ImapSession {
  readonly wire: ImapWire
  readonly #client: ImapFlow
  /** What a SELECT that is under way has told so far. */
  #hearing: Hearing | undefined

  constructor(client: ImapFlow, wire: ImapWire) {
    this.#client = client
    this.wire = wire
  }

  get sessionId(): number | undefined {
    return this.wire.transcript.sessionId
  }

  can(capability: string): boolean {
    return this.#client.capabilities.has(capability)
  }

  /** Whether changes of flags since a MODSEQ can be asked for (RFC 7162). */
  get hasModseq(): boolean {
    return this.#client.enabled.has('CONDSTORE')
  }

  /** Runs `what` on the library; throws when the session is over. `undefined`: the server has refused. */
  async #run<T>(what: string, run: () => Promise<T | false | undefined | void>): Promise<T | undefined> {
    const over = () =>
      new Fault('fetch.failed', `${what}: the session has ended`, { what, reason: 'the session has ended' })
    if (this.wire.trouble !== undefined || !this.#client.usable) throw over()
    let result: T | false | undefined | void
    try {
      result = await run()
    } catch (error) {
      if (this.wire.trouble !== undefined || !this.#client.usable) throw over()
      if (!isRefusal(error)) throw error
      this.wire.transcript.worst('NO')
      return undefined
    }
    // The library answers false to a refusal and to a lost connection alike.
    if (result === false || result === undefined) {
      if (this.wire.trouble !== undefined || !this.#client.usable) throw over()
      this.wire.transcript.worst('NO')
      return undefined
    }
    return result
  }

  async list(): Promise<ListResponse[]> {
    return (await this.#run('list folders', () => this.#client.list())) ?? []
  }

  /**
   * Selects a folder; undefined when the server refuses, or numbers its messages in no way that could be kept. With `known` it is asked
   * what changed since (RFC 7162 §3.2.5), where it can say so.
   */
  async select(path: string, known?: Known): Promise<Selected | undefined> {
    const { uidValidity = null, modseq = null } = known ?? {}
    const isAsked = uidValidity !== null && modseq !== null
    const options: object = isAsked ? { changedSince: BigInt(modseq), uidValidity: BigInt(uidValidity) } : {}
    const heard: Hearing = (this.#hearing = { gone: [], flags: new Map() })
    const onFlags = ({ uid, flags }: { readonly uid?: number; readonly flags?: ReadonlySet<string> }) => {
      if (uid === undefined || heard.flags === null) return
      if (heard.flags.size >= MOST_CHANGES) heard.flags = null
      else heard.flags.set(uid, bitsOf(flags))
    }
    this.#client.on('flags', onFlags)
    try {
      // Never CLOSE before it: that removes for good what any program has marked (RFC 9051 §6.4.1).
      const opened = await this.#run('select a folder', () => this.#client.mailboxOpen(path, options))
      if (opened === undefined) return undefined
      // The library has compared UIDVALIDITY, and left what was asked for out where the server has not enabled it.
      const isSince = isAsked && heard.gone !== null && (opened as { readonly qresync?: boolean }).qresync === true
      return selectedOf(opened, isSince ? { gone: joinRanges(heard.gone ?? []), flags: heard.flags } : null)
    } finally {
      this.#hearing = undefined
      this.#client.off('flags', onFlags)
    }
  }

  /** VANISHED says by their numbers which messages are gone (RFC 7162 §3.2.10); `isEarlier`: before the folder was selected. */
  readonly onVanished: HeardVanished = (ranges, isEarlier) => {
    if (isEarlier) {
      const heard = this.#hearing
      if (heard === undefined || heard.gone === null) return
      heard.gone = heard.gone.length + ranges.length > MOST_RANGES ? null : heard.gone.concat(ranges)
    } else if (this.#client.mailbox) {
      const count = ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)
      this.#client.mailbox.exists = Math.max(0, this.#client.mailbox.exists - count)
      this.#client.emit('expunge', { path: this.#client.mailbox.path, vanished: true })
    }
  }

  /** Whether there is a folder of that name at all. */
  async exists(path: string): Promise<boolean> {
    const status = await this.#run('ask for a folder', () => this.#client.status(path, { uidValidity: true }))
    return status !== undefined
  }

  /** What changed in a folder since, without selecting it; undefined when the server refuses. */
  async status(
    path: string,
  ): Promise<{ uidValidity: number; uidNext: number; messages: number; modseq: string | null } | undefined> {
    const status = await this.#run('ask for a folder', () =>
      this.#client.status(path, {
        uidValidity: true,
        uidNext: true,
        messages: true,
        ...(this.hasModseq && { highestModseq: true }),
      }),
    )
    if (status?.uidValidity === undefined || status.uidNext === undefined) return undefined
    return {
      uidValidity: Number(status.uidValidity),
      uidNext: status.uidNext,
      messages: status.messages ?? 0,
      modseq: status.highestModseq === undefined ? null : String(status.highestModseq),
    }
  }

  async create(path: string): Promise<boolean> {
    return (await this.#run('make a folder', () => this.#client.mailboxCreate(path))) !== undefined
  }

  /** How many messages the selected folder has now. */
  get count(): number {
    return this.#client.mailbox ? this.#client.mailbox.exists : 0
  }

  /** All numbers of the selected folder that match, in order. Undefined: refused, which is not to say that there are none. */
  async search(query: SearchObject): Promise<number[] | undefined> {
    const found = await this.#run('search', () => this.#client.search(query, { uid: true }))
    if (!Array.isArray(found)) return undefined
    return found.filter((uid) => Number.isInteger(uid) && uid > 0 && uid <= 0xffff_ffff).toSorted((a, b) => a - b)
  }

  /** What the server says of messages by number. What it says of others is passed over by whoever asks. */
  async *fetch(uids: string, query: FetchQueryObject, changedSince?: string): AsyncGenerator<Fetched, void, void> {
    const over = () =>
      new Fault('fetch.failed', 'fetch: the session has ended', { what: 'fetch', reason: 'the session has ended' })
    try {
      const options = { uid: true, ...(changedSince !== undefined && { changedSince: BigInt(changedSince) }) }
      for await (const one of this.#client.fetch(uids, query, options)) {
        const fetched = toFetched(one)
        if (fetched !== undefined) yield fetched
      }
    } catch (error) {
      if (this.wire.trouble !== undefined || !this.#client.usable) throw over()
      if (!isRefusal(error)) throw error
      this.wire.transcript.worst('NO')
    }
    // A FETCH that was cut off ends like one that is done.
    if (this.wire.trouble !== undefined || !this.#client.usable) throw over()
  }

  /** Adds flags, or takes them away. False: refused. */
  async store(uid: number, flags: string[], isSet: boolean): Promise<boolean> {
    const done = await this.#run('change flags', () =>
      isSet
        ? this.#client.messageFlagsAdd(String(uid), flags, { uid: true })
        : this.#client.messageFlagsRemove(String(uid), flags, { uid: true }),
    )
    return done !== undefined
  }

  /** Copies or moves a message; its new number where the server says it. Undefined: refused. */
  async transfer(
    how: 'copy' | 'move',
    uid: number,
    path: string,
  ): Promise<{ uidValidity: number | null; uid: number | null } | undefined> {
    const done = await this.#run(how, () =>
      how === 'move'
        ? this.#client.messageMove(String(uid), path, { uid: true })
        : this.#client.messageCopy(String(uid), path, { uid: true }),
    )
    if (done === undefined) return undefined
    return {
      uidValidity: done.uidValidity === undefined ? null : Number(done.uidValidity),
      uid: done.uidMap?.get(uid) ?? null,
    }
  }

  /** Removes one message for good, and no other: only with UIDPLUS (RFC 4315). False: refused. */
  async expunge(uid: number): Promise<boolean> {
    return (await this.#run('delete', () => this.#client.messageDelete(String(uid), { uid: true }))) !== undefined
  }

  /** Puts a message into a folder. Undefined: refused. */
  async append(
    path: string,
    message: Buffer,
    flags: string[],
    date: Date,
  ): Promise<{ uidValidity: number | null; uid: number | null } | undefined> {
    const done = await this.#run('append', () => this.#client.append(path, message, flags, date))
    if (done === undefined) return undefined
    return {
      uidValidity: done.uidValidity === undefined ? null : Number(done.uidValidity),
      uid: done.uid ?? null,
    }
  }

  /** Waits in IDLE until the session ends; `onNews` hears of what the server tells. Without IDLE it asks now and then. */
  async idle(onNews: () => void): Promise<void> {
    this.#client.on('exists', onNews).on('expunge', onNews).on('flags', onNews)
    while (this.wire.trouble === undefined && this.#client.usable)
      if ((await this.#run('wait for news', async () => (await this.#client.idle()) ?? true)) === undefined) return
  }

  /** Says goodbye; whatever comes of it, the session is over then. */
  async quit(): Promise<void> {
    this.wire.farewell()
    const late = new Promise<void>((resolve) => setTimeout(resolve, GOODBYE_MS).unref())
    await Promise.race([this.#client.logout().catch(() => {}), late])
    this.wire.destroy()
  }
}

/** A tagged NO or BAD, or a folder that is not there; not a fault of ours. */
function isRefusal(error: unknown): boolean {
  const { responseStatus, code, mailboxMissing } = error as Record<
    'responseStatus' | 'code' | 'mailboxMissing',
    unknown
  >
  return responseStatus === 'NO' || responseStatus === 'BAD' || code === 'NotFound' || mailboxMissing === true
}

function selectedOf(opened: MailboxObject, since: Since | null): Selected | undefined {
  const uidValidity = Number(opened.uidValidity)
  if (!Number.isInteger(uidValidity) || uidValidity < 1 || uidValidity > 0xffff_ffff) return undefined
  return {
    path: opened.path,
    uidValidity,
    uidNext: Number.isInteger(opened.uidNext) && opened.uidNext > 0 ? opened.uidNext : null,
    exists: opened.exists,
    modseq: opened.highestModseq === undefined || opened.noModseq ? null : String(opened.highestModseq),
    since,
  }
}

function toFetched(one: FetchMessageObject): Fetched | undefined {
  const { uid } = one
  if (!Number.isInteger(uid) || uid < 1 || uid > 0xffff_ffff) return undefined
  const date = one.internalDate === undefined ? Number.NaN : new Date(one.internalDate).getTime()
  return {
    uid,
    flags: one.flags,
    sizeBytes: one.size,
    receivedMs: Number.isNaN(date) ? undefined : date,
    source: one.source,
    headers: one.headers,
  }
}
