import { letGo } from '../base/let-go.ts'

/** Of a large message only so much from its beginning is looked at for subject and text. */
const HEAD_BYTES = 1024 * 1024
/** A part begins with a line of two dashes: so much of it is looked at, for its header. */
const PART_BYTES = 4096
/** All parts together. */
const PARTS_BYTES = 1024 * 1024
const DASHES = Buffer.from('\n--')

/**
 * What is looked at of a message too large to be held: its beginning, and the beginning of whatever may be a MIME part
 * (RFC 2046 §5.1.1) after it, so that its attachments are known by name and number.
 */
export class Sample {
  readonly #kept: Buffer[] = []
  #headBytes = 0
  #partsBytes = 0
  /** Bytes still wanted of the part under way. */
  #wanted = 0
  /** The end of the last piece, in which a boundary may begin. */
  #tail = Buffer.alloc(0)

  get sizeBytes(): number {
    return this.#headBytes + this.#partsBytes
  }
  /** What was kept, in order. */
  get chunks(): readonly Uint8Array[] {
    return this.#kept
  }

  /** Looks at the next piece. Copies what it keeps. */
  add(bytes: Uint8Array): void {
    let piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (this.#headBytes < HEAD_BYTES) {
      const head = piece.subarray(0, HEAD_BYTES - this.#headBytes)
      this.#kept.push(Buffer.from(head))
      this.#headBytes += head.length
      piece = piece.subarray(head.length)
      this.#tail = Buffer.from(head.subarray(-2))
    }
    if (piece.length === 0) return
    if (this.#wanted === 0) this.#addSeam(piece)
    this.#addParts(piece)
    this.#tail = Buffer.concat([this.#tail, piece.subarray(-2)]).subarray(-2)
  }

  /** A boundary whose first bytes ended the last piece. */
  #addSeam(piece: Buffer): void {
    const { length } = this.#tail
    const at = Buffer.concat([this.#tail, piece.subarray(0, DASHES.length - 1)]).indexOf(DASHES)
    if (at < 0 || at >= length || this.#partsBytes >= PARTS_BYTES) return
    this.#keep(this.#tail.subarray(at))
    this.#wanted = PART_BYTES - (length - at)
  }

  #addParts(piece: Buffer): void {
    let from = 0
    for (;;) {
      if (this.#wanted > 0) {
        const part = piece.subarray(from, from + this.#wanted)
        this.#keep(part)
        this.#wanted -= part.length
        from += part.length
        if (this.#wanted > 0) return
      }
      const next = this.#partsBytes < PARTS_BYTES ? piece.indexOf(DASHES, from) : -1
      if (next < 0) return
      from = next
      this.#wanted = PART_BYTES
    }
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return
    this.#kept.push(Buffer.from(part))
    this.#partsBytes += part.length
  }
}

/** The sample of a message that comes in chunks; those that are nobody else's are let go of. */
export async function sampleOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const sample = new Sample()
  for await (const chunk of chunks) {
    sample.add(chunk)
    // What is a view of a larger buffer is not ours alone.
    if (chunk.byteLength === chunk.buffer.byteLength) letGo(chunk)
  }
  return Buffer.concat(sample.chunks)
}
