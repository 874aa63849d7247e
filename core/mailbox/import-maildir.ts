import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isFileAt, readStart } from './import-file.ts'
import { tagNames, type ImportFlags } from './import-header.ts'

/** One message of a maildir, as its file's name tells. */
export interface MaildirEntry {
  /** The part of the name that stays when flags change. */
  readonly unique: string
  readonly path: string
  /** Nobody has looked into the folder since it came. */
  readonly isNew: boolean
  /** The letters after `:2,`; undefined where the name has none. */
  readonly info: string | undefined
}

/** Windows knows no colon in names, so programs there write another character. */
const INFO = /^(.*?)[:;!]2,([A-Za-z]*).*$/

/** Whether names beside each other in a folder make it a maildir; Thunderbird's have no `new`. */
export function isMaildir(names: ReadonlySet<string>): boolean {
  return names.has('cur') && (names.has('new') || names.has('tmp'))
}

/** A maildir's messages in the order of their names, which is that of their coming. */
export function listMaildir(folder: string): MaildirEntry[] {
  const found: MaildirEntry[] = []
  for (const where of ['new', 'cur'])
    for (const entry of listFiles(join(folder, where))) {
      if (entry.startsWith('.')) continue
      const [, unique = entry, info] = INFO.exec(entry) ?? []
      found.push({ unique, path: join(folder, where, entry), isNew: where === 'new', info })
    }
  return found.sort((a, b) => (a.unique < b.unique ? -1 : a.unique > b.unique ? 1 : 0))
}

function listFiles(folder: string): string[] {
  try {
    // Programs that keep what a search found make a maildir of links.
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      isFileAt(folder, entry) ? [entry.name] : [],
    )
  } catch {
    return [] // Thunderbird's have no `new`
  }
}

/** Dovecot's names of the keywords that a file name has as letters from a to z. */
export function readKeywords(folder: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const text = readStart(join(folder, 'dovecot-keywords'), 10_000) // most have none
  for (const [, n = '', name = ''] of text.matchAll(/^(\d{1,2}) (.+)$/gm))
    if (Number(n) < 26) names.set(String.fromCharCode(97 + Number(n)), name)
  return names
}

/** What the letters of a name mean; undefined where the name has none. */
export function flagsOf(entry: MaildirEntry, keywords: ReadonlyMap<string, string>): ImportFlags | undefined {
  const { info } = entry
  if (info === undefined) return undefined
  return {
    seen: info.includes('S'),
    starred: info.includes('F'),
    answered: info.includes('R'),
    forwarded: info.includes('P'),
    deleted: info.includes('T'),
    tags: tagNames([...info].flatMap((letter) => keywords.get(letter) ?? [])),
  }
}

/** When the name says it came, Unix ms: most begin with that. */
export function nameDateMs(unique: string): number | null {
  const seconds = /^(\d{9,10})\./.exec(unique)?.[1]
  return seconds === undefined ? null : Number(seconds) * 1000
}
