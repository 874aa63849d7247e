import { decodeBytes } from './charset.ts'
import type { Part } from './structure.ts'

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09
const EQUALS = 0x3d

/** The octets of a part's body as they stand in the message. */
function rawBody(raw: Uint8Array, part: Pick<Part, 'bodyFrom' | 'bodyTo'>): Buffer {
  return Buffer.from(raw.buffer, raw.byteOffset + part.bodyFrom, part.bodyTo - part.bodyFrom)
}

/** The decoded octets of a part (RFC 2045 §6); bytes that are no base64 are passed over. */
export function decodeContent(raw: Uint8Array, part: Pick<Part, 'bodyFrom' | 'bodyTo' | 'encoding'>): Buffer {
  const body = rawBody(raw, part)
  if (part.encoding === 'base64') return decodeBase64(body)
  if (part.encoding === 'quoted-printable') return decodeQuotedPrintable(body)
  return body
}

/**
 * How many octets a part has decoded, as its encoding says: exact for base64 in lines of one length, which nearly all is. Nothing is
 * decoded for it, so that a large attachment costs no more than a small one.
 */
export function decodedLength(raw: Uint8Array, part: Pick<Part, 'bodyFrom' | 'bodyTo' | 'encoding'>): number {
  const body = rawBody(raw, part)
  if (part.encoding !== 'base64') return body.length
  let end = body.length
  while (end > 0 && ((body[end - 1] ?? 0) === LF || (body[end - 1] ?? 0) === CR)) end--
  const lineEnd = body.subarray(0, end).indexOf(LF)
  const breaks = lineEnd < 0 ? 0 : Math.floor(end / (lineEnd + 1)) * (body[lineEnd - 1] === CR ? 2 : 1)
  const pads = body[end - 1] !== EQUALS ? 0 : body[end - 2] === EQUALS ? 2 : 1
  return Math.max(0, Math.floor(((end - breaks) * 3) / 4) - pads)
}

/** Some mailers pad every line: what follows a pad begins anew. */
function decodeBase64(body: Buffer): Buffer {
  const text = body.toString('latin1').replaceAll(/[^A-Za-z0-9+/=]+/g, '')
  const pad = text.indexOf('=')
  if (pad < 0 || pad >= text.length - 2) return Buffer.from(text, 'base64')
  const pieces = text.split(/=+/)
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64')))
}

/** RFC 2045 §6.7; an `=` that begins no escape stands for itself. */
export function decodeQuotedPrintable(body: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(body.length)
  let length = 0
  /** Where the spaces and tabs began that may turn out to end a line: transport added them. */
  let kept = 0
  for (let i = 0; i < body.length; i++) {
    const byte = body[i] ?? 0
    if (byte === EQUALS) {
      const escape = escapeAt(body, i + 1)
      if (escape === undefined) out[length++] = byte
      else {
        i = escape.last
        if (escape.byte !== undefined) out[length++] = escape.byte
      }
      kept = length
      continue
    }
    const endsLine = byte === LF || (byte === CR && body[i + 1] === LF)
    if (endsLine) length = kept
    out[length++] = byte
    if (endsLine || (byte !== SPACE && byte !== TAB)) kept = length
  }
  return out.subarray(0, kept)
}

/** What an `=` begins: a byte, or a soft line break, which may have spaces before it ends. */
function escapeAt(body: Uint8Array, at: number): { last: number; byte?: number } | undefined {
  const high = hexOf(body[at])
  const low = hexOf(body[at + 1])
  if (high !== undefined && low !== undefined) return { last: at + 1, byte: high * 16 + low }
  let end = at
  while (body[end] === SPACE || body[end] === TAB) end++
  if (end >= body.length) return { last: end }
  if (body[end] === CR && body[end + 1] === LF) return { last: end + 1 }
  return body[end] === LF ? { last: end } : undefined
}

function hexOf(byte: number | undefined): number | undefined {
  if (byte === undefined) return undefined
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined
}

/** The text of a text part with `\n` line ends; format=flowed is put back together (RFC 3676 §4.2). */
export function textOf(raw: Uint8Array, part: Part): string {
  const text = decodeBytes(decodeContent(raw, part), part.typeParameters.get('charset') ?? '').replaceAll(
    /\r\n?/g,
    '\n',
  )
  if (part.type !== 'text/plain' || part.typeParameters.get('format')?.toLowerCase() !== 'flowed') return text
  return unflow(text, part.typeParameters.get('delsp')?.toLowerCase() === 'yes')
}

/** Joins flowed lines of one quote depth; a signature mark (`-- `) never flows. */
function unflow(text: string, deletesSpace: boolean): string {
  const out: string[] = []
  let open: { depth: number; pieces: string[] } | undefined
  const shut = () => {
    if (open !== undefined) out.push(quoted(open.depth, open.pieces.join('')))
    open = undefined
  }
  for (const line of text.split('\n')) {
    let depth = 0
    while (line[depth] === '>') depth++
    let content = line.slice(depth)
    if (content.startsWith(' ')) content = content.slice(1) // space-stuffing
    const isSignature = content === '-- '
    if (open !== undefined && (open.depth !== depth || isSignature)) shut()
    const flows = content.endsWith(' ') && !isSignature
    const piece = flows && deletesSpace ? content.slice(0, -1) : content
    if (open === undefined) open = { depth, pieces: [piece] }
    else open.pieces.push(piece)
    if (!flows) shut()
  }
  shut()
  return out.join('\n')
}

const quoted = (depth: number, text: string) => (depth === 0 ? text : `${'>'.repeat(depth)} ${text}`)
