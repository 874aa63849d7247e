/** A piece of one direction of an IMAP session (RFC 9051 §2.2): a line, or some of a literal's octets. */
export type Piece =
  /** Without its end. `odd`: it did not end in CRLF, or it is a part of a line too long to be held. */
  | { readonly kind: 'line'; readonly bytes: Uint8Array; readonly odd: boolean; readonly announces: number | undefined }
  | { readonly kind: 'literal'; readonly bytes: Uint8Array; readonly isLast: boolean }

/** Of a line at most this much is held; what is longer comes in parts. */
const LONGEST_PART = 65_536
const LF = 0x0a
const CR = 0x0d

/** Cuts the octets of one direction into lines and literals, and holds no more than a part of a line. */
export class Scanner {
  #held: Uint8Array[] = []
  #heldBytes = 0
  #literal = 0

  /** What came of a line whose end did not. */
  rest(): Uint8Array {
    return this.#take()
  }

  *scan(chunk: Uint8Array): Generator<Piece, void, void> {
    for (let at = 0; at < chunk.length;) {
      if (this.#literal > 0) {
        const bytes = chunk.subarray(at, at + this.#literal)
        this.#literal -= bytes.length
        at += bytes.length
        yield { kind: 'literal', bytes, isLast: this.#literal === 0 }
        continue
      }
      const end = chunk.indexOf(LF, at)
      const upTo = end < 0 ? chunk.length : end + 1
      const room = LONGEST_PART - this.#heldBytes
      const part = chunk.subarray(at, Math.min(upTo, at + room))
      this.#held.push(part)
      this.#heldBytes += part.length
      at += part.length
      const isEnded = end >= 0 && at === upTo
      if (isEnded || this.#heldBytes >= LONGEST_PART) yield this.#line(isEnded)
    }
  }

  #take(): Uint8Array {
    const bytes = new Uint8Array(this.#heldBytes)
    let at = 0
    for (const part of this.#held) {
      bytes.set(part, at)
      at += part.length
    }
    this.#held = []
    this.#heldBytes = 0
    return bytes
  }

  #line(isEnded: boolean): Piece {
    const whole = this.#take()
    if (!isEnded) return { kind: 'line', bytes: whole, odd: true, announces: undefined }
    const isCrlf = whole.at(-2) === CR
    const bytes = whole.subarray(0, whole.length - (isCrlf ? 2 : 1))
    const announces = literalOf(bytes)
    if (announces !== undefined) this.#literal = announces
    return { kind: 'line', bytes, odd: !isCrlf, announces }
  }
}

/** How many octets a line's literal marker announces (RFC 9051 §4.3, RFC 7888); undefined where it has none. */
function literalOf(line: Uint8Array): number | undefined {
  if (line.at(-1) !== 0x7d) return undefined
  const end = String.fromCharCode(...line.subarray(-24))
  const digits = /\{(\d{1,15})\+?\}$/.exec(end)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
