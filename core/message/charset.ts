import { isAscii as isAsciiOnly } from 'node:buffer'
import { decodeWords } from './encoded-words.ts'
import { decodeUtf7, fromHz, fromIso2022Kr } from './stateful-charsets.ts'

/** Labels that mail carries and TextDecoder does not know, by their bare form (lower case, no separators, no `x-`). */
const ALIASES: Readonly<Record<string, string>> = {
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1252: 'windows-1252',
  cp1253: 'windows-1253',
  cp1254: 'windows-1254',
  cp1255: 'windows-1255',
  cp1256: 'windows-1256',
  cp1257: 'windows-1257',
  cp1258: 'windows-1258',
  cp866: 'ibm866',
  cp932: 'shift_jis',
  windows31j: 'shift_jis',
  cp936: 'gbk',
  ms936: 'gbk',
  gb2312: 'gbk',
  gb180302000: 'gb18030',
  cp949: 'euc-kr',
  uhc: 'euc-kr',
  cp950: 'big5',
  cp874: 'windows-874',
  tis620: 'windows-874',
  iso2022jp1: 'iso-2022-jp',
  iso2022jp2: 'iso-2022-jp',
  iso2022jpms: 'iso-2022-jp',
  cp50220: 'iso-2022-jp',
  iso88598i: 'iso-8859-8-i',
  iso88598e: 'iso-8859-8',
  cp65001: 'utf-8',
  macintosh: 'macintosh',
  ansix341968: 'us-ascii',
}
/** What the charsets above the browsers' own become, for the rest of the work. */
const SHIFTED: Readonly<Record<string, (bytes: Uint8Array) => string>> = {
  utf7: decodeUtf7,
  unicode11utf7: decodeUtf7,
  iso2022kr: (bytes) => new TextDecoder('euc-kr').decode(fromIso2022Kr(bytes)),
  hzgb2312: (bytes) => new TextDecoder('gbk').decode(fromHz(bytes)),
  hz: (bytes) => new TextDecoder('gbk').decode(fromHz(bytes)),
}

type Decoder = InstanceType<typeof TextDecoder>
const decoders = new Map<string, Decoder | undefined>()
const MOST_DECODERS = 100
const bareOf = (label: string) => label.replace(/^x-/, '').replaceAll(/[\s._-]/g, '')

function decoderOf(key: string): Decoder | undefined {
  if (decoders.has(key)) return decoders.get(key)
  let decoder: Decoder | undefined
  for (const name of [key, ALIASES[bareOf(key)], key.replace(/^(?:x-|cs)/, ''), bareOf(key)]) {
    if (name === undefined || name === '' || decoder !== undefined) continue
    try {
      decoder = new TextDecoder(name)
    } catch {
      // not a label it knows; the next form may be
    }
  }
  if (decoders.size < MOST_DECODERS) decoders.set(key, decoder)
  return decoder
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })
const looseUtf8 = new TextDecoder('utf-8')
const windows1252 = new TextDecoder('windows-1252')
const japanese = new TextDecoder('iso-2022-jp')
const ESCAPE_DOLLAR = Buffer.from('\u001b$')

/** Text, what it was read as, and how that differs from what was said; null when it does not. */
export interface ReadText {
  readonly text: string
  readonly problem: string | null
}

/**
 * Text of bytes in a charset named by mail, '' for none. Never throws. What is not what it says is read as what it is: UTF-8 is
 * hard to mistake for anything else, Japanese escapes are too, and all the rest is windows-1252 (what browsers call Latin-1).
 */
export function readText(bytes: Uint8Array, charset: string): ReadText {
  const key = charset
    .trim()
    .toLowerCase()
    .replaceAll(/^['"]|['"]$/g, '')
  const plain = (text: string) => ({ text, problem: null })
  if (key === '') return plain(guess(bytes).text)
  const shifted = SHIFTED[bareOf(key)]
  if (shifted !== undefined) return plain(shifted(bytes))
  const decoder = decoderOf(key)
  if (decoder === undefined) {
    const { text, as } = guess(bytes)
    return { text, problem: `charset "${charset.slice(0, 60)}" is not known; read as ${as}` }
  }
  if (decoder.encoding === 'utf-8' || isAscii(key)) {
    const { text, as } = guess(bytes)
    return { text, problem: as === 'utf-8' || as === 'us-ascii' ? lieOf(key, as, bytes) : `says ${key}, is ${as}` }
  }
  if (decoder.encoding === 'windows-1252' && isPlausibleUtf8(bytes))
    return { text: looseUtf8.decode(bytes), problem: `says ${key}, is utf-8` }
  if (decoder.encoding === 'utf-16le' && /^(?:utf-?16|ucs-?2|iso-10646-ucs-2|unicode)$/.test(key) && isBigEndian(bytes))
    return plain(new TextDecoder('utf-16be').decode(bytes))
  return plain(decoder.encoding === 'iso-2022-jp' ? decodeJapanese(bytes) : decoder.decode(bytes))
}

/** A shift right after another means nothing in mail, and stands wherever two encoded words meet; a browser takes it for an attack. */
function decodeJapanese(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  // eslint-disable-next-line no-control-regex -- shifts begin with ESC
  return japanese.decode(Buffer.from(text.replaceAll(/\u001b[($][@BIJ](?=\u001b[($])/g, ''), 'latin1'))
}

/** The same without the words. */
export function decodeBytes(bytes: Uint8Array, charset: string): string {
  return readText(bytes, charset).text
}

const isAscii = (key: string) => /^(?:us-?ascii|ascii|ansi_x3\.4-1968|iso646-us|cp367)$/.test(key)
const lieOf = (key: string, as: string, bytes: Uint8Array) =>
  isAscii(key) && as === 'utf-8' && !isAsciiOnly(bytes) ? `says ${key}, is utf-8` : null

/** Bytes that say nothing of themselves, or something wrong. */
function guess(bytes: Uint8Array): { text: string; as: string } {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const text = strictUtf8.decode(bytes)
    const at = view.indexOf(ESCAPE_DOLLAR)
    const isJapanese = at >= 0 && (view[at + 2] === 0x42 || view[at + 2] === 0x40)
    if (isJapanese && isAsciiOnly(view)) return { text: decodeJapanese(bytes), as: 'iso-2022-jp' }
    return { text, as: 'utf-8' }
  } catch {
    // A character cut in two, or an octet that was lost, does not make the rest another charset.
    const text = looseUtf8.decode(bytes)
    const broken = text.match(/\ufffd/g)?.length ?? 0
    const whole = text.match(/[\u0080-\ufffc\ud800-\udfff]/g)?.length ?? 0
    if (whole > 2 * broken) return { text, as: 'utf-8 with octets that are not' }
    return { text: windows1252.decode(bytes), as: 'windows-1252' }
  }
}

/**
 * Whether bytes that say Latin-1 are UTF-8: all of them, in letters of scripts people write, and not only pairs that end in a
 * no-break space or a French quotation mark, which do stand after capitals.
 */
function isPlausibleUtf8(bytes: Uint8Array): boolean {
  if (isAsciiOnly(bytes)) return false
  let sure = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0
    if (byte < 0x80) continue
    const more = byte >= 0xf0 && byte < 0xf5 ? 3 : byte >= 0xe0 && byte < 0xf0 ? 2 : byte >= 0xc2 && byte < 0xe0 ? 1 : 0
    if (more === 0) return false
    for (let n = 1; n <= more; n++) if (((bytes[i + n] ?? 0) & 0xc0) !== 0x80) return false
    if (more === 1 && !(byte <= 0xc5 || (byte >= 0xce && byte <= 0xd2) || (byte >= 0xd7 && byte <= 0xdb))) return false
    const last = bytes[i + more]
    if (last !== 0xa0 && last !== 0xab && last !== 0xbb) sure++
    i += more
  }
  return sure > 0
}

/** By its mark, else by where the zero octets of Latin letters stand; RFC 2781 §4.3 has big-endian where nothing tells. */
function isBigEndian(bytes: Uint8Array): boolean {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return true
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return false
  let even = 0
  let odd = 0
  for (let i = 0; i + 1 < bytes.length && i < 4000; i += 2) {
    if (bytes[i] === 0) even++
    if (bytes[i + 1] === 0) odd++
  }
  return even >= odd
}

/** Text of an unfolded header value, one character a byte: raw 8-bit octets are guessed, encoded words stay. */
export function decodeOctets(value: string): string {
  // eslint-disable-next-line no-control-regex -- the whole of ASCII and no Japanese escape is what is asked for
  return /^[\x00-\x1a\x1c-\x7f]*$/.test(value) ? value : guess(Buffer.from(value, 'latin1')).text
}

/** The same with encoded words (RFC 2047) read. */
export function decodeHeaderText(value: string): string {
  return decodeEncodedWords(decodeOctets(value))
}

/** Reads the encoded words (RFC 2047) of a text that is decoded otherwise; all else stays as it is. */
export function decodeEncodedWords(text: string): string {
  return text.includes('=?') ? decodeWords(text, decodeBytes) : text
}
