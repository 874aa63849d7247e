import type { Worker } from 'node:worker_threads'
import type { Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import { startThread } from '../base/start-thread.ts'

export type ImportThreadName = 'import-read' | 'import-parse'

/** What a batch leaves behind is soon gone: room for much of it would be room for nothing else. */
const LIMITS = { maxYoungGenerationSizeMb: 6 }
/** So long a thread that has nothing to do waits for more. */
const WAIT_MS = 10_000

/** One thread, and whoever uses it now. */
export class ImportThread {
  readonly name: ImportThreadName
  readonly worker: Worker
  onMessage: (message: unknown) => void = () => {}
  /** It has ended by itself, and why. */
  onGone: (reason: string) => void = () => {}
  isGone = false

  constructor(name: ImportThreadName, worker: Worker) {
    this.name = name
    this.worker = worker
    let reason = 'it ended'
    worker.on('message', (message: unknown) => this.onMessage(message))
    worker.on('error', (error) => (reason = reasonOf(error)))
    worker.on('exit', () => {
      this.isGone = true
      this.onGone(reason)
    })
  }

  async end(): Promise<void> {
    this.onGone = () => {}
    this.onMessage = () => {}
    await this.worker.terminate()
  }
}

/** The threads of imports. What has ended its work waits a little for more: many an import is small, and follows another. */
export class ImportThreads {
  readonly #clock: Pick<Clock, 'after'>
  readonly #start: (name: ImportThreadName) => Worker
  readonly #spare = new Set<ImportThread>()
  #cancel = () => {}
  #isClosed = false

  /** `start`: starts one thread; the real one unless a test watches what becomes of mail that ends it. */
  constructor(clock: Pick<Clock, 'after'>, start?: (name: ImportThreadName) => Worker) {
    this.#clock = clock
    this.#start = start ?? ((name) => startThread('mailbox', name, null, LIMITS))
  }

  take(name: ImportThreadName): ImportThread {
    const spare = [...this.#spare].find((one) => one.name === name)
    if (spare === undefined) return new ImportThread(name, this.#start(name))
    this.#spare.delete(spare)
    spare.worker.ref()
    return spare
  }

  /** Takes back a thread that has done all it was asked. */
  give(thread: ImportThread): void {
    if (thread.isGone || this.#isClosed) return void thread.end()
    thread.onMessage = () => {}
    thread.onGone = () => this.#spare.delete(thread)
    thread.worker.unref()
    this.#spare.add(thread)
    this.#cancel()
    this.#cancel = this.#clock.after(WAIT_MS, () => void this.#endSpare())
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#endSpare()
  }

  async #endSpare(): Promise<void> {
    this.#cancel()
    const spare = [...this.#spare]
    this.#spare.clear()
    await Promise.all(spare.map((thread) => thread.end()))
  }
}
