import { isFault, reasonOf } from '../base/fault.ts'
import type { Account } from '../store/account.ts'
import { countPlaces, countPlacesIn, listPlaces } from '../store/imap.ts'
import { listImapFolders, type ImapFolder } from '../store/imap-folder.ts'
import type { ImapSession, Selected } from './imap-client.ts'
import { bitsOf } from './imap-flags.ts'
import { listFolders, REST } from './imap-folders.ts'
import { adoptKnown, Incoming, type Here } from './imap-messages.ts'
import { uidsIn } from './imap-uid-set.ts'
import { Replay } from './imap-replay.ts'
import { describeImapTrouble, openAccount, type ImapDeps } from './imap-words.ts'
import type { Fetched } from './fetch-deps.ts'

/** Read at once on the main thread. */
const PAGE = 200
/** Numbers of one command; ten times as many where only changes are told. Flags of one operation of the writer. */
const WINDOW = 2000
const GROUP = 500
/** Gaps between the numbers of a folder that its server may name: a third of a second's work. */
const MOST_GAPS = 10_000

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/**
 * Makes an account what its server has, and the server what was done here: changes of ours first, then each folder, newest mail
 * first, then what was done here meanwhile. All that is known is committed as it becomes known, so whatever ends it, the next run goes
 * on from there.
 */
export async function fetchImapAccount(account: Account, deps: ImapDeps, signal?: AbortSignal): Promise<Fetched> {
  const none = { fetched: 0, removed: 0, sessionId: undefined }
  const opened = await openAccount(account, deps, signal)
  if ('problem' in opened) return { ...none, ...opened }
  if (!opened.ok) {
    const { trouble, sessionId } = opened
    const retry = trouble.kind === 'refused' && trouble.at === 'login' ? 'person' : 'usual'
    return { ...none, problem: describeImapTrouble(trouble, account), sessionId, retry }
  }
  const { session } = opened
  const pass = new Pass(account, deps, session)
  let problem: string | null = null
  try {
    await pass.run()
    problem = pass.problem
    await session.quit()
  } catch (error) {
    const { trouble } = session.wire
    if (trouble !== undefined) problem = describeImapTrouble(trouble, account)
    else {
      // A fault of ours, such as a full disk. What is on the server stays there.
      session.wire.transcript.note(`fetch given up: ${reasonOf(error)}`)
      session.wire.abandon({ kind: 'given-up' })
      problem = isFault(error, 'store.full')
        ? 'The disk is full: mail stays on the server until there is room.'
        : `The fetch was given up: ${reasonOf(error)}`
    }
  } finally {
    deps.onProgress?.(account.id, null)
  }
  return { fetched: pass.fetched, removed: pass.removed, problem, sessionId: session.sessionId }
}

class Pass {
  fetched = 0
  removed = 0
  readonly #account: Account
  readonly #deps: ImapDeps
  readonly #session: ImapSession
  readonly #replay: Replay
  #refused = 0
  #unread = 0
  #total = 0
  /** The folder of which only what is in no other one is mirrored. */
  #rest: string | undefined

  constructor(account: Account, deps: ImapDeps, session: ImapSession) {
    this.#account = account
    this.#deps = deps
    this.#session = session
    this.#replay = new Replay(session, deps, account.id)
  }

  /** Words for what did not go through though the session lasted; null when all did. */
  get problem(): string | null {
    const { host } = this.#account
    if (this.#refused > 0)
      return `${host} did not give out ${this.#refused} of its messages; the next fetch asks again.`
    if (this.#unread > 0) return `${host} did not open ${this.#unread} of its folders; the next fetch asks again.`
    if (this.#replay.givenUp > 0)
      return `${host} refuses ${this.#replay.givenUp} of the changes made here; they are taken back.`
    return null
  }

  async run(): Promise<void> {
    const { store } = this.#deps
    const { folders: listed, rest } = await listFolders(this.#session)
    this.#rest = rest
    if (listed.length > 0) {
      const { missing } = await store.write('imap.folders', { accountId: this.#account.id, folders: listed })
      for (const folder of missing) await this.#follow(folder)
    }
    await this.#replay.run()
    const folders = listImapFolders(store.read, this.#account.id).toSorted((a, b) => rank(a) - rank(b))
    const changed: ImapFolder[] = []
    for (const folder of folders) if (await this.#hasChanged(folder)) changed.push(folder)
    for (const folder of changed) await this.#look(folder)
    await this.#replay.run()
  }

  /** A folder that is listed no more: gone here, too, once the server says that there is none. */
  async #follow(folder: ImapFolder): Promise<void> {
    if (folder.role === 'inbox' || (await this.#session.exists(folder.path))) return
    for (let more = true; more;) {
      const gone = await this.#deps.store.write('imap.folder-gone', { folderId: folder.folderId, limit: GROUP })
      more = gone.more
      for (const id of gone.folderIds) this.#deps.onMail?.(id)
    }
  }

  async #hasChanged(folder: ImapFolder): Promise<boolean> {
    const status = await this.#session.status(folder.path)
    if (status === undefined) return true
    const isRest = folder.path === this.#rest
    const known = countPlacesIn(this.#deps.store.read, folder.folderId)
    this.#total += isRest ? known : status.messages
    return (
      status.modseq === null ||
      status.modseq !== folder.modseq ||
      status.uidValidity !== folder.uidValidity ||
      status.uidNext !== folder.uidNext ||
      (!isRest && status.messages !== known)
    )
  }

  #tell(): void {
    const done = countPlaces(this.#deps.store.read, this.#account.id)
    this.#deps.onProgress?.(this.#account.id, { done, total: Math.max(this.#total, done) })
  }

  async #look(folder: ImapFolder): Promise<void> {
    const { store } = this.#deps
    const selected = await this.#session.select(folder.path, this.#askable(folder))
    if (selected === undefined) {
      this.#unread++
      return
    }
    const here: Here = { folderId: folder.folderId, uidValidity: selected.uidValidity }
    await store.write('imap.begin', { ...here, uidNext: selected.uidNext })
    const isAnew = folder.uidValidity !== selected.uidValidity
    const known = await this.#known(here)
    const isRest = folder.path === this.#rest
    const changed = isRest ? undefined : await this.#listedSince(folder, selected, known)
    const listed = changed ?? (await this.#session.search(isRest ? { gmraw: REST } : { all: true }))
    // An answer that is not about all that the server has counted says nothing of what is missing in it.
    const isWhole = listed !== undefined && (isRest || listed.length === this.#session.count)
    if (listed === undefined) {
      this.#unread++
      return
    }
    const there = new Set(listed)
    if (isWhole)
      await this.#vanished(
        here,
        known.filter((uid) => !there.has(uid)),
      )
    const mine = new Set(known)
    let fresh: number[] | undefined = listed.filter((uid) => !mine.has(uid)).toReversed()
    if (fresh.length > 0 && (await store.query('imap.homeless', { folderId: folder.folderId })))
      fresh = await adoptKnown(this.#session, this.#deps, here, fresh)
    if (fresh === undefined) {
      this.#unread++
      return
    }
    if (isWhole) await this.#lookedThrough(here)
    const incoming = new Incoming(this.#session, this.#deps, here, () => this.#tell())
    if (fresh.length > 0) this.#tell()
    try {
      await incoming.bring(fresh)
    } finally {
      this.fetched += incoming.fetched
      this.#refused += incoming.refused
    }
    const still = isAnew ? [] : known.filter((uid) => there.has(uid))
    const flags = changed === undefined ? null : (selected.since?.flags ?? null)
    if (flags === null) await this.#flags(here, still, folder, selected)
    else await this.#keepFlags(here, still, flags)
    const isAll = isWhole && incoming.refused === 0
    await store.write('imap.synced', {
      ...here,
      uidNext: isAll ? selected.uidNext : null,
      modseq: isAll && this.#session.hasModseq ? selected.modseq : null,
    })
  }

  /**
   * A server that remembers little may name all that was ever removed: a folder with too many gaps between its numbers is not asked
   * what changed.
   */
  #askable(folder: ImapFolder): ImapFolder | undefined {
    const known = countPlacesIn(this.#deps.store.read, folder.folderId)
    return Math.min((folder.uidNext ?? 1) - 1 - known, known + 1) > MOST_GAPS ? undefined : folder
  }

  /**
   * All numbers of a folder, from what is known of it and what has changed since (RFC 7162 §3.2.5). Undefined where the server can't
   * say that, or says what can't be: then it is asked for all.
   */
  async #listedSince(
    { uidNext }: ImapFolder,
    { since, uidNext: next }: Selected,
    known: readonly number[],
  ): Promise<number[] | undefined> {
    if (since === null || uidNext === null) return undefined
    const gone = new Set(uidsIn(known, since.gone))
    const listed = new Set(known.filter((uid) => !gone.has(uid)))
    if (next !== uidNext) {
      const fresh = await this.#session.search({ uid: `${uidNext}:*` })
      // The last message of all is in such a range, whatever its number (RFC 9051 §9).
      for (const uid of fresh ?? []) if (uid >= uidNext) listed.add(uid)
    }
    return listed.size === this.#session.count ? [...listed].toSorted((a, b) => a - b) : undefined
  }

  async #keepFlags(here: Here, known: readonly number[], changed: ReadonlyMap<number, number>): Promise<void> {
    const flags = known.flatMap((uid) => (changed.has(uid) ? [{ uid, flags: changed.get(uid)! }] : []))
    for (let from = 0; from < flags.length; from += GROUP) {
      const some = flags.slice(from, from + GROUP)
      for (const id of await this.#deps.store.write('imap.flags', { ...here, flags: some })) this.#deps.onMail?.(id)
    }
  }

  async #known({ folderId }: Here): Promise<number[]> {
    const known: number[] = []
    for (let after = 0; ;) {
      const page = listPlaces(this.#deps.store.read, folderId, after, PAGE)
      for (const { uid } of page) known.push(uid)
      after = page.at(-1)?.uid ?? 0
      if (page.length < PAGE) return known
      await turn()
    }
  }

  async #vanished(here: Here, uids: readonly number[]): Promise<void> {
    for (let from = 0; from < uids.length; from += GROUP) {
      const some = uids.slice(from, from + GROUP)
      this.removed += some.length
      for (const id of await this.#deps.store.write('imap.vanished', { ...here, uids: some })) this.#deps.onMail?.(id)
    }
  }

  async #lookedThrough(here: Here): Promise<void> {
    for (let more = true; more;) {
      const looked = await this.#deps.store.write('imap.looked-through', { ...here, limit: GROUP })
      more = looked.more
      for (const id of looked.folderIds) this.#deps.onMail?.(id)
    }
  }

  /** Flags of what was here before: those changed since, where the server can say so (RFC 7162 §3.1.4), else all. */
  async #flags(here: Here, known: readonly number[], folder: ImapFolder, selected: Selected): Promise<void> {
    if (known.length === 0) return
    const since = this.#session.hasModseq && selected.modseq !== null ? (folder.modseq ?? undefined) : undefined
    if (since !== undefined && since === selected.modseq) return
    const mine = new Set(known)
    const windows = windowsOf(known, since === undefined ? WINDOW : 10 * WINDOW)
    for (const window of windows) {
      let group: { uid: number; flags: number }[] = []
      const keep = async () => {
        if (group.length === 0) return
        const folderIds = await this.#deps.store.write('imap.flags', { ...here, flags: group })
        group = []
        for (const id of folderIds) this.#deps.onMail?.(id)
      }
      for await (const one of this.#session.fetch(window, { uid: true, flags: true }, since)) {
        if (one.flags === undefined || !mine.has(one.uid)) continue
        if (group.push({ uid: one.uid, flags: bitsOf(one.flags) }) >= GROUP) await keep()
      }
      await keep()
    }
  }
}

const rank = ({ role }: ImapFolder) =>
  role === 'inbox' ? 0 : role === 'other' ? 2 : role === 'junk' || role === 'trash' ? 3 : 1

/** Ranges of at most so many of these numbers each, the latest first. What else is in them is passed over. */
function windowsOf(uids: readonly number[], most: number): string[] {
  const windows: string[] = []
  for (let to = uids.length; to > 0; to -= most) windows.push(`${uids[Math.max(0, to - most)]}:${uids[to - 1]}`)
  return windows
}
