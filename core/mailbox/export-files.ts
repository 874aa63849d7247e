import { existsSync, statSync } from 'node:fs'
import { link, mkdir, open, readdir, rename, rm, unlink, utimes, writeFile, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Fault } from '../base/fault.ts'
import { randomId } from '../base/random-id.ts'
import type { Message } from '../store/message-list.ts'
import { maildirFolderName, messageFileName, Names, pathName } from './export-names.ts'
import { FileText, fromLine, statusFields, type Exported } from './export-text.ts'

/** What a message goes into: a file it shares, or one of its own. */
export interface ExportTarget {
  /** Adds a message; `bytes` are read once. Resolves to how many were written. */
  add(message: Message & { readonly tags: readonly string[] }, bytes: AsyncIterable<Uint8Array>): Promise<number>
  /** All is in: what was written has its name from here on. */
  end(): Promise<void>
  /** Lets go of what is not whole. */
  drop(): Promise<void>
}

const exists = (path: string) => new Fault('export.exists', `export to "${path}": something is there already`, { path })

/** Whether an export may go there. Throws `export.exists`. */
export async function checkFree(path: string, isFolder: boolean, overwrite: boolean): Promise<void> {
  const there = statSync(path, { throwIfNoEntry: false })
  // A device or a pipe is nothing to write over, and a file is no folder.
  if (there === undefined || (overwrite && (isFolder ? there.isDirectory() : there.isFile()))) return
  if (isFolder && (await readdir(path).catch(() => ['it is no folder'])).length === 0) return
  throw exists(path)
}

/** Gives a whole file its name, and writes over nothing unless told. */
async function place(from: string, to: string, overwrite: boolean): Promise<void> {
  if (overwrite) return rename(from, to)
  try {
    await link(from, to)
    await unlink(from)
  } catch (error) {
    if (existsSync(to)) throw exists(to)
    // Some file systems have no second name for a file.
    if (error instanceof Error && 'code' in error && error.code !== 'ENOENT') return rename(from, to)
    throw error
  }
}

/** One file for all messages. */
export class MboxTarget implements ExportTarget {
  readonly #path: string
  readonly #part: string
  readonly #overwrite: boolean
  #file: FileHandle | undefined

  constructor(path: string, overwrite: boolean) {
    this.#path = path
    this.#part = `${path}.${randomId().slice(0, 8)}.part`
    this.#overwrite = overwrite
  }

  async add(message: Exported, bytes: AsyncIterable<Uint8Array>): Promise<number> {
    const file = await this.#open()
    let written = 0
    for await (const chunk of mboxText(message, bytes)) {
      await file.writeFile(chunk)
      written += chunk.length
    }
    return written
  }

  async end(): Promise<void> {
    const file = await this.#open()
    await file.sync()
    await file.close()
    this.#file = undefined
    await place(this.#part, this.#path, this.#overwrite)
  }

  async drop(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
    await rm(this.#part, { force: true })
  }

  async #open(): Promise<FileHandle> {
    if (this.#file !== undefined) return this.#file
    await mkdir(dirname(this.#path), { recursive: true })
    return (this.#file = await open(this.#part, 'wx', 0o600))
  }
}

/** A message as it stands in an mbox file, in pieces. */
export async function* mboxText(message: Exported, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  yield Buffer.from(fromLine(message) + statusFields(message), 'latin1')
  const text = new FileText(true)
  let last = 0
  for await (const chunk of bytes) {
    const out = text.push(chunk, false)
    if (out.length === 0) continue
    last = out.at(-1) ?? last
    yield out
  }
  const rest = text.push(new Uint8Array(), true)
  last = rest.at(-1) ?? last
  yield rest
  yield Buffer.from(last === 0x0a ? '\n' : '\n\n')
}

async function writeWhole(part: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  const file = await open(part, 'wx', 0o600)
  let written = 0
  try {
    for await (const chunk of bytes) {
      await file.writeFile(chunk)
      written += chunk.length
    }
  } catch (error) {
    await file.close()
    await rm(part, { force: true })
    throw error
  }
  await file.close()
  return written
}

/** A file a message in a folder, its bytes as they are. */
export class EmlTarget implements ExportTarget {
  readonly #folder: string
  readonly #overwrite: boolean
  #isMade = false

  constructor(folder: string, overwrite: boolean) {
    this.#folder = folder
    this.#overwrite = overwrite
  }

  async add(message: Message, bytes: AsyncIterable<Uint8Array>): Promise<number> {
    if (!this.#isMade) await mkdir(this.#folder, { recursive: true })
    this.#isMade = true
    const path = join(this.#folder, messageFileName(message))
    // What an export before this one has left there when it was ended.
    if (this.#overwrite) await rm(`${path}.part`, { force: true })
    const written = await writeWhole(`${path}.part`, bytes)
    const seconds = message.dateMs / 1000
    await utimes(`${path}.part`, seconds, seconds).catch(() => {}) // a date no file system knows
    await place(`${path}.part`, path, this.#overwrite)
    return written
  }

  async end(): Promise<void> {}
  async drop(): Promise<void> {}
}

/** Letters of a maildir's names, in the order they have to stand in. */
const LETTERS = [
  ['starred', 'F'],
  ['forwarded', 'P'],
  ['answered', 'R'],
  ['seen', 'S'],
] as const
const KEYWORDS = 26

/** A maildir; tags are keywords in Dovecot's manner. */
export class MaildirTarget implements ExportTarget {
  readonly #folder: string
  readonly #overwrite: boolean
  readonly #isNested: boolean
  readonly #keywords: string[] = []
  /** Names of files that were there, by the part that does not change. */
  readonly #before = new Map<string, string[]>()
  #isMade = false

  /** `isNested`: a folder of a maildir, which says so by an empty file. */
  constructor(folder: string, overwrite: boolean, isNested = false) {
    this.#folder = folder
    this.#overwrite = overwrite
    this.#isNested = isNested
  }

  async add(
    message: Message & { readonly tags: readonly string[] },
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<number> {
    await this.#make()
    const unique = `${Math.max(0, Math.floor(message.receivedMs / 1000))}.${message.id}.posthorn`
    const part = join(this.#folder, 'tmp', unique)
    if (this.#overwrite) await rm(part, { force: true })
    const written = await writeWhole(part, lfText(bytes))
    const flags = LETTERS.map(([flag, letter]) => (message[flag] ? letter : '')).join('') + this.#letters(message.tags)
    // A colon is no part of a name on Windows, where programs agreed on this instead.
    const info = process.platform === 'win32' ? ';2,' : ':2,'
    const path = join(this.#folder, 'cur', `${unique}${info}${flags}`)
    await place(part, path, this.#overwrite)
    // The same message from an export before this one, with the flags it had then, would be there twice.
    for (const name of this.#before.get(unique) ?? [])
      if (name !== basename(path)) await rm(join(this.#folder, 'cur', name), { force: true })
    return written
  }

  async end(): Promise<void> {
    await this.#make()
    if (this.#keywords.length === 0) return
    const lines = this.#keywords.map((name, n) => `${n} ${name}\n`).join('')
    await writeAnew(join(this.#folder, 'dovecot-keywords'), lines)
  }
  async drop(): Promise<void> {}

  #letters(tags: readonly string[]): string {
    const letters = tags.flatMap((tag) => {
      const name = tag.replaceAll(/\s+/g, ' ')
      let n = this.#keywords.indexOf(name)
      if (n < 0 && this.#keywords.length < KEYWORDS) n = this.#keywords.push(name) - 1
      return n < 0 ? [] : [String.fromCharCode(97 + n)]
    })
    return letters.sort().join('')
  }

  async #make(): Promise<void> {
    if (this.#isMade) return
    for (const name of ['cur', 'new', 'tmp']) await mkdir(join(this.#folder, name), { recursive: true })
    if (this.#overwrite)
      for (const name of await readdir(join(this.#folder, 'cur'))) {
        const unique = name.split(/[:;]/, 1)[0] ?? name
        this.#before.set(unique, [...(this.#before.get(unique) ?? []), name])
      }
    if (this.#isNested) await writeAnew(join(this.#folder, 'maildirfolder'), '')
    this.#isMade = true
  }
}

/** Writes a small file in the place of what is there: a link would lead elsewhere, and a pipe would keep us waiting. */
async function writeAnew(path: string, text: string): Promise<void> {
  await rm(path, { force: true })
  await writeFile(path, text, { flag: 'wx' })
}

async function* lfText(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  const text = new FileText(false)
  for await (const chunk of bytes) yield text.push(chunk, false)
  yield text.push(new Uint8Array(), true)
}

export type ExportFormat = 'mbox' | 'maildir' | 'eml'

/** Where each of several folders goes beneath one path. */
export class ExportTree {
  readonly #format: ExportFormat
  readonly #to: string
  readonly #overwrite: boolean
  readonly #names = new Names()

  constructor(format: ExportFormat, to: string, overwrite: boolean) {
    this.#format = format
    this.#to = to
    this.#overwrite = overwrite
  }

  /** The target for all there is, where it is one. */
  only(): ExportTarget {
    if (this.#format === 'mbox') return new MboxTarget(this.#to, this.#overwrite)
    if (this.#format === 'eml') return new EmlTarget(this.#to, this.#overwrite)
    return new MaildirTarget(this.#to, this.#overwrite)
  }

  /** The target for one folder, by the names on the way to it. `isMain`: a maildir's own mail, which is the person's Inbox. */
  folder(parts: readonly string[], isMain: boolean): ExportTarget {
    if (this.#format === 'maildir') {
      if (isMain) return this.only()
      const name = this.#names.take(maildirFolderName(parts))
      return new MaildirTarget(join(this.#to, name), this.#overwrite, true)
    }
    const safe = parts.map((part) => pathName(part, 'folder'))
    const path = join(...safe)
    if (this.#format === 'eml') return new EmlTarget(join(this.#to, this.#names.take(path)), this.#overwrite)
    return new MboxTarget(join(this.#to, this.#names.take(`${path}.mbox`)), this.#overwrite)
  }
}
