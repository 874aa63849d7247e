import { createHash, type Hash } from 'node:crypto'
import { letGo } from '../base/let-go.ts'
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
/**
 * What is longer is gathered in a buffer of its own while it comes, and the socket's are let go of as they are read: left to the
 * collector, two of them for each message of 64 KiB had it go through all of the heap dozens of times a second.
 */
const AS_IT_CAME_BYTES = 16 * 1024
/** Room for a message of 64 KiB with its header, which is what most programs cut their pieces to. */
const GATHERED_BYTES = 96 * 1024
/** A client that sends byte by byte must not make each of them cost an object. */
const MOST_PIECES = 512
/** Of refused content the transcript keeps so much of both ends. */
const KEPT_BYTES = 4096

/** One message while it comes in: in memory at first, then staged, and only its two ends once it cannot be taken. */
export class SmtpContent {
  readonly #stage: () => Promise<Staging>
  #pieces: Uint8Array[] = []
  /** In their place, once there are many bytes; filled as far as that. */
  #gathered: Buffer<ArrayBuffer> | undefined
  #filled = 0
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

  /** Whether what came was copied, so that nobody needs the arrays any more that it came in. */
  get isCopied(): boolean {
    return this.#bytes > 0 && this.#pieces.length === 0
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
    if (this.#bytes > IN_MEMORY_BYTES) return this.#spill(piece)
    if (this.#bytes > AS_IT_CAME_BYTES)
      this.#gather(piece, this.#bytes <= GATHERED_BYTES ? GATHERED_BYTES : IN_MEMORY_BYTES)
    else {
      this.#pieces.push(piece)
      if (this.#pieces.length >= MOST_PIECES) this.#join()
    }
    return undefined
  }

  /** Copies the last piece behind the ones before, into a buffer that has room for `roomBytes` at least. */
  #gather(piece: Uint8Array, roomBytes: number): void {
    let gathered = this.#gathered
    if (gathered === undefined || gathered.length < this.#bytes) {
      const before = gathered === undefined ? this.#pieces : [gathered.subarray(0, this.#filled)]
      gathered = Buffer.allocUnsafeSlow(roomBytes)
      this.#filled = 0
      for (const one of before) {
        gathered.set(one, this.#filled)
        this.#filled += one.length
      }
      this.letGo()
      this.#pieces = []
      this.#gathered = gathered
    }
    gathered.set(piece, this.#filled)
    this.#filled += piece.length
  }

  async #spill(piece: Uint8Array): Promise<void> {
    this.#gather(piece, this.#bytes)
    const start = this.#join()
    this.#start = start
    this.#gathered = undefined
    this.#ends = new Ends()
    this.#ends.add(start)
    const staging = await this.#stage()
    this.#staging = staging
    if (this.#isDropped) return this.drop() // its client left while we waited
    await staging.append(start)
  }

  /** It will be refused: nothing of it is stored from here on, and what is staged goes away. */
  spoil(): void {
    if (this.#isSpoiled) return
    this.#isSpoiled = true
    if (this.#ends === undefined) {
      this.#ends = new Ends()
      this.#addTo(this.#ends)
    }
    this.#pieces = []
    this.letGo()
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
    if (this.#ends === undefined) this.#addTo(ends)
    return ends.ref()
  }
  #addTo(ends: Ends): void {
    if (this.#gathered !== undefined) return ends.add(this.#join())
    for (const piece of this.#pieces) ends.add(piece)
  }

  /** Nobody needs the message any more, nor `body()` and `head()` of it. */
  letGo(): void {
    if (this.#gathered !== undefined) letGo(this.#gathered)
    this.#gathered = undefined
  }

  /** Removes what is staged. A staged blob that was adopted stays. */
  drop(): void {
    this.#isDropped = true
    this.#staging?.drop().catch(() => {}) // What stays behind is removed at the next start.
    this.#staging = undefined
  }

  /** All of it as one piece; that which came alone as it came. */
  #join(): Uint8Array {
    if (this.#gathered !== undefined) return this.#gathered.subarray(0, this.#filled)
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
