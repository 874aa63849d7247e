import { Changes } from '../base/changes.ts'
import type { Clock } from '../base/clock.ts'
import { Fault, reasonOf } from '../base/fault.ts'
import {
  getImport,
  importTotals,
  listImports,
  listImportSources,
  MOST_PROBLEMS,
  noImport,
  type ImportInto,
  type ImportJob,
  type ImportQuoting,
  type ImportSource,
  type ImportTotals,
} from '../store/import-job.ts'
import type { Store } from '../store/types.ts'
import { runImport, scan } from './import-run.ts'
import type { Scanned, UploadedFile } from './import-scan.ts'
import type { ImportThreads } from './import-threads.ts'
import type { ImportUploads } from './import-upload.ts'

/** What imports work with. */
export interface ImportDeps {
  readonly store: Pick<Store, 'read' | 'write' | 'stage'>
  readonly clock: Pick<Clock, 'after' | 'nowMs'>
  readonly uploads: ImportUploads
  /** Closed by whoever made them. */
  readonly threads: ImportThreads
  /** Folders that have other mail now. */
  readonly onFolders: (folderIds: readonly number[]) => void
  readonly log: (line: string) => void
}
/** Where mail comes from. */
export type ImportFrom = { readonly paths: readonly string[] } | { readonly uploads: readonly string[] }

/** One import as a window shows it. */
export interface ImportStatus
  extends Omit<ImportJob, 'state' | 'isUpload' | 'quoting' | 'folderId' | 'origin'>, ImportTotals {
  readonly from: string[]
  readonly state: 'looking' | 'running' | 'finishing' | 'done' | 'cancelled' | 'interrupted' | 'failed'
  /** What is read just now. */
  readonly at: string | null
}

/** One that is under way, or waits for its turn. */
interface Live {
  phase: 'looking' | 'running' | 'finishing'
  at: string | null
  readonly stop: AbortController
  /** The program ends, and nobody has cancelled it. */
  isLeft: boolean
  readonly ended: Promise<void>
  readonly end: () => void
}

/** Pages of the index that are merged in one operation. */
const MERGED_PAGES = 250

/** Imports of mail, one after the other: the disk is one. */
export class ImportJobs {
  readonly #deps: ImportDeps
  readonly #live = new Map<number, Live>()
  /** What was sent in for an import, by its path there. */
  readonly #uploaded = new Map<
    number,
    { readonly handles: readonly string[]; readonly files: readonly UploadedFile[] }
  >()
  #line: Promise<void> = Promise.resolve()
  #isClosed = false
  /** Imports that changed. */
  readonly changes = new Changes<number>(200)

  constructor(deps: ImportDeps) {
    this.#deps = deps
  }

  /** What there is at those places. Throws `import.nothing`, and for what was sent in `not-found` and `conflict`. */
  async look(from: ImportFrom): Promise<Scanned> {
    const found = await scan(
      this.#deps.threads,
      'paths' in from ? from : { uploads: await this.#deps.uploads.take(from.uploads) },
    )
    if (found.sources.length > 0) return found
    const [first] = found.problems
    const path = first?.path ?? ('paths' in from ? (from.paths[0] ?? '') : '')
    const reason = first?.reason ?? 'there is no mail in it'
    const others = found.problems.length > 1 ? `, and ${found.problems.length - 1} more` : ''
    throw new Fault('import.nothing', `import "${path}": ${reason}${others}`, { path, reason })
  }

  /** Begins an import and returns its id. Throws as `look` does, and `not-found` for a folder that is gone. */
  async start(from: ImportFrom, into: ImportInto, quoting: ImportQuoting): Promise<number> {
    const { store, uploads } = this.#deps
    const { sources, problems } = await this.look(from)
    const files = 'uploads' in from ? await uploads.take(from.uploads) : []
    const origin = 'paths' in from ? from.paths : files.map(({ name }) => name)
    const jobId = await store.write('import.begin', {
      origin,
      isUpload: 'uploads' in from,
      quoting,
      into,
      sources,
      problems: problems.slice(0, MOST_PROBLEMS),
      refused: problems.length,
    })
    if ('uploads' in from) this.#uploaded.set(jobId, { handles: from.uploads, files })
    this.#run(jobId)
    return jobId
  }

  /** Goes on where an import had come to. Throws `not-found`, `conflict`. */
  async resume(id: number): Promise<void> {
    const { store } = this.#deps
    const job = this.#job(id)
    const refuse = (reason: string) => {
      throw new Fault('conflict', `go on with import ${id}: ${reason}`, { what: 'import', reason })
    }
    if (this.#live.has(id)) refuse('it is under way')
    if (job.state === 'done') refuse('all of it is done')
    if (job.isUpload && !this.#uploaded.has(id))
      refuse('its files are gone; send them in again, and only what is missing comes')
    await store.write('import.state', { id, state: 'running', reason: null })
    this.#run(id)
  }

  /** Stops an import where it is; resolves when it has stopped. Throws `not-found`, `conflict` where it does not run. */
  async cancel(id: number): Promise<void> {
    this.#job(id)
    const live = this.#live.get(id)
    if (live === undefined)
      throw new Fault('conflict', `cancel import ${id}: it is not under way`, {
        what: 'import',
        reason: 'not under way',
      })
    live.stop.abort()
    // One that waits for its turn need not wait to be stopped.
    if (live.phase === 'looking') await this.#end(id, live, 'cancelled', null)
    else await live.ended
  }

  /** Forgets an import that is over. Throws `not-found`, `conflict` while it runs. */
  async remove(id: number): Promise<void> {
    this.#job(id)
    if (this.#live.has(id))
      throw new Fault('conflict', `forget import ${id}: it is under way`, { what: 'import', reason: 'under way' })
    await this.#deps.store.write('import.remove', { id })
    await this.#letGo(id)
    this.changes.emit(id)
  }

  /** The last imports, newest first. */
  list(): ImportStatus[] {
    return listImports(this.#deps.store.read).map((job) => this.#status(job))
  }

  /** One import. Throws `not-found`. */
  get(id: number): ImportStatus {
    return this.#status(this.#job(id))
  }

  /** How far an import is, until it has ended; the last one says how. Throws `not-found`. */
  async *progress(id: number, signal?: AbortSignal): AsyncGenerator<ImportStatus, void, void> {
    const changed = new AbortController()
    const until = AbortSignal.any([changed.signal, ...(signal ? [signal] : [])])
    const stream = this.changes.stream(until)
    const ended = this.#live.get(id)?.ended.finally(() => changed.abort())
    let last = this.get(id)
    yield last
    if (ended === undefined) return
    for await (const ids of stream) {
      if (!ids.includes(id)) continue
      last = this.get(id)
      yield last
    }
    if (signal?.aborted !== true) yield this.get(id)
  }

  /** Leaves what is under way where it is, to be gone on with. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const live of this.#live.values()) {
      live.isLeft = true
      live.stop.abort()
    }
    await Promise.all([...this.#live.values()].map(({ ended }) => ended))
    await this.#deps.uploads.close()
  }

  #job(id: number): ImportJob {
    const job = getImport(this.#deps.store.read, id)
    if (job === undefined) throw noImport(id)
    return job
  }

  #status(job: ImportJob): ImportStatus {
    const live = this.#live.get(job.id)
    const { id, folder, reason, imported, duplicates, deleted, problems, startedMs, endedMs } = job
    return {
      id,
      from: [...job.origin],
      folder,
      state: live?.phase ?? (job.state === 'running' ? 'interrupted' : job.state),
      reason,
      imported,
      duplicates,
      deleted,
      problems,
      ...importTotals(this.#deps.store.read, id),
      at: live?.at ?? null,
      startedMs,
      endedMs,
    }
  }

  #run(id: number): void {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    const live: Live = { phase: 'looking', at: null, stop: new AbortController(), isLeft: false, ended, end }
    this.#live.set(id, live)
    this.#line = this.#line.then(() => this.#steps(id, live))
    this.changes.emit(id)
  }

  /** All of an import. Never fails: how it ended stands in the store. */
  async #steps(id: number, live: Live): Promise<void> {
    if (this.#live.get(id) !== live) return // stopped before its turn
    const { log } = this.#deps
    const { signal } = live.stop
    let reason: string | null = null
    try {
      if (!this.#isClosed) await this.#read(id, live)
      if (!signal.aborted) await this.#merge(id, live)
    } catch (error) {
      reason = reasonOf(error)
      log(`import ${id}: ${reason}`)
    }
    await this.#end(id, live, reason !== null ? 'failed' : signal.aborted ? 'cancelled' : 'done', reason)
  }

  /** Notes how an import ended. Never fails. */
  async #end(id: number, live: Live, state: 'done' | 'cancelled' | 'failed', reason: string | null): Promise<void> {
    const { store, log } = this.#deps
    const say = (error: unknown) => log(`import ${id}: ${reasonOf(error)}`)
    if (!live.isLeft) await store.write('import.state', { id, state, reason }).catch(say)
    this.#live.delete(id)
    // An import behind this one must not wait for what can't be removed.
    if (state === 'done') await this.#letGo(id).catch(say)
    live.end()
    this.changes.emit(id)
  }

  async #read(id: number, live: Live): Promise<void> {
    const { store, clock, onFolders } = this.#deps
    live.phase = 'running'
    const { quoting, origin } = this.#job(id)
    const files = this.#uploaded.get(id)?.files ?? []
    const order = {
      jobId: id,
      sources: () => this.#sources(id),
      quoting,
      uploads: Object.fromEntries(files.map(({ name, at }) => [name, at])),
      origin: files.length > 0 ? files.map(({ at }) => at.path) : origin,
      onStored: ({ folderIds }: { readonly folderIds: readonly number[] }, at: string) => {
        live.at = at
        onFolders(folderIds)
        this.changes.emit(id)
      },
    }
    const deps = { store, clock, threads: this.#deps.threads }
    await runImport(deps, order, live.stop.signal)
  }

  #sources(id: number): ImportSource[] {
    const all: ImportSource[] = []
    for (;;) {
      const some = listImportSources(this.#deps.store.read, id, all.at(-1)?.id ?? 0, 200)
      all.push(...some)
      if (some.length < 200) return all
    }
  }

  /** Many batches leave the index in many pieces, and a search asks each. */
  async #merge(id: number, live: Live): Promise<void> {
    live.phase = 'finishing'
    this.changes.emit(id)
    while (!live.stop.signal.aborted) {
      const { more } = await this.#deps.store.write('search.merge', { pages: MERGED_PAGES })
      if (!more) return
    }
  }

  async #letGo(id: number): Promise<void> {
    const uploaded = this.#uploaded.get(id)
    this.#uploaded.delete(id)
    for (const handle of uploaded?.handles ?? []) await this.#deps.uploads.drop(handle)
  }
}
