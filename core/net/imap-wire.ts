import { createHash, type Hash } from 'node:crypto'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Cancel, Clock } from '../base/clock.ts'
import type { ContentRef } from '../model/transcript.ts'
import type { Transcript } from '../transcript/sink.ts'
import type { Ear, Noted } from '../wire/imap/ear.ts'
import { closeImapWith, type ImapTrouble } from './imap-words.ts'

/** While a command is under way, so long a server may say nothing. Checked in steps of a third. */
const SILENCE_MS = 180_000
const TICKS = 3
/** Octets outside literals in answer to one command: more is no answer. A list of all UIDs of a million messages fits. */
const LONGEST_ANSWER = 16 * 1024 * 1024
/**
 * Octets without a space outside literals. The library's work on a set of numbers grows with the square of its length: no server is
 * asked for a longer one.
 */
const LONGEST_WORD = 256 * 1024
const KEPT_BYTES = 4096
/** A line longer than this comes in parts. */
const PART_BYTES = 65_536

/**
 * The one stream that the IMAP library is given: a connected and secured socket whose every octet, both ways, is in the protocol log
 * before it goes on. It ends a session that is silent or says more than an answer can be.
 */
export class ImapWire extends Duplex {
  readonly transcript: Transcript
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #ear: Ear
  #greeting: Uint8Array | undefined
  #trouble: ImapTrouble | undefined
  #said = 0
  #word = 0
  #content: { readonly first: Buffer[]; last: Buffer; bytes: number; readonly hash: Hash } | undefined
  #tick: Cancel = () => {}
  #idleTicks = 0
  #isMoving = true
  /** Whether an answer is due: false while nothing was asked, and in IDLE. */
  #isDue = true
  /** Joint: what the content after such a line is, where that is known. */
  refOf: (from: 'C' | 'S', after: string) => ContentRef | undefined = () => undefined

  constructor(args: {
    readonly socket: Socket
    readonly transcript: Transcript
    readonly clock: Clock
    readonly ear: Ear
    /** What the server has said already. */
    readonly greeting: Uint8Array
  }) {
    super({ allowHalfOpen: false })
    this.transcript = args.transcript
    this.#socket = args.socket
    this.#clock = args.clock
    this.#ear = args.ear
    this.#greeting = args.greeting
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#socket.on('error', () => {})
    this.#socket.on('end', () => this.#lost())
    this.#socket.on('close', () => this.#lost())
    this.#socket.pause()
    this.#watch()
  }

  /** What ended it; undefined while it lasts and after a goodbye. */
  get trouble(): ImapTrouble | undefined {
    return this.#trouble
  }

  /** Words of the server, for a person, without what they repeat of secrets. */
  withoutEchoes(text: string): string {
    return this.#ear.withoutEchoes(text)
  }

  /** Ends it; what was said stands in the log with the reason. */
  abandon(trouble: ImapTrouble): void {
    if (this.destroyed) return
    this.#trouble ??= trouble
    this.destroy()
  }

  override _read(): void {
    if (this.#greeting !== undefined) {
      const greeting = this.#greeting
      this.#greeting = undefined
      this.push(greeting)
    }
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    for (const noted of this.#ear.said(chunk)) this.#note('C', noted)
    // In IDLE a server need not say anything (RFC 2177); DONE makes its answer due.
    this.#isDue = !/^[^ ]+ IDLE\r\n$/i.test(chunk.subarray(0, 64).toString('latin1'))
    this.#isMoving = true
    this.#said = 0
    this.#socket.write(chunk, (error) => done(error ?? null))
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#tick()
    for (const noted of this.#ear.ended()) this.#note(noted.from, noted)
    if (this.#trouble === undefined) this.transcript.close('ok', 'C')
    else closeImapWith(this.transcript, this.#trouble)
    this.#socket.destroy()
    done(error)
  }

  #take(chunk: Buffer): void {
    if (this.destroyed) return
    this.#isMoving = true
    for (const noted of this.#ear.heard(chunk)) {
      this.#note('S', noted)
      if (noted.kind === 'content') continue
      this.#said += noted.bytes.length
      const space = noted.bytes.lastIndexOf(0x20)
      this.#word = space < 0 ? this.#word + noted.bytes.length : noted.bytes.length - space - 1
      if (this.#word > LONGEST_WORD)
        return this.abandon({ kind: 'protocol', reason: `a word of more than ${LONGEST_WORD} octets` })
      if (noted.bytes.length < PART_BYTES) this.#word = 0
      const text = Buffer.from(noted.bytes.subarray(0, 64)).toString('latin1')
      if (/^[^ *+][^ ]* (?:OK|NO|BAD)\b/i.test(text)) {
        this.#said = 0
        this.#isDue = false
      }
    }
    if (this.#said > LONGEST_ANSWER)
      return this.abandon({ kind: 'protocol', reason: `an answer of more than ${LONGEST_ANSWER} octets` })
    if (!this.push(chunk)) this.#socket.pause()
  }

  #lost(): void {
    if (this.destroyed || this.readableEnded) return
    // After LOGOUT the server is the one that hangs up (RFC 9051 §3.4).
    if (!this.writableEnded && !this.#isOver) this.#trouble ??= { kind: 'lost' }
    this.push(null)
    this.destroy()
  }
  #isOver = false
  /** Said before LOGOUT: from then on the server may hang up. */
  farewell(): void {
    this.#isOver = true
  }

  #note(from: 'C' | 'S', noted: Noted): void {
    if (noted.kind === 'line') {
      const { bytes, odd, secrets, user } = noted
      const options = {
        ...(secrets.length > 0 ? { secrets } : {}),
        ...(odd ? { odd } : {}),
        ...(user === undefined ? {} : { user }),
      }
      this.transcript.line(from, bytes, options)
      return
    }
    const content = (this.#content ??= { first: [], last: Buffer.alloc(0), bytes: 0, hash: createHash('sha256') })
    const bytes = Buffer.from(noted.bytes.buffer, noted.bytes.byteOffset, noted.bytes.byteLength)
    const room = KEPT_BYTES - content.bytes
    if (room > 0) content.first.push(Buffer.from(bytes.subarray(0, room)))
    const past = room > 0 ? bytes.subarray(room) : bytes
    if (past.length > 0) content.last = Buffer.concat([content.last, past.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES)
    content.bytes += bytes.length
    content.hash.update(bytes)
    if (!noted.isLast) return
    this.#content = undefined
    const known = this.refOf(from, noted.after)
    const ref: ContentRef = known ?? {
      kind: 'kept',
      first: Buffer.concat(content.first).toString('latin1'),
      last: content.last.toString('latin1'),
      sha256: content.hash.digest('hex'),
    }
    this.transcript.content(from, content.bytes, ref)
  }

  #watch(): void {
    this.#tick = this.#clock.after(SILENCE_MS / TICKS, () => {
      this.#idleTicks = this.#isMoving || !this.#isDue ? 0 : this.#idleTicks + 1
      this.#isMoving = false
      if (this.#idleTicks >= TICKS) this.abandon({ kind: 'silent', seconds: SILENCE_MS / 1000 })
      else this.#watch()
    })
  }
}
