import { decodeWords } from 'postal-mime'

/**
 * Labels that mail carries and TextDecoder does not know, by their bare form (lower case, no separators, no `x-`).
 * Everything else that is unknown is read as UTF-8 where it is UTF-8 and as windows-1252 where it is not.
 */
const ALIASES: Readonly<Record<string, string>> = {
  cp1252: 'windows-1252',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp932: 'shift_jis',
  windows31j: 'shift_jis',
  cp936: 'gbk',
  ms936: 'gbk',
  cp949: 'euc-kr',
  uhc: 'euc-kr',
  cp950: 'big5',
  cp874: 'windows-874',
  tis620: 'windows-874',
  iso2022jp1: 'iso-2022-jp',
  iso2022jp2: 'iso-2022-jp',
  cp50220: 'iso-2022-jp',
  iso88598i: 'iso-8859-8-i',
  iso88598e: 'iso-8859-8',
  utf7: 'utf-8', // a decoder for UTF-7 is a way past filters; its ASCII reads well enough
  macintosh: 'macintosh',
  ansix341968: 'windows-1252',
  usascii: 'utf-8', // senders who say ASCII and mean more, mean UTF-8 today
}

const decoders = new Map<string, InstanceType<typeof TextDecoder> | undefined>()
const MOST_DECODERS = 100

function decoderOf(label: string): InstanceType<typeof TextDecoder> | undefined {
  const key = label.trim().toLowerCase()
  if (decoders.has(key)) return decoders.get(key)
  let decoder: InstanceType<typeof TextDecoder> | undefined
  for (const name of [key, ALIASES[key.replace(/^x-/, '').replaceAll(/[\s._-]/g, '')], key.replace(/^(?:x-|cs)/, '')]) {
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
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
const windows1252 = new TextDecoder('windows-1252')

/** Text of bytes that say nothing of themselves, or say something wrong: UTF-8 if they are that, else windows-1252. */
function guess(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return windows1252.decode(bytes)
  }
}

/** Text of bytes in a charset named by mail. Never throws; an unknown name, or UTF-8 that is not, is guessed. */
export function decodeBytes(bytes: Uint8Array, charset: string): string {
  const decoder = charset === '' ? undefined : decoderOf(charset)
  if (decoder === undefined || decoder.encoding === 'utf-8' || isAsciiLabel(charset)) return guess(bytes)
  return decoder.decode(bytes)
}

const isAsciiLabel = (charset: string) => /^(?:us-?ascii|ansi_x3\.4-1968)$/i.test(charset.trim())

/** Text of an unfolded header value, one character a byte: raw 8-bit octets are guessed, encoded words stay. */
export function decodeOctets(value: string): string {
  // eslint-disable-next-line no-control-regex -- the whole of ASCII is what is asked for
  return /^[\x00-\x7f]*$/.test(value) ? value : guess(Buffer.from(value, 'latin1'))
}

/** The same with encoded words (RFC 2047) read. */
export function decodeHeaderText(value: string): string {
  const text = decodeOctets(value)
  return text.includes('=?') ? decodeWords(text) : text
}
