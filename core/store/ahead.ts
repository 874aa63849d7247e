import type { Store } from './types.ts'

/** What is held at most; the oldest goes first. */
const MOST_BYTES = 8 * 1024 * 1024

/**
 * Small bodies that were read and checked in the reader thread before somebody opens them: each single read on the main thread
 * would decrypt its pages anew, for a commit has come between. Bytes of a blob never change, and its id is never used again.
 */
export class BodiesAhead {
  readonly #query: Store['query']
  readonly #held = new Map<number, Uint8Array>()
  #bytes = 0

  constructor(query: Store['query']) {
    this.#query = query
  }

  /** Reads them; one that is long or damaged is passed over, and whoever opens it hears of it. Never throws. */
  async read(blobIds: readonly number[]): Promise<void> {
    if (blobIds.length === 0) return
    const found = await this.#query('blob.small', { blobIds }).catch(() => [])
    for (const { id, bytes } of found) {
      this.take(id)
      this.#held.set(id, bytes)
      this.#bytes += bytes.length
    }
    for (const id of this.#held.keys()) {
      if (this.#bytes <= MOST_BYTES) break
      this.take(id)
    }
  }

  /** The bytes of that blob when they are here; they are let go of. */
  take(blobId: number): Uint8Array | undefined {
    const bytes = this.#held.get(blobId)
    if (bytes === undefined) return undefined
    this.#held.delete(blobId)
    this.#bytes -= bytes.length
    return bytes
  }
}
