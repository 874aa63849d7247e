import { createHash, type Hash } from 'node:crypto'
import { Sample } from '../message/sample.ts'
import type { Body, StagedBlob } from '../store/types.ts'

/** What is larger is stored while it arrives. */
const SMALL_BYTES = 256 * 1024

/** One message while it comes in: in memory while it is small, else in the store, chunk by chunk. */
export class Arrival {
  readonly #stage: () => Promise<StagedBlob>
  readonly #hash: Hash | undefined
  #chunks: Uint8Array[] = []
  #sizeBytes = 0
  #staged: StagedBlob | undefined
  #sample: Sample | undefined

  /** `isHashed`: its digest will be asked for. */
  constructor(stage: () => Promise<StagedBlob>, isHashed = false) {
    this.#stage = stage
    this.#hash = isHashed ? createHash('sha256') : undefined
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }
  /** Bytes of it in memory. */
  get heldBytes(): number {
    return this.#sample?.sizeBytes ?? this.#sizeBytes
  }

  /** Takes a piece. A promise means: wait before the next one. */
  add(bytes: Uint8Array): Promise<void> | undefined {
    this.#sizeBytes += bytes.length
    this.#hash?.update(bytes)
    if (this.#sizeBytes > SMALL_BYTES) return this.#toStore(bytes)
    this.#chunks.push(bytes)
    return undefined
  }

  async #toStore(bytes: Uint8Array): Promise<void> {
    this.#sample ??= new Sample()
    this.#staged ??= await this.#stage()
    for (const chunk of [...this.#chunks.splice(0), bytes]) {
      this.#sample.add(chunk)
      await this.#staged.append(chunk)
    }
  }

  /** The whole of it, and the bytes to read its fields from: of a large one not all of them. */
  async finish(): Promise<{ readonly body: Body; readonly toRead: Uint8Array | readonly Uint8Array[] }> {
    if (this.#staged) return { body: await this.#staged.finish(), toRead: this.#sample?.chunks ?? [] }
    const raw = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    return { body: { raw }, toRead: raw }
  }

  /** SHA-256 of all that came. Asked once, at the end. */
  digest(): string {
    return this.#hash?.digest('base64url') ?? ''
  }

  /** Lets go of what is stored of it. */
  async drop(): Promise<void> {
    await this.#staged?.drop()
  }
}
