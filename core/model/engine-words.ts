import { IntlMessageFormat } from 'intl-messageformat'

/** A sentence of the engine with its places, `{0} closed the connection.`, cut at them. */
interface Template {
  readonly english: string
  /** What stands before, between and after its values: always one more than there are places. */
  readonly literals: readonly string[]
  /** The letters of all literals: of two that fit, the one that says more itself is meant. */
  readonly weight: number
}

/** What is longer is no sentence of the engine. */
const MOST_LETTERS = 4000
/** How often one text is held against the templates: what a stranger sent can't keep the window busy. */
const MOST_LOOKS = 200
/** How deep values are told within values. */
const MOST_DEEP = 8
/** Texts that were told, for lists that are drawn again and again. */
const MOST_KEPT = 2000

const PLACE = /\{\d\}/
/** What ends before this is somebody's own name for a thing: it is not told. */
const QUOTED = /["“„«]$/
/** Where one sentence ends and another begins. */
const SENTENCES = /[.!?] /g
/** Where the reason of a sentence begins. */
const REASONS = /[:;] /g

/**
 * Says the engine's English in another language. The engine makes its sentences with values in them, and keeps them so; a
 * catalogue has them with places. A text is held against these, and what stood in the places is told in turn: the reason of a
 * failure is mostly a sentence of its own. Values are never read as a format, and what is between quotation marks stays.
 */
export class EngineWords {
  readonly #catalogue: Readonly<Record<string, string>>
  readonly #templates: readonly Template[]
  readonly #locale: string
  readonly #say: (own: string) => string
  readonly #kept = new Map<string, string>()
  readonly #plurals = new Map<string, IntlMessageFormat>()
  #looks = 0

  /** `catalogue`: the language's sentences by the English ones. `say` has the last word on each piece that was found in it. */
  constructor(
    catalogue: Readonly<Record<string, string>>,
    locale: string,
    say: (own: string) => string = (own) => own,
  ) {
    this.#catalogue = catalogue
    this.#locale = locale
    this.#say = say
    this.#templates = Object.keys(catalogue)
      .filter((english) => PLACE.test(english))
      .map((english) => {
        const literals = english.split(PLACE)
        return { english, literals, weight: literals.join('').length }
      })
      .toSorted((a, b) => b.weight - a.weight)
  }

  /** The text in the language, as far as the catalogue has it; else as it came. */
  tell(text: string): string {
    const known = this.#kept.get(text)
    if (known !== undefined) return known
    this.#looks = MOST_LOOKS
    const told = this.#told(text, 0) ?? text
    if (text.length > MOST_LETTERS) return told
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear()
    this.#kept.set(text, told)
    return told
  }

  /** The text in the language; undefined where nothing of it is known. */
  #told(text: string, depth: number): string | undefined {
    return this.#whole(text, depth) ?? (depth > MOST_DEEP ? undefined : this.#bySeams(text, depth))
  }

  /** The text as one sentence. */
  #whole(text: string, depth: number): string | undefined {
    // A place of the catalogue's own is no text of the engine.
    if (Object.hasOwn(this.#catalogue, text) && !PLACE.test(text)) return this.#say(this.#catalogue[text] ?? text)
    if (text.length > MOST_LETTERS || depth > MOST_DEEP || this.#looks-- <= 0) return undefined
    return this.#byTemplate(text, depth) ?? this.#asSentence(text, depth)
  }

  #byTemplate(text: string, depth: number): string | undefined {
    for (const template of this.#templates) {
      const values = valuesOf(template, text)
      if (values === undefined) continue
      const [first = ''] = values
      const inner = values.map((value, at) =>
        QUOTED.test(template.literals[at] ?? '') || !value.includes(' ') ? undefined : this.#told(value, depth + 1),
      )
      // What a sentence begins with is a name, or itself known: else the sentence began further on.
      if (template.literals[0] === '' && inner[0] === undefined && /[.!?:;] /.test(first)) continue
      return this.#filled(
        template.english,
        values.map((value, at) => inner[at] ?? value),
      )
    }
    return undefined
  }

  /** A sentence and its reason, also in brackets behind it, or several sentences one behind the other. */
  #bySeams(text: string, depth: number): string | undefined {
    const [, before = '', within = '', stop = ''] = /^(.+) \(([^()]+)\)(\.?)$/.exec(text) ?? []
    if (before !== '') {
      const [left, right] = [this.#told(before, depth + 1), this.#told(within, depth + 1)]
      if (left !== undefined || right !== undefined) return `${left ?? before} (${right ?? within})${stop}`
    }
    for (const [seam, isReason] of [
      [SENTENCES, false],
      [REASONS, true],
    ] as const)
      for (const { index } of text.matchAll(seam)) {
        // From here on nothing more would be found, and each further look would cost as much as the text is long.
        if (index >= MOST_LETTERS || this.#looks <= 0) break
        const before = text.slice(0, isReason ? index : index + 1)
        const rest = text.slice(index + 2)
        const left = this.#whole(before, depth + 1)
        const right =
          left === undefined ? undefined : (this.#whole(` ${rest}`, depth + 1) ?? this.#told(rest, depth + 1))
        if (left !== undefined) return `${left}${isReason ? text.charAt(index) : ''} ${(right ?? rest).trimStart()}`
      }
    // What it begins with is somebody else's; what follows may be known.
    const [{ index } = { index: -1 }] = text.matchAll(/[.!?:;] /g)
    const right = index === -1 ? undefined : this.#told(text.slice(index + 2), depth + 1)
    return right === undefined ? undefined : `${text.slice(0, index + 2)}${right}`
  }

  /** A reason that was made a sentence: with a capital, and a full stop. */
  #asSentence(text: string, depth: number): string | undefined {
    const small = text.charAt(0).toLowerCase() + text.slice(1)
    const bare = text.endsWith('.') ? text.slice(0, -1) : text
    const smallBare = bare.charAt(0).toLowerCase() + bare.slice(1)
    for (const [other, end] of [
      [bare, '.'],
      [small, ''],
      [smallBare, '.'],
    ] as const) {
      if (other === text) continue
      const own = Object.hasOwn(this.#catalogue, other)
        ? this.#say(this.#catalogue[other] ?? other)
        : this.#byTemplate(other, depth)
      if (own !== undefined) return asSentence(own, end !== '', this.#locale)
    }
    return undefined
  }

  #filled(english: string, values: readonly string[]): string | undefined {
    const own = this.#catalogue[english] ?? english
    if (!/\{\d, plural/.test(own))
      return own
        .split(/\{(\d)\}/)
        .map((piece, at) => (at % 2 === 1 ? (values[Number(piece)] ?? '') : piece === '' ? '' : this.#say(piece)))
        .join('')
    const format =
      this.#plurals.get(english) ?? new IntlMessageFormat(own, this.#locale, undefined, { ignoreTag: true })
    this.#plurals.set(english, format)
    const numbers = values.map((value) => (/^\d{1,15}$/.test(value) ? Number(value) : value))
    // Where no number stands in its place, the words were somebody else's.
    const counted = [...own.matchAll(/\{(\d), plural/g)].map(([, at]) => numbers[Number(at)])
    if (counted.some((value) => typeof value !== 'number')) return undefined
    return String(format.format(Object.fromEntries(numbers.entries())))
  }
}

/** What stands in the places of a template, where the text is made of it. */
function valuesOf({ literals }: Template, text: string): string[] | undefined {
  const [first = ''] = literals
  const last = literals.at(-1) ?? ''
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return undefined
  const values: string[] = []
  const end = text.length - last.length
  let at = first.length
  for (const literal of literals.slice(1, -1)) {
    const next = text.indexOf(literal, at)
    if (next === -1 || next + literal.length > end) return undefined
    values.push(text.slice(at, next))
    at = next + literal.length
  }
  values.push(text.slice(at, end))
  return values
}

/** A sentence as the language writes one: with a capital letter where it has these, and its own full stop. */
export function asSentence(text: string, stops: boolean, locale: string): string {
  // A host or an address is written as it is.
  const isName = /^[^\s]*[^\s][.@\d:][^\s]/.test(text)
  const first = isName ? text : text.charAt(0).toLocaleUpperCase(locale) + text.slice(1)
  if (!stops || /[.!?…。！？؟”"»」]$/.test(first)) return first
  return `${first}${locale.startsWith('ja') ? '。' : '.'}`
}
