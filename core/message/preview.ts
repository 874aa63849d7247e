import { oneLine } from './one-line.ts'

const LONGEST_PREVIEW = 200
const LOOKED_AT = 8 * 1024
/** More than a preview holds, whatever is taken out of it. */
const ENOUGH = 8 * LONGEST_PREVIEW
/** Senders fill the preview of other programs with what nobody sees, and put soft hyphens where words may break. */
const INVISIBLE =
  /(?:\u034f|[\u00ad\u061c\u115f\u1160\u180e\u2060-\u2064\u3164\uffa0])+|(?<=^|\s)(?:\u200c|\u200d)+(?=\s|$)/g
/** `On Tuesday … Ada wrote:` in the languages most mail is in; it stands right before what is quoted. */
const ATTRIBUTION =
  /(?:\b(?:wrote|writes|schrieb|schreibt|escribió|escreveu|scritto|scrisse|schreef|skrev|kirjoitti|napisała?)\b|écrit|написала?|пишет|写道|寫道|書きました|のメール|작성)[^:：]{0,200}[:：]\s*$/iu
/** Scripts that put no space between words: a line break in them is none either. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u

/** The first words the author wrote, at most 200 characters: what is quoted is somebody else's, and a signature says nothing. */
export function previewOf(body: string): string {
  const lines = body.slice(0, LOOKED_AT).replaceAll(INVISIBLE, '').split('\n')
  const own = oneLine(joined(ownLines(lines)), LONGEST_PREVIEW)
  // Mail that only quotes shows what it quotes.
  return own === '' ? oneLine(joined(lines.map((line) => line.replace(/^[> ]+/, ''))), LONGEST_PREVIEW) : own
}

function ownLines(lines: readonly string[]): string[] {
  const own: string[] = []
  let length = 0
  for (const [n, line] of lines.entries()) {
    if (length > ENOUGH || line === '-- ' || line === '--') break
    if (line.startsWith('>')) continue
    if (/^-{2,}\s?(?:Original Message|Ursprüngliche Nachricht|Message d'origine)\s?-{2,}$/i.test(line.trim())) break
    if (isAttribution(lines, n)) continue
    own.push(line)
    length += line.length
  }
  return own
}

/** Whether the line, or the two it is the first of, only says whose words are quoted next. */
function isAttribution(lines: readonly string[], at: number): boolean {
  const quoteAt = [1, 2, 3].map((n) => at + n).find((n) => lines[n]?.startsWith('>'))
  if (quoteAt === undefined) return false
  const between = lines.slice(at + 1, quoteAt).filter((line) => line.trim() !== '')
  if (between.length === 0) return ATTRIBUTION.test(lines[at] ?? '')
  return between.length === 1 && /\d/.test(lines[at] ?? '') && ATTRIBUTION.test(between[0] ?? '')
}

function joined(lines: readonly string[]): string {
  let out = ''
  let last = ''
  for (const line of lines) {
    const words = line.trim()
    if (words === '') continue
    // The last line, not all there is so far: to look at the end of a text that grows copies it each time.
    out += out === '' || (endsUnspaced(last) && beginsUnspaced(words)) ? words : ` ${words}`
    last = words
    if (out.length > ENOUGH) break
  }
  return out
}

/** No script that puts no space between words has letters below. */
const FIRST_UNSPACED = 0x2e80
const isUnspaced = (character: string) => character.charCodeAt(0) >= FIRST_UNSPACED && UNSPACED.test(character)
const isTail = (code: number) => code >= 0xdc00 && code <= 0xdfff
const endsUnspaced = (text: string) => isUnspaced(text.slice(isTail(text.charCodeAt(text.length - 1)) ? -2 : -1))
const beginsUnspaced = (text: string) => isUnspaced(text.slice(0, isTail(text.charCodeAt(1)) ? 2 : 1))
