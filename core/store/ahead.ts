import type { Store } from './types.ts'

/**
 * What is held at most; the oldest goes first, which is mostly of a connection that has ended meanwhile. Five hundred messages of the
 * usual size, more than eighty connections ask for ahead.
 */
const MOST_BYTES = 2 * 1024 * 1024

/**
 * Small bodies that are read and checked in the reader thread before somebody opens them: each single read on the main thread
 * would decrypt its pages anew, for a commit has come between. Bytes of a blob never change, and its id is never used again.
 */
export class BodiesAhead {
  readonly #query: Store['query']
  readonly #held = new Map<number, Uint8Array>()
  /** Being read, with whoever waits for them. */
  readonly #coming = new Map<number, ((bytes: Uint8Array | undefined) => void)[]>()
  #bytes = 0

  constructor(query: Store['query']) {
    this.#query = query
  }

  /** Reads them; one that is long or damaged is passed over, and whoever opens it hears of it. Never throws. */
  async read(blobIds: readonly number[]): Promise<void> {
    const wanted = blobIds.filter((id) => !this.#held.has(id) && !this.#coming.has(id))
    if (wanted.length === 0) return
    for (const id of wanted) this.#coming.set(id, [])
    const found = await this.#query('blob.small', { blobIds: wanted }).catch(() => [])
    for (const { id, bytes } of found) {
      const waiting = this.#coming.get(id) ?? []
      this.#coming.delete(id)
      if (waiting.length > 0) waiting.forEach((tell, n) => tell(n === 0 ? bytes : undefined))
      else this.#hold(id, bytes)
    }
    for (const id of wanted) {
      const waiting = this.#coming.get(id) ?? []
      this.#coming.delete(id)
      for (const tell of waiting) tell(undefined)
    }
  }

  /** The bytes of that blob when they are here or on their way; they are its taker's from then on. */
  take(blobId: number): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const waiting = this.#coming.get(blobId)
    if (waiting !== undefined) return new Promise((resolve) => waiting.push(resolve))
    const bytes = this.#held.get(blobId)
    if (bytes === undefined) return undefined
    this.#held.delete(blobId)
    this.#bytes -= bytes.length
    return bytes
  }

  #hold(id: number, bytes: Uint8Array): void {
    this.#held.set(id, bytes)
    this.#bytes += bytes.length
    for (const [oldest, { length }] of this.#held) {
      if (this.#bytes <= MOST_BYTES) return
      this.#held.delete(oldest)
      this.#bytes -= length
    }
  }
}
