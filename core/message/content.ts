import { readText, type ReadText } from './charset.ts'
import { CAPS } from './reading-caps.ts'
import type { Part } from './structure.ts'
import { lineFeedsOnly, SMALL, withLineFeeds } from './line-ends.ts'
import { base64Length, decodeBase64, decodeQuotedPrintable } from './transfer.ts'
import { decodeUuencoded } from './uuencode.ts'

const LF = 0x0a
const CR = 0x0d
const EQUALS = 0x3d

type Body = Pick<Part, 'bodyFrom' | 'bodyTo' | 'encoding'>

/** The octets of a part's body as they stand in the message. */
function rawBody(raw: Uint8Array, part: Body): Buffer {
  return Buffer.from(raw.buffer, raw.byteOffset + part.bodyFrom, part.bodyTo - part.bodyFrom)
}

/** The decoded octets of a part (RFC 2045 §6), of at most `most` encoded ones; what is no base64 is passed over. */
export function decodeContent(raw: Uint8Array, part: Body, most = Infinity): Buffer {
  const body = rawBody(raw, part).subarray(0, most)
  if (isBase64(part)) return decodeBase64(body)
  if (isQuotedPrintable(part)) return decodeQuotedPrintable(body)
  if (/^(?:x-)?uu(?:e|encode)$/.test(part.encoding)) return decodeUuencoded(body) ?? body
  return body
}

const isBase64 = (part: Body) => /^(?:base-?64|b)$/.test(part.encoding)
const isQuotedPrintable = (part: Body) => /^(?:quoted[-_]?printable|q)$/.test(part.encoding)

/** Whether the encoding is one there is (RFC 2045 §6.1), or says nothing. */
export function isKnownEncoding({ encoding }: Body): boolean {
  return /^(?:|7-?bits?|8-?bits?|binary|none|base-?64|b|quoted[-_]?printable|q|(?:x-)?uu(?:e|encode))$/.test(encoding)
}

/**
 * How many octets a part has decoded, as its encoding says: exact for base64 in lines of one length, which nearly all is. Nothing is
 * decoded for it, so that a large attachment costs no more than a small one.
 */
export function decodedLength(raw: Uint8Array, part: Body): number {
  const body = rawBody(raw, part)
  if (!isBase64(part)) return body.length
  let end = body.length
  while (end > 0 && ((body[end - 1] ?? 0) === LF || (body[end - 1] ?? 0) === CR)) end--
  const lineEnd = body.subarray(0, end).indexOf(LF)
  const breaks = lineEnd < 0 ? 0 : Math.floor(end / (lineEnd + 1)) * (body[lineEnd - 1] === CR ? 2 : 1)
  const pads = body[end - 1] !== EQUALS ? 0 : body[end - 2] === EQUALS ? 2 : 1
  return Math.max(0, Math.floor(((end - breaks) * 3) / 4) - pads)
}

/** How many octets a part has decoded, counted; a large attachment takes no room for it. */
export function exactLength(raw: Uint8Array, part: Body): number {
  return isBase64(part) ? base64Length(rawBody(raw, part)) : decodeContent(raw, part).length
}

/** Neither a letter of base64, nor a pad, nor white space. */
const isJunk = (byte: number) =>
  !(byte >= 0x61 && byte <= 0x7a) &&
  !(byte >= 0x41 && byte <= 0x5a) &&
  !(byte >= 0x2f && byte <= 0x39) &&
  byte !== 0x2b &&
  byte !== EQUALS &&
  byte !== 0x20 &&
  !(byte >= 0x09 && byte <= CR)

/** The octets of a part that are neither base64 nor line ends. */
export function countJunk(raw: Uint8Array, part: Body): number {
  if (!isBase64(part)) return 0
  let count = 0
  const body = rawBody(raw, part)
  for (let i = 0; i < body.length; i++) if (isJunk(body[i] ?? 0)) count++
  return count
}

/** The text of a text part with `\n` line ends; lines that flow are still apart. */
export function textOf(raw: Uint8Array, part: Part): ReadText {
  const bytes = decodeContent(raw, part, CAPS.textBytes)
  const said = part.typeParameters.get('charset') ?? ''
  const charset = said === '' && part.type === 'text/html' ? metaOf(bytes) : said
  if (bytes.length > SMALL && !/^["' ]*(?:utf-?(?:16|32)|ucs|iso-10646|unicode$)/i.test(charset))
    return readText(lineFeedsOnly(bytes), charset)
  const { text, problem } = readText(bytes, charset)
  return { text: withLineFeeds(text), problem }
}

/** What an HTML text says of itself, where its header says nothing. */
function metaOf(bytes: Buffer): string {
  const start = bytes.toString('latin1', 0, 2048)
  const found = /<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})/i.exec(start)?.[1] ?? ''
  // It was found as ASCII, so it is no UTF-16.
  return /^utf-?(?:16|7)/i.test(found) ? '' : found
}
