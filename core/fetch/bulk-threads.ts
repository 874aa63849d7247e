import type { Worker } from 'node:worker_threads'
import type { Clock } from '../base/clock.ts'
import { startThread } from '../base/start-thread.ts'

/** What is read of a message is garbage at once: it need not be given much room (MB), in each thread. */
const CALM = { maxYoungGenerationSizeMb: 3 }
/**
 * So long a thread waits for the next account: they are fetched one after the other, and what a new thread has to start and compile
 * takes as long as some hundred messages.
 */
const WAIT_MS = 30_000

/** Threads that read mail which comes in bulk. One that is done is kept for a moment. */
export class BulkThreads {
  readonly #clock: Pick<Clock, 'after'>
  readonly #start: () => Worker
  readonly #spare = new Map<Worker, () => void>()
  #cancel = () => {}

  /** `start`: starts one; the real one unless a test watches what becomes of mail whose thread dies. */
  constructor(clock: Pick<Clock, 'after'>, start?: () => Worker) {
    this.#clock = clock
    this.#start = start ?? (() => startThread('fetch', 'bulk', null, CALM))
  }

  take(): Worker {
    const [spare] = this.#spare.keys()
    if (spare === undefined) return this.#start()
    this.#leave(spare)
    return spare
  }

  /** Takes back a thread that has said all it was asked for, and that nobody listens to any more. */
  give(worker: Worker): void {
    const onGone = () => this.#leave(worker)
    worker.on('error', onGone)
    worker.on('exit', onGone)
    this.#spare.set(worker, onGone)
    this.#cancel()
    this.#cancel = this.#clock.after(WAIT_MS, () => void this.end())
  }

  /** Ends those that wait. */
  async end(): Promise<void> {
    this.#cancel()
    const spare = [...this.#spare.keys()]
    for (const worker of spare) this.#spare.delete(worker)
    await Promise.all(spare.map((worker) => worker.terminate()))
  }

  #leave(worker: Worker): void {
    const onGone = this.#spare.get(worker)
    if (onGone === undefined) return
    this.#spare.delete(worker)
    worker.off('error', onGone)
    worker.off('exit', onGone)
  }
}
