import type { StagedBlob } from '../store/types.ts'
import type { Body } from '../store/types.ts'

/** What is larger is stored while it arrives. */
const SMALL_BYTES = 256 * 1024
/** Of a larger message only so much is looked at for subject, text and attachments. */
const LOOKED_AT_BYTES = 32 * 1024 * 1024

/** One message while it comes in: in memory while it is small, else in the store, chunk by chunk. */
export class Arrival {
  readonly #stage: () => Promise<StagedBlob>
  #chunks: Uint8Array[] = []
  #sizeBytes = 0
  #staged: StagedBlob | undefined

  constructor(stage: () => Promise<StagedBlob>) {
    this.#stage = stage
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Takes a piece. A promise means: wait before the next one. */
  add(bytes: Uint8Array): Promise<void> | undefined {
    this.#sizeBytes += bytes.length
    if (this.#sizeBytes <= LOOKED_AT_BYTES) this.#chunks.push(bytes)
    if (this.#sizeBytes <= SMALL_BYTES) return undefined
    return this.#toStore(bytes)
  }

  async #toStore(bytes: Uint8Array): Promise<void> {
    if (this.#staged) return this.#staged.append(bytes)
    this.#staged = await this.#stage()
    for (const chunk of this.#chunks) await this.#staged.append(chunk)
  }

  /** The whole of it, and the bytes to read its fields from. */
  async finish(): Promise<{ readonly body: Body; readonly toRead: Uint8Array | readonly Uint8Array[] }> {
    if (this.#staged) return { body: await this.#staged.finish(), toRead: this.#chunks }
    const raw = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    return { body: { raw }, toRead: raw }
  }

  /** Lets go of what is stored of it. */
  async drop(): Promise<void> {
    await this.#staged?.drop()
  }
}
