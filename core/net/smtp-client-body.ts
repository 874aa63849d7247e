import type { Transcript } from '../transcript/sink.ts'
import type { ClientSession } from '../wire/smtp/client-session.ts'
import type { Effect } from '../wire/smtp/client-words.ts'
import { DotStuffer, FINAL_DOT } from '../wire/smtp/dot-stuffing.ts'
import { encodeCommand } from '../wire/smtp/encode-command.ts'
import { CHUNK_BYTES, EARLY_BYTES, WRITE_BYTES, type Load } from './smtp-client-terms.ts'

/** What sending a message needs of its connection. */
export interface BodyWire {
  readonly session: ClientSession
  readonly transcript: Transcript
  /** False when the socket is full. */
  write(bytes: Uint8Array): boolean
  /** Begins the wait for what is due next. */
  arm(): void
  run(effects: readonly Effect[]): void
  lost(reason: string): void
  fault(error: unknown): void
}

const NOTHING = new Uint8Array(0)

/** One message on its way: to the final dot, or to the last byte of the last chunk. */
export class BodySender {
  readonly #wire: BodyWire
  readonly #load: Load
  readonly #accepted: readonly number[]
  readonly #chunked: boolean
  readonly #stuffer: DotStuffer
  /** Bytes of the message that the transcript has not been told of. */
  #unrecorded = 0
  #sentBytes = 0
  /** Bytes of the chunk under way that are still to come. */
  #leftInChunk = 0
  /** What is ready to go and waits for more: the end of a message never goes before its phase is committed. */
  #held: Uint8Array = NOTHING
  #committed: Promise<{ readonly error: unknown } | undefined> | undefined
  #wake = () => {}

  constructor(wire: BodyWire, load: Load, accepted: readonly number[], chunked: boolean) {
    this.#wire = wire
    this.#load = load
    this.#accepted = accepted
    this.#chunked = chunked
    this.#stuffer = new DotStuffer(!chunked)
  }

  /** The socket has room again, the server has taken a chunk, or all is over. */
  wake(): void {
    this.#wake()
  }

  /** Sends it all. Never rejects. */
  async send(): Promise<void> {
    const { session } = this.#wire
    const { sizeBytes } = this.#load.transaction
    try {
      if (sizeBytes <= EARLY_BYTES) void this.#commit()
      for await (const chunk of this.#load.body()) {
        if (session.at !== 'body') break
        const stuffed = this.#stuffer.push(chunk)
        if (!stuffed) return this.#unclean()
        if (this.#sentBytes + chunk.length > sizeBytes && this.#chunked) throw new Error('it is longer than it was')
        if (this.#chunked) await this.#inChunks(stuffed)
        else {
          await this.#write(this.#held)
          this.#held = stuffed
        }
        this.#count(chunk.length)
        if (sizeBytes - this.#sentBytes <= EARLY_BYTES) void this.#commit()
      }
      if (this.#chunked && session.at === 'body' && this.#sentBytes < sizeBytes)
        throw new Error('it is shorter than it was')
    } catch (error) {
      await this.#committed
      return this.#finish(() => this.#fail(this.#load.damaged(error), 'the message cannot be read'))
    }
    const tail = this.#stuffer.end()
    if (!tail) return this.#unclean()
    const failed = await this.#commit()
    if (failed !== undefined) {
      this.#wire.fault(failed.error)
      return this.#finish(() => this.#wire.lost('phase body could not be committed'))
    }
    return this.#finish(() => this.#end(tail))
  }

  /** What was sent of it goes into the transcript, at the latest when the connection ends. */
  recordContent(): void {
    if (this.#unrecorded === 0) return
    this.#wire.transcript.content('C', this.#unrecorded, { kind: 'entry', entryId: this.#load.entryId })
    this.#unrecorded = 0
  }

  #end(tail: Uint8Array): void {
    const { session, transcript, write, arm } = this.#wire
    if (this.#chunked) {
      if (this.#load.transaction.sizeBytes === 0) this.#begin(0)
      session.dot()
      write(this.#held)
      return arm()
    }
    session.dot()
    transcript.line('C', FINAL_DOT.subarray(0, 1))
    // In one write with what was held back: a short message is one packet.
    write(this.#held.length + tail.length === 0 ? FINAL_DOT : Buffer.concat([this.#held, tail, FINAL_DOT]))
    return arm()
  }

  #finish(how: () => void): void {
    this.recordContent()
    if (this.#wire.session.at === 'body') how()
  }

  #fail(verdict: Load['unclean'], why: string): void {
    this.#wire.run(this.#wire.session.bodyFailed(verdict, why))
  }

  #unclean(): void {
    this.#finish(() => this.#fail(this.#load.unclean, 'the message holds a bare CR or LF'))
  }

  /** Resolves to what went wrong, so that nobody needs to wait for it at once. */
  #commit(): Promise<{ readonly error: unknown } | undefined> {
    return (this.#committed ??= this.#load.beforeBody(this.#accepted).then(
      () => undefined,
      (error: unknown) => ({ error }),
    ))
  }

  #count(bytes: number): void {
    this.#sentBytes += bytes
    this.#unrecorded += bytes
  }

  /** Cuts a piece at the ends of chunks; the last bytes of the last one are held back. */
  async #inChunks(piece: Uint8Array): Promise<void> {
    const { sizeBytes } = this.#load.transaction
    for (let from = 0; from < piece.length && this.#wire.session.at === 'body';) {
      await this.#write(this.#held)
      this.#held = NOTHING
      const done = this.#sentBytes + from
      if (this.#leftInChunk === 0) {
        if (done > 0) {
          this.#recordUpTo(from)
          await this.#chunkTaken()
        }
        this.#begin(sizeBytes - done)
      }
      const part = piece.subarray(from, from + this.#leftInChunk)
      this.#leftInChunk -= part.length
      from += part.length
      this.#held = part
    }
  }

  /** Content of a chunk that ended inside the piece under way. */
  #recordUpTo(from: number): void {
    this.#unrecorded += from
    this.recordContent()
    this.#unrecorded = -from
  }

  /** The command of the next chunk, of which `restBytes` of the message are left. */
  #begin(restBytes: number): void {
    const { session, transcript, write } = this.#wire
    if (session.at !== 'body') return
    const isLast = restBytes <= CHUNK_BYTES
    this.#leftInChunk = Math.min(restBytes, CHUNK_BYTES)
    const line = encodeCommand({ verb: 'BDAT', bytes: this.#leftInChunk, isLast })
    transcript.line('C', line.subarray(0, -2))
    if (!isLast) session.chunk()
    this.#isTaken = isLast
    write(line)
  }
  #isTaken = true

  /** The server has answered the chunk that was sent. */
  taken(): void {
    this.#isTaken = true
    this.#wake()
  }

  async #chunkTaken(): Promise<void> {
    this.#wire.arm()
    while (!this.#isTaken && this.#wire.session.at === 'body') await this.#sleep()
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve))
  }

  /** Writes and waits while the socket is full; each piece has the deadline of a data block. */
  async #write(bytes: Uint8Array): Promise<void> {
    const { session, arm, write } = this.#wire
    for (let from = 0; from < bytes.length && session.at === 'body'; from += WRITE_BYTES) {
      arm()
      if (!write(bytes.subarray(from, from + WRITE_BYTES))) await this.#sleep()
    }
  }
}
