import { Fault } from '../base/fault.ts'

/** A whole command line: what every command has, and the command with its own words and options. */
export interface CommandLine {
  readonly data: string
  readonly settings: string | undefined
  readonly keyFile: string | undefined
  readonly argv: readonly string[]
}

/** A command line taken apart: words in order, options by name. */
export interface Arguments {
  readonly words: readonly string[]
  /** The last value of an option that takes one. */
  value(name: string): string | undefined
  has(name: string): boolean
}

/**
 * Takes `argv` apart. `options` says which options there are and whether each takes a value. `--x=1` and `--x 1` are the same;
 * after `--` all are words. Throws `usage` for an option that is not there.
 */
export function parseArguments(
  argv: readonly string[],
  options: Readonly<Record<string, 'flag' | 'value'>>,
): Arguments {
  const words: string[] = []
  const found = new Map<string, string>()
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] ?? ''
    if (arg === '--') {
      words.push(...argv.slice(i + 1))
      break
    }
    if (!arg.startsWith('-') || arg === '-') {
      words.push(arg)
      continue
    }
    const [name = '', inline] =
      arg.startsWith('--') && arg.includes('=')
        ? [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)]
        : [arg]
    const kind = Object.hasOwn(options, name) ? options[name] : undefined
    if (kind === undefined)
      throw new Fault('usage', `there is no option "${name}" here; there are ${Object.keys(options).join(', ')}`, {
        reason: `unknown option ${name}`,
      })
    if (kind === 'flag') {
      if (inline !== undefined)
        throw new Fault('usage', `the option "${name}" takes no value`, { reason: `value for ${name}` })
      found.set(name, '')
      continue
    }
    const value = inline ?? argv[++i]
    if (value === undefined)
      throw new Fault('usage', `the option "${name}" needs a value`, { reason: `no value for ${name}` })
    found.set(name, value)
  }
  return { words, value: (name) => found.get(name), has: (name) => found.has(name) }
}
