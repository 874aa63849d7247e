import { setImmediate as nextTurn } from 'node:timers/promises'
import { resolve } from 'node:path'
import type { ByteHandles } from '../base/byte-handles.ts'
import { Changes } from '../base/changes.ts'
import type { Clock } from '../base/clock.ts'
import { Fault, fileWords, isFault, reasonOf } from '../base/fault.ts'
import { listOldestFirst, tagNamesOf } from '../store/export-list.ts'
import { getFolder, listFolders, noFolder, type OwnedFolder } from '../store/folder.ts'
import { getMessage, type Message } from '../store/message-list.ts'
import type { Store } from '../store/types.ts'
import { checkFree, ExportTree, mboxText, type ExportFormat, type ExportTarget } from './export-files.ts'
import { pathName } from './export-names.ts'
import { parseQuery } from './find-handlers.ts'

/** What exports work with. */
export interface ExportDeps {
  readonly store: Pick<Store, 'read' | 'query' | 'openBody'>
  readonly clock: Pick<Clock, 'nowMs'>
  readonly handles: ByteHandles
  readonly log: (line: string) => void
}
/** What is taken out. */
export type ExportWhat = { readonly folderId: number } | { readonly query: string } | { readonly all: true }
export interface ExportOrder {
  readonly what: ExportWhat
  readonly format: ExportFormat
  readonly to: string
  readonly overwrite: boolean
}
/** One export as a window shows it. */
export interface ExportStatus {
  readonly id: number
  readonly format: ExportFormat
  readonly path: string
  readonly state: 'running' | 'done' | 'cancelled' | 'failed'
  readonly reason: string | null
  readonly exported: number
  readonly total: number
  readonly bytesDone: number
  readonly problems: string[]
  readonly problemsTotal: number
  readonly startedMs: number
  readonly endedMs: number | null
}
interface Job {
  status: ExportStatus
  readonly stop: AbortController
  readonly ended: Promise<void>
}

const PAGE = 100
const FOUND_AT_ONCE = 200
const MOST_PROBLEMS = 100
const MOST_REMEMBERED = 50

/** Exports of mail, of this run of the program. */
export class ExportJobs {
  readonly #deps: ExportDeps
  readonly #jobs = new Map<number, Job>()
  #lastId = 0
  /** Exports that changed. */
  readonly changes = new Changes<number>(200)

  constructor(deps: ExportDeps) {
    this.#deps = deps
  }

  /** Begins an export and returns its id. Throws `export.exists`, `not-found`, `search.invalid`, and what the system says. */
  async start(order: ExportOrder): Promise<number> {
    const path = resolve(order.to)
    const isTree = 'all' in order.what
    await checkFree(path, isTree || order.format !== 'mbox', order.overwrite)
    const total = this.#count(order.what)
    const id = ++this.#lastId
    const stop = new AbortController()
    const status: ExportStatus = {
      id,
      format: order.format,
      path,
      state: 'running',
      reason: null,
      exported: 0,
      total,
      bytesDone: 0,
      problems: [],
      problemsTotal: 0,
      startedMs: this.#deps.clock.nowMs(),
      endedMs: null,
    }
    const tree = new ExportTree(order.format, path, order.overwrite)
    const job: Job = { status, stop, ended: nextTurn().then(() => this.#run(job, order.what, tree)) }
    this.#jobs.set(id, job)
    for (const [old, { status: was }] of this.#jobs)
      if (this.#jobs.size > MOST_REMEMBERED && was.state !== 'running') this.#jobs.delete(old)
    this.changes.emit(id)
    return id
  }

  /** Stops an export; resolves when it has stopped. Throws `not-found`. */
  async cancel(id: number): Promise<void> {
    const job = this.#job(id)
    job.stop.abort()
    await job.ended
  }

  /** Those of this run, newest first. */
  list(): ExportStatus[] {
    return [...this.#jobs.values()].map(({ status }) => status).toReversed()
  }

  /** One export. Throws `not-found`. */
  get(id: number): ExportStatus {
    return this.#job(id).status
  }

  /** How far an export is, until it has ended; the last one says how. Throws `not-found`. */
  async *progress(id: number, signal?: AbortSignal): AsyncGenerator<ExportStatus, void, void> {
    const job = this.#job(id)
    const changed = new AbortController()
    const stream = this.changes.stream(AbortSignal.any([changed.signal, ...(signal ? [signal] : [])]))
    const ended = job.ended.finally(() => changed.abort())
    yield job.status
    for await (const ids of stream) if (ids.includes(id)) yield job.status
    if (signal?.aborted === true) return
    await ended
    yield job.status
  }

  /** A handle to one mbox file of all that is named, written while it is read. Throws as `start` does. */
  download(what: ExportWhat): { readonly handle: string; readonly filename: string } {
    const { store, handles } = this.#deps
    this.#count(what)
    const folder = 'folderId' in what ? getFolder(store.read, what.folderId)?.name : undefined
    const name = 'query' in what ? what.query : (folder ?? 'All mail')
    const filename = `${pathName(name, 'mail').slice(0, 80)}.mbox`
    const bytes = async function* (this: ExportJobs) {
      for await (const { message } of this.#messages(what)) {
        const tags = tagNamesOf(store.read, message.id)
        yield* mboxText({ ...message, tags }, store.openBody(message.view))
      }
    }
    const source = { filename, contentType: 'application/mbox', sizeBytes: undefined, bytes: bytes.bind(this) }
    return { handle: handles.make(source), filename }
  }

  /** Stops what is under way. */
  async close(): Promise<void> {
    for (const { stop } of this.#jobs.values()) stop.abort()
    await Promise.all([...this.#jobs.values()].map(({ ended }) => ended))
  }

  #job(id: number): Job {
    const job = this.#jobs.get(id)
    if (job === undefined)
      throw new Fault('not-found', `find export ${id}: there is none`, { what: 'export', id: String(id) })
    return job
  }

  /** How many messages there are; of a search nobody knows before. */
  #count(what: ExportWhat): number {
    const { read } = this.#deps.store
    if ('query' in what) {
      parseQuery(what.query)
      return 0
    }
    if ('all' in what) return listFolders(read).reduce((sum, { total }) => sum + total, 0)
    const folder = getFolder(read, what.folderId)
    if (folder === undefined) throw noFolder(what.folderId)
    return folder.total
  }

  /** All that is named, folder by folder, oldest first. */
  async *#messages(
    what: ExportWhat,
    signal?: AbortSignal,
  ): AsyncGenerator<{ readonly message: Message; readonly folder: OwnedFolder | undefined; readonly total?: number }> {
    const { read } = this.#deps.store
    if ('query' in what) {
      const ids = await this.#found(what.query, signal)
      for (const id of ids) {
        const message = getMessage(read, id)
        if (message !== undefined) yield { message, folder: undefined, total: ids.length }
      }
      return
    }
    const folders = 'all' in what ? listFolders(read) : listFolders(read).filter(({ id }) => id === what.folderId)
    for (const folder of folders) {
      let after: Message | null = null
      for (;;) {
        const page: Message[] = listOldestFirst(read, folder.id, after, PAGE)
        for (const message of page) yield { message, folder }
        after = page.at(-1) ?? null
        if (page.length < PAGE) break
      }
    }
  }

  /** Ids of what a search finds, oldest first. */
  async #found(text: string, signal?: AbortSignal): Promise<number[]> {
    const { store, clock } = this.#deps
    const query = parseQuery(text)
    if (query === null) return []
    const ids: number[] = []
    for (let before: number | null = null; ;) {
      const args = { query, before, limit: FOUND_AT_ONCE, nowMs: clock.nowMs() }
      const found: Awaited<ReturnType<typeof store.query<'message.search'>>> = await store.query(
        'message.search',
        args,
        signal,
      )
      for (const { id } of found.rows) ids.push(id)
      before = found.before
      if (before === null) return ids.reverse()
    }
  }

  #change(job: Job, change: Partial<ExportStatus>): void {
    job.status = { ...job.status, ...change }
    this.changes.emit(job.status.id)
  }

  /** All of an export. Never fails: how it ended stands in its status. */
  async #run(job: Job, what: ExportWhat, tree: ExportTree): Promise<void> {
    const { signal } = job.stop
    let reason: string | null = null
    try {
      await this.#write(job, what, tree)
    } catch (error) {
      reason = signal.aborted ? null : isFault(error) ? reasonOf(error) : fileWords(error)
    }
    const state = reason !== null ? 'failed' : signal.aborted ? 'cancelled' : 'done'
    if (reason !== null) this.#deps.log(`export to "${job.status.path}": ${reason}`)
    this.#change(job, { state, reason, endedMs: this.#deps.clock.nowMs() })
  }

  async #write(job: Job, what: ExportWhat, tree: ExportTree): Promise<void> {
    const { signal } = job.stop
    let target: ExportTarget | undefined = 'all' in what ? undefined : tree.only()
    let folderId: number | undefined
    try {
      for await (const { message, folder, total } of this.#messages(what, signal)) {
        signal.throwIfAborted()
        if (total !== undefined && job.status.total !== total) this.#change(job, { total })
        if ('all' in what && folder !== undefined && folder.id !== folderId) {
          await target?.end()
          folderId = folder.id
          const owner = folder.ownerName === null ? [] : [folder.ownerName]
          target = tree.folder([...owner, ...folder.name.split('/')], owner.length === 0 && folder.role === 'inbox')
        }
        if (target !== undefined) await this.#add(job, target, message)
      }
      signal.throwIfAborted()
      await target?.end()
    } catch (error) {
      await target?.drop()
      throw error
    }
  }

  /** A message whose bytes are damaged is named, and left out with what cannot be read of it. */
  async #add(job: Job, target: ExportTarget, message: Message): Promise<void> {
    const { store } = this.#deps
    const tags = tagNamesOf(store.read, message.id)
    let damage: string | undefined
    const readable = async function* () {
      try {
        yield* store.openBody(message.view)
      } catch (error) {
        if (!isFault(error, 'blob.damaged')) throw error
        damage = reasonOf(error) // what was given out before stays: a part of a letter is more than none
      }
    }
    const bytes = await target.add({ ...message, tags }, readable())
    const { exported, bytesDone, problems, problemsTotal } = job.status
    this.#change(job, { exported: exported + 1, bytesDone: bytesDone + bytes })
    if (damage === undefined) return
    const words = `message ${message.id} "${message.subject.slice(0, 100)}" is not whole: ${damage}`
    this.#change(job, {
      problems: problems.length < MOST_PROBLEMS ? [...problems, words] : problems,
      problemsTotal: problemsTotal + 1,
    })
  }
}
