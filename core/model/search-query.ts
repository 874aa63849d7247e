import {
  GRAMMAR_LIMITS,
  QueryGrammar,
  type Combined,
  type ParsedQuery,
  type SearchError,
  type SearchPiece,
} from './query-grammar.ts'
import { foldedWords } from './search-fold.ts'
import { parseSearchDate, parseSize, type SearchDate } from './search-values.ts'

/** Parts of a message that words can be looked for in. `to` is To and Cc. */
export type TextField = 'from' | 'to' | 'cc' | 'subject' | 'body' | 'filename'
/** What a message can be, for `is:`. */
export type SearchState = (typeof SEARCH_STATES)[number]

/** A query, parsed. */
export type SearchNode =
  | { readonly kind: 'and' | 'or'; readonly of: readonly SearchNode[] }
  | { readonly kind: 'not'; readonly of: SearchNode }
  /** A word or a phrase, in one field or (null) in any; with `isPrefix` its last word is the beginning of one. */
  | { readonly kind: 'text'; readonly field: TextField | null; readonly text: string; readonly isPrefix: boolean }
  | { readonly kind: 'tag' | 'in'; readonly name: string }
  | { readonly kind: 'is'; readonly state: SearchState }
  | { readonly kind: 'has'; readonly what: 'attachment' }
  | { readonly kind: 'date'; readonly than: 'before' | 'after' | 'on'; readonly date: SearchDate }
  | { readonly kind: 'size'; readonly than: 'larger' | 'smaller'; readonly bytes: number }

export type { SearchError, SearchPiece }
/** A text as a query: `query` null where nothing is asked for. */
export type ParsedSearch = ParsedQuery<SearchNode>

export const SEARCH_STATES = ['unread', 'read', 'starred', 'unstarred'] as const

/** Every field, with the sentence a completion shows; `values` where only those are allowed. */
export const SEARCH_FIELDS: Readonly<Record<string, { readonly about: string; readonly values?: readonly string[] }>> =
  {
    from: { about: 'who wrote it: a name or an address' },
    to: { about: 'to whom: To or Cc' },
    cc: { about: 'who got a copy' },
    subject: { about: 'words of the subject' },
    body: { about: 'words of the text' },
    filename: { about: 'the name of an attachment' },
    in: { about: 'a folder: inbox, sent, archive, trash, or its name' },
    tag: { about: 'a tag' },
    is: { about: 'read or unread, starred or not', values: SEARCH_STATES },
    has: { about: 'with attachments', values: ['attachment'] },
    before: { about: 'older than a day, month or year: 2026-03-31, 2026-03, 2026, yesterday, 7d' },
    after: { about: 'from that day, month or year on' },
    on: { about: 'of that day, month or year' },
    larger: { about: 'more than so many bytes: 500k, 10M' },
    smaller: { about: 'fewer than so many bytes' },
  }
const TEXT_FIELDS: readonly string[] = ['from', 'to', 'cc', 'subject', 'body', 'filename'] satisfies TextField[]

/** Caps on one query, so that none is slow: terms, those that are the beginning of a word, brackets in brackets, characters. */
export const SEARCH_LIMITS = { ...GRAMMAR_LIMITS, prefixes: 4 } as const
/** Letters the beginning of a word needs: shorter ones begin too many. */
const SHORTEST_PREFIX = 3

/**
 * Parses what a person wrote. Words must all occur; `"…"` is a phrase, `x*` the beginning of a word, `field:value` one of
 * SEARCH_FIELDS, `field:(…)` words in that field; `-` or NOT excludes, OR (weaker than words side by side) is either, brackets
 * group. With `isTyping` the last word may be the beginning of one. Never throws.
 */
export function parseSearch(text: string, options: { readonly isTyping?: boolean } = {}): ParsedSearch {
  return new Parser(text, options.isTyping === true).parse()
}

class Parser extends QueryGrammar<SearchNode, TextField> {
  readonly #isTyping: boolean
  #prefixes = 0

  constructor(text: string, isTyping: boolean) {
    super(text)
    this.#isTyping = isTyping
  }

  protected combine(node: Combined<SearchNode>): SearchNode {
    return node
  }

  protected term(field: TextField | null, depth: number): SearchNode | null {
    const start = this.at
    const name = /^([a-z]+):/i.exec(this.text.slice(start, start + 20))?.[1]
    const known = name !== undefined && Object.hasOwn(SEARCH_FIELDS, name.toLowerCase())
    if (!known) return this.#words(field, start)
    const behind = start + name.length + 1
    this.piece('field', start, behind)
    if (field !== null) throw this.trouble(start, behind, `“${name}:” can't stand in the brackets of another field.`)
    this.at = behind
    const inner = name.toLowerCase()
    if (TEXT_FIELDS.includes(inner)) {
      const group = this.group(inner as TextField, depth)
      if (group !== undefined) return group
    }
    if (behind === this.text.length || /[\s)]/.test(this.peek()))
      throw this.trouble(start, behind, `Write what is looked for right behind “${name}:”.`)
    return TEXT_FIELDS.includes(inner) ? this.#words(inner as TextField, start) : this.#value(inner, start)
  }

  /** A word or a phrase. */
  #words(field: TextField | null, start: number): SearchNode | null {
    const { text, isQuoted, from } = this.read()
    const hasStar = isQuoted ? this.peek() === '*' : text.endsWith('*')
    if (hasStar && isQuoted) this.at++
    this.piece(isQuoted ? 'phrase' : field === null ? 'word' : 'value', from, this.at)
    const bare = isQuoted ? text : text.replace(/\*+$/, '')
    const words = foldedWords(bare)
    const last = words.at(-1)
    if (last === undefined) {
      // Signs alone are in no index; where somebody asks for them by a field or a star, that is said.
      if (hasStar || field !== null) throw this.trouble(start, this.at, 'There is no word in it.')
      return null
    }
    const letters = last.isLetter ? SHORTEST_PREFIX : [...last.text].length
    if (hasStar && letters < SHORTEST_PREFIX)
      throw this.trouble(start, this.at, `The beginning of a word needs ${SHORTEST_PREFIX} letters.`)
    const isTyped = this.#isTyping && !isQuoted && this.at === this.text.length && letters >= SHORTEST_PREFIX
    // "x-" and "x." are finished words.
    const isOpen = isTyped && last.to === bare.length
    const isPrefix = hasStar || isOpen
    // A letter of an unspaced script alone is the beginning of a pair in the index.
    if ((isPrefix || (last.isLetter && !last.isGlued)) && ++this.#prefixes > SEARCH_LIMITS.prefixes)
      throw this.trouble(start, this.at, `A search has at most ${SEARCH_LIMITS.prefixes} beginnings of words.`)
    return { kind: 'text', field, text: bare, isPrefix }
  }

  #value(name: string, start: number): SearchNode {
    if (this.peek() === '(')
      throw this.trouble(this.at, this.at + 1, `“${name}:” takes one thing, not what stands in brackets.`)
    const { text, from, isQuoted } = this.read()
    this.piece('value', from, this.at)
    const value = text.trim()
    const wrong = (reason: string) => this.trouble(isQuoted ? start : from, this.at, reason)
    if (value === '') throw wrong(`Write what is looked for right behind “${name}:”.`)
    switch (name) {
      case 'tag':
      case 'in':
        return { kind: name, name: value }
      case 'is': {
        const state = SEARCH_STATES.find((one) => one === value.toLowerCase())
        if (state === undefined) throw wrong(`“is:” knows ${SEARCH_STATES.join(', ')}.`)
        return { kind: 'is', state }
      }
      case 'has':
        if (!/^attachments?$/i.test(value)) throw wrong('“has:” knows attachment.')
        return { kind: 'has', what: 'attachment' }
      case 'larger':
      case 'smaller': {
        const bytes = parseSize(value)
        if (bytes === undefined) throw wrong('A size is a number of bytes, or such as 500k, 10M, 1G.')
        return { kind: 'size', than: name, bytes }
      }
      default: {
        const date = parseSearchDate(value)
        if (date === undefined)
          throw wrong('A date is such as 2026-03-31, 2026-03, 2026, today, yesterday, 7d, 2w, 3m, 1y.')
        return { kind: 'date', than: name as 'before' | 'after' | 'on', date }
      }
    }
  }
}
