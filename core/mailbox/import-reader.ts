import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileWords } from '../base/fault.ts'
import { letGo } from '../base/let-go.ts'
import { decodeHeaderText } from '../message/charset.ts'
import { firstValue } from '../message/headers.ts'
import { oneLine } from '../message/one-line.ts'
import { CHUNK_BYTES, LONGEST_BODY_BYTES } from '../store/blob.ts'
import type { ImportProblem, ImportSource } from '../store/import-job.ts'
import type { Body } from '../store/types.ts'
import { ByteFile, type FileAt } from './import-file.ts'
import { readImportHeader, withoutBookkeeping, type ImportFlags, type ImportHeader } from './import-header.ts'
import { flagsOf, listMaildir, nameDateMs, readKeywords } from './import-maildir.ts'
import { firstFromLine, MboxWalk, readDialect } from './import-mbox.ts'
import type { ReadOrder, TakenMessage, TakenPart } from './import-messages.ts'
import { looksLikeMail } from './import-scan.ts'
import { StoredText, type Quoting } from './import-text.ts'

/** Where a long message's bytes go while they are read. */
export interface StagingLine {
  begin(): Promise<void>
  append(bytes: Buffer): Promise<void>
  finish(): Promise<Extract<Body, { stagedBlobId: number }>>
  drop(): Promise<void>
}

/** A batch is one operation of the writer: long enough to be cheap, short enough for others to get their turn. */
export const BATCH_MESSAGES = 256
const BATCH_BYTES = 4 * 1024 * 1024
/** A message up to this size is made ready in one piece. */
const PIECE_BYTES = 1024 * 1024
/** So much of a long message is read for its text and its attachments. */
const READ_BYTES = 32 * 1024 * 1024

const TOO_LONG = `it is longer than the ${LONGEST_BODY_BYTES / 2 ** 20} MiB a message may have`

const UNREAD: ImportFlags = {
  seen: false,
  starred: false,
  answered: false,
  forwarded: false,
  deleted: false,
  tags: [],
}
const READ: ImportFlags = { ...UNREAD, seen: true }

/** Bytes of one message, wherever they lie. */
interface Bytes {
  readonly sizeBytes: number
  read(from: number, to: number): Buffer
}
/** What is known of a message before it is read. */
interface Found {
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

/** Takes the messages out of an import's sources, one batch after the other. */
export class ImportReader {
  readonly #order: ReadOrder
  readonly #staging: StagingLine
  #parts: TakenPart[] = []
  #count = 0
  #bytes = 0
  /** Of the part that grows. */
  #messages: TakenMessage[] = []
  #problems: ImportProblem[] = []
  #deleted = 0

  constructor(order: ReadOrder, staging: StagingLine) {
    this.#order = order
    this.#staging = staging
  }

  /** Batches in order. What each says of a place is true once it and those before are stored. */
  async *batches(): AsyncGenerator<{ readonly parts: TakenPart[]; readonly at: string }, void, void> {
    for (const source of this.#order.sources) {
      yield* this.#source(source)
      if (this.#isFull || this.#parts.length >= BATCH_MESSAGES) yield this.#batch(source.path)
    }
    if (this.#parts.length > 0) yield this.#batch(this.#order.sources.at(-1)?.path ?? '')
  }

  async *#source(source: ImportSource): AsyncGenerator<{ readonly parts: TakenPart[]; readonly at: string }> {
    let at: { position: string; doneBytes: number } = source
    try {
      const steps =
        source.kind === 'mbox'
          ? this.#mbox(source)
          : source.kind === 'maildir'
            ? this.#maildir(source)
            : this.#eml(source)
      for await (at of steps) {
        if (!this.#isFull) continue
        this.#endPart(source, at, false)
        yield this.#batch(source.path)
      }
    } catch (error) {
      const gone = this.#order.origin.find((path) => !existsSync(path))
      if (gone !== undefined) throw new Error(`read "${gone}": it is not there any more`, { cause: error })
      this.#refuse(source.path, null, fileWords(error))
    }
    this.#endPart(source, { ...at, doneBytes: source.sizeBytes }, true)
  }

  get #isFull(): boolean {
    return this.#count >= this.#order.batchMessages || this.#bytes >= BATCH_BYTES
  }

  #endPart(source: ImportSource, at: { position: string; doneBytes: number }, isDone: boolean): void {
    const { id, folder, role } = source
    this.#parts.push({
      source: { id, folder, role },
      position: at.position,
      doneBytes: Math.min(at.doneBytes, source.sizeBytes),
      isDone,
      messages: this.#messages,
      deleted: this.#deleted,
      problems: this.#problems,
    })
    this.#messages = []
    this.#problems = []
    this.#deleted = 0
  }

  #batch(at: string): { readonly parts: TakenPart[]; readonly at: string } {
    const parts = this.#parts
    this.#parts = []
    this.#count = 0
    this.#bytes = 0
    return { parts, at }
  }

  async *#mbox(source: ImportSource): AsyncGenerator<{ position: string; doneBytes: number }> {
    const file = this.#open(source.path)
    try {
      const first = firstFromLine(file)
      if (first === undefined) return this.#refuse(source.path, null, 'it is no mbox file any more')
      const dialect = readDialect(file, this.#order.quoting)
      const walk = new MboxWalk(file, dialect)
      // A file that is another now is read from its beginning: what came in already is recognised.
      const known = source.position === '' ? first : Number(source.position)
      let at = known === file.sizeBytes || walk.messageAt(known) !== undefined ? known : first
      const flags = dialect.hasStatus ? UNREAD : READ
      for (let message; (message = walk.messageAt(at)) !== undefined; at = message.next) {
        const { start, end, from } = message
        await this.#take(
          { sizeBytes: end - start, read: (a, b) => walk.read(start + a, start + b) },
          {
            path: source.path,
            place: message.at,
            quoting: message.isUnquoted ? 'none' : dialect.quoting,
            flags,
            isKnown: false,
            hasBookkeeping: true,
            keptMs: from.dateMs ?? file.modifiedMs,
          },
        )
        yield { position: String(message.next), doneBytes: message.next }
      }
      if (at < file.sizeBytes) this.#refuse(source.path, at, 'from here on it is no mbox file')
    } finally {
      file.close()
    }
  }

  async *#maildir(source: ImportSource): AsyncGenerator<{ position: string; doneBytes: number }> {
    const entries = listMaildir(source.path)
    const keywords = readKeywords(source.path)
    const hasFlags = entries.some(({ info }) => info !== undefined && info !== '')
    let { doneBytes } = source
    for (const entry of entries) {
      if (source.position !== '' && entry.unique <= source.position) continue
      const known = flagsOf(entry, keywords)
      const file = this.#openOne(entry.path)
      if (file !== undefined)
        try {
          await this.#takeFile(file, {
            path: entry.path,
            place: null,
            quoting: 'none',
            flags: known ?? (entry.isNew || hasFlags ? UNREAD : READ),
            isKnown: known !== undefined,
            hasBookkeeping: false,
            keptMs: nameDateMs(entry.unique) ?? file.modifiedMs,
          })
          doneBytes += file.sizeBytes
        } finally {
          file.close()
        }
      yield { position: entry.unique, doneBytes }
    }
  }

  async *#eml(source: ImportSource): AsyncGenerator<{ position: string; doneBytes: number }> {
    let { doneBytes } = source
    for (const path of this.#emlPaths(source)) {
      const name = basename(path)
      if (source.position !== '' && name <= source.position) continue
      const file = this.#openOne(path)
      if (file !== undefined)
        try {
          if (looksLikeMail(file.read(0, 1000))) {
            const found = { path, place: null, quoting: 'none' as const, flags: UNREAD, isKnown: false }
            await this.#takeFile(file, { ...found, hasBookkeeping: false, keptMs: file.modifiedMs })
          }
          doneBytes += file.sizeBytes
        } finally {
          file.close()
        }
      yield { position: name, doneBytes }
    }
  }

  /** A source of message files is a folder, whose other files are sources of their own or no mail, or one file. */
  #emlPaths({ path }: ImportSource): string[] {
    if (Object.hasOwn(this.#order.uploads, path) || !statSync(path).isDirectory()) return [path]
    const names = readdirSync(path, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? [] : [one.name]))
    const others = new Set(this.#order.sources.flatMap((one) => (one.kind === 'mbox' ? [one.path] : [])))
    return names
      .filter((name) => !name.startsWith('.'))
      .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      .map((name) => join(path, name))
      .filter((whole) => !others.has(whole))
  }

  #open(path: string): ByteFile {
    const uploads: Readonly<Record<string, FileAt>> = this.#order.uploads
    return new ByteFile(Object.hasOwn(uploads, path) ? (uploads[path] ?? { path }) : { path })
  }

  #openOne(path: string): ByteFile | undefined {
    try {
      return this.#open(path)
    } catch (error) {
      this.#refuse(path, null, fileWords(error))
      return undefined
    }
  }

  /** A message that is a file of its own; a `From ` line before it is left out. */
  async #takeFile(file: ByteFile, found: Found): Promise<void> {
    const head = file.read(0, 1024).toString('latin1')
    const skip = /^(?:\xef\xbb\xbf)?(?:\r?\n)*(?:From [^\n]*\n)?/.exec(head)?.[0].length ?? 0
    const read = (from: number, to: number) => file.read(skip + from, to - from)
    await this.#take({ sizeBytes: Math.max(0, file.sizeBytes - skip), read }, found)
  }

  async #take(bytes: Bytes, found: Found): Promise<void> {
    const { path, place } = found
    if (bytes.sizeBytes === 0) return this.#refuse(path, place, 'it is empty')
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
    this.#count++
    this.#bytes += sizeBytes
  }

  #problem(found: Found, head: Buffer, read: ImportHeader, what: ImportProblem['what'], reason: string): void {
    const subject = oneLine(decodeHeaderText(firstValue(head, read.header, 'subject') ?? ''), 200)
    this.#problems.push({ path: found.path, place: found.place, what, reason, subject })
  }

  #refuse(path: string, place: number | null, reason: string): void {
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
