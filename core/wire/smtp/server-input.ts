const LF = 10
const CR = 13
const EMPTY = new Uint8Array(0)

/** One line of a client. `isWhole`: it ended in CRLF, which `line` leaves out; else it ended in a bare LF. */
export interface InputLine {
  readonly line: Uint8Array
  readonly isWhole: boolean
  /** Longer than it may be: `line` is its start where it is first seen, and empty at its end. */
  readonly tooLong: 'start' | 'end' | 'both' | undefined
}

/** The bytes of a client that are still to be read. What lies behind a line stays where it is, for it may be content. */
export class ServerInput {
  /** Read on from here by `at`. */
  bytes: Uint8Array = EMPTY
  at = 0
  #searched = 0
  #isSkipping = false

  /** Bytes that came and were not read yet. */
  get left(): number {
    return this.bytes.length - this.at
  }

  /** Bytes in order of their arrival. The array is kept. */
  push(bytes: Uint8Array): void {
    if (this.at >= this.bytes.length) {
      this.bytes = bytes
      this.#searched = 0
    } else {
      const rest = this.bytes.subarray(this.at)
      this.bytes = new Uint8Array(rest.length + bytes.length)
      this.bytes.set(rest)
      this.bytes.set(bytes, rest.length)
      this.#searched = Math.max(this.#searched - this.at, 0)
    }
    this.at = 0
  }

  /** All that came is forgotten. */
  clear(): void {
    this.bytes = EMPTY
    this.at = this.#searched = 0
    this.#isSkipping = false
  }

  /** The next line, of at most `longest` bytes with its end; undefined until there is one. */
  readLine(longest: number): InputLine | undefined {
    const { bytes, at } = this
    if (at >= bytes.length) return undefined
    const end = bytes.indexOf(LF, Math.max(at, this.#searched))
    const size = (end < 0 ? bytes.length : end + 1) - at
    if (size > longest || this.#isSkipping) return this.#skip(end, longest)
    if (end < 0) {
      this.#searched = bytes.length
      return undefined
    }
    const isWhole = end > at && bytes[end - 1] === CR
    this.at = end + 1
    return { line: bytes.subarray(at, isWhole ? end - 1 : end), isWhole, tooLong: undefined }
  }

  /** Reads past a line that is too long, as far as it has come. */
  #skip(end: number, longest: number): InputLine {
    const isStart = !this.#isSkipping
    const line = isStart ? this.bytes.subarray(this.at, this.at + longest) : EMPTY
    this.#isSkipping = end < 0
    this.at = end < 0 ? this.bytes.length : end + 1
    return { line, isWhole: false, tooLong: end < 0 ? 'start' : isStart ? 'both' : 'end' }
  }
}
