import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { VERSION } from './version.ts'

/** What is kept of a part of the program that ended by itself. */
export interface CrashNote {
  /** Unix ms. */
  readonly atMs: number
  readonly version: string
  /** Which part: the engine, a window, a thread. */
  readonly what: string
  readonly reason: string
  /** Where in the program; '' where nobody knows. */
  readonly stack: string
}

const MOST_KEPT = 10
const LONGEST = 8000
const folderOf = (dataFolder: string) => join(dataFolder, 'crashes')

/** Keeps a note beside the mail, for the report a person may save; no memory is dumped, for mail and keys are in it. Never throws. */
export function noteCrash(dataFolder: string, what: string, error: unknown, atMs = Date.now()): void {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const note: CrashNote = {
    atMs,
    version: VERSION,
    what,
    reason: (error instanceof Error ? error.message : String(error)).slice(0, LONGEST),
    stack: stack.slice(0, LONGEST),
  }
  try {
    const folder = folderOf(dataFolder)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(join(folder, `${String(atMs).padStart(15, '0')}.json`), JSON.stringify(note), { mode: 0o600 })
    for (const name of namesIn(folder).slice(0, -MOST_KEPT)) rmSync(join(folder, name), { force: true })
  } catch {
    // A full disk, for one: the program has worse to tell already.
  }
}

/** The notes there are, latest first. */
export function crashNotes(dataFolder: string): CrashNote[] {
  const folder = folderOf(dataFolder)
  return namesIn(folder)
    .toReversed()
    .flatMap((name) => {
      try {
        const found: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'))
        return isNote(found) ? [found] : []
      } catch {
        return []
      }
    })
}

/** Forgets the notes. */
export function forgetCrashes(dataFolder: string): void {
  rmSync(folderOf(dataFolder), { recursive: true, force: true })
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d{15}\.json$/.test(name))
      .toSorted()
  } catch {
    return []
  }
}

function isNote(value: unknown): value is CrashNote {
  if (typeof value !== 'object' || value === null) return false
  const { atMs, version, what, reason, stack } = value as Readonly<Record<string, unknown>>
  return typeof atMs === 'number' && [version, what, reason, stack].every((one) => typeof one === 'string')
}

const ADDRESS = /(?:"[^"\n]{1,64}"|(?<![^\s<>"'()[\]{},;:@])[^\s<>"'()[\]{},;:@]+)@[^\s<>"'()[\]{},;:]+/g
const NUMBERS = /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])/gi
const HOST =
  /(?<![\w./\\-])(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+(?!ts\b|js\b|cjs\b|mjs\b|json\b|db\b|pem\b|key\b|node\b)\p{L}{2,}(?![\w(])/gu

/** Folders and files are named by people, and after them; what the program itself is made of is not. */
const QUOTED_PATH = /(?<=")(?:\/|[a-z]:[\\/]|\\\\)[^"\n]*(?=")|(?<=')(?:\/|[a-z]:[\\/]|\\\\)[^'\n]*(?=')/gi
const PATH = /(?<![\w.<>~:/\\])(?:file:\/\/)?(?:\/|[a-z]:[\\/])[^\s"'()<>,;]*[\\/][^\s"'()<>,;]*/gi
const OWN_FILE = /^[\w.-]+\.(?:[cm]?[jt]s|json|db|node)(?::\d+){0,2}:?$/
function shortened(path: string): string {
  const name = path.split(/[\\/]/).at(-1) ?? ''
  return OWN_FILE.test(name) ? `<folder>/${name}` : '<path>'
}

/**
 * A text of the program's own without what names people and places: addresses, hosts, numbers of networks, the home folder, and
 * where else something lies.
 */
export function withoutNames(text: string, home = homedir()): string {
  const folders = [home, home.replaceAll('\\', '/')].filter((one) => one.length > 1)
  let plain = text
  for (const folder of folders) plain = plain.replaceAll(folder, '~')
  plain = plain.replaceAll(QUOTED_PATH, shortened).replaceAll(PATH, shortened)
  return plain.replaceAll(ADDRESS, '<address>').replaceAll(NUMBERS, '<number>').replaceAll(HOST, '<host>')
}
