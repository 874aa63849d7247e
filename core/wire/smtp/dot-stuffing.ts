const CR = 13
const LF = 10
const DOT = 46

/** Ends the data of a message whose last line is complete (RFC 5321 §4.1.1.4). */
export const FINAL_DOT: Uint8Array = Uint8Array.of(DOT, CR, LF)

/**
 * Makes message bytes fit for DATA: a dot more before each line that begins with one (RFC 5321 §4.5.2), and no other change.
 * A bare CR or LF is refused, for it is how one message becomes two at a careless receiver (SMTP smuggling).
 */
export class DotStuffer {
  readonly #stuffs: boolean
  #isLineStart = true
  #afterCr = false

  /** `stuffs` false: only looks for what is refused, for BDAT needs no dots (RFC 3030 §2). */
  constructor(stuffs = true) {
    this.#stuffs = stuffs
  }

  /** The bytes to send for this chunk; undefined when the message holds a bare CR or LF. Nothing may be pushed after that. */
  push(chunk: Uint8Array): Uint8Array | undefined {
    if (chunk.length === 0) return chunk
    if (!this.#isCanonical(chunk)) return undefined
    if (!this.#stuffs) {
      this.#afterCr = chunk.at(-1) === CR
      return chunk
    }
    const dots: number[] = []
    if (this.#isLineStart && chunk[0] === DOT) dots.push(0)
    // Only what follows a line's end can need a dot, so it is enough to look at the dots.
    for (let at = chunk.indexOf(DOT, 1); at !== -1; at = chunk.indexOf(DOT, at + 1))
      if (chunk[at - 1] === LF) dots.push(at)
    const last = chunk.at(-1)
    this.#isLineStart = last === LF
    this.#afterCr = last === CR
    if (dots.length === 0) return chunk
    const stuffed = new Uint8Array(chunk.length + dots.length)
    let from = 0
    dots.forEach((at, n) => {
      stuffed.set(chunk.subarray(from, at), from + n)
      stuffed[at + n] = DOT
      from = at
    })
    stuffed.set(chunk.subarray(from), from + dots.length)
    return stuffed
  }

  /** What must still come before the final dot: a line end where the last line has none; undefined after a bare CR. */
  end(): Uint8Array | undefined {
    if (this.#afterCr) return undefined
    return this.#isLineStart ? new Uint8Array(0) : Uint8Array.of(CR, LF)
  }

  #isCanonical(chunk: Uint8Array): boolean {
    let from = 0
    if (this.#afterCr) {
      if (chunk[0] !== LF) return false
      from = 1
    }
    let cr = chunk.indexOf(CR, from)
    let lf = chunk.indexOf(LF, from)
    while (cr !== -1 || lf !== -1) {
      if (cr === chunk.length - 1 && lf === -1) return true // its LF may come with the next chunk
      if (lf !== cr + 1 || cr === -1) return false
      cr = chunk.indexOf(CR, lf + 1)
      lf = chunk.indexOf(LF, lf + 1)
    }
    return true
  }
}
