import { parseSize } from './search-values.ts'
import {
  ADDRESS_FIELDS,
  AUTH_METHODS,
  AUTH_RESULTS,
  isGroup,
  RULE_LIMITS,
  type RuleCondition,
  type RuleGroup,
  type TextTest,
} from './rule.ts'
import {
  quoted,
  RuleReader,
  RuleTextTrouble,
  TEST_SIGNS,
  testOfSign,
  type RuleNames,
  type RuleTextError,
} from './rule-words.ts'

/*
 * Conditions as a person types them: the search box's language (search-query.ts) where it fits. Words side by side must all hold, OR is
 * either, `-` or NOT turns round, brackets group, `field:value` asks one thing. What search doesn't have: a sign before a value says how it
 * is compared (`=` is, `^` begins, `$` ends, `~` matches a regular expression), and there are more fields.
 */

/** Every field, with the sentence a completion shows. */
export const RULE_FIELDS: Readonly<Record<string, string>> = {
  'from': 'who wrote it: a name or an address',
  'to': 'To',
  'cc': 'Cc',
  'recipient': 'To or Cc',
  'any': 'From, To or Cc',
  'subject': 'the subject',
  'body': 'the text',
  'header.NAME': 'any other header field; * for any value',
  'list': 'the mailing list, by its List-Id; * for any',
  'larger': 'more than so many bytes: 500k, 10M',
  'smaller': 'fewer than so many bytes',
  'older': 'came more than so many days ago: 30d',
  'newer': 'came less than so many days ago',
  'is': 'contact: who wrote it is in the contacts; junk: it looks like what you have put there',
  'has': 'attachment',
  'auth.METHOD': 'spf, dkim, dmarc or arc, by a trusted server: pass, fail, none, …',
  'by': 'the account it came by, a local user, or here',
  'tag': 'a tag',
}

const ENDS = /[\s()]/
/** A text as a condition, or where it is none. */
export type ParsedCondition =
  | { readonly condition: RuleCondition; readonly error: null }
  | { readonly condition: null; readonly error: RuleTextError }

/** Parses a condition; `*` or nothing fits all mail. Never throws. */
export function parseCondition(text: string, names: RuleNames): ParsedCondition {
  try {
    return { condition: new Parser(text, names).whole(), error: null }
  } catch (error) {
    if (!(error instanceof RuleTextTrouble)) throw error
    return { condition: null, error: error.at }
  }
}

const all = (of: readonly RuleCondition[]): RuleCondition =>
  of.length === 1 && of[0] ? of[0] : { kind: 'all', of, not: false }
const turned = (one: RuleCondition): RuleCondition => ({ ...one, not: !one.not })

class Parser {
  readonly #in: RuleReader
  readonly #names: RuleNames
  #terms = 0

  constructor(text: string, names: RuleNames) {
    this.#in = new RuleReader(text, ENDS)
    this.#names = names
  }

  whole(): RuleCondition {
    const { text } = this.#in
    if (text.trim() === '' || text.trim() === '*') return { kind: 'all', of: [], not: false }
    const found = this.#either(1)
    if (!this.#in.isAtEnd) throw this.#trouble(this.#in.at, 'This bracket closes none that was opened.')
    return found
  }

  #either(depth: number): RuleCondition {
    const of = [this.#all(depth)]
    while (this.#word('OR')) of.push(this.#all(depth))
    return of.length === 1 && of[0] ? of[0] : { kind: 'any', of, not: false }
  }

  #all(depth: number): RuleCondition {
    const of: RuleCondition[] = []
    for (;;) {
      this.#in.skipSpace()
      const start = this.#in.at
      if (this.#word('AND') && of.length === 0) throw this.#trouble(start, 'AND needs something before it.')
      this.#in.skipSpace()
      if (this.#in.isAtEnd || this.#in.peek() === ')' || this.#isAt('OR')) {
        if (of.length === 0) throw this.#trouble(start, 'There is nothing here to ask for.')
        return all(of)
      }
      of.push(this.#one(depth))
    }
  }

  #one(depth: number): RuleCondition {
    const start = this.#in.at
    if (depth > RULE_LIMITS.depth) throw this.#trouble(start, 'There are too many brackets in brackets.')
    if (this.#in.peek() === '-') {
      this.#in.at++
      if (this.#in.isAtEnd || /[\s)]/.test(this.#in.peek()))
        throw this.#trouble(start, 'Write what must not hold right behind the “-”.')
      return turned(this.#one(depth + 1))
    }
    if (this.#word('NOT')) {
      this.#in.skipSpace()
      if (this.#in.isAtEnd) throw this.#trouble(start, 'NOT needs something behind it.')
      return turned(this.#one(depth + 1))
    }
    if (this.#in.peek() !== '(') return this.#term(start)
    this.#in.at++
    const inner = this.#either(depth + 1)
    if (this.#in.peek() !== ')') throw this.#trouble(start, 'This bracket is not closed.')
    this.#in.at++
    return inner
  }

  #term(start: number): RuleCondition {
    if (++this.#terms > RULE_LIMITS.conditions)
      throw this.#trouble(start, `A rule has at most ${RULE_LIMITS.conditions} conditions.`)
    const field = /^([a-z]+(?:\.[!-9;-~]+)?):/i.exec(this.#in.text.slice(start, start + 120))?.[1]
    if (field === undefined) return this.#anywhere(start)
    this.#in.at += field.length + 1
    return this.#field(field, start)
  }

  /** A word without a field: in the subject, in a name or address, or in the text. */
  #anywhere(start: number): RuleCondition {
    const { test, value } = this.#compared(start)
    return {
      kind: 'any',
      not: false,
      of: [
        { kind: 'subject', test, value, not: false },
        { kind: 'address', field: 'any', test, value, not: false },
        { kind: 'body', test, value, not: false },
      ],
    }
  }

  #field(written: string, start: number): RuleCondition {
    const [field = '', ...rest] = written.toLowerCase().split('.')
    const behind = rest.join('.')
    const not = false
    const address = behind === '' ? ADDRESS_FIELDS.find((one) => one === field) : undefined
    if (address !== undefined) return { kind: 'address', field: address, not, ...this.#compared(start) }
    switch (`${field}${behind === '' ? '' : '.'}`) {
      case 'subject':
      case 'body':
        return { kind: field as 'subject' | 'body', not, ...this.#compared(start) }
      case 'list':
        return { kind: 'list', not, ...(this.#star() ?? this.#compared(start)) }
      case 'header.': {
        const name = written.slice(written.indexOf('.') + 1)
        return { kind: 'header', name, not, ...(this.#star() ?? this.#compared(start)) }
      }
      case 'larger':
      case 'smaller': {
        const bytes = parseSize(this.#plain(start))
        if (bytes === undefined) throw this.#trouble(start, 'A size is a number of bytes, or such as 500k, 10M, 1G.')
        return { kind: 'size', than: field as 'larger' | 'smaller', bytes, not }
      }
      case 'older':
      case 'newer': {
        const [, amount, unit = 'd'] = /^(\d{1,5})([dw])?$/i.exec(this.#plain(start)) ?? []
        if (amount === undefined) throw this.#trouble(start, 'An age is a number of days or weeks: 30d, 2w.')
        const days = Number(amount) * (unit.toLowerCase() === 'w' ? 7 : 1)
        return { kind: 'age', than: field as 'older' | 'newer', days, not }
      }
      case 'is': {
        const said = this.#plain(start).toLowerCase()
        const kind = (['contact', 'junk'] as const).find((one) => one === said)
        if (kind === undefined) throw this.#trouble(start, '“is:” knows contact and junk.')
        return { kind, not }
      }
      case 'has':
        if (!/^attachments?$/i.test(this.#plain(start))) throw this.#trouble(start, '“has:” knows attachment.')
        return { kind: 'attachment', not }
      case 'auth.': {
        const method = AUTH_METHODS.find((one) => one === behind)
        const said = this.#plain(start).toLowerCase()
        const result = AUTH_RESULTS.find((one) => one === said)
        if (method === undefined) throw this.#trouble(start, `“auth.” knows ${AUTH_METHODS.join(', ')}.`)
        if (result === undefined) throw this.#trouble(start, `A result is one of ${AUTH_RESULTS.join(', ')}.`)
        return { kind: 'auth', method, result, not }
      }
      case 'by': {
        const name = this.#plain(start)
        const source = this.#names.source(name)
        if (source === undefined)
          throw this.#trouble(start, `There is no account and no local user “${name}”; “here” is your own mailbox.`)
        return { kind: 'came-by', source, not }
      }
      case 'tag': {
        const name = this.#plain(start)
        const tagId = this.#names.tagId(name)
        if (tagId === undefined) throw this.#trouble(start, `There is no tag “${name}”.`)
        return { kind: 'tag', tagId, not }
      }
      default:
        throw this.#trouble(start, `There is no field “${written}”; there are ${Object.keys(RULE_FIELDS).join(', ')}.`)
    }
  }

  /** `*` alone: whatever it says. */
  #star(): { test: 'exists'; value: '' } | undefined {
    if (this.#in.peek() !== '*') return undefined
    const next = this.#in.text[this.#in.at + 1]
    if (next !== undefined && !ENDS.test(next)) return undefined
    this.#in.at++
    return { test: 'exists', value: '' }
  }

  #compared(start: number): { test: TextTest; value: string } {
    const sign = /[=^$~]/.test(this.#in.peek()) ? this.#in.peek() : ''
    this.#in.at += sign.length
    return { test: testOfSign(sign) ?? 'contains', value: this.#plain(start) }
  }

  #plain(start: number): string {
    const { text, isQuoted } = this.#in.value()
    if (text === '' && !isQuoted) throw this.#trouble(start, 'Write what is asked for right behind the colon.')
    if (text.length > RULE_LIMITS.characters)
      throw this.#trouble(start, `A value has at most ${RULE_LIMITS.characters} characters.`)
    return text
  }

  #isAt(word: string): boolean {
    if (!this.#in.text.startsWith(word, this.#in.at)) return false
    const next = this.#in.text[this.#in.at + word.length]
    return next === undefined || ENDS.test(next)
  }
  #word(word: string): boolean {
    this.#in.skipSpace()
    if (!this.#isAt(word)) return false
    this.#in.at += word.length
    return true
  }
  #trouble(from: number, reason: string): RuleTextTrouble {
    return new RuleTextTrouble(from, Math.max(this.#in.at, from + 1), reason)
  }
}

/** Writes a condition as a person types it: what `parseCondition` reads back. */
export function formatCondition(condition: RuleCondition, names: RuleNames): string {
  return format(condition, names, 'top')
}

type Place = 'top' | 'all' | 'any' | 'not'

function format(condition: RuleCondition, names: RuleNames, place: Place): string {
  if (condition.not) return `-${format({ ...condition, not: false }, names, 'not')}`
  if (isGroup(condition)) return formatGroup(condition.kind, condition.of, names, place)
  return term(condition, names)
}

function formatGroup(kind: 'all' | 'any', of: readonly RuleCondition[], names: RuleNames, place: Place): string {
  const [only] = of
  if (only !== undefined && of.length === 1 && (place !== 'not' || !only.not)) return format(only, names, place)
  // All mail, and none: no condition of a field says so.
  if (of.length === 0) return kind === 'all' ? (place === 'top' ? '*' : 'smaller:1099511627776') : 'smaller:0'
  const text = of.map((one) => format(one, names, kind)).join(kind === 'all' ? ' ' : ' OR ')
  const isBare = place === 'top' || (place === 'any' && kind === 'all')
  return isBare ? text : `(${text})`
}

function term(condition: Exclude<RuleCondition, RuleGroup>, names: RuleNames): string {
  const value = (text: string) => quoted(text, ENDS)
  const compared = (test: TextTest | 'exists', text: string) =>
    test === 'exists' ? '*' : `${TEST_SIGNS[test]}${value(text)}`
  switch (condition.kind) {
    case 'header':
      return `header.${condition.name}:${compared(condition.test, condition.value)}`
    case 'address':
      return `${condition.field}:${compared(condition.test, condition.value)}`
    case 'subject':
    case 'body':
    case 'list':
      return `${condition.kind}:${compared(condition.test, condition.value)}`
    case 'size':
      return `${condition.than}:${condition.bytes}`
    case 'age':
      return `${condition.than}:${condition.days}d`
    case 'contact':
    case 'junk':
      return `is:${condition.kind}`
    case 'attachment':
      return 'has:attachment'
    case 'auth':
      return `auth.${condition.method}:${condition.result}`
    case 'came-by':
      return `by:${value(names.sourceName(condition.source) ?? 'gone')}`
    case 'tag':
      return `tag:${value(names.tagName(condition.tagId) ?? `#${condition.tagId}`)}`
  }
}
