import { isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseMailto, type Mailto } from '../core/model/mailto.ts'

/** What a start of the application is asked to open. */
export type Opened =
  | { readonly kind: 'mailto'; readonly mail: Mailto }
  /** Mail in a file, by its absolute path: one message, or a box of them. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'compose' }
  | { readonly kind: 'log' }

/** What a person may name when starting the application. The words for places are those of the command line. */
export interface LaunchArguments {
  readonly data?: string
  readonly settings?: string
  readonly keyFile?: string
  /** No window at first: at login, into the tray. */
  readonly hidden: boolean
  readonly opens: readonly Opened[]
}

const PLACES = { '--data': 'data', '--settings': 'settings', '--key-file': 'keyFile' } as const
const MOST_OPENED = 20
const LONGEST_PATH = 4096

/**
 * Reads the arguments of a start, the program itself first. `--data DIR` and `--data=DIR` are the same; a word that is a `mailto:`
 * address or a file of mail is opened, a relative path from `cwd`; what else stands there is Chromium's.
 */
export function parseLaunchArguments(argv: readonly string[], cwd: string): LaunchArguments {
  const places: { data?: string; settings?: string; keyFile?: string } = {}
  const opens: Opened[] = []
  let hidden = false
  for (let at = 1; at < argv.length; at++) {
    const arg = argv[at] ?? ''
    const [name = '', ...rest] = arg.split('=')
    if (Object.hasOwn(PLACES, name)) {
      const value = arg.includes('=') ? rest.join('=') : argv[++at]
      if (value !== undefined && value !== '') places[PLACES[name as keyof typeof PLACES]] = value
    } else if (arg === '--hidden') hidden = true
    else if (arg === '--compose') opens.push({ kind: 'compose' })
    else if (arg === '--log') opens.push({ kind: 'log' })
    else if (!arg.startsWith('-')) opens.push(...(openedBy(arg, cwd) ?? []))
  }
  return { ...places, hidden, opens: opens.slice(0, MOST_OPENED) }
}

/**
 * The arguments of a start that goes on where this one ended, the program itself left out: without what was to be opened, and
 * without a window where there was none.
 */
export function argumentsAgain(argv: readonly string[], cwd: string, isHidden: boolean): string[] {
  const kept: string[] = []
  for (let at = 1; at < argv.length; at++) {
    const arg = argv[at] ?? ''
    if (Object.hasOwn(PLACES, arg)) kept.push(arg, argv[++at] ?? '')
    else if (!['--hidden', '--compose', '--log'].includes(arg) && openedBy(arg, cwd) === undefined) kept.push(arg)
  }
  return [...kept, ...(isHidden ? ['--hidden'] : [])]
}

/** What one word asks to be opened; undefined for a word that means nothing here. */
export function openedBy(word: string, cwd: string): readonly [Opened] | undefined {
  const mail = parseMailto(word)
  if (mail !== undefined) return [{ kind: 'mailto', mail }]
  const path = pathOf(word)
  if (path === undefined || !/\.(?:eml|mbox|mbx)$/i.test(path) || path.length > LONGEST_PATH) return undefined
  return [{ kind: 'file', path: isAbsolute(path) ? path : resolve(cwd, path) }]
}

/** A path, or a file's URL as some desktops give it; undefined for other URLs. */
function pathOf(word: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]+:/i.test(word) || /^[a-z]:[\\/]/i.test(word)) return word
  try {
    return fileURLToPath(word)
  } catch {
    return undefined
  }
}

/** The command line's own arguments where the application is started with `--cli`; undefined where it is not. */
export function commandLineOf(argv: readonly string[]): readonly string[] | undefined {
  const at = argv.indexOf('--cli')
  return at < 1 ? undefined : argv.slice(at + 1)
}
