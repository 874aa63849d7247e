import { createHash, type Hash } from 'node:crypto'
import { letGo } from '../base/let-go.ts'
import { Sample } from '../message/sample.ts'
import type { Body, StagedBlob } from '../store/types.ts'

/** What is larger is stored while it arrives. */
const SMALL_BYTES = 256 * 1024

/** One message while it comes in: in memory while it is small, else in the store, chunk by chunk. */
export class Arrival {
  readonly #stage: () => Promise<StagedBlob>
  readonly #hash: Hash | undefined
  readonly #expectedBytes: number
  #held: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  #sizeBytes = 0
  #staged: StagedBlob | undefined
  #sample: Sample | undefined

  /** `isHashed`: its digest will be asked for. `expectedBytes`: how long it is said to be; 0 where nobody says. */
  constructor(
    stage: () => Promise<StagedBlob>,
    { isHashed = false, expectedBytes = 0 }: { readonly isHashed?: boolean; readonly expectedBytes?: number } = {},
  ) {
    this.#stage = stage
    this.#hash = isHashed ? createHash('sha256') : undefined
    this.#expectedBytes = Math.min(expectedBytes, SMALL_BYTES)
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }
  /** Bytes of it in memory. */
  get heldBytes(): number {
    return this.#sample?.sizeBytes ?? this.#sizeBytes
  }

  /** Takes a copy of a piece. A promise means: wait before the next one, and leave this one alone. */
  add(bytes: Uint8Array): Promise<void> | undefined {
    const before = this.#sizeBytes
    this.#sizeBytes += bytes.length
    this.#hash?.update(bytes)
    if (this.#sizeBytes > SMALL_BYTES) return this.#toStore(bytes, before)
    if (this.#sizeBytes > this.#held.length) {
      // What comes as it was said to has its room at once; what is longer does not grow with each piece.
      const room = Math.max(this.#sizeBytes, before === 0 ? this.#expectedBytes : 2 * this.#held.length)
      const longer = Buffer.allocUnsafeSlow(room)
      longer.set(this.#held.subarray(0, before))
      letGo(this.#held)
      this.#held = longer
    }
    this.#held.set(bytes, before)
    return undefined
  }

  async #toStore(bytes: Uint8Array, before: number): Promise<void> {
    const held = this.#staged === undefined ? [this.#held.subarray(0, before)] : []
    this.#sample ??= new Sample()
    this.#staged ??= await this.#stage()
    for (const chunk of [...held, bytes]) {
      this.#sample.add(chunk)
      await this.#staged.append(chunk)
    }
    letGo(this.#held)
  }

  /** The whole of it, and the bytes to read its fields from: of a large one not all of them. */
  async finish(): Promise<{ readonly body: Body; readonly toRead: Uint8Array | readonly Uint8Array[] }> {
    if (this.#staged) return { body: await this.#staged.finish(), toRead: this.#sample?.chunks ?? [] }
    const isWhole = this.#held.length === this.#sizeBytes
    const raw = isWhole ? this.#held : new Uint8Array(this.#held.buffer.transfer(this.#sizeBytes))
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
