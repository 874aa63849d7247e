import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { letGo } from '../base/let-go.ts'
import type { ImportedBatch } from '../store/import-batch.ts'
import type { ImportSource } from '../store/import-job.ts'
import type { StagedBlob, Store } from '../store/types.ts'
import type { ReadAnswer, ReadOrder, ReadRequest, StageRequest } from './import-messages.ts'
import { ImportParsers } from './import-parsers.ts'
import { BATCH_MESSAGES } from './import-reader.ts'
import type { Scanned } from './import-scan.ts'
import type { ImportThread, ImportThreads } from './import-threads.ts'

/** What a run of an import works with. */
export interface RunDeps {
  readonly store: Pick<Store, 'write' | 'stage'>
  readonly clock: Pick<Clock, 'after'>
  readonly threads: ImportThreads
}

/** Batches between the file and the store beside those that are being read. */
const AHEAD = 2
const PARSERS = 2

const ask = ({ worker }: ImportThread, request: ReadRequest) => worker.postMessage(request)
const died = (reason: string) => new Fault('thread.died', `import mail: ${reason}`, { name: 'import', reason })

/** Looks what there is, in a thread. Throws `thread.died`. */
export async function scan(
  threads: ImportThreads,
  what: Extract<ReadRequest, { scan: unknown }>['scan'],
): Promise<Scanned> {
  const thread = threads.take('import-read')
  try {
    const found = await new Promise<Scanned>((resolve, reject) => {
      thread.onGone = (reason) => reject(died(reason))
      thread.onMessage = (message) => {
        const answer = message as ReadAnswer
        if ('scanned' in answer) resolve(answer.scanned)
        else if ('failed' in answer) reject(died(answer.failed))
      }
      ask(thread, { scan: what })
    })
    threads.give(thread)
    return found
  } catch (error) {
    await thread.end()
    throw error
  }
}

/** What a run is to do, and whom it tells of each batch that is stored. */
export interface RunOrder extends Omit<ReadOrder, 'batchMessages' | 'sources'> {
  readonly jobId: number
  /** What is not done, from where it is not done. */
  readonly sources: () => readonly ImportSource[]
  readonly onStored: (batch: ImportedBatch, at: string) => void
}

/** Reading a batch ended its thread: from what is stored on everything is read again, one message at a time. */
class HardToRead extends Error {}

/**
 * Reads an import's sources and stores what they hold. Resolves when all is stored, or when `signal` ended it, with what was begun
 * in the store done. Throws the store's faults, `thread.died`, and an error in words where a disk was taken out.
 */
export async function runImport(deps: RunDeps, order: RunOrder, signal: AbortSignal): Promise<void> {
  try {
    await runOnce(deps, order, signal, false)
  } catch (error) {
    if (!(error instanceof HardToRead)) throw error
    await runOnce(deps, order, signal, true)
  }
}

async function runOnce(deps: RunDeps, order: RunOrder, signal: AbortSignal, isCareful: boolean): Promise<void> {
  if (signal.aborted) return
  const run = new Run(deps, order, isCareful)
  const onAbort = () => run.end()
  signal.addEventListener('abort', onAbort)
  try {
    await run.ended
  } finally {
    signal.removeEventListener('abort', onAbort)
    await run.close()
  }
}

class Run {
  readonly #deps: RunDeps
  readonly #order: RunOrder
  readonly #reader: ImportThread
  readonly #parsers: ImportParsers
  /** Batches that are read and wait for those before them. */
  readonly #parsed = new Map<number, { readonly packed: Uint8Array; readonly at: string }>()
  readonly #places = new Map<number, string>()
  /** In careful runs: what a batch was, until it is read. */
  readonly #kept = new Map<number, Uint8Array>()
  readonly #isCareful: boolean
  #taken = 0
  #stored = 0
  #isReadToEnd = false
  #isEnded = false
  #writing: Promise<void> = Promise.resolve()
  #isWriting = false
  #staged: StagedBlob | undefined
  #staging: Promise<void> = Promise.resolve()
  /** Long messages that are in the store and in no folder yet: of the batch that comes next, and of those that have come. */
  #finished: StagedBlob[] = []
  readonly #finishedOf = new Map<number, readonly StagedBlob[]>()
  #settle: (error?: unknown) => void = () => {}
  readonly ended: Promise<void>

  constructor(deps: RunDeps, order: RunOrder, isCareful: boolean) {
    this.#deps = deps
    this.#order = order
    this.#isCareful = isCareful
    this.ended = new Promise((resolve, reject) => {
      this.#settle = (error) => (error === undefined ? resolve() : reject(error as Error))
    })
    const most = isCareful ? 1 : PARSERS
    this.#parsers = new ImportParsers({
      clock: deps.clock,
      threads: deps.threads,
      most,
      onParsed: ({ n, packed }) => this.#onParsed(n, packed),
      onDied: (n, reason) => this.#onParserDied(n, reason),
    })
    this.#reader = deps.threads.take('import-read')
    this.#reader.onGone = (reason) => this.#settle(died(reason))
    this.#reader.onMessage = (message) => this.#hear(message as ReadAnswer)
    const { quoting, uploads, origin } = order
    const batchMessages = isCareful ? 1 : BATCH_MESSAGES
    ask(this.#reader, { read: { sources: order.sources(), quoting, uploads, origin, batchMessages } })
    ask(this.#reader, { go: most + AHEAD })
  }

  /** Takes no more; what is being written is written. */
  end(): void {
    this.#isEnded = true
    if (!this.#isWriting) this.#settle()
  }

  async close(): Promise<void> {
    this.#isEnded = true
    if (this.#isReadToEnd) this.#deps.threads.give(this.#reader)
    else await this.#reader.end()
    await this.#parsers.close()
    await this.#writing
    // What is being staged just now is somebody's only when that has ended.
    await this.#staging
    // What nobody will store takes no room until the next start; what is stored is left alone.
    const left = [this.#staged, ...this.#finished, ...[...this.#finishedOf.values()].flat()]
    for (const one of left) await one?.drop().catch(() => {})
  }

  #hear(answer: ReadAnswer): void {
    if ('taken' in answer) {
      const n = this.#taken++
      this.#places.set(n, answer.at)
      if (this.#finished.length > 0) this.#finishedOf.set(n, this.#finished)
      this.#finished = []
      if (this.#isCareful) this.#kept.set(n, new Uint8Array(answer.taken))
      this.#parsers.parse(n, answer.taken, false)
    } else if ('stage' in answer)
      this.#staging = this.#stage(answer.stage).catch((error: unknown) => this.#settle(error))
    else if ('failed' in answer) this.#settle(new Error(answer.failed))
    else if ('ended' in answer) {
      this.#isReadToEnd = true
      this.#next()
    }
  }

  async #stage(request: StageRequest): Promise<void> {
    if (this.#isEnded) return
    if (request.do === 'begin') this.#staged = await this.#deps.store.stage()
    else if (request.do === 'append') {
      await this.#staged?.append(request.bytes)
      letGo(request.bytes)
    } else if (request.do === 'drop') await this.#staged?.drop()
    const staged = request.do === 'finish' ? ((await this.#staged?.finish()) ?? null) : null
    if (request.do === 'finish' && this.#staged !== undefined) this.#finished.push(this.#staged)
    if (request.do === 'finish' || request.do === 'drop') this.#staged = undefined
    ask(this.#reader, { staged })
  }

  #onParsed(n: number, packed: Uint8Array): void {
    this.#kept.delete(n)
    this.#parsed.set(n, { packed, at: this.#places.get(n) ?? '' })
    this.#places.delete(n)
    this.#next()
  }

  #onParserDied(n: number, reason: string): void {
    const again = this.#kept.get(n)
    if (again === undefined) return this.#settle(this.#isCareful ? died(reason) : new HardToRead(reason))
    this.#kept.delete(n)
    this.#parsers.parse(n, again, true)
  }

  /** One batch after the other: where one could not be stored, no later one may say how far all is. */
  #next(): void {
    if (this.#isWriting) return
    if (this.#isEnded) return this.#settle()
    const batch = this.#parsed.get(this.#stored)
    if (batch === undefined) {
      if (this.#isReadToEnd && this.#stored === this.#taken) this.#settle()
      return
    }
    const n = this.#stored++
    this.#parsed.delete(n)
    this.#isWriting = true
    const written = this.#deps.store.write('import.batch', { jobId: this.#order.jobId, packed: batch.packed })
    letGo(batch.packed) // the store has made a copy
    this.#writing = written.then(
      (stored) => {
        this.#isWriting = false
        this.#finishedOf.delete(n)
        this.#order.onStored(stored, batch.at)
        ask(this.#reader, { go: 1 })
        this.#next()
      },
      (error: unknown) => {
        this.#isWriting = false
        this.#settle(error)
      },
    )
  }
}
