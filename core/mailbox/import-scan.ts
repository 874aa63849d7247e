import { readdirSync, statSync, type Dirent } from 'node:fs'
import { basename, join } from 'node:path'
import { fileWords } from '../base/fault.ts'
import { roleOfName } from '../model/folder-role.ts'
import type { ImportProblem, NewImportSource } from '../store/import-job.ts'
import { ByteFile, type FileAt } from './import-file.ts'
import { isMaildir } from './import-maildir.ts'
import { firstFromLine } from './import-mbox.ts'
import { decodeImapUtf7, folderName, nameOfFile } from './import-names.ts'
import { isProfile, listProfileAccounts, readProfilesIni } from './import-thunderbird.ts'

/** What there is to import. */
export interface Scanned {
  readonly sources: readonly NewImportSource[]
  /** What was named, or lies in a folder that was named, and is no mail. */
  readonly problems: readonly ImportProblem[]
}
/** A file that was sent in, by the name it had. */
export interface UploadedFile {
  readonly name: string
  readonly at: FileAt
}

/** Files and folders that are looked at. */
const MOST_LOOKED_AT = 1_000_000
const MOST_SOURCES = 100_000
const DEEPEST = 40
/** What programs keep beside their mail. */
const NO_MAIL =
  /(?:\.(?:msf|dat|json|sqlite|sqlite-\w+|log|html?|ini|js|mab|lock|bak|mozmsgs|cmeta|ibex\.index(?:\.data)?|ev-summary(?:-meta)?)$|^(?:dovecot|maildirfolder$|maildirsize$|subscriptions$|courierimap|\.))/i

/** Looks what mail there is at those places. A place that is not there is a problem like others. */
export function scanPaths(paths: readonly string[]): Scanned {
  const scan = new Scan()
  for (const path of paths) scan.named(path)
  return scan
}

/** The same for files that were sent in. */
export function scanUploads(files: readonly UploadedFile[]): Scanned {
  const scan = new Scan()
  for (const { name, at } of files) scan.uploaded(name, at)
  return scan
}

type Sniffed = { readonly kind: 'mbox' | 'eml' | 'nothing' | 'empty'; readonly sizeBytes: number }

/** What a file is by its first bytes. */
function sniff(at: FileAt): Sniffed {
  const file = new ByteFile(at)
  try {
    const { sizeBytes } = file
    if (sizeBytes === 0) return { kind: 'empty', sizeBytes }
    if (firstFromLine(file) !== undefined) return { kind: 'mbox', sizeBytes }
    return { kind: looksLikeMail(file.read(0, 1000)) ? 'eml' : 'nothing', sizeBytes }
  } finally {
    file.close()
  }
}

/** Whether bytes begin as mail does: with a header field, or with a `From ` line before one. */
export function looksLikeMail(bytes: Buffer): boolean {
  return /^(?:\ufeff|\xef\xbb\xbf)?(?:\r?\n)*(?:From [^\n]*\n)?[!-9;-~]+[ \t]*:/.test(bytes.toString('latin1', 0, 1000))
}

class Scan implements Scanned {
  readonly sources: NewImportSource[] = []
  readonly problems: ImportProblem[] = []
  #looked = 0

  /** A place a person named. */
  named(path: string): void {
    try {
      const stat = statSync(path)
      if (stat.isDirectory()) this.#top(path)
      else if (stat.isFile()) this.#namedFile(path)
      else this.#refuse(path, 'it is neither a file nor a folder')
    } catch (error) {
      this.#refuse(path, fileWords(error))
    }
  }

  uploaded(name: string, at: FileAt): void {
    this.#file(name, basename(name), sniff(at), [])
  }

  #namedFile(path: string): void {
    this.#file(path, basename(path), sniff({ path }), [])
  }

  /** A file named by itself: an mbox file is a folder, a message goes into the Inbox. */
  #file(path: string, name: string, { kind, sizeBytes }: Sniffed, parts: readonly string[]): void {
    if (kind === 'mbox' && !/\.eml$/i.test(name)) this.#add('mbox', path, [...parts, nameOfFile(name)], sizeBytes)
    else if (kind === 'eml' || kind === 'mbox') this.#add('eml', path, ['Inbox'], sizeBytes)
    else this.#refuse(path, kind === 'empty' ? 'it is empty' : 'it does not begin as mail does')
  }

  #top(path: string): void {
    const entries = list(path)
    const names = new Set(entries.map(({ name }) => name))
    const name = basename(path)
    if (names.has('profiles.ini')) for (const profile of readProfilesIni(path)) this.#profile(profile.path)
    else if (isProfile(names)) this.#profile(path)
    else if (isMaildir(names)) this.#maildir(path, entries, /^maildir$/i.test(name) ? [] : [nameOfFile(name)])
    else if (entries.some((one) => isMaildirFolder(path, one))) this.#maildirFolders(path, entries, [])
    else this.#folder(path, entries, [nameOfFile(name)], 0)
  }

  /** With one account its folders are the person's own; of more each has a folder of its own, so that nothing gets mixed up. */
  #profile(path: string): void {
    const found = listProfileAccounts(path).map(({ name, path: at }) => {
      const scan = new Scan()
      scan.#looked = this.#looked
      scan.#folder(at, list(at), [], 0)
      this.#looked = scan.#looked
      return { name, at, scan }
    })
    const filled = found.filter(({ scan }) => scan.sources.length > 0)
    for (const { name, at, scan } of filled) {
      this.problems.push(...scan.problems)
      for (const source of scan.sources) {
        const parts = filled.length === 1 ? [] : [name || basename(at)]
        this.#add(source.kind, source.path, [...parts, ...source.folder.split('/')], source.sizeBytes)
      }
    }
  }

  #folder(path: string, entries: readonly Dirent[], parts: readonly string[], depth: number): void {
    if (depth > DEEPEST || ++this.#looked > MOST_LOOKED_AT) return this.#refuse(path, 'it is too deep in folders')
    let emlBytes = 0
    let emls = 0
    for (const entry of entries) {
      const { name } = entry
      const at = join(path, name)
      if (entry.isDirectory()) this.#subfolder(at, name, parts, depth)
      else if (this.#isFile(entry, at) && !NO_MAIL.test(name)) {
        this.#looked++
        const { kind, sizeBytes } = this.#sniff(at)
        if (kind === 'mbox' && !/\.eml$/i.test(name)) this.#add('mbox', at, [...parts, nameOfFile(name)], sizeBytes)
        else if (kind === 'eml' || kind === 'mbox') {
          emls++
          emlBytes += sizeBytes
        } else if (kind === 'nothing') this.#refuse(at, 'it does not begin as mail does')
      }
    }
    if (emls > 0) this.#add('eml', path, parts.length === 0 ? ['Inbox'] : parts, emlBytes)
  }

  #subfolder(path: string, name: string, parts: readonly string[], depth: number): void {
    if (name.startsWith('.') || /\.mozmsgs$/i.test(name)) return
    let entries: Dirent[]
    try {
      entries = list(path)
    } catch (error) {
      return this.#refuse(path, fileWords(error))
    }
    const names = new Set(entries.map((entry) => entry.name))
    // Thunderbird keeps the folders in a folder beside it, by that name and ".sbd".
    if (/\.sbd$/i.test(name)) return this.#folder(path, entries, [...parts, name.slice(0, -4)], depth + 1)
    const inside = [...parts, decodeImapUtf7(nameOfFile(name))]
    if (isMaildir(names)) return this.#maildir(path, entries, inside)
    // Apple's Mail exports a folder with one file in it.
    if (/\.mbox$/i.test(name) && names.has('mbox')) {
      const file = join(path, 'mbox')
      const { kind, sizeBytes } = this.#sniff(file)
      if (kind === 'mbox') return this.#add('mbox', file, inside, sizeBytes)
    }
    return this.#folder(path, entries, inside, depth + 1)
  }

  /** A maildir, and the folders in it: Maildir++ keeps them side by side as `.A.B`, others one in the other. */
  #maildir(path: string, entries: readonly Dirent[], parts: readonly string[]): void {
    this.#add('maildir', path, parts.length === 0 ? ['Inbox'] : parts, maildirBytes(path))
    this.#maildirFolders(path, entries, parts)
  }

  #maildirFolders(path: string, entries: readonly Dirent[], parts: readonly string[]): void {
    for (const entry of entries) {
      const { name } = entry
      const at = join(path, name)
      if (isMaildirFolder(path, entry)) {
        const names = name.slice(1).split('.').map(decodeImapUtf7)
        this.#add('maildir', at, [...parts, ...names], maildirBytes(at))
      } else if (entry.isDirectory() && !['cur', 'new', 'tmp'].includes(name)) this.#subfolder(at, name, parts, 1)
    }
  }

  /** Links to files are what they lead to. */
  #isFile(entry: Dirent, path: string): boolean {
    if (!entry.isSymbolicLink()) return entry.isFile()
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat?.isDirectory() === true) this.#refuse(path, 'it is a link to a folder')
    return stat?.isFile() === true
  }

  #sniff(path: string): Sniffed {
    try {
      return sniff({ path })
    } catch (error) {
      this.#refuse(path, fileWords(error))
      return { kind: 'empty', sizeBytes: 0 }
    }
  }

  #add(kind: NewImportSource['kind'], path: string, parts: readonly string[], sizeBytes: number): void {
    if (this.sources.length >= MOST_SOURCES) return this.#refuse(path, `there are more than ${MOST_SOURCES} folders`)
    const [only, ...others] = parts
    const role = only !== undefined && others.length === 0 ? roleOfName(only) : null
    this.sources.push({ kind, path, folder: folderName(parts), role, sizeBytes })
  }

  #refuse(path: string, reason: string): void {
    this.problems.push({ path, place: null, what: 'refused', reason, subject: '' })
  }
}

/** What a folder holds, in the order of names; links to folders are not followed, so that none is gone round in. */
function list(path: string): Dirent[] {
  return readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** Whether an entry is a folder in Maildir++'s manner. */
function isMaildirFolder(path: string, entry: Dirent): boolean {
  if (!entry.isDirectory() || !entry.name.startsWith('.')) return false
  try {
    return isMaildir(new Set(readdirSync(join(path, entry.name))))
  } catch {
    return false
  }
}

function maildirBytes(path: string): number {
  let bytes = 0
  for (const where of ['cur', 'new']) {
    const folder = join(path, where)
    try {
      for (const entry of readdirSync(folder, { withFileTypes: true }))
        if (entry.isFile()) bytes += statSync(join(folder, entry.name)).size
    } catch {
      // it has no such folder, or changes under our hands
    }
  }
  return bytes
}
