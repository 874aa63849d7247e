import { createHash, type Hash } from 'node:crypto'
import type { Submission } from '../model/submission.ts'
import type { ContentRef } from '../model/transcript.ts'

/** Bytes that arrive before their message exists, kept by whoever stores messages. */
export interface Staging {
  /** Await it before reading on from the socket. */
  append(chunk: Uint8Array): Promise<void>
  finish(): Promise<{ readonly stagedBlobId: number; readonly sizeBytes: number; readonly sha256: Uint8Array }>
  drop(): Promise<void>
}

/** Below this a message stays in memory and is stored with its rows in one operation. */
const IN_MEMORY_BYTES = 256 * 1024
/** A client that sends byte by byte must not make each of them cost an object. */
const MOST_PIECES = 512
/** Of refused content the transcript keeps so much of both ends. */
const KEPT_BYTES = 4096

/** One message while it comes in: in memory at first, then staged, and only its two ends once it cannot be taken. */
export class SmtpContent {
  readonly #stage: () => Promise<Staging>
  #pieces: Uint8Array[] = []
  #bytes = 0
  #start: Uint8Array | undefined
  #ends: Ends | undefined
  #staging: Staging | undefined
  #isSpoiled = false
  #isDropped = false

  constructor(stage: () => Promise<Staging>) {
    this.#stage = stage
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Whether pieces are copied into the store as they come, and none is kept here. */
  get isStaging(): boolean {
    return this.#staging !== undefined && !this.#isSpoiled
  }

  /** Takes a piece. A promise asks to wait before the next one; it rejects when the store cannot take more. */
  add(piece: Uint8Array, isSpoiled: boolean): Promise<void> | undefined {
    this.#bytes += piece.length
    if (isSpoiled) this.spoil()
    if (this.#isSpoiled) {
      this.#ends?.add(piece)
      return undefined
    }
    if (this.#start !== undefined) {
      this.#ends?.add(piece)
      return this.#staging?.append(piece)
    }
    this.#pieces.push(piece)
    if (this.#pieces.length >= MOST_PIECES) this.#join()
    return this.#bytes > IN_MEMORY_BYTES ? this.#spill() : undefined
  }

  async #spill(): Promise<void> {
    // Always a copy: from here on the buffers of the socket are let go of as soon as they are read.
    this.#start = this.#pieces.length === 1 ? Buffer.from(this.#join()) : this.#join()
    this.#ends = new Ends()
    this.#ends.add(this.#start)
    this.#pieces = []
    const staging = await this.#stage()
    this.#staging = staging
    if (this.#isDropped) return this.drop() // its client left while we waited
    await staging.append(this.#start)
  }

  /** It will be refused: nothing of it is stored from here on, and what is staged goes away. */
  spoil(): void {
    if (this.#isSpoiled) return
    this.#isSpoiled = true
    if (this.#ends === undefined) {
      this.#ends = new Ends()
      for (const piece of this.#pieces) this.#ends.add(piece)
    }
    this.#pieces = []
    this.drop()
  }

  /** The header block, whatever has become of the rest. */
  head(headBytes: number): Uint8Array {
    return (this.#start ?? this.#join()).subarray(0, headBytes)
  }

  /** The whole message, where its store wants it. */
  body(): Submission['body'] | Promise<Submission['body']> {
    return this.#staging === undefined ? { raw: this.#join() } : this.#staging.finish()
  }

  /** What the transcript keeps of content that was refused or cut off. */
  kept(): ContentRef {
    const ends = this.#ends ?? new Ends()
    if (this.#ends === undefined) for (const piece of this.#pieces) ends.add(piece)
    return ends.ref()
  }

  /** Removes what is staged. A staged blob that was adopted stays. */
  drop(): void {
    this.#isDropped = true
    this.#staging?.drop().catch(() => {}) // What stays behind is removed at the next start.
    this.#staging = undefined
  }

  /** All of it as one piece; that which came alone as it came. */
  #join(): Uint8Array {
    const only = this.#pieces[0]
    if (only !== undefined && this.#pieces.length === 1) return only
    const whole = Buffer.allocUnsafeSlow(this.#pieces.reduce((size, piece) => size + piece.length, 0))
    let at = 0
    for (const piece of this.#pieces) {
      whole.set(piece, at)
      at += piece.length
    }
    this.#pieces = [whole]
    return whole
  }
}

/** First and last bytes and the hash of content that streams by. */
class Ends {
  readonly #hash: Hash = createHash('sha256')
  #first = Buffer.alloc(0)
  #last = Buffer.alloc(0)

  add(piece: Uint8Array): void {
    this.#hash.update(piece)
    if (this.#first.length < KEPT_BYTES)
      this.#first = Buffer.concat([this.#first, piece.subarray(0, KEPT_BYTES - this.#first.length)])
    this.#last = Buffer.concat([this.#last, piece.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES)
  }

  ref(): ContentRef {
    return {
      kind: 'kept',
      first: this.#first.toString('latin1'),
      last: this.#last.toString('latin1'),
      sha256: this.#hash.copy().digest('hex'),
    }
  }
}
