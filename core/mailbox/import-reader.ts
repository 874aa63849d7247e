import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileWords } from '../base/fault.ts'
import type { ImportSource } from '../store/import-job.ts'
import { ByteFile, isFileAt, type FileAt } from './import-file.ts'
import type { ImportFlags } from './import-header.ts'
import { flagsOf, listMaildir, nameDateMs, readKeywords } from './import-maildir.ts'
import { firstFromLine, MboxWalk, readDialect } from './import-mbox.ts'
import type { ReadOrder, TakenPart } from './import-messages.ts'
import { looksLikeMail } from './import-scan.ts'
import { MessageTaker, type StagingLine } from './import-take.ts'

/** A batch is one operation of the writer: long enough to be cheap, short enough for others to get their turn. */
export const BATCH_MESSAGES = 256
const BATCH_BYTES = 4 * 1024 * 1024
const UNREAD: ImportFlags = {
  seen: false,
  starred: false,
  answered: false,
  forwarded: false,
  deleted: false,
  tags: [],
}
const READ: ImportFlags = { ...UNREAD, seen: true }

/** Takes the messages out of an import's sources, one batch after the other. */
export class ImportReader {
  readonly #order: ReadOrder
  readonly #taker: MessageTaker
  #parts: TakenPart[] = []

  constructor(order: ReadOrder, staging: StagingLine) {
    this.#order = order
    this.#taker = new MessageTaker(staging)
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
      this.#taker.refuse(source.path, null, fileWords(error))
    }
    this.#endPart(source, { ...at, doneBytes: source.sizeBytes }, true)
  }

  get #isFull(): boolean {
    return this.#taker.count >= this.#order.batchMessages || this.#taker.bytes >= BATCH_BYTES
  }

  #endPart(source: ImportSource, at: { position: string; doneBytes: number }, isDone: boolean): void {
    const { id, folder, role } = source
    this.#parts.push({
      source: { id, folder, role },
      position: at.position,
      doneBytes: Math.min(at.doneBytes, source.sizeBytes),
      isDone,
      ...this.#taker.cut(),
    })
  }

  #batch(at: string): { readonly parts: TakenPart[]; readonly at: string } {
    const parts = this.#parts
    this.#parts = []
    this.#taker.reset()
    return { parts, at }
  }

  async *#mbox(source: ImportSource): AsyncGenerator<{ position: string; doneBytes: number }> {
    const file = this.#open(source.path)
    try {
      const first = firstFromLine(file)
      if (first === undefined) return this.#taker.refuse(source.path, null, 'it is no mbox file any more')
      const dialect = readDialect(file, this.#order.quoting)
      const walk = new MboxWalk(file, dialect)
      // A file that is another now is read from its beginning: what came in already is recognised.
      const isWhole = source.position !== '' && file.sizeBytes >= source.sizeBytes
      const known = isWhole ? Number(source.position) : first
      let at = known === file.sizeBytes || walk.messageAt(known) !== undefined ? known : first
      const flags = dialect.hasStatus ? UNREAD : READ
      for (let message; (message = walk.messageAt(at)) !== undefined; at = message.next) {
        const { start, end, from } = message
        await this.#taker.take(
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
      if (at < file.sizeBytes) this.#taker.refuse(source.path, at, 'from here on it is no mbox file')
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
          await this.#taker.takeFile(file, {
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
          // An mbox file is a source of its own, and what is no mail was named when it was looked at.
          const isOther = !/\.eml$/i.test(name) && firstFromLine(file) !== undefined
          if (!isOther && looksLikeMail(file.read(0, 1000))) {
            const found = { path, place: null, quoting: 'none' as const, flags: UNREAD, isKnown: false }
            await this.#taker.takeFile(file, { ...found, hasBookkeeping: false, keptMs: file.modifiedMs })
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
    const names = readdirSync(path, { withFileTypes: true }).flatMap((one) => (isFileAt(path, one) ? [one.name] : []))
    return names
      .filter((name) => !name.startsWith('.'))
      .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      .map((name) => join(path, name))
  }

  #open(path: string): ByteFile {
    const uploads: Readonly<Record<string, FileAt>> = this.#order.uploads
    return new ByteFile(Object.hasOwn(uploads, path) ? (uploads[path] ?? { path }) : { path })
  }

  #openOne(path: string): ByteFile | undefined {
    try {
      return this.#open(path)
    } catch (error) {
      this.#taker.refuse(path, null, fileWords(error))
      return undefined
    }
  }
}
