import type { Reply } from '../../model/reply.ts'

/** Octets of one reply line with its CRLF; RFC 5321 §4.5.3.1.5 has 512, some servers say more. */
export const LONGEST_REPLY_LINE = 1024
/** Lines of one reply. */
export const MOST_REPLY_LINES = 128

/** What a chunk brought, in order. After `malformed` the reader takes nothing more. */
export type Heard =
  | { readonly kind: 'line'; readonly bytes: Uint8Array; readonly odd: boolean }
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'malformed'; readonly reason: string }

const CR = 13
const LF = 10
const TAB = 9
const SPACE = 32
const HYPHEN = 45
const DELETE = 127
const ZERO = 48
const NONE = new Uint8Array(0)
const utf8 = new TextDecoder()

/**
 * Reads SMTP replies (RFC 5321 §4.2) from bytes as they come. Strict, for what it lets through steers a delivery: every
 * line has three digits, then a space or a hyphen, and the same code as the first; lines end in CRLF and hold no other
 * control character; line and reply are bounded.
 */
export class ReplyReader {
  #pending: Uint8Array = NONE
  /** Of the reply under way; 0 between two. */
  #code = 0
  #lines: string[] = []
  #isBroken = false

  /** True when bytes of a reply not yet whole are waiting: nothing may be, when TLS is about to start. */
  get isMidReply(): boolean {
    return this.#pending.length > 0 || this.#lines.length > 0
  }

  push(chunk: Uint8Array): Heard[] {
    if (this.#isBroken) return []
    const heard: Heard[] = []
    let bytes = chunk
    if (this.#pending.length > 0) {
      bytes = new Uint8Array(this.#pending.length + chunk.length)
      bytes.set(this.#pending)
      bytes.set(chunk, this.#pending.length)
    }
    let from = 0
    while (from < bytes.length && !this.#isBroken) {
      const end = bytes.indexOf(LF, from)
      const length = (end === -1 ? bytes.length : end + 1) - from
      if (length > LONGEST_REPLY_LINE) {
        const start = bytes.subarray(from, from + LONGEST_REPLY_LINE)
        heard.push({ kind: 'line', bytes: start, odd: true }, this.#break('a line is longer than 1024 octets'))
      } else if (end === -1) {
        break
      } else {
        const hasCr = end > from && bytes[end - 1] === CR
        const line = bytes.slice(from, hasCr ? end - 1 : end)
        heard.push({ kind: 'line', bytes: line, odd: !hasCr })
        const ended = hasCr ? this.#take(line) : this.#break('a line ends in a bare LF')
        if (ended) heard.push(ended)
      }
      from += length
    }
    this.#pending = this.#isBroken || from === bytes.length ? NONE : bytes.slice(from)
    return heard
  }

  /** What was received of an unfinished line, for the transcript when the connection ends. */
  get rest(): Uint8Array {
    return this.#pending
  }

  #break(reason: string): Heard {
    this.#isBroken = true
    return { kind: 'malformed', reason }
  }

  #take(line: Uint8Array): Heard | undefined {
    if (hasControl(line)) return this.#break('a line holds a control character')
    const code = codeOf(line)
    if (code === undefined) return this.#break('a line does not begin with a reply code')
    // A code alone is a last line without text: clients accept it (RFC 5321 §4.2).
    const mark = line[3]
    if (mark !== undefined && mark !== SPACE && mark !== HYPHEN)
      return this.#break('a reply code is followed by neither space nor hyphen')
    if (this.#code !== 0 && this.#code !== code) return this.#break('lines of one reply have different codes')
    if (this.#lines.length >= MOST_REPLY_LINES) return this.#break('a reply has more than 128 lines')
    this.#code = code
    this.#lines.push(textOf(line, 4))
    if (mark === HYPHEN) return undefined
    const reply = toReply(code, this.#lines)
    this.#code = 0
    this.#lines = []
    return { kind: 'reply', reply }
  }
}

function hasControl(line: Uint8Array): boolean {
  for (let at = 0; at < line.length; at++) {
    const byte = line[at] as number
    if ((byte < SPACE && byte !== TAB) || byte === DELETE) return true
  }
  return false
}

/** The three digits a line begins with, of which the first is 2, 3, 4 or 5; undefined where it does not. */
function codeOf(line: Uint8Array): number | undefined {
  const digit = (at: number) => (line[at] ?? 0) - ZERO
  const [first, second, third] = [digit(0), digit(1), digit(2)]
  if (first < 2 || first > 5 || second < 0 || second > 9 || third < 0 || third > 9) return undefined
  return first * 100 + second * 10 + third
}

/** Text of a line from there on. Nearly all of it is ASCII, for which a decoder costs more than it does. */
function textOf(line: Uint8Array, from: number): string {
  const text = line.subarray(from)
  for (let at = 0; at < text.length; at++) if ((text[at] as number) > DELETE) return utf8.decode(text)
  return String.fromCharCode.apply(null, text as unknown as number[])
}

const ENHANCED = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/

/** Takes the enhanced status code off the lines; one of another class than the reply is only text (RFC 2034 §4). */
function toReply(code: number, lines: readonly string[]): Reply {
  const first = lines[0] ?? ''
  // Most replies that have none are seen by their first letter.
  if (first.charCodeAt(0) !== ZERO + Math.trunc(code / 100)) return { code, lines }
  const enhanced = ENHANCED.exec(first)?.[1]
  if (enhanced === undefined) return { code, lines }
  const bare = lines.map((line) => (ENHANCED.exec(line)?.[1] === enhanced ? line.slice(enhanced.length + 1) : line))
  return { code, enhanced, lines: bare }
}

/** A reply as one line for people: code, enhanced code, text. */
export function describeReply(reply: Reply): string {
  return [reply.code, reply.enhanced, ...reply.lines].filter((part) => part !== undefined && part !== '').join(' ')
}
