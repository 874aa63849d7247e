/** Why a message cannot be taken, known while it is still coming in. */
export type Flaw = 'bare' | 'size' | 'header' | 'line' | 'nul'
/** How far the content is: still coming, ended by CRLF.CRLF, or broken by a dot that another parser might take for its end. */
export type DataState = 'open' | 'ended' | 'smuggled'

export interface DataLimits {
  readonly messageBytes: number
  /** Octets of the header block. */
  readonly headBytes: number
  /**
   * Octets of a line of the body without its CRLF. RFC 5321 §4.5.3.1.6 says 998; who goes on to encode longer ones may take
   * more. A line of the header never has more, for no encoding makes it shorter.
   */
  readonly lineBytes: number
}

/** What is known of content by having read it once. */
export interface ContentFacts {
  /** Bytes so far, dots unstuffed. */
  readonly bytes: number
  /** Bytes of the header block with its blank line; all there is while no blank line has come. */
  readonly headBytes: number
  readonly has8bit: boolean
  /** A line is longer than the 998 octets of RFC 5321 §4.5.3.1.6. */
  readonly hasLongLines: boolean
  /** The gravest thing found that forbids taking the message. */
  readonly flaw: Flaw | undefined
}

/** RFC 5321 §4.5.3.1.6, without CRLF. */
export const TEXT_LINE = 998

const GRAVEST: readonly Flaw[] = ['bare', 'nul', 'line', 'header', 'size']

/** The graver of two: it is what is said, whichever was seen first, so that it does not depend on how the stream was cut. */
export function graver(known: Flaw | undefined, flaw: Flaw): Flaw {
  return known !== undefined && GRAVEST.indexOf(known) <= GRAVEST.indexOf(flaw) ? known : flaw
}

const CR = 13
const LF = 10
const DOT = 46

/** A byte above CR, and the highest bit, four times over. */
const ABOVE_CR = 0x0e0e0e0e
const HIGH_BITS = 0x80808080 | 0
const NO_WORDS = new Int32Array(0)

/** Where the reader stands between two bytes. */
const TEXT = 0
const AFTER_CR = 1
const LINE_START = 2
const BARE_START = 3 // after a CR or LF that stood alone
const DOT_FIRST = 4
const DOT_CR = 5
const BARE_DOT = 6

/**
 * Reads what follows DATA (RFC 5321 §4.1.1.4). The end is CRLF.CRLF and nothing else. A CR or LF on its own does not end
 * a line here, and does for other programs: so it spoils the message, and a lone dot beside one ends the session
 * (`smuggled`), for the client might believe that its message ended there and that commands follow.
 */
export class DataReader implements ContentFacts {
  readonly #limits: DataLimits
  readonly #textLine: number
  #at = LINE_START
  #bits = 0
  #bytes = 0
  #lineStart = 0
  #lineBytes = 0
  #headBytes = -1
  #hasLongLines = false
  #flaw: Flaw | undefined
  state: DataState = 'open'

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

  /**
   * Reads on from `from`. `next` is where it stopped: the end of `input`, or just after the end of the content. `content`
   * is the content in between with its dots unstuffed, a view of `input` where there were none.
   */
  read(input: Uint8Array, from: number): { readonly next: number; readonly content: Uint8Array } {
    const size = input.length
    const before = this.#bytes
    const runs: number[] = []
    let at = this.#at
    let run = from
    let i = from
    let bits = this.#bits
    let c = 0

    // One pass: measured faster than two indexOf calls a line, and as fast for short lines. Within a line four bytes are looked
    // at together, which is worth three quarters of the time.
    const aligned = -input.byteOffset & 3
    const words = size < 64 ? NO_WORDS : new Int32Array(input.buffer, input.byteOffset + aligned, (size - aligned) >> 2)

    reading: while (i < size) {
      c = input[i] as number
      switch (at) {
        case DOT_FIRST:
          if (c === LF) {
            this.state = 'smuggled'
            break reading
          }
          if (c === CR) {
            at = DOT_CR
            run = ++i
            continue
          }
          break
        case DOT_CR:
          this.state = c === LF ? 'ended' : 'smuggled'
          i++
          run = i
          break reading
        case BARE_DOT:
          if (c === CR || c === LF) {
            this.state = 'smuggled'
            break reading
          }
          break
        case LINE_START:
          if (c === DOT) {
            if (i > run) runs.push(run, i)
            this.#bytes += i - run
            this.#lineStart = this.#bytes
            run = ++i
            at = DOT_FIRST
            continue
          }
          this.#lineStart = this.#bytes + i - run
          break
        case BARE_START:
          if (c === DOT) {
            at = BARE_DOT
            i++
            continue
          }
          break
        case AFTER_CR:
          if (c === LF) {
            i++
            at = LINE_START
            if (this.#headBytes < 0 && this.#lineBytes === 0) this.#headBytes = this.#bytes + i - run
            continue
          }
          this.#spoil('bare')
          at = BARE_START
          continue
      }
      at = TEXT
      while (i < size) {
        c = input[i] as number
        if (c <= CR && (c === CR || c === LF || c === 0)) break
        bits |= c
        i++
        if (((i - aligned) & 3) !== 0 || i < aligned) continue
        let w = (i - aligned) >> 2
        for (; w < words.length; w++) {
          const four = words[w] as number
          // Any of them up to CR? Each byte is taken below zero by itself; bytes above 0x7f are not.
          if (((four - ABOVE_CR) & ~four & HIGH_BITS) !== 0) break
          bits |= (four & HIGH_BITS) === 0 ? 0 : 0x80
        }
        i = aligned + (w << 2)
      }
      if (i === size) break
      i++
      if (c === CR) {
        this.#lineBytes = this.#bytes + i - 1 - run - this.#lineStart
        if (this.#lineBytes > this.#textLine) this.#onLongLine(this.#lineBytes)
        at = AFTER_CR
      } else if (c === LF) {
        this.#spoil('bare')
        at = BARE_START
      } else this.#spoil('nul')
    }

    // What ends or breaks the content is not part of it.
    const end = this.state === 'open' ? i : Math.max(run, this.state === 'ended' ? run : i)
    if (end > run) runs.push(run, end)
    this.#bytes += end - run
    this.#at = at
    this.#bits = bits
    this.#measure(at)
    return { next: i, content: gather(input, runs, this.#bytes - before) }
  }

  #measure(at: number): void {
    const { messageBytes, headBytes } = this.#limits
    if (this.#bytes > messageBytes) this.#spoil('size')
    if (this.headBytes > headBytes) this.#spoil('header')
    if (at === TEXT && this.#bytes - this.#lineStart > this.#textLine) this.#onLongLine(this.#bytes - this.#lineStart)
  }

  #onLongLine(bytes: number): void {
    this.#hasLongLines = true
    if (this.#headBytes < 0 || bytes > this.#limits.lineBytes) this.#spoil('line')
  }

  #spoil(flaw: Flaw): void {
    this.#flaw = graver(this.#flaw, flaw)
  }
}

/** The bytes of the runs `[from, to, from, to, …]` as one piece. */
function gather(input: Uint8Array, runs: readonly number[], size: number): Uint8Array {
  if (runs.length <= 2) return input.subarray(runs[0] ?? 0, runs[1] ?? 0)
  const content = new Uint8Array(size)
  let at = 0
  for (let i = 0; i < runs.length; i += 2) {
    const piece = input.subarray(runs[i], runs[i + 1])
    content.set(piece, at)
    at += piece.length
  }
  return content
}

/** Received fields of a header block: one for each server the message has passed (RFC 5321 §6.3). */
export function countHops(head: Uint8Array): number {
  let hops = 0
  for (let at = 0; at >= 0 && at < head.length; at = nextLine(head, at)) {
    if ((head[at] as number) !== 0x52 && (head[at] as number) !== 0x72) continue
    if (String.fromCharCode(...head.subarray(at, at + 9)).toLowerCase() === 'received:') hops++
  }
  return hops
}

function nextLine(head: Uint8Array, at: number): number {
  const end = head.indexOf(LF, at)
  return end < 0 ? -1 : end + 1
}
