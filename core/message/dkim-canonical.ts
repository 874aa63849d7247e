import { createHash, type Hash } from 'node:crypto'

/** The relaxed canonicalization of DKIM (RFC 6376 §3.4.2, §3.4.4), linear in its input. */

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const CRLF = Buffer.from('\r\n')

/** One header field in relaxed form, without its CRLF: latin1 in and out, `field` with its line ending or without. */
export function relaxedField(field: string): string {
  const colon = field.indexOf(':')
  const name = field
    .slice(0, colon)
    .toLowerCase()
    .replace(/[ \t]+$/, '')
  const value = field
    .slice(colon + 1)
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .replace(/^ | $/g, '')
  return `${name}:${value}`
}

/**
 * SHA-256 over a body in relaxed form, chunk by chunk. Blanks at the end of a line and empty lines at the end of the body are held
 * back until something follows.
 */
export class RelaxedBodyHash {
  readonly #hash: Hash = createHash('sha256')
  /** Empty lines seen, and not yet hashed. */
  #emptyLines = 0
  /** The line that is being read holds something. */
  #hasLine = false
  /** Blanks seen in it, and not yet hashed. */
  #isBlank = false
  #sawCr = false

  push(chunk: Uint8Array): void {
    // What is hashed is never longer than what came, but for what was held back: a blank, a CR and a line break.
    const out = Buffer.allocUnsafe(chunk.length + 4)
    let n = 0
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] ?? 0
      if (this.#sawCr) {
        this.#sawCr = false
        if (byte === LF) {
          this.#isBlank = false
          if (this.#hasLine) this.#hasLine = false
          else {
            this.#emptyLines++
            continue
          }
          out[n++] = CR
          out[n++] = LF
          continue
        }
        n = this.#keep(CR, out, n)
      }
      if (byte === CR) this.#sawCr = true
      else if (byte === SPACE || byte === TAB) this.#isBlank = true
      else n = this.#keep(byte, out, n)
    }
    this.#hash.update(out.subarray(0, n))
  }

  /** The hash, base64. A last line without its end gets one. Nothing may follow. */
  digest(): string {
    if (this.#sawCr) {
      const out = Buffer.allocUnsafe(4)
      this.#hash.update(out.subarray(0, this.#keep(CR, out, 0)))
    }
    // Blanks alone are no line.
    if (this.#hasLine) this.#hash.update(CRLF)
    return this.#hash.digest('base64')
  }

  #keep(byte: number, out: Buffer, at: number): number {
    let n = at
    if (this.#emptyLines > 0) {
      // Out of order with `out` if it were written there later: what stands in it comes first.
      this.#hash.update(out.subarray(0, n))
      n = 0
      for (; this.#emptyLines > 0; this.#emptyLines--) this.#hash.update(CRLF)
    }
    if (this.#isBlank) out[n++] = SPACE
    this.#isBlank = false
    this.#hasLine = true
    out[n++] = byte
    return n
  }
}
