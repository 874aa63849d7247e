/** What the next response of the server is: one status line, one of AUTH or its challenge, one with a listing, or with a message. */
export type Expected = 'status' | 'auth' | 'listing' | 'message'

/** What was read. Bytes are slices of what came in: copy what is to be kept. */
export type Heard =
  /**
   * A status line without its line end. `ok`: granted or refused, undefined where it is neither or was not due; `odd`: it
   * ended in a bare LF; `more`: other bytes came with it.
   */
  | {
      readonly kind: 'status'
      readonly line: Uint8Array
      readonly ok: boolean | undefined
      readonly odd: boolean
      readonly more: boolean
    }
  /** A challenge of AUTH (RFC 5034 §4): the whole line, and the base64 in it. */
  | { readonly kind: 'challenge'; readonly line: Uint8Array; readonly text: string; readonly odd: boolean }
  /** A whole listing, dot-unstuffed, each line CRLF-ended. */
  | { readonly kind: 'listing'; readonly bytes: Uint8Array }
  /** A piece of a message, dot-unstuffed. */
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  /** The server broke the protocol; nothing after this can be understood. */
  | { readonly kind: 'violation'; readonly reason: string }

/** RFC 2449 §4 allows 512; others send whole sentences. */
const LONGEST_STATUS_BYTES = 1024
/** RFC 4954 §4, to which RFC 5034 §4 refers. */
const LONGEST_CHALLENGE_BYTES = 12_288
/** A hostile server must not fill the memory with a listing: some 200,000 messages fit. */
const LONGEST_LISTING_BYTES = 16 * 1024 * 1024

const CR = 13
const LF = 10
const DOT = 46
const PLUS = 43
const SPACE = 32
const STUFFED = Buffer.from('\r\n.')
const NOTHING = Buffer.alloc(0)
const bufferOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * Cuts a server's bytes into responses (RFC 1939 §3), whatever the chunks. `next` is asked at the beginning of each
 * response what it is; undefined means that none is due. Messages stream through: nothing of them is held but a line end.
 */
export class ResponseReader {
  readonly #next: () => Expected | undefined
  #at: 'status' | 'listing' | 'message' | 'broken' = 'status'
  /** The line begins here, so a dot is a stuffed one or the end. */
  #lineStart = false
  #held: Buffer = NOTHING
  #listing: Buffer[] = []
  #listingBytes = 0

  constructor(next: () => Expected | undefined) {
    this.#next = next
  }

  /** One thing after the other, so that what is done about one can change what the next is. */
  *receive(chunk: Uint8Array): Generator<Heard, void, void> {
    let bytes = this.#held.length === 0 ? bufferOf(chunk) : Buffer.concat([this.#held, chunk])
    this.#held = NOTHING
    while (bytes.length > 0 && this.#at !== 'broken') {
      if (this.#at === 'status') {
        const end = bytes.indexOf(LF)
        const longest = this.#next() === 'auth' ? LONGEST_CHALLENGE_BYTES : LONGEST_STATUS_BYTES
        if (end > longest || (end < 0 && bytes.length > longest))
          return yield this.#break(`a status line of more than ${longest} bytes`)
        if (end < 0) return this.#hold(bytes)
        const odd = end === 0 || bytes[end - 1] !== CR
        const line = bytes.subarray(0, odd ? end : end - 1)
        bytes = bytes.subarray(end + 1)
        const more = bytes.length > 0
        const expected = this.#next()
        if (expected === 'auth' && line[0] === PLUS && (line.length === 1 || line[1] === SPACE)) {
          yield { kind: 'challenge', line, text: line.toString('latin1', 2), odd }
          continue
        }
        const status = /^(?:\+OK|-ERR)(?=[ \t]|$)/i.exec(line.toString('latin1'))
        if (expected === undefined || status === null) {
          yield { kind: 'status', line, ok: undefined, odd, more }
          return yield this.#break(
            expected === undefined
              ? 'it said something nobody had asked for'
              : 'a response begins with neither +OK nor -ERR',
          )
        }
        // Only a positive response has more lines (RFC 1939 §3).
        const ok = status[0].startsWith('+')
        if (ok && (expected === 'listing' || expected === 'message')) {
          this.#at = expected
          this.#lineStart = true
        }
        yield { kind: 'status', line, ok, odd, more }
      } else {
        const { content, rest, ended } = this.#unstuff(bytes)
        bytes = rest
        if (content.length > 0) {
          if (this.#at === 'message') yield { kind: 'data', bytes: content }
          else {
            this.#listingBytes += content.length
            if (this.#listingBytes > LONGEST_LISTING_BYTES)
              return yield this.#break(`a listing of more than ${LONGEST_LISTING_BYTES} bytes`)
            this.#listing.push(Buffer.from(content))
          }
        }
        if (!ended) return
        const heard: Heard =
          this.#at === 'message' ? { kind: 'end' } : { kind: 'listing', bytes: Buffer.concat(this.#listing) }
        this.#at = 'status'
        this.#listing = []
        this.#listingBytes = 0
        yield heard
      }
    }
    // What came behind something that has just been broken or was not due is of no use to anybody.
    if (this.#at !== 'broken') this.#hold(bytes)
  }

  #hold(bytes: Buffer): void {
    // Copied, or a few bytes would keep a whole chunk alive.
    this.#held = bytes.length === 0 ? NOTHING : Buffer.from(bytes)
  }

  #break(reason: string): Heard {
    this.#at = 'broken'
    this.#listing = []
    return { kind: 'violation', reason }
  }

  /** The content up to the lone dot or to the end of `bytes`; line ends that may belong to the dot are held back. */
  #unstuff(bytes: Buffer): { content: Buffer; rest: Buffer; ended: boolean } {
    let from = 0
    // Many stuffed dots in one chunk become one copy, not many slices: a slice costs more than a line.
    let copy: Buffer | undefined
    let copied = 0
    const upTo = (end: number): Buffer => {
      if (copy === undefined) return bytes.subarray(from, end)
      copied += bytes.copy(copy, copied, from, end)
      return copy.subarray(0, copied)
    }
    const dropDot = (dot: number) => {
      copy ??= Buffer.allocUnsafe(bytes.length)
      copied += bytes.copy(copy, copied, from, dot)
      from = dot + 1
    }

    if (this.#lineStart && bytes[0] === DOT) {
      if (endsAt(bytes, 1)) {
        this.#lineStart = false
        return { content: NOTHING, rest: bytes.subarray(3), ended: true }
      }
      if (mayEndAt(bytes, 1)) {
        this.#hold(bytes)
        return { content: NOTHING, rest: NOTHING, ended: false }
      }
      from = 1
    }
    this.#lineStart = false
    for (let dot = bytes.indexOf(STUFFED, from); dot >= 0; dot = bytes.indexOf(STUFFED, dot + 3)) {
      if (endsAt(bytes, dot + 3)) return { content: upTo(dot + 2), rest: bytes.subarray(dot + 5), ended: true }
      if (mayEndAt(bytes, dot + 3)) {
        // The line end before the dot stays with it, for it says that a line begins there.
        const content = upTo(dot)
        this.#hold(bytes.subarray(dot))
        return { content, rest: NOTHING, ended: false }
      }
      dropDot(dot + 2)
    }
    const kept =
      bytes[bytes.length - 1] === CR ? 1 : bytes.length > 1 && bytes.at(-1) === LF && bytes.at(-2) === CR ? 2 : 0
    const end = Math.max(bytes.length - kept, from)
    const content = upTo(end)
    this.#hold(bytes.subarray(end))
    return { content, rest: NOTHING, ended: false }
  }
}

const endsAt = (bytes: Buffer, at: number) => bytes[at] === CR && bytes[at + 1] === LF
/** The chunk ends before one can say whether the dot stands alone. */
const mayEndAt = (bytes: Buffer, at: number) => at === bytes.length || (at === bytes.length - 1 && bytes[at] === CR)
