import { Notes, type Note } from './notes.ts'
import { readParameters, type Structured } from './parameters.ts'
import { readFieldBlock, type Field } from './part-fields.ts'
import { CAPS } from './reading-caps.ts'

/**
 * Where the parts of a message lie (RFC 2046), as byte ranges of the octets received. Decoding waits until somebody asks
 * for a part, and what is decoded is exactly what was sent: line ends of an attachment are never rewritten. Mail is
 * hostile, so depth, parts and header size end at a cap, each byte is looked at a bounded number of times, and nothing here
 * throws.
 */

const LF = 0x0a
const CR = 0x0d
const DASH = 0x2d

/** One node of the MIME tree. */
export interface Part {
  /** All of them at the root; of a part only those that describe it (RFC 2045 §9). */
  readonly fields: readonly Field[]
  /** In lower case, `text/plain` where none is given (RFC 2045 §5.2). */
  readonly type: string
  readonly typeParameters: Structured['parameters']
  /** In lower case; '' where there is none. */
  readonly disposition: string
  readonly dispositionParameters: Structured['parameters']
  /** `base64`, `quoted-printable`, or anything else for octets as they are. */
  readonly encoding: string
  /** Without angle brackets; '' where there is none. */
  readonly contentId: string
  readonly headerFrom: number
  readonly bodyFrom: number
  /** One past the last octet; the line break before a delimiter belongs to the delimiter. */
  readonly bodyTo: number
  /** True for a multipart whose parts were looked for. */
  readonly isMultipart: boolean
  readonly children: readonly Part[]
}
export interface Structure {
  readonly root: Part
  readonly notes: readonly Note[]
}

type Growing = { -readonly [K in keyof Part]: K extends 'children' ? Growing[] : Part[K] }
/** A multipart whose end has not been seen. */
interface Level {
  readonly boundary: string
  readonly part: Growing
}
interface Delimiter {
  readonly level: number
  readonly isLast: boolean
  /** Where the content before it ends. */
  readonly contentTo: number
  /** Where the line after it begins. */
  readonly next: number
}

/** Reads the tree of parts. */
export function readStructure(raw: Uint8Array): Structure {
  return new Scan(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)).run()
}

class Scan {
  readonly #raw: Buffer
  readonly #levels: Level[] = []
  /** Boundary → innermost level that has it. */
  #byBoundary = new Map<string, number>()
  #longestBoundary = 0
  #parts = 0
  readonly #notes = new Notes()

  constructor(raw: Buffer) {
    this.#raw = raw
  }

  run(): Structure {
    const start = this.#raw.subarray(0, 5).toString('latin1') === 'From ' ? this.#lineAfter(0) : 0 // an mbox line
    const root = this.#open(start, false, true)
    let part = root
    for (;;) {
      const delimiter = this.#delimiterFrom(part.bodyFrom)
      part.bodyTo = Math.max(part.bodyFrom, delimiter?.contentTo ?? this.#raw.length)
      const after = this.#closeFrom(delimiter)
      if (after === undefined) break
      const parent = this.#levels[after.level]?.part
      if (parent === undefined) break
      if (++this.#parts > CAPS.parts) {
        this.#notes.cut(`only the first ${CAPS.parts} parts were read`)
        break
      }
      part = this.#open(after.next, parent.type === 'multipart/digest')
      parent.children.push(part)
    }
    for (const level of this.#levels) {
      level.part.bodyTo = this.#raw.length
      const isThere = level.part.children.length > 0
      this.#notes.odd(
        isThere ? `${level.part.type} has no closing delimiter` : `${level.part.type} has no part that can be found`,
      )
    }
    return { root, notes: this.#notes.list }
  }

  /** Ends every part a delimiter ends; undefined when the message is at its end. Epilogues are passed over. */
  #closeFrom(first: Delimiter | undefined): Delimiter | undefined {
    for (let delimiter = first; delimiter !== undefined; delimiter = this.#delimiterFrom(delimiter.next)) {
      const keep = delimiter.isLast ? delimiter.level : delimiter.level + 1
      for (const [n, level] of this.#levels.slice(keep).entries()) {
        level.part.bodyTo = delimiter.contentTo
        if (!delimiter.isLast || n > 0) this.#notes.odd(`${level.part.type} has no closing delimiter`)
      }
      this.#keep(keep)
      if (!delimiter.isLast) return delimiter
    }
    return undefined
  }

  #keep(count: number): void {
    if (this.#levels.length === count) return
    this.#levels.length = count
    this.#reindex()
  }

  #reindex(): void {
    this.#byBoundary = new Map(this.#levels.map((level, n) => [level.boundary, n]))
    this.#longestBoundary = this.#levels.reduce((most, level) => Math.max(most, level.boundary.length), 0)
  }

  /** Reads the header at `from` and makes a part of it; a multipart is put on the levels. */
  #open(from: number, isDigest: boolean, isRoot = false): Growing {
    const end = this.#headerFrom(from)
    const { fields, textAt } = readFieldBlock(this.#raw, from, end.to, this.#notes)
    const bodyFrom = textAt ?? end.bodyFrom
    const first = (name: string) => fields.find((field) => field.name === name)?.value ?? ''
    const type = readParameters(first('content-type'))
    const disposition = readParameters(first('content-disposition'))
    for (const { isCut } of [type, disposition])
      if (isCut) this.#notes.cut(`of the parameters of a field the first ${CAPS.parameters} were read`)
    const part: Growing = {
      // Of ten thousand parts nothing is kept that nobody asks for.
      fields: isRoot ? fields : fields.filter((field) => field.name.startsWith('content-')),
      type: typeOf(type.value) ?? (isDigest ? 'message/rfc822' : 'text/plain'),
      typeParameters: type.parameters,
      disposition: disposition.value,
      dispositionParameters: disposition.parameters,
      encoding:
        /[\w-]+/.exec(
          first('content-transfer-encoding')
            .toLowerCase()
            .replaceAll(/\([^()]*\)/g, ''),
        )?.[0] ?? '',
      contentId: /<([^<>]{0,998})>/.exec(first('content-id'))?.[1] ?? first('content-id').trim().slice(0, 998),
      headerFrom: from,
      bodyFrom,
      bodyTo: bodyFrom,
      isMultipart: false,
      children: [],
    }
    if (!part.type.startsWith('multipart/')) return part
    const boundary = octetsOf(part.typeParameters.get('boundary') ?? '').trimEnd()
    if (boundary === '' || boundary.length > CAPS.boundaryBytes) {
      this.#notes.odd(`${part.type} names no boundary that can be used`)
      return part
    }
    if (this.#levels.length >= CAPS.depth) {
      this.#notes.cut(`parts deeper than ${CAPS.depth} levels were not read`)
      return part
    }
    part.isMultipart = true
    this.#levels.push({ boundary, part })
    this.#reindex()
    return part
  }

  /** The end of the header at `from`: its blank line, a delimiter that cuts it short, or the end of the message. */
  #headerFrom(from: number): { to: number; bodyFrom: number } {
    const raw = this.#raw
    for (let at = from; at < raw.length;) {
      const first = raw[at]
      if (first === LF) return { to: at, bodyFrom: at + 1 }
      if (first === CR && raw[at + 1] === LF) return { to: at, bodyFrom: at + 2 }
      if (first === DASH && raw[at + 1] === DASH && this.#delimiterAt(at) !== undefined) return { to: at, bodyFrom: at }
      at = this.#lineAfter(at)
    }
    return { to: raw.length, bodyFrom: raw.length }
  }

  /** The first delimiter line at or after the beginning of a line. */
  #delimiterFrom(lineAt: number): Delimiter | undefined {
    if (this.#levels.length === 0) return undefined
    const here = this.#delimiterAt(lineAt)
    if (here !== undefined) return here
    for (let at = this.#raw.indexOf('\n--', lineAt); at >= 0; at = this.#raw.indexOf('\n--', at + 1)) {
      const found = this.#delimiterAt(at + 1)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The delimiter whose line begins at `at` (RFC 2046 §5.1.1: white space may follow it), or undefined. */
  #delimiterAt(at: number): Delimiter | undefined {
    const raw = this.#raw
    if (raw[at] !== DASH || raw[at + 1] !== DASH) return undefined
    const from = at + 2
    const lf = raw.subarray(from, from + this.#longestBoundary + 64).indexOf(LF)
    const to = lf < 0 ? Math.min(raw.length, from + this.#longestBoundary + 64) : from + lf
    if (lf < 0 && to < raw.length) return undefined // longer than any delimiter there is
    const line = raw.toString('latin1', from, to).trimEnd()
    const isOpening = this.#byBoundary.get(line)
    const level = isOpening ?? (line.endsWith('--') ? this.#byBoundary.get(line.slice(0, -2)) : undefined)
    if (level === undefined) return undefined
    const beforeLf = at > 0 ? at - 1 : at
    const contentTo = beforeLf > 0 && raw[beforeLf - 1] === CR ? beforeLf - 1 : beforeLf
    return { level, isLast: isOpening === undefined, contentTo, next: Math.min(to + 1, raw.length) }
  }

  #lineAfter(at: number): number {
    const lf = this.#raw.indexOf(LF, at)
    return lf < 0 ? this.#raw.length : lf + 1
  }
}

/** A type by its grammar (RFC 6838 §4.2). What has a slash and no grammar is octets; what has none is no type (RFC 2045 §5.2). */
function typeOf(value: string): string | undefined {
  if (/^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/.test(value)) return value
  return /^[^\s/]+\/[^\s/]+$/.test(value) ? 'application/octet-stream' : undefined
}

/** A parameter was read as text, and delimiters are looked for as octets, one character each. */
// eslint-disable-next-line no-control-regex -- the whole of ASCII is what is asked for
const octetsOf = (text: string) => (/^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text).toString('latin1'))
