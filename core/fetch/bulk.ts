import type { Worker } from 'node:worker_threads'
import type { Cancel, Clock } from '../base/clock.ts'
import type { SearchPiece } from '../store/search-piece-writer.ts'
import type { Store } from '../store/types.ts'
import { BulkThreads } from './bulk-threads.ts'
import type { BulkAnswer, BulkRead, BulkRequest } from './bulk-words.ts'

/** Threads, and from how many messages on it is worth it to start all of them. */
const THREADS = 2
const MANY = 1500
/** A batch is read in a tenth of a second; what takes so long was made to. */
const LONGEST_MS = 60_000
/** Pieces on their way to the writer. */
const MOST_PIECES = 3

/** What bulk reading works with. */
export interface BulkDeps {
  readonly store: Pick<Store, 'write'>
  readonly clock: Pick<Clock, 'after'>
  /** Where threads come from and go back to; without it each fetch has its own. */
  readonly bulkThreads?: BulkThreads
  /** Starts a thread of those; the real one unless a test watches what becomes of mail whose thread dies. */
  readonly startBulk?: () => Worker
}
/** A batch of messages, and what was read of them: undefined where they have to be read in another way. */
export interface BulkBatch {
  readonly read: BulkRead | undefined
  /** They are stored: ids of those whose words the thread has, null for one that is not stored after all. */
  readonly number: (ids: readonly (number | null)[]) => void
}

/**
 * Mail that comes in bulk is read in threads, which then make pieces of the full-text index of what was stored: for the writer
 * it is a fifth of the work. Where anything of this fails, messages are read one by one, and indexed from the store.
 */
export class Bulk {
  readonly #deps: BulkDeps
  readonly #threads: BulkThreads
  readonly #lines: Line[] = []
  readonly #adopting = new Set<Promise<void>>()
  #isLeaving = false

  /** `messages`: how many come. */
  constructor(deps: BulkDeps, messages: number) {
    this.#deps = deps
    this.#threads = deps.bulkThreads ?? new BulkThreads(deps.clock, deps.startBulk)
    for (let n = 0; n < (messages < MANY ? 1 : THREADS); n++)
      this.#lines.push(new Line(this.#threads.take(), deps.clock, (piece) => this.#adopt(piece)))
  }

  /** Messages were stored whose words did not get into the index by a piece. */
  get isLeaving(): boolean {
    return this.#isLeaving || this.#lines.some((line) => line.isLeaving)
  }

  /** Reads messages, each in pieces, once what came before them doesn't pile up before the writer. */
  async read(raws: readonly (readonly Uint8Array[])[]): Promise<BulkBatch> {
    while (this.#adopting.size > MOST_PIECES) await Promise.race(this.#adopting)
    const [line] = this.#lines.toSorted((a, b) => a.load - b.load)
    return line!.read(raws)
  }

  /** Resolves when all that was stored is in the index, or is left to be indexed from the store. */
  async finish(): Promise<void> {
    await Promise.all(this.#lines.map((line) => line.finish()))
    await Promise.all(this.#adopting)
  }

  /** Gives the threads back; those that are in the middle of something are ended. */
  async close(): Promise<void> {
    await Promise.all(this.#lines.map((line) => line.close(this.#threads)))
    if (this.#deps.bulkThreads === undefined) await this.#threads.end()
  }

  #adopt(piece: SearchPiece): void {
    const given = Object.values(piece).map(
      (array: Uint8Array | Uint32Array | Float64Array) => array.buffer as ArrayBuffer,
    )
    const adopting = this.#deps.store
      .write('search.adopt', { piece }, given)
      .then((isAdopted) => void (this.#isLeaving ||= !isAdopted))
      // What keeps the writer from it keeps it from storing mail, too, and the fetch says so.
      .catch(() => void (this.#isLeaving = true))
      .finally(() => this.#adopting.delete(adopting))
    this.#adopting.add(adopting)
  }
}

/** One thread. What it says late, or does not say because it is gone, is answered with nothing. */
class Line {
  /** It may have had the words of what is stored when it went. */
  isLeaving = false
  readonly #worker: Worker
  readonly #clock: Pick<Clock, 'after'>
  readonly #onPiece: (piece: SearchPiece) => void
  readonly #reading = new Map<number, (read: BulkRead | undefined) => void>()
  #lastBatch = 0
  #isGone = false
  /** It has nothing of this fetch any more. */
  #isDone = true
  #onFinished: (() => void) | undefined
  readonly #onAnswer = (answer: BulkAnswer) => this.#receive(answer)
  readonly #onGone = () => this.#gone()
  #late: Cancel = () => {}

  constructor(worker: Worker, clock: Pick<Clock, 'after'>, onPiece: (piece: SearchPiece) => void) {
    this.#worker = worker
    this.#clock = clock
    this.#onPiece = onPiece
    worker.unref()
    worker.on('message', this.#onAnswer)
    worker.on('error', this.#onGone)
    worker.on('exit', this.#onGone)
  }

  /** Batches it is reading. */
  get load(): number {
    return this.#isGone ? Infinity : this.#reading.size
  }

  async read(raws: readonly (readonly Uint8Array[])[]): Promise<BulkBatch> {
    const n = ++this.#lastBatch
    const number = (ids: readonly (number | null)[]) => this.#ask({ do: 'number', n, ids })
    if (this.#isGone) return { read: undefined, number }
    // Not zeroed first: all of it is written.
    const bytes = Buffer.allocUnsafeSlow(raws.flat().reduce((sum, piece) => sum + piece.length, 0))
    const ends: number[] = []
    let at = 0
    for (const raw of raws) {
      for (const piece of raw) {
        bytes.set(piece, at)
        at += piece.length
      }
      ends.push(at)
    }
    const { promise, resolve } = Promise.withResolvers<BulkRead | undefined>()
    this.#reading.set(n, resolve)
    this.#ask({ do: 'read', n, bytes, ends }, [bytes.buffer])
    return { read: await promise, number }
  }

  async finish(): Promise<void> {
    if (this.#isGone) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onFinished = resolve
    this.#ask({ do: 'finish' })
    await promise
  }

  async close(threads: BulkThreads): Promise<void> {
    const isSpare = this.#isDone && !this.#isGone
    this.#isGone = true
    this.#late()
    if (!isSpare) return void (await this.#worker.terminate())
    this.#worker.off('message', this.#onAnswer)
    this.#worker.off('error', this.#onGone)
    this.#worker.off('exit', this.#onGone)
    threads.give(this.#worker)
  }

  #ask(request: BulkRequest, buffers: ArrayBuffer[] = []): void {
    if (this.#isGone) return
    this.#isDone = false
    this.#worker.postMessage(request, buffers)
    this.#watch()
  }

  #watch(): void {
    this.#late()
    const isDue = this.#reading.size > 0 || this.#onFinished !== undefined
    this.#late = isDue ? this.#clock.after(LONGEST_MS, () => void this.#worker.terminate()) : () => {}
  }

  #receive(answer: BulkAnswer): void {
    switch (answer.do) {
      case 'read':
        this.#reading.get(answer.n)?.(answer)
        this.#reading.delete(answer.n)
        break
      case 'piece':
        this.#onPiece(answer.piece)
        break
      case 'finished':
        this.#isDone = true
        this.#onFinished?.()
        this.#onFinished = undefined
    }
    this.#watch()
  }

  #gone(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#late()
    this.isLeaving = true
    for (const settle of this.#reading.values()) settle(undefined)
    this.#reading.clear()
    this.#onFinished?.()
  }
}
