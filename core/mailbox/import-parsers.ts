import type { Worker } from 'node:worker_threads'
import type { Cancel, Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import { startThread } from '../base/start-thread.ts'
import type { ParsedBatch } from './import-messages.ts'

/** How imported mail is read: in so many threads at once. */
export interface ParsersOptions {
  readonly clock: Pick<Clock, 'after'>
  readonly threads: number
  /** Starts one thread; the real one unless a test watches what becomes of mail that ends it. */
  readonly start?: () => Worker
  readonly onParsed: (batch: { readonly n: number; readonly packed: Uint8Array }) => void
  /** Reading that batch ended its thread. */
  readonly onDied: (n: number, reason: string) => void
}

/** What a batch leaves behind is soon gone: room for much of it would be room for nothing else. */
export const THREAD_LIMITS = { maxYoungGenerationSizeMb: 6 }
/** A batch takes a fraction of a second; what takes this long was made to. */
const LONGEST_MS = 120_000

interface Line {
  readonly worker: Worker
  readonly batches: Set<number>
  cancelTimer: Cancel
}

/** The threads that read imported mail. */
export class ImportParsers {
  readonly #options: ParsersOptions
  readonly #lines = new Set<Line>()
  #isClosed = false

  constructor(options: ParsersOptions) {
    this.#options = options
  }

  /** Hands a batch to the thread that has least to do. Its buffer is gone from here afterwards. */
  parse(n: number, packed: Uint8Array, isHeaderOnly: boolean): void {
    const line = this.#next()
    line.batches.add(n)
    this.#watch(line)
    line.worker.postMessage({ n, packed, isHeaderOnly }, [packed.buffer as ArrayBuffer])
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const line of this.#lines) line.cancelTimer()
    await Promise.all([...this.#lines].map(({ worker }) => worker.terminate()))
  }

  #next(): Line {
    const least = [...this.#lines].sort((a, b) => a.batches.size - b.batches.size)[0]
    if (least !== undefined && (least.batches.size === 0 || this.#lines.size >= this.#options.threads)) return least
    const worker = (this.#options.start ?? (() => startThread('mailbox', 'import-parse', null, THREAD_LIMITS)))()
    const line: Line = { worker, batches: new Set(), cancelTimer: () => {} }
    this.#lines.add(line)
    let reason = 'it ended'
    worker.on('error', (error) => (reason = reasonOf(error)))
    worker.on('exit', () => {
      this.#lines.delete(line)
      line.cancelTimer()
      if (!this.#isClosed) for (const n of line.batches) this.#options.onDied(n, reason)
    })
    worker.on('message', (batch: ParsedBatch) => {
      line.batches.delete(batch.n)
      this.#watch(line)
      if ('packed' in batch) this.#options.onParsed(batch)
      else this.#options.onDied(batch.n, batch.reason)
    })
    return line
  }

  #watch(line: Line): void {
    line.cancelTimer()
    if (line.batches.size > 0)
      line.cancelTimer = this.#options.clock.after(LONGEST_MS, () => void line.worker.terminate())
  }
}
