import { isAscii } from 'node:buffer'
import { firstValue, readHeader, type Header } from './headers.ts'
import { readParameters } from './parameters.ts'

/**
 * Makes a message 7-bit before it is stored for good (RFC 6152 §3), so that no server on its way needs 8BITMIME and a
 * signature made over it holds. The structure stays; each leaf with 8-bit bytes or over-long lines gets an encoding.
 */
export type SevenBit =
  /** `hasLongHeaderLine`: the header of a part has a line that no encoding makes shorter. */
  | { readonly kind: 'converted'; readonly pieces: readonly Piece[]; readonly hasLongHeaderLine: boolean }
  /** Must not be touched, or has a shape nobody can rewrite safely: it goes as it came. */
  | { readonly kind: 'as-is'; readonly why: 'signed' | 'utf8-headers' | 'shape' }

/** What the message is made of anew, in order: a span of the original, a span in an encoding, or a text of ours (latin1). */
export type Piece =
  | { readonly from: number; readonly to: number; readonly as: 'it-is' | 'base64' | 'quoted-printable' }
  | { readonly ours: string }

/** A message of any size. What `read` gives is good until it is asked again; it may give others their turn first. */
export interface Source {
  readonly sizeBytes: number
  read(from: number, to: number): Promise<Buffer>
}

/** RFC 5322 §2.1.1, without CRLF. */
export const LONGEST_LINE = 998
/** Bytes that are worked on between two pauses. */
export const SLICE_BYTES = 128 * 1024
const DEEPEST = 100
const LF = 0x0a
const CR = 0x0d
/** Parts a hostile message may hold before it is left alone. */
const MOST_PARTS = 10_000
/** A part's header is read in a window that grows to this. */
const LONGEST_PART_HEADER = 128 * 1024
const USUAL_PART_HEADER = 4096
/** RFC 2046 §5.1.1 allows 70 characters. */
const LONGEST_BOUNDARY = 2048
/** Each multipart is searched from its start to its end: those within others may have so many times the whole searched. */
const MOST_SEARCHES = 16
/** Small messages may be nested as deep as any. */
const SEARCHED_BYTES = 16 * 1024 * 1024
/** Fields that say the encoding of one part; more than one is wrong already. */
const MOST_ENCODINGS = 100

interface Entity {
  readonly from: number
  readonly to: number
  readonly depth: number
  /** What it is without a Content-Type (RFC 2046 §5.1.5). */
  readonly untyped: string
}
interface Copied {
  readonly copyFrom: number
  readonly to: number
}

class Untouchable extends Error {
  readonly why: 'signed' | 'utf8-headers' | 'shape'
  constructor(why: 'signed' | 'utf8-headers' | 'shape') {
    super(why)
    this.why = why
  }
}

/**
 * How the message is made 7-bit. It has CRLF line ends only, and is read slice by slice: a plan takes no more memory than its
 * parts do.
 */
export async function planSevenBit(source: Source): Promise<SevenBit> {
  try {
    return await new Planner(source).plan()
  } catch (error) {
    if (error instanceof Untouchable) return { kind: 'as-is', why: error.why }
    throw error
  }
}

interface PartHeader {
  readonly header: Header
  /** Of the entity: where its header ends and its body begins, counted from the start of the message. */
  readonly end: number
  readonly bodyAt: number
  readonly type: string
  readonly boundary: string | undefined
  readonly encoding: string
  readonly hasType: boolean
}

class Planner {
  readonly #source: Source
  readonly #pieces: Piece[] = []
  #parts = 0
  #searched = 0
  #hasLongHeaderLine = false

  constructor(source: Source) {
    this.#source = source
  }

  /** Walks entities in the order of their bytes, so that the pieces come out in order. */
  async plan(): Promise<SevenBit> {
    // What is still to be done, last first.
    const todo: (Entity | Copied)[] = [{ from: 0, to: this.#source.sizeBytes, depth: 0, untyped: 'text/plain' }]
    for (let next = todo.pop(); next; next = todo.pop()) {
      if ('copyFrom' in next) {
        this.#copy(next.copyFrom, next.to)
        continue
      }
      this.#countPart()
      if (next.depth > DEEPEST) throw new Untouchable('shape')
      const head = await this.#readHeader(next)
      if (head.type === 'message/rfc822') {
        if (isEncoded(head.encoding)) throw new Untouchable('shape') // RFC 2046 §5.2.1 forbids it
        this.#headWithEncoding(next, head, '7bit')
        todo.push({ from: head.bodyAt, to: next.to, depth: next.depth + 1, untyped: 'text/plain' })
      } else if (head.type.startsWith('multipart/')) {
        if (isEncoded(head.encoding)) throw new Untouchable('shape') // RFC 2045 §6.4
        this.#headWithEncoding(next, head, '7bit')
        todo.push(...(await this.#split(head, next)).toReversed())
        if (todo.length > 4 * MOST_PARTS) throw new Untouchable('shape')
      } else await this.#planLeaf(next, head)
    }
    return { kind: 'converted', pieces: this.#pieces, hasLongHeaderLine: this.#hasLongHeaderLine }
  }

  #countPart(): void {
    if (++this.#parts > MOST_PARTS) throw new Untouchable('shape')
  }

  #copy(from: number, to: number): void {
    if (from === to) return
    const last = this.#pieces.at(-1)
    if (last !== undefined && 'as' in last && last.as === 'it-is' && last.to === from)
      this.#pieces[this.#pieces.length - 1] = { ...last, to }
    else this.#pieces.push({ from, to, as: 'it-is' })
  }

  async #readHeader(entity: Entity): Promise<PartHeader> {
    const most = Math.min(entity.to - entity.from, LONGEST_PART_HEADER)
    for (let size = Math.min(most, USUAL_PART_HEADER); ; size = Math.min(most, size * 4)) {
      const bytes = await this.#source.read(entity.from, entity.from + size)
      const header = readHeader(bytes)
      const { end, oddAt } = header
      // Where the window ends within a line, the line may be another than it looks.
      const isCut = oddAt === undefined ? end === size : bytes.indexOf(LF, oddAt) < 0
      if (!isCut || entity.from + size === entity.to) return this.#understand(bytes, header, entity)
      if (size === LONGEST_PART_HEADER) throw new Untouchable('shape')
    }
  }

  #understand(bytes: Buffer, header: Header, entity: Entity): PartHeader {
    if (header.oddAt !== undefined) throw new Untouchable('shape')
    const block = bytes.subarray(0, header.end)
    if (!isClean(block, Infinity)) throw new Untouchable('utf8-headers') // RFC 6532 §3
    if (!isClean(block, LONGEST_LINE)) this.#hasLongHeaderLine = true
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
      end: entity.from + header.end,
      bodyAt: entity.from + header.bodyAt,
      type: value,
      boundary: parameters.get('boundary'),
      encoding: (firstValue(bytes, header, 'content-transfer-encoding') ?? '7bit').toLowerCase(),
      hasType: written !== undefined,
    }
  }

  /** Header of an entity with another Content-Transfer-Encoding, blank line included; as it stands when none need be said. */
  #headWithEncoding(entity: Entity, head: PartHeader, encoding: string, extra = ''): void {
    if (head.encoding === encoding && extra === '') return this.#copy(entity.from, head.bodyAt)
    const said = head.header.fields.filter(({ name }) => name === 'content-transfer-encoding')
    if (said.length > MOST_ENCODINGS) throw new Untouchable('shape')
    let at = entity.from
    for (const field of said) {
      this.#copy(at, entity.from + field.at)
      at = entity.from + field.end
    }
    this.#copy(at, head.end)
    const ours = extra + (encoding === '7bit' ? '' : `Content-Transfer-Encoding: ${encoding}\r\n`)
    if (ours !== '') this.#pieces.push({ ours })
    // A part may have no blank line when it has no body.
    this.#copy(head.end, head.bodyAt)
  }

  /** The parts of a multipart and what lies between them, in order. */
  async #split(head: PartHeader, entity: Entity): Promise<(Entity | Copied)[]> {
    const { boundary } = head
    if (!boundary || boundary.length > LONGEST_BOUNDARY) throw new Untouchable('shape')
    const found: (Entity | Copied)[] = []
    const untyped = head.type === 'multipart/digest' ? 'message/rfc822' : 'text/plain' // RFC 2046 §5.1.5
    let copyFrom = head.bodyAt
    let partFrom: number | undefined
    let isClosed = false
    for await (const { at, lineEnd, closes } of this.#delimiters(boundary, head.bodyAt, entity.to)) {
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
      if ('copyFrom' in one && !(await this.#isSpanClean(one.copyFrom, one.to))) throw new Untouchable('shape')
    return found
  }

  /** The lines that delimit parts, in windows that hold each of them whole. */
  async *#delimiters(
    boundary: string,
    from: number,
    to: number,
  ): AsyncGenerator<{ at: number; lineEnd: number; closes: boolean }, void, void> {
    const mark = Buffer.from(`--${boundary}`, 'latin1')
    const behind = mark.length + LONGEST_LINE + 2
    for (let slice = from; slice < to; slice += SLICE_BYTES) {
      const base = Math.max(from, slice - 2)
      this.#searched += Math.min(to - slice, SLICE_BYTES)
      if (this.#searched > MOST_SEARCHES * this.#source.sizeBytes + SEARCHED_BYTES) throw new Untouchable('shape')
      const bytes = await this.#source.read(base, Math.min(to, slice + SLICE_BYTES + behind))
      const seen: { at: number; lineEnd: number; closes: boolean }[] = []
      for (let i = bytes.indexOf(mark, slice - base); i >= 0; i = bytes.indexOf(mark, i + mark.length)) {
        const at = base + i
        if (at >= slice + SLICE_BYTES) break
        if (at !== from && (bytes[i - 1] !== LF || bytes[i - 2] !== CR)) continue
        const lf = bytes.indexOf(LF, i)
        const end = lf < 0 ? bytes.length : lf + 1
        const rest = bytes.toString('latin1', i + mark.length, end)
        if (!/^(?:--)?[ \t]*\r?\n?$/.test(rest)) continue // a longer boundary that begins like this one
        if (lf < 0 && base + end < to) throw new Untouchable('shape') // longer than any line may be
        seen.push({ at, lineEnd: base + end, closes: rest.startsWith('--') })
      }
      yield* seen
    }
  }

  async #isSpanClean(from: number, to: number): Promise<boolean> {
    for (let at = from; at < to; at += SLICE_BYTES) {
      // Slices overlap by a line, so that no line hides across a seam.
      const slice = await this.#source.read(at, Math.min(to, at + SLICE_BYTES + LONGEST_LINE + 2))
      if (!isClean(slice, LONGEST_LINE)) return false
    }
    return true
  }

  async #planLeaf(entity: Entity, head: PartHeader): Promise<void> {
    const { bodyAt } = head
    if (await this.#isSpanClean(bodyAt, entity.to)) return this.#copy(entity.from, entity.to)
    // Encoded, and yet with 8-bit bytes; or a type whose body has a structure of its own (message/partial, message/global).
    if (isEncoded(head.encoding) || head.type.startsWith('message/')) throw new Untouchable('shape')
    const start = await this.#source.read(bodyAt, Math.min(entity.to, bodyAt + SLICE_BYTES))
    const as = head.type.startsWith('text/') && isMostlyAscii(start) ? 'quoted-printable' : 'base64'
    this.#headWithEncoding(entity, head, as, await this.#missingMime(entity, head))
    this.#pieces.push({ from: bodyAt, to: entity.to, as })
  }

  /** MIME fields for a message from before MIME: its charset is UTF-8 where it can be, otherwise unknown (RFC 1428 §3). */
  async #missingMime({ depth, to }: Entity, { header, hasType, bodyAt }: PartHeader): Promise<string> {
    const version = depth === 0 && !header.fields.some((field) => field.name === 'mime-version')
    const type = hasType ? '' : `Content-Type: text/plain; charset=${await this.#charset(bodyAt, to)}\r\n`
    return (version ? 'MIME-Version: 1.0\r\n' : '') + type
  }

  async #charset(from: number, to: number): Promise<'utf-8' | 'unknown-8bit'> {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    try {
      for (let at = from; at < to; at += SLICE_BYTES) {
        const slice = await this.#source.read(at, Math.min(to, at + SLICE_BYTES))
        decoder.decode(slice, { stream: at + SLICE_BYTES < to })
      }
      return 'utf-8'
    } catch (error) {
      if (error instanceof TypeError) return 'unknown-8bit'
      throw error
    }
  }
}

const isEncoded = (encoding: string) => !['7bit', '8bit', 'binary'].includes(encoding)

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
function isMostlyAscii(start: Buffer): boolean {
  let escaped = 0
  for (const byte of start) if (byte > 0x7f) escaped++
  return escaped * 3 < start.length
}
