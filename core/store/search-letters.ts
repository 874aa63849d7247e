/*
 * Which characters FTS5's tokenizer takes for parts of words, as far as that is known here: of text that is folded already
 * (core/model/search-fold.ts), in the scripts most mail is written in. A message with any other is left to FTS5 itself.
 */

/** What a byte of a text in UTF-8 is: it parts words, is a letter or digit, or begins a character of several bytes. */
export const LETTER = 1
export const LEAD = 2
export const kindOf = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return LEAD
  return /[0-9a-z]/.test(String.fromCharCode(byte)) ? LETTER : 0
})

const SEPARATOR = 2
/** From, to: characters that part words. */
const SEPARATORS = [
  [0x80, 0xa9],
  [0xab, 0xb1],
  [0xb6, 0xb8],
  [0xbb, 0xbb],
  [0xbf, 0xbf],
  [0xd7, 0xd7],
  [0xf7, 0xf7],
  [0x2010, 0x2027], // dashes, quotation marks, bullets
  [0x2030, 0x205e],
  [0x20a0, 0x20b9], // signs of money
  [0x2190, 0x23f3], // arrows and signs
  [0x2500, 0x26ff], // lines, shapes, dingbats
  [0x2701, 0x2775],
  [0x2794, 0x27bf],
  [0x3001, 0x3003], // punctuation of Chinese and Japanese
  [0x3008, 0x3020],
  [0xfffd, 0xfffd],
] as const
/** From, to: letters, as the folding leaves them. */
const LETTERS = [
  [0x03b1, 0x03c1],
  [0x03c3, 0x03c9],
  [0x0430, 0x045f],
  [0x05d0, 0x05ea],
  [0x0621, 0x063a],
  [0x0641, 0x064a],
  [0x3041, 0x3096],
  [0x30a1, 0x30fa],
  [0x4e00, 0x9fa5],
  [0xac00, 0xd7a3],
  [0xe000, 0xe000], // what the folding puts before the number of a picture
] as const

const kinds = new Uint8Array(0x10000)
for (const [from, to] of SEPARATORS) kinds.fill(SEPARATOR, from, to + 1)
for (const [from, to] of LETTERS) kinds.fill(LETTER, from, to + 1)

/** Whether that character is part of a word; undefined where only FTS5 knows. */
export function isLetter(codePoint: number): boolean | undefined {
  const kind = kinds[codePoint] ?? 0
  return kind === 0 ? undefined : kind === LETTER
}

/** The same of the character of several bytes that begins there in a text of well-formed UTF-8. */
export function isLetterAt(bytes: Uint8Array, at: number): boolean | undefined {
  const [first, second, third] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!]
  if (first < 0xe0) return isLetter(((first & 0x1f) << 6) | (second & 0x3f))
  if (first < 0xf0) return isLetter(((first & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f))
  return undefined
}
