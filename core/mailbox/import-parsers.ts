import type { Cancel, Clock } from '../base/clock.ts'
import type { ParsedBatch } from './import-messages.ts'
import type { ImportThread, ImportThreads } from './import-threads.ts'

/** How imported mail is read: in so many threads at once. */
export interface ParsersOptions {
  readonly clock: Pick<Clock, 'after'>
  readonly threads: ImportThreads
  readonly most: number
  readonly onParsed: (batch: { readonly n: number; readonly packed: Uint8Array }) => void
  /** Reading that batch ended its thread. */
  readonly onDied: (n: number, reason: string) => void
}

/** A batch takes a fraction of a second; what takes this long was made to. */
const LONGEST_MS = 120_000

interface Line {
  readonly thread: ImportThread
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
    line.thread.worker.postMessage({ n, packed, isHeaderOnly }, [packed.buffer as ArrayBuffer])
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const lines = [...this.#lines]
    this.#lines.clear()
    for (const line of lines) line.cancelTimer()
    for (const { thread } of lines.filter(({ batches }) => batches.size === 0)) this.#options.threads.give(thread)
    await Promise.all(lines.filter(({ batches }) => batches.size > 0).map(({ thread }) => thread.end()))
  }

  #next(): Line {
    const least = [...this.#lines].sort((a, b) => a.batches.size - b.batches.size)[0]
    if (least !== undefined && (least.batches.size === 0 || this.#lines.size >= this.#options.most)) return least
    const thread = this.#options.threads.take('import-parse')
    const line: Line = { thread, batches: new Set(), cancelTimer: () => {} }
    this.#lines.add(line)
    thread.onGone = (reason) => {
      this.#lines.delete(line)
      line.cancelTimer()
      if (!this.#isClosed) for (const n of line.batches) this.#options.onDied(n, reason)
    }
    thread.onMessage = (message) => {
      const batch = message as ParsedBatch
      line.batches.delete(batch.n)
      this.#watch(line)
      if ('packed' in batch) this.#options.onParsed(batch)
      else this.#options.onDied(batch.n, batch.reason)
    }
    return line
  }

  #watch(line: Line): void {
    line.cancelTimer()
    if (line.batches.size > 0)
      line.cancelTimer = this.#options.clock.after(LONGEST_MS, () => void line.thread.worker.terminate())
  }
}
