import { letGo } from '../base/let-go.ts'
import { decodeHeaderText } from '../message/charset.ts'
import { firstValue } from '../message/headers.ts'
import { oneLine } from '../message/one-line.ts'
import { CHUNK_BYTES, LONGEST_BODY_BYTES } from '../store/blob.ts'
import type { ImportProblem } from '../store/import-job.ts'
import type { Body } from '../store/types.ts'
import type { ByteFile } from './import-file.ts'
import { readImportHeader, withoutBookkeeping, type ImportFlags, type ImportHeader } from './import-header.ts'
import type { TakenMessage, TakenPart } from './import-messages.ts'
import { StoredText, type Quoting } from './import-text.ts'

/** Where a long message's bytes go while they are read. */
export interface StagingLine {
  begin(): Promise<void>
  append(bytes: Buffer): Promise<void>
  finish(): Promise<Extract<Body, { stagedBlobId: number }>>
  drop(): Promise<void>
}

/** A message up to this size is made ready in one piece. */
const PIECE_BYTES = 1024 * 1024
/** So much of a long message is read for its text and its attachments. */
const READ_BYTES = 32 * 1024 * 1024

const TOO_LONG = `it is longer than the ${LONGEST_BODY_BYTES / 2 ** 20} MiB a message may have`

/** Bytes of one message, wherever they lie. */
export interface Bytes {
  readonly sizeBytes: number
  read(from: number, to: number): Buffer
}
/** What is known of a message before it is read. */
export interface Found {
  readonly path: string
  readonly place: number | null
  readonly quoting: Quoting
  /** Its flags, unless the header says more. */
  readonly flags: ImportFlags
  /** Flags that were found elsewhere and count more than the header's. */
  readonly isKnown: boolean
  readonly hasBookkeeping: boolean
  readonly keptMs: number
}

/** Makes messages ready for the store, and remembers those that can't be, until it is asked for what there is. */
export class MessageTaker {
  readonly #staging: StagingLine
  #messages: TakenMessage[] = []
  #problems: ImportProblem[] = []
  #deleted = 0

  constructor(staging: StagingLine) {
    this.#staging = staging
  }

  /** How much was taken or named since `reset`. */
  count = 0
  bytes = 0

  /** What came up since the last call. */
  cut(): Pick<TakenPart, 'messages' | 'problems' | 'deleted'> {
    const found = { messages: this.#messages, problems: this.#problems, deleted: this.#deleted }
    this.#messages = []
    this.#problems = []
    this.#deleted = 0
    return found
  }

  reset(): void {
    this.count = 0
    this.bytes = 0
  }

  /** A message that is a file of its own; a `From ` line before it is left out. */
  async takeFile(file: ByteFile, found: Found): Promise<void> {
    const head = file.read(0, 1024).toString('latin1')
    const skip = /^(?:\xef\xbb\xbf)?(?:\r?\n)*(?:From [^\n]*\n)?/.exec(head)?.[0].length ?? 0
    const read = (from: number, to: number) => file.read(skip + from, to - from)
    await this.take({ sizeBytes: Math.max(0, file.sizeBytes - skip), read }, found)
  }

  /** A message wherever its bytes lie. */
  async take(bytes: Bytes, found: Found): Promise<void> {
    const { path, place } = found
    if (bytes.sizeBytes === 0) return this.refuse(path, place, 'it is empty')
    const head = bytes.read(0, Math.min(bytes.sizeBytes, PIECE_BYTES))
    const read = readImportHeader(head)
    const { header } = read
    const flags = found.isKnown ? found.flags : (read.flags ?? found.flags)
    if (flags.deleted) {
      this.#deleted++
      return this.#problem(found, head, read, 'deleted', 'it was marked as deleted there')
    }
    // Taking off quotes makes it a little shorter; what is that much longer needs no trying.
    if (bytes.sizeBytes > 1.1 * LONGEST_BODY_BYTES) return this.#problem(found, head, read, 'refused', TOO_LONG)
    const first = found.hasBookkeeping ? withoutBookkeeping(head, header) : head
    const text = new StoredText(found.quoting)
    const { arrivalMs } = read
    const known = { flags, arrivalMs, keptMs: found.keptMs }
    if (header.fields.length === 0) this.#problem(found, head, read, 'damaged', 'it does not begin with a header')
    if (bytes.sizeBytes <= PIECE_BYTES) {
      const ready = text.push(first, true)
      if (ready.length <= CHUNK_BYTES)
        return this.#add({ bytes: own(ready, head), staged: null, ...known }, ready.length)
      return this.#stage([ready], found, head, read, known)
    }
    await this.#stage(pieces(bytes, first, text), found, head, read, known)
  }

  /** A long message goes into the store while it is read. */
  async #stage(
    all: Iterable<Buffer>,
    found: Found,
    head: Buffer,
    read: ImportHeader,
    known: Pick<TakenMessage, 'flags' | 'arrivalMs' | 'keptMs'>,
  ): Promise<void> {
    const looked: Buffer[] = []
    let sizeBytes = 0
    await this.#staging.begin()
    try {
      for (const piece of all) {
        const isLooked = sizeBytes < READ_BYTES
        if (isLooked) looked.push(own(piece, head))
        sizeBytes += piece.length
        if (sizeBytes > LONGEST_BODY_BYTES) break
        for (let from = 0; from < piece.length; from += CHUNK_BYTES)
          await this.#staging.append(piece.subarray(from, from + CHUNK_BYTES))
        // Not of a small one, whose memory it may share.
        if (!isLooked && piece.length >= PIECE_BYTES / 2 && piece.buffer !== head.buffer) letGo(piece)
      }
      if (sizeBytes > LONGEST_BODY_BYTES) {
        await this.#staging.drop()
        return this.#problem(found, head, read, 'refused', TOO_LONG)
      }
      const staged = await this.#staging.finish()
      this.#add({ bytes: Buffer.concat(looked), staged, ...known }, sizeBytes)
    } catch (error) {
      await this.#staging.drop()
      throw error
    }
  }

  #add(message: TakenMessage, sizeBytes: number): void {
    this.#messages.push(message)
    this.count++
    this.bytes += sizeBytes
  }

  #problem(found: Found, head: Buffer, read: ImportHeader, what: ImportProblem['what'], reason: string): void {
    this.count++ // a file of nothing but what was deleted is read in many steps, too
    const subject = oneLine(decodeHeaderText(firstValue(head, read.header, 'subject') ?? ''), 200)
    this.#problems.push({ path: found.path, place: found.place, what, reason, subject })
  }

  /** Names what cannot be taken. */
  refuse(path: string, place: number | null, reason: string): void {
    this.count++
    this.#problems.push({ path, place, what: 'refused', reason, subject: '' })
  }
}

/** Bytes that stay as they are when the window they were read in is used again. */
const own = (bytes: Buffer, read: Buffer): Buffer => (bytes.buffer === read.buffer ? Buffer.from(bytes) : bytes)

function* pieces(bytes: Bytes, first: Buffer, text: StoredText): Generator<Buffer, void, void> {
  yield text.push(first, false)
  for (let at = PIECE_BYTES; at < bytes.sizeBytes; at += PIECE_BYTES) {
    const to = Math.min(at + PIECE_BYTES, bytes.sizeBytes)
    yield text.push(bytes.read(at, to), to === bytes.sizeBytes)
  }
}
