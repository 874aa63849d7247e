/*
 * A message's bytes as they are stored: CRLF at each line's end, and what an mbox file quoted as it was. Small messages come in one
 * piece; of one too large for that each piece is made ready as it comes.
 */

/** What is to be taken off lines that were quoted. */
export type Quoting = 'mboxrd' | 'mboxo' | 'none'

const LF = 0x0a
const CR = 0x0d
const QUOTE = 0x3e
const MARK = Buffer.from('>From ')
/** A line longer than this at a piece's end goes on in the next piece without being waited for. */
const HELD_BYTES = 1024

/** The bytes with CRLF at each line's end; the very same where they have it already. */
export function toCrlf(raw: Buffer): Buffer {
  if (raw.indexOf(CR) < 0)
    return raw.indexOf(LF) < 0 ? raw : Buffer.from(raw.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')
  const text = raw.toString('latin1')
  const crlf = text.replaceAll(/\r\n|\r|\n/g, '\r\n')
  // Nothing is ever taken out, so what has the same length is the same.
  return crlf.length === text.length ? raw : Buffer.from(crlf, 'latin1')
}

/** Where quoted lines begin, from their first `>`. `startsLine`: the bytes begin at the beginning of a line. */
function quotedLines(bytes: Buffer, startsLine: boolean): { readonly at: number; readonly depth: number }[] {
  const found: { at: number; depth: number }[] = []
  for (let hit = bytes.indexOf(MARK); hit >= 0; hit = bytes.indexOf(MARK, hit + MARK.length)) {
    let at = hit
    while (bytes[at - 1] === QUOTE) at--
    if (at === 0 ? startsLine : bytes[at - 1] === LF || bytes[at - 1] === CR) found.push({ at, depth: hit - at + 1 })
  }
  return found
}

/** Whether a line beside this one is text that a person quoted: then so is this one. Lines like it say nothing of each other. */
function isAmongQuotes(bytes: Buffer, at: number): boolean {
  const isQuote = (from: number) =>
    bytes[from] === QUOTE && !/^>+From /.test(bytes.toString('latin1', from, from + MARK.length + HELD_BYTES))
  const next = bytes.indexOf(LF, at) + 1
  const before = at < 2 ? -1 : bytes.lastIndexOf(LF, at - 2) + 1
  return (next > 0 && isQuote(next)) || (before >= 0 && before < at && isQuote(before))
}

function unquoted(bytes: Buffer, quoting: Quoting, startsLine: boolean): Buffer {
  if (quoting === 'none') return bytes
  const lines = quotedLines(bytes, startsLine).filter(
    ({ at, depth }) => quoting === 'mboxrd' || (depth === 1 && !isAmongQuotes(bytes, at)),
  )
  if (lines.length === 0) return bytes
  const kept: Buffer[] = []
  let from = 0
  for (const { at } of lines) {
    kept.push(bytes.subarray(from, at))
    from = at + 1
  }
  return Buffer.concat([...kept, bytes.subarray(from)])
}

/** Makes the pieces of one message ready, in their order. */
export class StoredText {
  readonly #quoting: Quoting
  #held: Buffer = Buffer.alloc(0)
  #startsLine = true

  constructor(quoting: Quoting) {
    this.#quoting = quoting
  }

  /** The next piece as it is stored; what a later piece may change waits for that. */
  push(piece: Buffer, isLast: boolean): Buffer {
    const bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece])
    const ready = isLast ? bytes.length : this.#readyUpTo(bytes)
    this.#held = Buffer.from(bytes.subarray(ready))
    const out = unquoted(bytes.subarray(0, ready), this.#quoting, this.#startsLine)
    if (ready > 0) this.#startsLine = bytes[ready - 1] === LF
    return toCrlf(out)
  }

  /** A piece ends behind a line; a line without end is cut, but not between CR and LF. */
  #readyUpTo(bytes: Buffer): number {
    const line = bytes.lastIndexOf(LF) + 1
    if (bytes.length - line <= HELD_BYTES) return line
    return bytes.at(-1) === CR ? bytes.length - 1 : bytes.length
  }
}
