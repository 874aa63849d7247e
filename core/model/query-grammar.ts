/** What a part of the text is, for colours: `[from, to)` in UTF-16 code units. */
export interface SearchPiece {
  readonly kind: 'word' | 'phrase' | 'field' | 'value' | 'operator' | 'bracket'
  readonly from: number
  readonly to: number
}
/** Where a query doesn't parse, and a sentence for a person. */
export interface SearchError {
  readonly offset: number
  readonly length: number
  readonly reason: string
}
/** A text as a query: `query` null where nothing is asked for. */
export type ParsedQuery<Node> = { readonly pieces: readonly SearchPiece[] } & (
  { readonly query: Node | null; readonly error: null } | { readonly query: null; readonly error: SearchError }
)
/** What is put together of two and more, or turned around. */
export type Combined<Node> =
  { readonly kind: 'and' | 'or'; readonly of: readonly Node[] } | { readonly kind: 'not'; readonly of: Node }

/** Caps on any query, so that none is slow: terms, brackets in brackets, characters. */
export const GRAMMAR_LIMITS = { terms: 64, depth: 16, characters: 1000 } as const

class Trouble extends Error {
  readonly at: SearchError
  constructor(at: SearchError) {
    super(at.reason)
    this.at = at
  }
}

const SPACE = /\s/
const ENDS_WORD = /[\s()"]/

/**
 * The grammar that queries of mail and of the protocol log have in common: terms side by side must all fit; `-` or NOT excludes, OR
 * (weaker than terms side by side) is either, brackets group. What a term is, the language says.
 */
export abstract class QueryGrammar<Node, Field = never> {
  readonly pieces: SearchPiece[] = []
  protected readonly text: string
  protected at = 0
  #terms = 0

  constructor(text: string) {
    this.text = text
  }

  /** The term that begins here; null: there is nothing in it to be looked for. `field`: it stands in the brackets of that one. */
  protected abstract term(field: Field | null, depth: number): Node | null
  protected abstract combine(node: Combined<Node>): Node

  /** Parses all of the text. Never throws. */
  parse(): ParsedQuery<Node> {
    try {
      return { query: this.#whole(), error: null, pieces: this.pieces }
    } catch (error) {
      if (!(error instanceof Trouble)) throw error
      return { query: null, error: error.at, pieces: this.pieces }
    }
  }

  /** What stands in brackets; undefined where there are none. */
  protected group(field: Field | null, depth: number): Node | null | undefined {
    if (this.peek() !== '(') return undefined
    const open = this.at
    this.piece('bracket', open, ++this.at)
    this.#skipSpace()
    if (this.peek() === ')') throw this.trouble(open, this.at + 1, 'There is nothing in these brackets.')
    const of = this.#either(field, depth + 1)
    if (this.peek() !== ')') throw this.trouble(open, open + 1, 'This bracket is not closed.')
    this.piece('bracket', this.at, ++this.at)
    return of
  }

  /** The text of a word or of what is in quotation marks. */
  protected read(): { text: string; isQuoted: boolean; from: number } {
    const from = this.at
    if (this.peek() === '"') {
      const end = this.text.indexOf('"', from + 1)
      if (end < 0) {
        this.piece('phrase', from, this.text.length)
        throw this.trouble(from, this.text.length, 'This quotation mark is not closed.')
      }
      this.at = end + 1
      return { text: this.text.slice(from + 1, end), isQuoted: true, from }
    }
    while (this.at < this.text.length && !ENDS_WORD.test(this.peek())) this.at++
    return { text: this.text.slice(from, this.at), isQuoted: false, from }
  }

  protected peek(): string {
    return this.text[this.at] ?? ''
  }
  protected piece(kind: SearchPiece['kind'], from: number, to: number): void {
    this.pieces.push({ kind, from, to })
  }
  protected trouble(from: number, to: number, reason: string): Error {
    return new Trouble({ offset: from, length: Math.min(to, this.text.length) - from, reason })
  }

  #whole(): Node | null {
    const { characters } = GRAMMAR_LIMITS
    if (this.text.length > characters)
      throw this.trouble(characters, this.text.length, `A search has at most ${characters} characters.`)
    const found = this.#either(null, 0)
    if (this.at < this.text.length)
      throw this.trouble(this.at, this.at + 1, 'This bracket closes none that was opened.')
    return found
  }

  #either(field: Field | null, depth: number): Node | null {
    const of: Node[] = []
    for (;;) {
      const side = this.#all(field, depth)
      if (side !== null) of.push(side)
      const or = this.#operator('OR')
      if (or === undefined) return this.#joined('or', of)
      this.#skipSpace()
      if (this.at === this.text.length || this.peek() === ')' || this.#isAtOperator('OR'))
        throw this.trouble(or, or + 2, 'OR needs something behind it.')
    }
  }

  #all(field: Field | null, depth: number): Node | null {
    const of: Node[] = []
    let isEmpty = true
    for (;;) {
      this.#skipSpace()
      const and = this.#operator('AND')
      if (and !== undefined) {
        this.#skipSpace()
        const isLast = this.at === this.text.length || this.peek() === ')' || this.#isAtOperator('OR')
        if (isEmpty || isLast || this.#isAtOperator('AND'))
          throw this.trouble(and, and + 3, `AND needs something ${isEmpty ? 'before' : 'behind'} it.`)
      }
      if (this.at === this.text.length || this.peek() === ')') return this.#joined('and', of)
      if (this.#isAtOperator('OR')) {
        if (isEmpty) throw this.trouble(this.at, this.at + 2, 'OR needs something before it.')
        return this.#joined('and', of)
      }
      isEmpty = false
      const one = this.#one(field, depth)
      if (one !== null) of.push(one)
    }
  }

  /** One thing, perhaps excluded. Null: there is nothing in it to be looked for. */
  #one(field: Field | null, depth: number): Node | null {
    const start = this.at
    if (depth > GRAMMAR_LIMITS.depth) throw this.trouble(start, start + 1, 'There are too many brackets in brackets.')
    const minus = this.peek() === '-' && this.text[start + 1] !== '-'
    if (minus) {
      const next = this.text[start + 1] ?? ' '
      if (SPACE.test(next) || next === ')')
        throw this.trouble(start, start + 1, 'Write what is not wanted right behind the “-”.')
      this.piece('operator', start, ++this.at)
    } else if (this.#operator('NOT') !== undefined) {
      this.#skipSpace()
      if (this.at === this.text.length || this.peek() === ')' || this.#isAtOperator('OR') || this.#isAtOperator('AND'))
        throw this.trouble(start, start + 3, 'NOT needs something behind it.')
    } else {
      const group = this.group(field, depth)
      return group === undefined ? this.#next(field, depth) : group
    }
    const of = this.#one(field, depth + 1)
    return of === null ? null : this.combine({ kind: 'not', of })
  }

  #next(field: Field | null, depth: number): Node | null {
    if (++this.#terms > GRAMMAR_LIMITS.terms)
      throw this.trouble(this.at, this.at + 1, `A search has at most ${GRAMMAR_LIMITS.terms} words.`)
    return this.term(field, depth)
  }

  #isAtOperator(word: 'OR' | 'AND' | 'NOT'): boolean {
    if (!this.text.startsWith(word, this.at)) return false
    const next = this.text[this.at + word.length]
    return next === undefined || ENDS_WORD.test(next)
  }

  /** Takes the operator and says where it stood. */
  #operator(word: 'OR' | 'AND' | 'NOT'): number | undefined {
    if (!this.#isAtOperator(word)) return undefined
    const start = this.at
    this.at += word.length
    this.piece('operator', start, this.at)
    return start
  }

  #skipSpace(): void {
    while (this.at < this.text.length && SPACE.test(this.peek())) this.at++
  }
  #joined(kind: 'and' | 'or', of: readonly Node[]): Node | null {
    return of.length > 1 ? this.combine({ kind, of }) : (of[0] ?? null)
  }
}
