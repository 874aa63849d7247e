import { IntlMessageFormat, type FormatXMLElementFn } from 'intl-messageformat'
import { EngineWords, asSentence } from './engine-words.ts'
import { PSEUDO } from './languages.ts'

/** What stands in a sentence's places. */
export type Values = Readonly<Record<string, string | number | Date>>
/** A language's sentences, by the English ones. */
export type Catalogue = Readonly<Record<string, string>>

/** Plain English, with the day before the month, until a language has been chosen. */
let locale = 'en-GB'
let catalogue: Catalogue = {}
const compiled = new Map<string, IntlMessageFormat>()
let engine = new EngineWords({}, locale)

/**
 * Speaks a language from now on, in this process or window. What it has no sentence for is said in English. The pseudo-language
 * says English; of its catalogue only the keys count, by which it knows what the engine may say.
 */
export function speak(nextLocale: string, sentences: Catalogue): void {
  locale = nextLocale
  const isPseudo = nextLocale === PSEUDO
  catalogue = isPseudo ? {} : sentences
  compiled.clear()
  const known = isPseudo ? Object.fromEntries(Object.keys(sentences).map((one) => [one, one])) : sentences
  engine = new EngineWords(known, spokenLocale(), isPseudo ? disguised : undefined)
}

/** The language that is spoken: a BCP 47 tag for Intl. */
export function spokenLocale(): string {
  return locale === PSEUDO ? 'en-GB' : locale
}

/** Words of peers come here, too: `__proto__` is in no catalogue, and in every object. */
const sentence = (english: string): string =>
  (Object.hasOwn(catalogue, english) ? catalogue[english] : undefined) ?? english

/** A sentence in the language that is spoken. The English sentence, in ICU MessageFormat, is its key. */
export function t(english: string, values?: Values): string {
  const found = sentence(english)
  // Nearly all are plain words.
  if (values === undefined && !/[{}'<]/.test(found)) return locale === PSEUDO ? disguised(found) : found
  return String(format(english, found, true).format(values as Record<string, string | number | Date>))
}

/** As `t`, in pieces: what stands in tags or places may be anything, an element of a page for one. */
export function pieces<Piece>(
  english: string,
  values: Readonly<Record<string, Piece | string | number | ((inner: readonly (string | Piece)[]) => Piece)>>,
): readonly (string | Piece)[] {
  const said = format(`<>${english}`, sentence(english), false).format<Piece>(
    values as Record<string, Piece | string | FormatXMLElementFn<Piece>>,
  )
  return Array.isArray(said) ? said : [said as string | Piece]
}

/** Marks a sentence of a table made before the language is known; `told` says it later. */
export const said = <Sentence extends string>(english: Sentence): Sentence => english

/**
 * A sentence of a table, or one that the engine has made with values in it, in the language that is spoken; what is neither
 * stands as it came. Never read as a format.
 */
export const told = (english: string): string => engine.tell(english)

/** As `told`, as a sentence of its own: with a capital letter and a full stop. */
export const toldSentence = (english: string): string => asSentence(told(english), true, spokenLocale())

function format(key: string, text: string, ignoreTag: boolean): IntlMessageFormat {
  const known = compiled.get(key)
  if (known !== undefined) return known
  const made = compile(text, ignoreTag)
  compiled.set(key, made)
  return made
}

function compile(text: string, ignoreTag: boolean): IntlMessageFormat {
  if (locale !== PSEUDO) return new IntlMessageFormat(text, locale, undefined, { ignoreTag })
  // Names, plurals and tags stay: only what is said is changed.
  const tree = new IntlMessageFormat(text, 'en', undefined, { ignoreTag }).getAst()
  return new IntlMessageFormat(disguisedTree(tree) as typeof tree, 'en')
}

function disguisedTree(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(disguisedTree)
  if (typeof node !== 'object' || node === null) return node
  const entries = Object.entries(node).map(([name, value]) => {
    // A literal's type is 0 in the parser's tree.
    if (name === 'value' && (node as { type?: unknown }).type === 0) return [name, disguised(String(value))]
    return [name, typeof value === 'object' ? disguisedTree(value) : value]
  })
  return Object.fromEntries(entries)
}

const PLAIN = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const ODD = [...'áƀćďéƒğĥíĵķĺḿńőƥɋŕśťúṽŵẋýžÁƁĆĎÉƑĞĤÍĴĶĹḾŃŐƤɊŔŚŤÚṼŴẊÝŽ']

/** Readable still, and no letter of it plain. */
function disguised(text: string): string {
  return text.replace(/[a-zA-Z]/g, (letter) => ODD[PLAIN.indexOf(letter)] ?? letter)
}
