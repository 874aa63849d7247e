import { graver, TEXT_LINE, type ContentFacts, type DataLimits, type Flaw } from './data-reader.ts'

const CR = 13
const LF = 10
const CRLF = Uint8Array.of(CR, LF)
const NOTHING = new Uint8Array(0)

/**
 * Reads a message that comes in chunks (BDAT, RFC 3030 §2). Octets are counted, so nothing in them can end the message; a CR
 * or LF on its own spoils it all the same, for the next server may read it by lines. A CRLF may be cut by two chunks.
 */
export class ChunkReader implements ContentFacts {
  readonly #limits: DataLimits
  readonly #textLine: number
  #left = 0
  #bits = 0
  #bytes = 0
  #lineStart = 0
  #isAfterCr = false
  #headBytes = -1
  #hasLongLines = false
  #flaw: Flaw | undefined

  constructor(limits: DataLimits) {
    this.#limits = limits
    this.#textLine = Math.min(TEXT_LINE, limits.lineBytes)
  }

  get bytes(): number {
    return this.#bytes
  }
  get headBytes(): number {
    return this.#headBytes < 0 ? this.#bytes : this.#headBytes
  }
  get has8bit(): boolean {
    return this.#bits > 0x7f
  }
  get hasLongLines(): boolean {
    return this.#hasLongLines
  }
  get flaw(): Flaw | undefined {
    return this.#flaw
  }
  /** Octets of the chunk under way that are still to come. */
  get left(): number {
    return this.#left
  }

  /** A chunk of so many octets follows. */
  begin(sizeBytes: number): void {
    this.#left = sizeBytes
    // Known before it comes, so that nothing of it need be kept.
    if (this.#bytes + sizeBytes > this.#limits.messageBytes) this.#spoil('size')
  }

  /** Reads on from `from`, to the end of the chunk or of `input`: `next` is where it stopped. */
  read(input: Uint8Array, from: number): { readonly next: number; readonly content: Uint8Array } {
    const next = Math.min(input.length, from + this.#left)
    const offset = this.#bytes - from
    let bits = this.#bits
    let isAfterCr = this.#isAfterCr
    let i = from
    while (i < next) {
      if (isAfterCr) {
        isAfterCr = false
        if (input[i] === LF) {
          this.#endLine(i - 1 + offset)
          this.#lineStart = ++i + offset
          continue
        }
        this.#spoil('bare')
      }
      let c = 0
      while (i < next) {
        c = input[i++] as number
        if (c <= CR && (c === CR || c === LF || c === 0)) break
        bits |= c
      }
      if (c === CR) isAfterCr = true
      else if (c === LF) this.#spoil('bare')
      else if (c === 0) this.#spoil('nul')
    }
    this.#bits = bits
    this.#isAfterCr = isAfterCr
    this.#left -= next - from
    this.#bytes += next - from
    this.#measure()
    return { next, content: input.subarray(from, next) }
  }

  /**
   * The message is whole: what its last line lacks to end in CRLF, as every line does that is read line by line. Behind a
   * CR on its own that is no cure.
   */
  finish(): Uint8Array {
    if (this.#isAfterCr) this.#spoil('bare')
    if (this.#flaw !== undefined || this.#bytes === this.#lineStart) return NOTHING
    this.#endLine(this.#bytes)
    this.#bytes += CRLF.length
    this.#lineStart = this.#bytes
    return CRLF
  }

  /** A line ended before its CRLF at that place. */
  #endLine(at: number): void {
    const bytes = at - this.#lineStart
    if (bytes > this.#textLine) this.#onLongLine(bytes)
    if (bytes === 0 && this.#headBytes < 0) this.#headBytes = at + CRLF.length
  }

  #measure(): void {
    const { messageBytes, headBytes } = this.#limits
    if (this.#bytes > messageBytes) this.#spoil('size')
    if (this.headBytes > headBytes) this.#spoil('header')
    const bytes = this.#bytes - this.#lineStart - (this.#isAfterCr ? 1 : 0)
    if (bytes > this.#textLine) this.#onLongLine(bytes)
  }

  #onLongLine(bytes: number): void {
    this.#hasLongLines = true
    if (this.#headBytes < 0 || bytes > this.#limits.lineBytes) this.#spoil('line')
  }

  #spoil(flaw: Flaw): void {
    this.#flaw = graver(this.#flaw, flaw)
  }
}
