/*
 * How text is made comparable for search, the same way where it is indexed, where it is asked for and where it is marked: case,
 * accents, width and ligatures count for nothing. Scripts that don't part words are cut into pairs of letters, so that any part
 * of them is found; what is left is for SQLite's tokenizer, whose words are runs of letters, digits, marks and private use.
 */

/** Accents and signs above letters that are left out where they are no letters of their own: Latin, Greek, Cyrillic, Hebrew, Arabic. */
const MARKS = new RegExp(
  `[${[
    '\\u0300-\\u036f\\u0483-\\u0489\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f',
    '\\u0591-\\u05bd\\u05bf\\u05c1\\u05c2\\u05c4\\u05c5\\u05c7',
    '\\u0610-\\u061a\\u064b-\\u065f\\u0670\\u06d6-\\u06dc\\u06df-\\u06e4\\u06e7\\u06e8\\u06ea-\\u06ed',
    '\\u0640', // a stroke that only makes Arabic words longer
    '\\ufe00-\\ufe0f\\p{Cf}\\p{EMod}', // what chooses a glyph, and what nobody sees
  ].join('')}]`,
  'gu',
)
const NOT_ASCII = /[^\0-\x7f]/
/** Letters that no decomposition takes apart, by what people without them write. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ŧ: 't',
  ı: 'i',
  ς: 'σ',
  // Arabic as it is written in haste, and the Persian forms of two of its letters.
  ة: 'ه',
  ى: 'ي',
  ی: 'ي',
  ک: 'ك',
}
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu')
/** Emoji and other pictures. Each is a word of its own: a private character and its number. */
const PICTURE = /\p{RI}{2}|\p{ExtPict}/gu
const PICTURE_WORD = '\ue000'

/** What every part of the folding but the pairs does. */
function foldLetters(text: string): string {
  if (!NOT_ASCII.test(text)) return text.toLowerCase()
  const pictured = text.replaceAll(
    PICTURE,
    (one) => ` ${PICTURE_WORD}${[...one].map((letter) => letter.codePointAt(0)?.toString(16)).join('x')} `,
  )
  const apart = pictured.normalize('NFKD').replaceAll(MARKS, '').toLowerCase()
  // Back together: syllables of Hangul and kana with their marks are letters.
  return apart.normalize('NFC').replaceAll(LETTER, (letter) => LETTERS[letter] ?? letter)
}

/** Letters of scripts written without spaces; of Hangul, too, for its words change at their ends. */
const UNSPACED =
  '(?=[\\p{L}\\p{M}\\p{Nl}])[\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{sc=Hangul}\\p{sc=Bopomofo}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}]'
const UNSPACED_RUN = new RegExp(`(?:${UNSPACED})+`, 'gu')
const HAS_UNSPACED = new RegExp(UNSPACED, 'u')

/** `abcd` as `ab bc cd d`: the last letter stands alone, so that each is the beginning of a word. */
function inPairs(run: string): string {
  const letters = [...run]
  return ` ${letters.map((letter, i) => letter + (letters[i + 1] ?? '')).join(' ')} `
}

/** Text as the index has it. */
export function foldText(text: string): string {
  const folded = foldLetters(text)
  return HAS_UNSPACED.test(folded) ? folded.replaceAll(UNSPACED_RUN, inPairs) : folded
}

/** A word of a text, folded, and where it stands there. A letter of an unspaced script is a word of its own. */
export interface FoldedWord {
  readonly text: string
  readonly from: number
  readonly to: number
  readonly isLetter: boolean
  /** Follows another letter with nothing between. */
  readonly isGlued: boolean
}

const CLUSTER = /\p{RI}{2}|\P{M}[\p{M}\p{EMod}\p{Cf}]*|\p{M}+/gu
const WORD = new RegExp(`${UNSPACED}|(?:(?!${UNSPACED})[\\p{L}\\p{N}\\p{Co}\\p{Mn}\\p{Mc}])+`, 'gu')

/** The words of a text in order, as the index takes them apart. */
export function foldedWords(text: string): FoldedWord[] {
  let folded = ''
  const places: number[] = [] // where each code unit of `folded` comes from, and behind it
  const ends: number[] = []
  for (const { 0: cluster, index } of text.matchAll(CLUSTER)) {
    const letters = foldLetters(cluster)
    for (let i = 0; i < letters.length; i++) {
      places.push(index)
      ends.push(index + cluster.length)
    }
    folded += letters
  }
  let lastLetterEnd = -1
  return [...folded.matchAll(WORD)].map(({ 0: word, index }) => {
    const isLetter = HAS_UNSPACED.test(word)
    const isGlued = isLetter && index === lastLetterEnd
    const end = index + word.length
    if (isLetter) lastLetterEnd = end
    return { text: word, from: places[index] ?? 0, to: ends[end - 1] ?? text.length, isLetter, isGlued }
  })
}
