import { isAscii } from 'node:buffer'
import { type Header, firstValue, readHeader } from './headers.ts'
import { readParameters } from './parameters.ts'

/**
 * Makes a message 7-bit before it is stored for good (RFC 6152 §3), so that no server on its way needs 8BITMIME and a
 * signature made over it holds. The structure stays; each leaf with 8-bit bytes or over-long lines gets an encoding.
 */
export type SevenBit =
  | { readonly kind: 'converted'; readonly raw: Buffer }
  /** Must not be touched, or has a shape nobody can rewrite safely: it goes as it came. */
  | { readonly kind: 'as-is'; readonly why: 'signed' | 'utf8-headers' | 'shape' }

/** RFC 5322 §2.1.1, without CRLF. */
export const LONGEST_LINE = 998
/** RFC 2045 §6.7 (5), RFC 2045 §6.8. */
const LONGEST_ENCODED_LINE = 76
const DEEPEST = 100
const LF = 0x0a
const CR = 0x0d
/** Parts a hostile message may hold before it is left alone. */
const MOST_PARTS = 10_000
/** Bytes that are worked on between two pauses. */
const SLICE_BYTES = 128 * 1024

/** A span of the original, or bytes in its place. */
type Piece = Buffer
interface Entity {
  readonly from: number
  readonly to: number
  readonly depth: number
  /** What it is without a Content-Type (RFC 2046 §5.1.5). */
  readonly untyped: string
}

class Untouchable extends Error {
  readonly why: 'signed' | 'utf8-headers' | 'shape'
  constructor(why: 'signed' | 'utf8-headers' | 'shape') {
    super(why)
    this.why = why
  }
}

/**
 * The message in 7 bits, worked out in slices: each `yield` is a place to let others run. `raw` has CRLF line ends only.
 */
export function* toSevenBit(raw: Buffer): Generator<void, SevenBit> {
  try {
    return { kind: 'converted', raw: Buffer.concat(yield* rewrite(raw)) }
  } catch (error) {
    if (error instanceof Untouchable) return { kind: 'as-is', why: error.why }
    throw error
  }
}

/** Walks entities in the order of their bytes, so that the pieces come out in order. */
function* rewrite(raw: Buffer): Generator<void, Piece[]> {
  const pieces: Piece[] = []
  // What is still to be done, last first: an entity, or a span that is copied.
  const todo: (Entity | { readonly copyFrom: number; readonly to: number })[] = [
    { from: 0, to: raw.length, depth: 0, untyped: 'text/plain' },
  ]
  let parts = 0
  for (let next = todo.pop(); next; next = todo.pop()) {
    if ('copyFrom' in next) {
      pieces.push(raw.subarray(next.copyFrom, next.to))
      continue
    }
    if (++parts > MOST_PARTS || next.depth > DEEPEST) throw new Untouchable('shape')
    const head = readPartHeader(raw, next)
    if (head.type === 'message/rfc822') {
      if (isEncoded(head.encoding)) throw new Untouchable('shape') // RFC 2046 §5.2.1 forbids it
      pieces.push(...withEncoding(raw, next, head, '7bit'))
      todo.push({ from: head.bodyAt, to: next.to, depth: next.depth + 1, untyped: 'text/plain' })
    } else if (head.type.startsWith('multipart/')) {
      if (isEncoded(head.encoding)) throw new Untouchable('shape') // RFC 2045 §6.4
      pieces.push(...withEncoding(raw, next, head, '7bit'))
      todo.push(...split(raw, head, next).toReversed())
      yield
    } else yield* rewriteLeaf(raw, next, head, pieces)
  }
  return pieces
}

interface PartHeader {
  readonly header: Header
  readonly bodyAt: number
  readonly type: string
  readonly boundary: string | undefined
  readonly encoding: string
  readonly hasType: boolean
}

function readPartHeader(raw: Buffer, entity: Entity): PartHeader {
  const bytes = raw.subarray(0, entity.to)
  const header = readHeader(bytes, entity.from)
  if (header.oddAt !== undefined) throw new Untouchable('shape')
  if (!isClean(raw.subarray(entity.from, header.end), Infinity)) throw new Untouchable('utf8-headers') // RFC 6532 §3
  const written = firstValue(bytes, header, 'content-type')
  const { value, parameters } = readParameters(written ?? entity.untyped)
  const isSigned =
    value === 'multipart/signed' ||
    value === 'multipart/encrypted' ||
    /^application\/(?:x-)?pkcs7-/.test(value) ||
    header.fields.some((field) => field.name === 'dkim-signature')
  if (isSigned) throw new Untouchable('signed') // RFC 1847 §2.1: not one byte may change
  return {
    header,
    bodyAt: header.bodyAt,
    type: value,
    boundary: parameters.get('boundary'),
    encoding: (firstValue(bytes, header, 'content-transfer-encoding') ?? '7bit').toLowerCase(),
    hasType: written !== undefined,
  }
}

const isEncoded = (encoding: string) => !['7bit', '8bit', 'binary'].includes(encoding)

/** Header of an entity with another Content-Transfer-Encoding, blank line included; as it stands when none need be said. */
function withEncoding(raw: Buffer, entity: Entity, head: PartHeader, encoding: string, extra = ''): Piece[] {
  if (head.encoding === encoding && extra === '') return [raw.subarray(entity.from, head.bodyAt)]
  const pieces: Piece[] = []
  let at = entity.from
  for (const field of head.header.fields) {
    if (field.name !== 'content-transfer-encoding') continue
    pieces.push(raw.subarray(at, field.at))
    at = field.end
  }
  const field = encoding === '7bit' ? '' : `Content-Transfer-Encoding: ${encoding}\r\n`
  pieces.push(raw.subarray(at, head.header.end), Buffer.from(extra + field, 'latin1'))
  // A part may have no blank line when it has no body.
  pieces.push(raw.subarray(head.header.end, head.bodyAt))
  return pieces
}

/** The parts of a multipart and what lies between them, in order. */
function split(
  raw: Buffer,
  head: PartHeader,
  entity: Entity,
): (Entity | { readonly copyFrom: number; readonly to: number })[] {
  const { boundary } = head
  if (!boundary || boundary.length > 2048) throw new Untouchable('shape')
  const mark = Buffer.from(`--${boundary}`, 'latin1')
  const found: (Entity | { copyFrom: number; to: number })[] = []
  const untyped = head.type === 'multipart/digest' ? 'message/rfc822' : 'text/plain' // RFC 2046 §5.1.5
  let copyFrom = head.bodyAt
  let partFrom: number | undefined
  let isClosed = false
  for (let at = raw.indexOf(mark, head.bodyAt); at >= 0 && at < entity.to; at = raw.indexOf(mark, at + mark.length)) {
    if (at !== head.bodyAt && (raw[at - 1] !== 0x0a || raw[at - 2] !== 0x0d)) continue
    const lineEnd = lineEndOf(raw, at, entity.to)
    const rest = raw.toString('latin1', at + mark.length, lineEnd)
    const closes = rest.startsWith('--')
    if (!/^(?:--)?[ \t]*\r?\n?$/.test(rest)) continue // a longer boundary that begins like this one
    if (partFrom !== undefined) {
      // The CRLF before a delimiter belongs to the delimiter (RFC 2046 §5.1.1).
      const to = Math.max(partFrom, at - 2)
      found.push({ from: partFrom, to, depth: entity.depth + 1, untyped })
      copyFrom = to
    }
    if (closes) {
      isClosed = true
      break
    }
    found.push({ copyFrom, to: lineEnd })
    partFrom = lineEnd
    copyFrom = lineEnd
    if (found.length > 2 * MOST_PARTS) throw new Untouchable('shape')
  }
  if (partFrom === undefined) throw new Untouchable('shape')
  // A multipart cut off before its end is still read by most: its last part runs to the end.
  if (!isClosed) found.push({ from: partFrom, to: entity.to, depth: entity.depth + 1, untyped })
  else found.push({ copyFrom, to: entity.to })
  for (const one of found)
    if ('copyFrom' in one && !isClean(raw.subarray(one.copyFrom, one.to), LONGEST_LINE)) throw new Untouchable('shape')
  return found
}

function lineEndOf(raw: Buffer, at: number, to: number): number {
  const lf = raw.indexOf(0x0a, at)
  return lf < 0 || lf >= to ? to : lf + 1
}

function* rewriteLeaf(raw: Buffer, entity: Entity, head: PartHeader, pieces: Piece[]): Generator<void, void> {
  const body = raw.subarray(head.bodyAt, entity.to)
  let isBodyClean = true
  for (let at = 0; at < body.length && isBodyClean; at += SLICE_BYTES) {
    // Slices overlap by a line, so that no line hides across a seam.
    isBodyClean = isClean(body.subarray(at, at + SLICE_BYTES + LONGEST_LINE + 2), LONGEST_LINE)
    if (at > 0) yield
  }
  if (isBodyClean) {
    pieces.push(raw.subarray(entity.from, entity.to))
    return
  }
  // Encoded, and yet with 8-bit bytes; or a type whose body has a structure of its own (message/partial, message/global).
  if (isEncoded(head.encoding) || head.type.startsWith('message/')) throw new Untouchable('shape')
  const isText = head.type.startsWith('text/')
  const encoding = isText && isMostlyAscii(body) ? 'quoted-printable' : 'base64'
  pieces.push(...withEncoding(raw, entity, head, encoding, missingMime(head, entity, body)))
  if (encoding === 'base64') yield* base64(body, pieces)
  else yield* quotedPrintable(body, pieces)
}

/** MIME fields for a message from before MIME: its charset is UTF-8 where it can be, otherwise unknown (RFC 1428 §3). */
function missingMime(head: PartHeader, entity: Entity, body: Buffer): string {
  const version = entity.depth === 0 && !head.header.fields.some((field) => field.name === 'mime-version')
  const charset = isUtf8(body) ? 'utf-8' : 'unknown-8bit'
  return (
    (version ? 'MIME-Version: 1.0\r\n' : '') + (head.hasType ? '' : `Content-Type: text/plain; charset=${charset}\r\n`)
  )
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** Whether every byte is 7-bit and not NUL, and no line longer than `longest` without its CRLF. */
export function isClean(bytes: Uint8Array, longest: number): boolean {
  if (!isAscii(bytes) || bytes.includes(0)) return false
  // From line end to line end in the longest strides that are allowed: every accepted message comes through here.
  for (let lineAt = 0; bytes.length - lineAt > longest;) {
    const end = bytes.lastIndexOf(LF, lineAt + longest + 1)
    if (end < lineAt) return bytes.length - lineAt === longest + 1 && bytes.at(-1) === CR
    if (end - lineAt > longest && bytes[end - 1] !== CR && bytes.lastIndexOf(LF, end - 1) < lineAt) return false
    lineAt = end + 1
  }
  return true
}

/** Quoted-printable can be read by a person: worth some bytes, until every third would have to be escaped. */
function isMostlyAscii(body: Buffer): boolean {
  let escaped = 0
  const sample = body.subarray(0, SLICE_BYTES)
  for (const byte of sample) if (byte > 0x7f) escaped++
  return escaped * 3 < sample.length
}

/** RFC 2045 §6.8: 57 bytes a line. */
function* base64(body: Buffer, pieces: Piece[]): Generator<void, void> {
  const slice = 57 * 2048
  for (let at = 0; at < body.length; at += slice) {
    const text = body.subarray(at, at + slice).toString('base64')
    pieces.push(Buffer.from(text.replace(/.{76}/g, '$&\r\n'), 'latin1'))
    if (at > 0) yield
  }
  const last = body.length % 57
  if (last !== 0) pieces.push(Buffer.from('\r\n'))
}

const HEX = Array.from({ length: 256 }, (_, byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`)

/** RFC 2045 §6.7. Line ends of the text stay line ends. */
function* quotedPrintable(body: Buffer, pieces: Piece[]): Generator<void, void> {
  let out: string[] = []
  let column = 0
  for (let i = 0; i < body.length; i++) {
    const byte = body[i] ?? 0
    if (byte === 0x0d && body[i + 1] === 0x0a) {
      out.push('\r\n')
      column = 0
      i++
    } else {
      const endsLine = i + 1 >= body.length || (body[i + 1] === 0x0d && body[i + 2] === 0x0a)
      const isPlain = (byte > 0x20 && byte < 0x7f && byte !== 0x3d) || ((byte === 0x20 || byte === 0x09) && !endsLine)
      const token = isPlain ? String.fromCharCode(byte) : (HEX[byte] ?? '')
      // One column is kept for the `=` of a soft line break.
      if (column + token.length > LONGEST_ENCODED_LINE - (endsLine ? 0 : 1)) {
        out.push('=\r\n')
        column = 0
      }
      out.push(token)
      column += token.length
    }
    if (i % SLICE_BYTES === SLICE_BYTES - 1) {
      pieces.push(Buffer.from(out.join(''), 'latin1'))
      out = []
      yield
    }
  }
  pieces.push(Buffer.from(out.join(''), 'latin1'))
}
