import { createHash } from 'node:crypto'
import { Fault } from '../base/fault.ts'
import { letGo } from '../base/let-go.ts'
import { OneAtATime } from '../base/one-at-a-time.ts'
import { readHeader } from '../message/headers.ts'
import { writeSevenBit } from '../message/seven-bit-pieces.ts'
import { LONGEST_LINE, planSevenBit, SLICE_BYTES, type SevenBit, type Source } from '../message/seven-bit.ts'
import { CHUNK_BYTES } from '../store/blob.ts'
import type { Body, Store } from '../store/types.ts'
import { Refused } from './refused.ts'

/** A larger body is staged, as it would have been at the door. */
const STAGE_FROM_BYTES = CHUNK_BYTES
/** The header of the whole is found in what comes first. */
const LONGEST_HEAD_BYTES = 128 * 1024

type StagedBody = Extract<Body, { readonly stagedBlobId: number }>
/** A message in 7 bits, or why it is left as it came. */
export type MadeSevenBit =
  | { readonly kind: 'made'; readonly body: Body; readonly head: Uint8Array; readonly raw: Uint8Array | undefined }
  | Extract<SevenBit, { readonly kind: 'as-is' }>

/**
 * Makes a message 7-bit that begins at `at` of its body. A staged one is read from the store and written into another staged
 * blob slice by slice, so that its size is of no account. Throws `Refused` where a line stays longer than any may be.
 */
export async function makeSevenBit(
  body: Body,
  at: number,
  hasLongLines: boolean,
  store: Pick<Store, 'query' | 'stage'>,
): Promise<MadeSevenBit> {
  if ('raw' in body) {
    const source = memorySource(body.raw, at)
    const plan = checked(await planSevenBit(source), hasLongLines)
    if (plan.kind === 'as-is') return plan
    const slices: Buffer[] = []
    // A slice is good until the next one: what is kept is a copy.
    for await (const slice of writeSevenBit(source, plan.pieces)) slices.push(Buffer.from(slice))
    const raw = Buffer.concat(slices)
    const made = raw.length <= STAGE_FROM_BYTES ? { raw } : await staged([raw], store)
    return { kind: 'made', body: made, head: headOf(raw), raw }
  }
  // It is work of the main thread: side by side, many would not be done earlier, and each turn would be longer.
  return large.run(async () => {
    const source = new StagedSource(body, at, store)
    try {
      const plan = checked(await planSevenBit(source), hasLongLines)
      if (plan.kind === 'as-is') return plan
      await source.check()
      const first = new First()
      const made = await staged(first.hear(writeSevenBit(source, plan.pieces)), store)
      return { kind: 'made', body: made, head: headOf(first.bytes), raw: undefined }
    } finally {
      source.close()
    }
  })
}
const large = new OneAtATime()

function checked(plan: SevenBit, hasLongLines: boolean): SevenBit {
  if (!hasLongLines) return plan
  if (plan.kind === 'as-is')
    throw tooLong(plan.why === 'signed' ? 'is signed or encrypted' : 'has a part that cannot be written anew')
  if (plan.hasLongHeaderLine) throw tooLong('has it in the header of a part')
  return plan
}

/** RFC 5321 §4.5.3.1.6: other servers cut such lines, or refuse the message. */
export function tooLong(why: string): Refused {
  return new Refused(
    554,
    '5.6.0',
    `a line is longer than ${LONGEST_LINE} octets and cannot be encoded: the message ${why}`,
  )
}

/** A copy: the bytes it is from may be large, or let go of. */
const headOf = (bytes: Uint8Array): Uint8Array => Buffer.from(bytes.subarray(0, readHeader(bytes).bodyAt))

async function staged(slices: Iterable<Buffer> | AsyncIterable<Buffer>, store: Pick<Store, 'stage'>): Promise<Body> {
  const blob = await store.stage()
  try {
    for await (const slice of slices)
      for (let at = 0; at < slice.length; at += CHUNK_BYTES) await blob.append(slice.subarray(at, at + CHUNK_BYTES))
    return await blob.finish()
  } catch (error) {
    // On a full disk every try of the client would leave another half of its message behind.
    blob.drop().catch(() => {})
    throw error
  }
}

/** Keeps the start of what goes by. */
class First {
  bytes: Buffer = Buffer.alloc(0)

  async *hear(slices: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
    for await (const slice of slices) {
      if (this.bytes.length < LONGEST_HEAD_BYTES)
        this.bytes = Buffer.concat([this.bytes, slice.subarray(0, LONGEST_HEAD_BYTES - this.bytes.length)])
      yield slice
    }
  }
}

/** A message at hand; others get their turn between two slices of it. */
function memorySource(raw: Uint8Array, at: number): Source {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset + at, raw.byteLength - at)
  let given = 0
  return {
    sizeBytes: bytes.length,
    async read(from, to) {
      given += to - from
      if (given > SLICE_BYTES) {
        given = 0
        await new Promise((resolve) => setImmediate(resolve))
      }
      return bytes.subarray(from, to)
    },
  }
}

/** A message in the store. Two of its chunks are in memory: what is read may lie across their seam. */
class StagedSource implements Source {
  readonly sizeBytes: number
  readonly #body: StagedBody
  readonly #at: number
  readonly #store: Pick<Store, 'query'>
  readonly #held = new Map<number, Uint8Array>()
  readonly #running = createHash('sha256')
  #hashed = 0
  #seam = Buffer.alloc(0)

  constructor(body: StagedBody, at: number, store: Pick<Store, 'query'>) {
    this.sizeBytes = body.sizeBytes - at
    this.#body = body
    this.#at = at
    this.#store = store
  }

  async read(from: number, to: number): Promise<Buffer> {
    const [begin, end] = [from + this.#at, to + this.#at]
    const n = Math.floor(begin / CHUNK_BYTES)
    const offset = n * CHUNK_BYTES
    const first = await this.#chunk(n)
    const here = first.subarray(begin - offset, end - offset)
    if (end - offset <= CHUNK_BYTES) return Buffer.from(here.buffer, here.byteOffset, here.byteLength)
    const next = await this.#chunk(n + 1)
    const size = end - begin
    if (this.#seam.length < size) this.#seam = Buffer.allocUnsafeSlow(size)
    this.#seam.set(here)
    this.#seam.set(next.subarray(0, size - here.length), here.length)
    return this.#seam.subarray(0, size)
  }

  /** Throws `blob.damaged` when the store does not give back what came. */
  async check(): Promise<void> {
    while (this.#hashed * CHUNK_BYTES < this.#body.sizeBytes) await this.#chunk(this.#hashed)
    if (!this.#running.digest().equals(this.#body.sha256)) throw this.#damaged('its bytes are not those that came')
  }

  close(): void {
    for (const n of this.#held.keys()) this.#forget(n)
  }

  async #chunk(n: number): Promise<Uint8Array> {
    const held = this.#held.get(n)
    if (held !== undefined) return held
    const bytes = await this.#store.query('blob.chunk', { blobId: this.#body.stagedBlobId, n })
    const size = Math.min(CHUNK_BYTES, this.#body.sizeBytes - n * CHUNK_BYTES)
    if (bytes?.length !== size) throw this.#damaged('a chunk of it is not there')
    if (n === this.#hashed) {
      this.#running.update(bytes)
      this.#hashed++
    }
    for (const other of this.#held.keys()) if (Math.abs(other - n) !== 1) this.#forget(other)
    for (const other of this.#held.keys()) if (this.#held.size > 1) this.#forget(other)
    this.#held.set(n, bytes)
    return bytes
  }

  #forget(n: number): void {
    const bytes = this.#held.get(n)
    this.#held.delete(n)
    // What is a view of a larger buffer is not ours alone.
    if (bytes !== undefined && bytes.byteLength === bytes.buffer.byteLength) letGo(bytes)
  }

  #damaged(reason: string): Fault<'blob.damaged'> {
    const blobId = this.#body.stagedBlobId
    return new Fault('blob.damaged', `read staged blob ${blobId}: ${reason}`, { blobId, reason })
  }
}
