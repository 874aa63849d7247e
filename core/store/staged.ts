import { createHash } from 'node:crypto'
import { Fault } from '../base/fault.ts'
import { CHUNK_BYTES } from './blob.ts'
import type { StagedBlob, Store } from './types.ts'

/** Bytes of one blob that may wait for the writer before its socket has to. */
const WAITING_BYTES = 512 * 1024
/** The same of all blobs together; beyond that each may have one chunk on its way. */
const WAITING_IN_ALL_BYTES = 2 * 1024 * 1024

/** What waits for one writer. */
interface Waiting {
  bytes: number
}
const waiting = new WeakMap<Store['write'], Waiting>()

/** A blob that takes bytes as they arrive; chunks are committed in whatever group comes next. */
export async function stage(write: Store['write']): Promise<StagedBlob> {
  const { blobId } = await write('blob.stage', null)
  let all = waiting.get(write)
  if (all === undefined) waiting.set(write, (all = { bytes: 0 }))
  return new Staging(blobId, write, all)
}

class Staging implements StagedBlob {
  readonly blobId: number
  readonly #write: Store['write']
  readonly #all: Waiting
  readonly #sha256 = createHash('sha256')
  #chunk = Buffer.alloc(0)
  #filled = 0
  #chunks = 0
  #sizeBytes = 0
  #waiting = 0
  #wake: (() => void)[] = []
  #failure: unknown
  #ended: 'finished' | 'dropped' | undefined

  constructor(blobId: number, write: Store['write'], all: Waiting) {
    this.blobId = blobId
    this.#write = write
    this.#all = all
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (this.#ended !== undefined) throw this.#late()
    this.#sha256.update(bytes)
    this.#sizeBytes += bytes.length
    for (let from = 0; from < bytes.length;) {
      if (this.#chunk.length === 0) this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
      const part = bytes.subarray(from, from + CHUNK_BYTES - this.#filled)
      this.#chunk.set(part, this.#filled)
      this.#filled += part.length
      from += part.length
      if (this.#filled === CHUNK_BYTES) this.#send()
    }
    await this.#until(WAITING_BYTES)
  }

  async finish(): Promise<{ stagedBlobId: number; sizeBytes: number; sha256: Uint8Array }> {
    if (this.#ended !== undefined) throw this.#late()
    this.#ended = 'finished'
    if (this.#filled > 0) this.#send()
    const sha256 = this.#sha256.digest()
    await this.#until(0)
    await this.#write('blob.finish', { blobId: this.blobId, sizeBytes: this.#sizeBytes, sha256 })
    return { stagedBlobId: this.blobId, sizeBytes: this.#sizeBytes, sha256 }
  }

  async drop(): Promise<void> {
    if (this.#ended === 'dropped') return
    this.#ended = 'dropped'
    this.#chunk = Buffer.alloc(0)
    await this.#write('blob.drop', { blobId: this.blobId }) // leaves one alone that was adopted
  }

  /** Hands a copy of the chunk to the writer without waiting for it; `write` has made it when it returns. */
  #send(): void {
    const bytes = this.#chunk.subarray(0, this.#filled)
    const { length } = bytes
    this.#filled = 0
    this.#waiting += length
    this.#all.bytes += length
    const settle = () => {
      this.#waiting -= length
      this.#all.bytes -= length
      for (const wake of this.#wake.splice(0)) wake()
    }
    this.#write('blob.append', { blobId: this.blobId, n: this.#chunks++, bytes }).then(settle, (error: unknown) => {
      this.#failure ??= error
      settle()
    })
  }

  async #until(bytes: number): Promise<void> {
    const isTooMuch = () => this.#waiting > bytes || (this.#waiting > 0 && this.#all.bytes > WAITING_IN_ALL_BYTES)
    while (isTooMuch() && this.#failure === undefined) await new Promise<void>((resolve) => this.#wake.push(resolve))
    if (this.#failure !== undefined) throw this.#failure
  }

  #late(): Fault {
    return new Fault('conflict', `add to staged blob ${this.blobId}: it was ${this.#ended}`, {
      what: 'staged blob',
      reason: `it was ${this.#ended}`,
    })
  }
}
