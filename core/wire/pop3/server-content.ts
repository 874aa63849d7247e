const CR = 13
const LF = 10
const DOT = 46

/**
 * Makes message bytes fit for RETR and TOP: a dot more before each line that begins with one (RFC 1939 §3), a CR before an LF
 * that has none, and no other change. A bare LF must not reach a client that takes it for the end of a line: a lone dot
 * behind it would end the message there, and the rest would be read as responses.
 */
export class Pop3Content {
  /** Lines of the body still to be sent; undefined for all. */
  #left: number | undefined
  #isInHead = true
  #isLineStart = true
  #last = LF
  /** Bytes of the line under way, its CR counted. */
  #lineBytes = 0
  /** What TOP asked for has been sent: nothing more is needed. */
  isDone = false

  /** `lines`: of the body, for TOP; undefined for the whole message. */
  constructor(lines?: number) {
    this.#left = lines
  }

  /** The bytes to send for this chunk, of which nothing is kept. */
  push(chunk: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = []
    let from = 0
    let at = 0
    const insert = (place: number, byte: number) => {
      if (place > from) parts.push(chunk.subarray(from, place))
      parts.push(Uint8Array.of(byte))
      from = place
    }
    while (at < chunk.length && !this.isDone) {
      if (this.#isLineStart && chunk[at] === DOT) insert(at, DOT)
      const end = chunk.indexOf(LF, at)
      if (end < 0) {
        this.#lineBytes += chunk.length - at
        this.#isLineStart = false
        at = chunk.length
        break
      }
      const hasCr = (end > 0 ? chunk[end - 1] : this.#last) === CR
      if (!hasCr) insert(end, CR)
      this.#onLine(this.#lineBytes + end - at - (hasCr ? 1 : 0))
      at = end + 1
    }
    if (chunk.length > 0) this.#last = chunk[at - 1] ?? this.#last
    if (parts.length === 0) return at === chunk.length ? chunk : chunk.subarray(0, at)
    if (at > from) parts.push(chunk.subarray(from, at))
    return joined(parts)
  }

  /** What comes behind the last chunk: a line end where there is none, and the final dot. */
  end(): Uint8Array {
    return this.#isLineStart ? Uint8Array.of(DOT, CR, LF) : Uint8Array.of(CR, LF, DOT, CR, LF)
  }

  /** RFC 1939 §7: the header, the blank line, and so many lines of the body. */
  #onLine(sizeBytes: number): void {
    this.#isLineStart = true
    this.#lineBytes = 0
    if (this.#isInHead) this.#isInHead = sizeBytes > 0
    else if (this.#left !== undefined) this.#left--
    if (!this.#isInHead && this.#left !== undefined && this.#left <= 0) this.isDone = true
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
