import { RE2JS } from 're2js'
import { RULE_LIMITS } from '../model/rule.ts'

/** Instructions a pattern may come to. Those people write have some tens. */
const MOST_INSTRUCTIONS = 2000
/**
 * RE2 takes at most instructions × characters steps. A text is looked at as far as that many go: of one pattern of twenty
 * instructions half a million characters, of the largest there may be the first five thousand.
 */
const MOST_STEPS = 10_000_000
/** Patterns that are kept compiled. */
const MOST_KEPT = 500

const FLAGS = RE2JS.CASE_INSENSITIVE | RE2JS.MULTILINE

/** A pattern, compiled, or why it is none. */
export type Compiled = { readonly pattern: RE2JS; readonly reason: null } | { readonly reason: string }

/** Compiles a pattern in RE2's language: case doesn't matter, `^` and `$` are ends of lines. */
export function compilePattern(text: string): Compiled {
  if (text.length > RULE_LIMITS.characters) return { reason: `it has more than ${RULE_LIMITS.characters} characters` }
  try {
    const pattern = RE2JS.compile(text, FLAGS)
    if (pattern.programSize() > MOST_INSTRUCTIONS)
      return { reason: 'it repeats too much: smaller numbers in braces help' }
    return { pattern, reason: null }
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    return { reason: words.replace(/^error parsing regexp: /, '') }
  }
}

/** Patterns that are compiled once. */
export class Patterns {
  readonly #kept = new Map<string, Compiled>()

  /** Whether a pattern is found in a text; one that doesn't compile is in none. */
  finds(text: string, within: string): boolean {
    let known = this.#kept.get(text)
    if (known === undefined) {
      if (this.#kept.size >= MOST_KEPT) this.#kept.clear()
      this.#kept.set(text, (known = compilePattern(text)))
    }
    if (known.reason !== null) return false
    const most = Math.floor(MOST_STEPS / Math.max(known.pattern.programSize(), 1))
    return known.pattern.matcher(within.length > most ? within.slice(0, most) : within).find()
  }
}
