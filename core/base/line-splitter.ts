/** One line as it came. `odd`: it did not end in CRLF, or was cut because it did not end at all. */
export interface SplitLine {
  readonly line: Uint8Array
  readonly odd: boolean
}

const CR = 13
const LF = 10
/** What has so many bytes and no end is cut there: a peer must not fill the memory with one line. */
const LONGEST_BYTES = 16 * 1024

/** Cuts bytes into lines, whatever the chunks. Takes everything: it judges nothing, for somebody wants to see it as it is. */
export class LineSplitter {
  #held: Uint8Array = new Uint8Array(0)

  /** Bytes of a line without an end. */
  get left(): number {
    return this.#held.length
  }

  /** The lines that end in these bytes, one by one: what is done about one may change what the next is, or that there is none. */
  *push(chunk: Uint8Array): Generator<SplitLine, void, void> {
    const bytes = new Uint8Array(this.#held.length + chunk.length)
    bytes.set(this.#held)
    bytes.set(chunk, this.#held.length)
    this.#held = bytes
    for (;;) {
      const held = this.#held
      const end = held.indexOf(LF)
      const length = end < 0 ? held.length : end
      if (length > LONGEST_BYTES) {
        this.#held = held.subarray(LONGEST_BYTES)
        yield { line: held.slice(0, LONGEST_BYTES), odd: true }
        continue
      }
      if (end < 0) return
      // Moved on before the line is given out: whoever takes what is left takes all of it.
      this.#held = held.subarray(end + 1)
      const hasCr = end > 0 && held[end - 1] === CR
      yield { line: held.slice(0, hasCr ? end - 1 : end), odd: !hasCr }
    }
  }

  /** Forgets what has no end yet, and gives it. */
  take(): Uint8Array {
    const held = this.#held
    this.#held = new Uint8Array(0)
    return held
  }
}
