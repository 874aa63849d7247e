/**
 * Header blocks by their bytes (RFC 5322 §2.2). A field is a range, so that lines can be left out or put in front without
 * touching what a signature covers. Everything here is linear in its input and throws at nothing.
 */

/** One field of a header block: offsets into the bytes it was read from. */
export interface HeaderField {
  /** In lower case. */
  readonly name: string
  readonly at: number
  /** First byte after the colon. */
  readonly valueAt: number
  /** First byte after the field, its last line ending included. */
  readonly end: number
}
/** Where a header block's fields lie. */
export interface Header {
  readonly fields: readonly HeaderField[]
  /** Where the last field ends: the blank line, or the first line that is no field. */
  readonly end: number
  /** Where the body begins. Equal to `end` when no blank line parts them. */
  readonly bodyAt: number
  /** Offset of the first line that is neither a field nor blank; undefined in a sound header. */
  readonly oddAt: number | undefined
}

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const COLON = 0x3a

/** Reads the header block that begins at `from`. Lines may end in CRLF or in a bare LF, as mail from other stores does. */
export function readHeader(bytes: Uint8Array, from = 0): Header {
  const fields: HeaderField[] = []
  let open: { name: string; at: number; valueAt: number; end: number } | undefined
  const shut = (end: number) => {
    if (open === undefined) return
    open.end = end
    fields.push(open)
    open = undefined
  }
  let at = from
  while (at < bytes.length) {
    const lf = bytes.indexOf(LF, at)
    const next = lf < 0 ? bytes.length : lf + 1
    const first = bytes[at]
    if (first === LF || (first === CR && at + 1 === lf)) {
      shut(at)
      return { fields, end: at, bodyAt: next, oddAt: undefined }
    }
    if (first === SPACE || first === TAB) {
      if (!open) return { fields, end: at, bodyAt: at, oddAt: at }
    } else {
      const colon = colonOf(bytes, at, next)
      shut(at)
      if (colon === undefined) return { fields, end: at, bodyAt: at, oddAt: at }
      open = { name: latin1(bytes, at, colon.nameEnd).toLowerCase(), at, valueAt: colon.valueAt, end: next }
    }
    at = next
  }
  shut(bytes.length)
  return { fields, end: bytes.length, bodyAt: bytes.length, oddAt: undefined }
}

/** The end of a field name and the start of its value; blanks before the colon are RFC 5322 §4.5.8's. */
function colonOf(bytes: Uint8Array, at: number, end: number): { nameEnd: number; valueAt: number } | undefined {
  let i = at
  while (i < end && isNameByte(bytes[i] ?? 0)) i++
  const nameEnd = i
  while (i < end && (bytes[i] === SPACE || bytes[i] === TAB)) i++
  return nameEnd > at && bytes[i] === COLON && i < end ? { nameEnd, valueAt: i + 1 } : undefined
}
const isNameByte = (byte: number) => byte > SPACE && byte < 0x7f && byte !== COLON

const latin1 = (bytes: Uint8Array, from: number, to: number) => view(bytes).toString('latin1', from, to)
const view = (bytes: Uint8Array) =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** All fields of that name (lower case), in order. */
export function fieldsNamed(header: Header, name: string): readonly HeaderField[] {
  return header.fields.filter((field) => field.name === name)
}

/** A field's value on one line, one character a byte: unfolded, control characters blanked. */
export function valueOf(bytes: Uint8Array, field: HeaderField): string {
  return latin1(bytes, field.valueAt, field.end)
    .replace(/\r?\n/g, '')
    .replace(/[\x00-\x08\x0a-\x1f\x7f]/g, ' ') // eslint-disable-line no-control-regex -- they are what is taken out
    .trim()
}

/** The first value of that name, unfolded; undefined when there is no such field. */
export function firstValue(bytes: Uint8Array, header: Header, name: string): string | undefined {
  const field = header.fields.find((one) => one.name === name)
  return field && valueOf(bytes, field)
}

/** Unstructured text as a field value: itself where it is printable ASCII, folded encoded words (RFC 2047 §2) otherwise. */
export function encodeWords(text: string): string {
  const clean = text.replace(/[\x00-\x1f\x7f]/g, ' ') // eslint-disable-line no-control-regex -- no field may be injected
  if (/^[ -~]*$/.test(clean) && !clean.includes('=?') && clean.length <= 900) return clean
  const words: string[] = []
  let chunk = ''
  for (const character of clean) {
    // 45 bytes are 60 characters of base64: with its frame a word stays under 75 (RFC 2047 §2).
    if (Buffer.byteLength(chunk + character) > 45) {
      words.push(chunk)
      chunk = ''
    }
    chunk += character
  }
  words.push(chunk)
  return words.map((word) => `=?utf-8?B?${Buffer.from(word).toString('base64')}?=`).join('\r\n ')
}

/**
 * How many mailboxes an address list names (RFC 5322 §3.4): enough to tell one author from several. Commas in quotes,
 * comments and groups' names don't count; a group's members do.
 */
export function countAddresses(text: string): number {
  let count = 0
  let isQuoted = false
  let depth = 0
  let hasText = false
  const endOne = () => {
    if (hasText) count++
    hasText = false
  }
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? ''
    if ((isQuoted || depth > 0) && character === '\\') i++
    else if (depth === 0 && character === '"') {
      isQuoted = !isQuoted
      hasText = true
    } else if (isQuoted) continue
    else if (character === '(') depth++
    else if (character === ')' && depth > 0) depth--
    else if (depth > 0) continue
    else if (character === ',' || character === ';') endOne()
    else if (character === '<') {
      const close = text.indexOf('>', i)
      i = close < 0 ? text.length : close // a route or an address literal holds colons of its own
      hasText = true
    } else if (character === ':')
      hasText = false // what stood before was a group's name
    else if (character.trim() !== '') hasText = true
  }
  endOne()
  return count
}
