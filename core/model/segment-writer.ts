import {
  FLAG,
  FORMAT,
  HEAD_BYTES,
  KIND,
  LENGTH_BYTES,
  readHead,
  REFS,
  SPEAKERS,
  type Moment,
  type Said,
} from './segment.ts'
import type { SessionLink } from './transcript.ts'

type Line = Extract<Said, { kind: 'line' }>

const LONGEST_RECORD = 2 ** 24 - 1
/** Most that a record has before its own content: five numbers. */
const ROOM = 64
const FIRST_ROOM = 4096
/** Up to this size a loop is faster than a call into the runtime. */
const SHORT = 64

/** Writes one segment. */
export class SegmentWriter {
  #buffer: Buffer<ArrayBuffer>
  #at = HEAD_BYTES
  readonly #baseMs: number

  /** `baseMs`: about when it begins, Unix ms; `likelyBytes`: how long it may become. */
  constructor(baseMs: number, likelyBytes = FIRST_ROOM) {
    this.#buffer = Buffer.allocUnsafeSlow(likelyBytes)
    this.#baseMs = baseMs
    this.#buffer[0] = FORMAT
    this.#buffer.writeDoubleLE(baseMs, 1)
  }

  /** So many bytes so far. */
  get size(): number {
    return this.#at
  }
  /** A view of what there is; more may be written behind it. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#at)
  }

  /** A line of which nothing was left out, as bytes or one character a byte. */
  line(
    sessionId: number,
    moment: Moment,
    from: 'C' | 'S',
    tls: boolean,
    line: Uint8Array | string,
    isOdd: boolean,
  ): void {
    const size = line.length
    const flags = KIND.line | (from === 'S' ? FLAG.fromServer : 0) | (tls ? FLAG.tls : 0) | (isOdd ? FLAG.odd : 0)
    const start = this.#begin(sessionId, flags, moment, size)
    if (size > SHORT) {
      if (typeof line === 'string') this.#buffer.write(line, this.#at, 'latin1')
      else this.#buffer.set(line, this.#at)
    } else if (typeof line === 'string') {
      for (let i = 0; i < size; i++) this.#buffer[this.#at + i] = line.charCodeAt(i)
    } else for (let i = 0; i < size; i++) this.#buffer[this.#at + i] = line[i] as number
    this.#at += size
    this.#end(start)
  }

  /** Any other event. */
  event(sessionId: number, moment: Moment, said: Said): void {
    switch (said.kind) {
      case 'line':
        return this.#spans(sessionId, moment, said)
      case 'content':
        return this.#content(sessionId, moment, said)
      case 'tls':
        return this.#text(sessionId, moment, KIND.tls, JSON.stringify(said.facts))
      case 'note':
        return this.#text(sessionId, moment, KIND.note, said.text)
      case 'closed': {
        const why = said.why === undefined ? '' : said.why
        const start = this.#begin(
          sessionId,
          KIND.closed | (said.why === undefined ? 0 : FLAG.more),
          moment,
          1 + 3 * why.length,
        )
        this.#buffer[this.#at++] = SPEAKERS.indexOf(said.by)
        this.#at += this.#buffer.write(why, this.#at, 'utf8')
        return this.#end(start)
      }
    }
  }

  /** What a session had to do with: no event, and without a number. */
  link(sessionId: number, moment: Moment, { entryId, recipientId, attemptId, messageId }: SessionLink): void {
    const start = this.#begin(sessionId, KIND.link, moment, ROOM)
    for (const id of [entryId, recipientId, attemptId, messageId]) this.#number(id === undefined ? 0 : id + 1)
    this.#end(start)
  }

  /** A record that stands in another segment. */
  copy(record: Uint8Array, baseMs: number): void {
    const { sessionId, flags, atMs, sinceTenths, at } = readHead(record, LENGTH_BYTES, baseMs)
    const rest = record.subarray(at)
    const start = this.#begin(sessionId, flags, { atMs, sinceMs: sinceTenths / 10 }, rest.length)
    this.#buffer.set(rest, this.#at)
    this.#at += rest.length
    this.#end(start)
  }

  #spans(sessionId: number, moment: Moment, { from, tls, spans, bytes, odd }: Line): void {
    const flags =
      KIND.line | FLAG.more | (from === 'S' ? FLAG.fromServer : 0) | (tls ? FLAG.tls : 0) | (odd ? FLAG.odd : 0)
    const size = spans.reduce(
      (sum, span) => sum + (typeof span === 'string' ? span.length : 3 * (span.user?.length ?? 0) + 5) + 5,
      0,
    )
    const start = this.#begin(sessionId, flags, moment, size + ROOM)
    this.#number(bytes)
    for (const span of spans) {
      if (typeof span !== 'string') {
        // A secret has no length; a name in it stands where a text of no length would.
        const { user } = span
        this.#number(user === undefined ? 0 : 1)
        if (user === undefined) continue
        this.#number(Buffer.byteLength(user))
        this.#at += this.#buffer.write(user, this.#at, 'utf8')
      } else if (span !== '') {
        this.#number(span.length + 1)
        this.#at += this.#buffer.write(span, this.#at, 'latin1')
      }
    }
    this.#end(start)
  }

  #content(sessionId: number, moment: Moment, said: Extract<Said, { kind: 'content' }>): void {
    const { from, tls, bytes, ref } = said
    const text = ref.kind === 'fetched' ? ref.uidl : ref.kind === 'kept' ? JSON.stringify(ref) : ''
    const flags = KIND.content | (from === 'S' ? FLAG.fromServer : 0) | (tls ? FLAG.tls : 0)
    const start = this.#begin(sessionId, flags, moment, ROOM + 3 * text.length)
    this.#number(bytes)
    this.#buffer[this.#at++] = REFS.indexOf(ref.kind)
    if (ref.kind === 'entry') this.#number(ref.entryId)
    else if (ref.kind === 'message') this.#number(ref.messageId)
    else this.#at += this.#buffer.write(text, this.#at, 'utf8')
    this.#end(start)
  }

  #text(sessionId: number, moment: Moment, kind: number, text: string): void {
    const start = this.#begin(sessionId, kind, moment, 3 * text.length)
    this.#at += this.#buffer.write(text, this.#at, 'utf8')
    this.#end(start)
  }

  /** Makes room for `size` bytes of content, and writes what stands before it. */
  #begin(sessionId: number, flags: number, { atMs, sinceMs }: Moment, size: number): number {
    const start = this.#at
    if (this.#buffer.length - start < size + ROOM) this.#grow(size + ROOM)
    this.#at += LENGTH_BYTES
    this.#number(sessionId)
    this.#buffer[this.#at++] = flags
    const away = Math.round(atMs - this.#baseMs) // below zero where the clock was set back
    this.#number(away < 0 ? -2 * away - 1 : 2 * away)
    this.#number(Math.max(Math.round(sinceMs * 10), 0))
    return start
  }

  #end(start: number): void {
    const size = this.#at - start - LENGTH_BYTES
    if (size > LONGEST_RECORD) {
      this.#at = start // nothing of ours is as long
      return
    }
    this.#buffer[start] = size & 0xff
    this.#buffer[start + 1] = (size >>> 8) & 0xff
    this.#buffer[start + 2] = size >>> 16
  }

  #number(value: number): void {
    let left = value
    // Ids of messages are beyond 32 bits, where shifts end.
    for (; left > 0x7fffffff; left = Math.floor(left / 128)) this.#buffer[this.#at++] = (left % 128) | 0x80
    for (; left > 0x7f; left >>>= 7) this.#buffer[this.#at++] = (left & 0x7f) | 0x80
    this.#buffer[this.#at++] = left
  }

  #grow(more: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, this.#at + more))
    this.#buffer.copy(larger, 0, 0, this.#at)
    this.#buffer = larger
  }
}
