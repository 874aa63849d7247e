import { TEXT_TESTS, type RuleFolder, type RuleSource, type TextTest } from './rule.ts'

/** Names that a rule's text has in place of ids; undefined (or '') for what is not there. */
export interface RuleNames {
  tagId(name: string): number | undefined
  tagName(id: number): string | undefined
  folderId(name: string): number | undefined
  folderName(id: number): string | undefined
  source(name: string): RuleSource | undefined
  sourceName(source: RuleSource): string | undefined
}
/** Where a text doesn't parse, in UTF-16 code units, and a sentence for a person. */
export interface RuleTextError {
  readonly offset: number
  readonly length: number
  readonly reason: string
}

/** What stands before a value and says how it is compared; nothing for `contains`. */
export const TEST_SIGNS: Readonly<Record<TextTest, string>> = {
  contains: '',
  is: '=',
  begins: '^',
  ends: '$',
  matches: '~',
}

/** The test a sign stands for. */
export function testOfSign(sign: string): TextTest | undefined {
  return TEXT_TESTS.find((test) => TEST_SIGNS[test] === sign)
}

/** Thrown while a text is read. */
export class RuleTextTrouble extends Error {
  readonly at: RuleTextError
  constructor(offset: number, end: number, reason: string) {
    super(reason)
    this.at = { offset, length: Math.max(end - offset, 1), reason }
  }
}

const SPACE = /\s/

/** Reads words, values in quotation marks and signs, one after the other. */
export class RuleReader {
  readonly text: string
  at = 0
  readonly #ends: RegExp

  /** `ends`: a character that ends a word that is not quoted. */
  constructor(text: string, ends: RegExp) {
    this.text = text
    this.#ends = ends
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length
  }
  peek(): string {
    return this.text[this.at] ?? ''
  }
  skipSpace(): void {
    while (!this.isAtEnd && SPACE.test(this.peek())) this.at++
  }

  /** What is in quotation marks, or the word up to what ends one. In quotation marks `\"` and `\\` are `"` and `\`. */
  value(): { readonly text: string; readonly isQuoted: boolean } {
    const from = this.at
    if (this.peek() !== '"') {
      while (!this.isAtEnd && !this.#ends.test(this.peek())) this.at++
      return { text: this.text.slice(from, this.at), isQuoted: false }
    }
    let out = ''
    for (this.at++; !this.isAtEnd; this.at++) {
      const c = this.peek()
      const next = this.text[this.at + 1]
      if (c === '"') {
        this.at++
        return { text: out, isQuoted: true }
      }
      if (c === '\\' && (next === '"' || next === '\\')) {
        out += next
        this.at++
      } else out += c
    }
    throw new RuleTextTrouble(from, this.text.length, 'This quotation mark is not closed.')
  }
}

/** A value as `RuleReader` reads it back: in quotation marks where it needs them. */
export function quoted(text: string, ends: RegExp): string {
  const isPlain = text !== '' && ![...text].some((c) => ends.test(c) || c === '"') && !/^[=^$~*]/.test(text)
  if (isPlain) return text
  return `"${text.replaceAll(/\\(?=[\\"]|$)|"/g, (c) => `\\${c}`)}"`
}

/** What a folder is called in an action: its role, or its name. */
export function folderWord(to: RuleFolder, names: Pick<RuleNames, 'folderName'>): string {
  return to.kind === 'role' ? to.role : (names.folderName(to.folderId) ?? `#${to.folderId}`)
}
