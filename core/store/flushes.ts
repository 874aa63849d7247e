import { closeSync, fdatasync, openSync } from 'node:fs'

/** As many as the runtime has threads that wait for the disk. */
const AT_ONCE = 4

/** Flushes a file; all that was written before it began is on the disk when `done` is called without an error. */
export type Flush = (done: (error: Error | null) => void) => void

/**
 * Ways to flush the file at once, each through a handle of its own: a system tells of a write that failed once for each handle, so
 * that of two flushes through one of them the second would say that all is well.
 */
export function openFlushes(path: string): { readonly flushes: Flush[]; readonly close: () => void } {
  const files: number[] = []
  const close = () => files.forEach((file) => closeSync(file))
  try {
    while (files.length < AT_ONCE) files.push(openSync(path, 'r+'))
  } catch (error) {
    close()
    throw error
  }
  // libuv asks macOS for F_FULLFSYNC and Windows for FlushFileBuffers, as SQLite does here.
  return { flushes: files.map((file) => (done) => fdatasync(file, done)), close }
}

/** What becomes of what waits for a flush. */
export interface FlushEvents<Held> {
  /** It is on the disk, and so is all that was held before. Called in the order in which it was held. */
  kept(held: Held): void
  /** A flush of so many new bytes has ended well, after so many ms; there is room for another. */
  ended(ms: number, bytes: number): void
  /** Nobody knows what of this is on the disk, nor will a later flush tell. Called once, and then nothing more is. */
  failed(error: Error, held: readonly Held[]): void
}

/** Flushes under way beside the work of their thread, and what waits for them. */
export class Flushes<Held> {
  readonly #free: Flush[]
  readonly #events: FlushEvents<Held>
  #waiting: { readonly n: number; readonly held: Held }[] = []
  #underWay = 0
  #last = 0
  #hasFailed = false

  constructor(flushes: readonly Flush[], events: FlushEvents<Held>) {
    this.#free = [...flushes]
    this.#events = events
  }

  get hasRoom(): boolean {
    return this.#free.length > 0
  }
  get isIdle(): boolean {
    return this.#underWay === 0
  }

  /** Begins a flush of what is written by now, `bytes` of it new, and holds this until it is on the disk. Only while there is room. */
  hold(held: Held, bytes: number): void {
    const flush = this.#free.pop()
    if (flush === undefined) throw new Error('as many flushes are under way as there may be')
    const n = ++this.#last
    this.#waiting.push({ n, held })
    this.#underWay++
    const startMs = performance.now()
    flush((error) => {
      this.#underWay--
      this.#free.push(flush)
      if (this.#hasFailed) return
      if (error === null) this.#keep(n, performance.now() - startMs, bytes)
      else this.#fail(error)
    })
  }

  /** A flush covers all that was written before it began, so what an earlier one is still busy with, too. */
  #keep(n: number, ms: number, bytes: number): void {
    for (let first; (first = this.#waiting[0]) !== undefined && first.n <= n;) {
      this.#waiting.shift()
      this.#events.kept(first.held)
    }
    this.#events.ended(ms, bytes)
  }

  #fail(error: Error): void {
    this.#hasFailed = true
    const held = this.#waiting.map((one) => one.held)
    this.#waiting = []
    this.#events.failed(error, held)
  }
}

/** What one flush says of the next. */
const WEIGHT = 1 / 8
/** Below this part of what counts as slow, they are quick again. */
const QUICK_PART = 2 / 3
/** What a disk writes at least; the time for that is no sign of slow flushes. */
const BYTES_PER_MS = 300_000

/** Whether flushes are slow here, which a disk does not tell but by being used. */
export class FlushPace {
  readonly #slowMs: number
  #ms = 0
  #isSlow: boolean

  /** `slowMs`: they are slow where they take longer; with 0 they always are. */
  constructor(slowMs: number) {
    this.#slowMs = slowMs
    this.#isSlow = slowMs === 0
  }

  get isSlow(): boolean {
    return this.#isSlow
  }

  took(ms: number, bytes: number): void {
    this.#ms += (Math.max(ms - bytes / BYTES_PER_MS, 0) - this.#ms) * WEIGHT
    if (this.#ms > this.#slowMs) this.#isSlow = true
    else if (this.#ms < this.#slowMs * QUICK_PART) this.#isSlow = false
  }
}
