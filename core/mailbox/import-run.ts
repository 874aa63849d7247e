import type { Worker } from 'node:worker_threads'
import type { Clock } from '../base/clock.ts'
import { Fault, reasonOf } from '../base/fault.ts'
import { letGo } from '../base/let-go.ts'
import { startThread } from '../base/start-thread.ts'
import type { ImportedBatch } from '../store/import-batch.ts'
import type { ImportSource } from '../store/import-job.ts'
import type { StagedBlob, Store } from '../store/types.ts'
import type { ReadAnswer, ReadOrder, ReadRequest, StageRequest } from './import-messages.ts'
import { ImportParsers, THREAD_LIMITS, type ParsersOptions } from './import-parsers.ts'
import { BATCH_MESSAGES } from './import-reader.ts'
import type { Scanned } from './import-scan.ts'

/** What a run of an import works with. */
export interface RunDeps {
  readonly store: Pick<Store, 'write' | 'stage'>
  readonly clock: Pick<Clock, 'after'>
  readonly reader: ReadThread
  /** Threads that read mail; two, unless told. */
  readonly parsers?: number
  readonly startParser?: ParsersOptions['start']
}

/** Batches between the file and the store beside those that are being read. */
const AHEAD = 2
const PARSERS = 2

const ask = (worker: Worker, request: ReadRequest) => worker.postMessage(request)
const died = (reason: string) => new Fault('thread.died', `import mail: ${reason}`, { name: 'import', reason })

/** So long a thread that has looked around waits for what it is to read. */
const WAIT_MS = 10_000

/** The thread that reads files: what has looked what there is also reads it, if that is not long after. */
export class ReadThread {
  readonly #clock: Pick<Clock, 'after'>
  #spare: Worker | undefined
  #cancel = () => {}

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock
  }

  /** A thread for one run, or for one look. */
  take(): Worker {
    const spare = this.#spare
    this.#spare = undefined
    this.#cancel()
    return spare ?? startThread('mailbox', 'import-read', null, THREAD_LIMITS)
  }

  /** Looks what there is. Throws `thread.died`. */
  async scan(what: Extract<ReadRequest, { scan: unknown }>['scan']): Promise<Scanned> {
    const worker = this.take()
    worker.ref()
    let hear = (_answer: ReadAnswer) => {}
    let gone = (_error: Error) => {}
    const onMessage = (answer: ReadAnswer) => hear(answer)
    const onError = (error: unknown) => gone(died(reasonOf(error)))
    const onExit = () => gone(died('its thread ended'))
    worker.on('message', onMessage).on('error', onError).on('exit', onExit)
    try {
      const found = await new Promise<Scanned>((resolve, reject) => {
        gone = reject
        hear = (answer) => {
          if ('scanned' in answer) resolve(answer.scanned)
          else if ('failed' in answer) reject(died(answer.failed))
        }
        ask(worker, { scan: what })
      })
      worker.off('message', onMessage)
      await this.close()
      this.#spare = worker
      // One that dies while it waits is none.
      gone = () => void (this.#spare === worker && (this.#spare = undefined))
      worker.unref()
      this.#cancel = this.#clock.after(WAIT_MS, () => void this.close())
      return found
    } catch (error) {
      await worker.terminate()
      throw error
    }
  }

  async close(): Promise<void> {
    this.#cancel()
    const spare = this.#spare
    this.#spare = undefined
    await spare?.terminate()
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
  readonly #reader: Worker
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
  #settle: (error?: unknown) => void = () => {}
  readonly ended: Promise<void>

  constructor(deps: RunDeps, order: RunOrder, isCareful: boolean) {
    this.#deps = deps
    this.#order = order
    this.#isCareful = isCareful
    this.ended = new Promise((resolve, reject) => {
      this.#settle = (error) => (error === undefined ? resolve() : reject(error as Error))
    })
    const threads = isCareful ? 1 : (deps.parsers ?? PARSERS)
    this.#parsers = new ImportParsers({
      clock: deps.clock,
      threads,
      ...(deps.startParser && { start: deps.startParser }),
      onParsed: ({ n, packed }) => this.#onParsed(n, packed),
      onDied: (n, reason) => this.#onParserDied(n, reason),
    })
    this.#reader = deps.reader.take()
    this.#reader.ref()
    this.#reader.on('error', (error) => this.#settle(died(reasonOf(error))))
    this.#reader.on('exit', () => this.#isReadToEnd || this.#settle(died('its thread ended')))
    this.#reader.on('message', (answer: ReadAnswer) => this.#hear(answer))
    const { quoting, uploads, origin } = order
    const batchMessages = isCareful ? 1 : BATCH_MESSAGES
    ask(this.#reader, { read: { sources: order.sources(), quoting, uploads, origin, batchMessages } })
    ask(this.#reader, { go: threads + AHEAD })
  }

  /** Takes no more; what is being written is written. */
  end(): void {
    this.#isEnded = true
    if (!this.#isWriting) this.#settle()
  }

  async close(): Promise<void> {
    this.#isEnded = true
    await Promise.all([this.#reader.terminate(), this.#parsers.close()])
    await this.#writing
    await this.#staged?.drop().catch(() => {})
  }

  #hear(answer: ReadAnswer): void {
    if ('taken' in answer) {
      const n = this.#taken++
      this.#places.set(n, answer.at)
      if (this.#isCareful) this.#kept.set(n, new Uint8Array(answer.taken))
      this.#parsers.parse(n, answer.taken, false)
    } else if ('stage' in answer) this.#stage(answer.stage).catch((error: unknown) => this.#settle(error))
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
    this.#parsed.delete(this.#stored)
    this.#stored++
    this.#isWriting = true
    const written = this.#deps.store.write('import.batch', { jobId: this.#order.jobId, packed: batch.packed })
    letGo(batch.packed) // the store has made a copy
    this.#writing = written.then(
      (stored) => {
        this.#isWriting = false
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
