import { CAPS } from './reading-caps.ts'
import { decodeBase64, decodeQuotedPrintable } from './transfer.ts'

/** Text of octets in a charset; handed in, for charsets have names that are read here. */
export type Decode = (bytes: Uint8Array, charset: string) => string

/**
 * `=?charset?encoding?text?=` (RFC 2047 §2), a language after the charset (RFC 2231 §5). Spaces within the text and a `?` that
 * ends nothing are forbidden and common. A text ends where the next word begins, so no octet is looked at for two of them.
 */
const WORD = /=\?([^?\s*]{1,60})(?:\*[^?\s]{0,60})?\?([bq])\?((?:[^?=]|\?(?!=)|=(?!\?(?!=)))*)\?=/gi

interface Word {
  readonly charset: string
  readonly encoding: string
  readonly text: string
}

/**
 * Reads the encoded words of a header text; all else stays. Words side by side are one text, whose characters may be split over
 * them: forbidden (RFC 2047 §5), and written every day.
 */
export function decodeWords(text: string, decode: Decode): string {
  let out = ''
  let at = 0
  let words: Word[] = []
  let count = 0
  const flush = () => {
    out += textOf(words, decode)
    words = []
  }
  WORD.lastIndex = 0
  for (const found of text.matchAll(WORD)) {
    if (++count > CAPS.encodedWords) break
    const between = text.slice(at, found.index)
    if (words.length > 0 && !/^[ \t\r\n]*$/.test(between)) flush()
    if (words.length === 0) out += between
    words.push({ charset: found[1] ?? '', encoding: (found[2] ?? '').toLowerCase(), text: found[3] ?? '' })
    at = found.index + found[0].length
  }
  flush()
  return out + text.slice(at)
}

function textOf(words: readonly Word[], decode: Decode): string {
  let out = ''
  for (let n = 0; n < words.length;) {
    const charset = words[n]?.charset ?? ''
    const bytes: Buffer[] = []
    for (; n < words.length && words[n]?.charset.toLowerCase() === charset.toLowerCase(); n++) {
      let { text } = words[n]!
      const isBase64 = words[n]?.encoding === 'b'
      // One base64 text cut into words wherever a line was full.
      while (isBase64 && isUnfinished(text) && continues(words[n], words[n + 1])) text += words[++n]?.text ?? ''
      bytes.push(isBase64 ? decodeBase64(Buffer.from(text, 'latin1')) : decodeQ(text))
    }
    out += decode(Buffer.concat(bytes), charset)
  }
  return out
}

const isUnfinished = (text: string) => !text.includes('=') && text.replaceAll(/[^A-Za-z0-9+/]/g, '').length % 4 !== 0
const continues = (word: Word | undefined, next: Word | undefined) =>
  next?.encoding === 'b' && next.charset.toLowerCase() === word?.charset.toLowerCase()

/** The `Q` encoding (RFC 2047 §4.2): quoted-printable where `_` is a space. A `=` before a fold is no soft break. */
function decodeQ(text: string): Buffer {
  const bytes = /[^\0-\u00ff]/.test(text) ? Buffer.from(text) : Buffer.from(text, 'latin1')
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0x5f || bytes[i] === 0x09) bytes[i] = 0x20
  // Spaces at the end of the word are its own: nothing is a line here.
  const end = bytes.findLastIndex((byte) => byte !== 0x20) + 1
  return Buffer.concat([decodeQuotedPrintable(bytes.subarray(0, end)), bytes.subarray(end)])
}
