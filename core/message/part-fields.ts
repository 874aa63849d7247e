import type { Notes } from './notes.ts'
import { CAPS } from './reading-caps.ts'

/** One field of a header: its name in lower case and its value unfolded, one character a byte. */
export interface Field {
  readonly name: string
  readonly value: string
  /** True when the rest of its value was left out. */
  readonly isCut?: true
}
/** The fields of one header block. */
export interface FieldBlock {
  readonly fields: readonly Field[]
  /** Where text begins that no blank line parts from the header; undefined in a sound header. */
  readonly textAt: number | undefined
}

/** Fields a reader shows or goes by: the first of each is found however long the header is. */
const WANTED = new Set(
  'from sender to cc reply-to subject date message-id in-reply-to references received content-type content-transfer-encoding content-disposition content-id mime-version'.split(
    ' ',
  ),
)
/** Names that stand in headers and hardly in front of a line of text. */
const isMail = (name: string) => WANTED.has(name) || /^(?:x|list|content|dkim|arc|resent)-/.test(name)
const NAME = /^([!-9;-~]+)[ \t]*:/
const LONGEST_NAME = 1000
/** First letters of what is wanted, in lower case. */
const INITIALS = new Set([...WANTED].map((name) => name.charCodeAt(0)))
const LF = 0x0a
const SPACE = 0x20
const TAB = 0x09

/** Reads the header between `from` and `to`, which ends at its blank line, at a delimiter or with the message. */
export function readFieldBlock(raw: Buffer, from: number, to: number, notes: Notes): FieldBlock {
  if (to - from <= CAPS.headerBytes) return readLines(raw.toString('latin1', from, to), from, notes)
  const textAt = endOfFields(raw, from, to)
  if (textAt !== undefined && textAt - from <= CAPS.headerBytes) {
    notes.odd('the header has no blank line after it')
    return { ...readLines(raw.toString('latin1', from, textAt), from, notes), textAt }
  }
  notes.cut(`a header block of ${to - from} bytes was cut to ${CAPS.headerBytes}`)
  return { fields: readLong(raw, from, to), textAt: undefined }
}

/**
 * Lines that are no field are passed over while fields of mail follow, as every reader does. Where none follow, the blank line
 * is missing, and they are the text.
 */
function readLines(header: string, from: number, notes: Notes): FieldBlock {
  const found: { name: string; lines: string[] }[] = []
  let oddAt: number | undefined
  let foundBefore = 0
  for (let at = 0; at < header.length;) {
    const lf = header.indexOf('\n', at)
    const next = lf < 0 ? header.length : lf + 1
    const line = header.slice(at, lf < 0 ? next : header[lf - 1] === '\r' ? lf - 1 : lf)
    const isFolded = line.startsWith(' ') || line.startsWith('\t')
    const match = isFolded ? null : NAME.exec(line)
    if (isFolded && found.length > 0) found.at(-1)?.lines.push(line)
    else if (match?.[1] !== undefined) {
      const name = match[1].toLowerCase()
      if (oddAt !== undefined && isMail(name) && !found.slice(0, foundBefore).some((one) => one.name === name))
        oddAt = undefined
      found.push({ name, lines: [line.slice(match[0].length)] })
    } else {
      notes.odd('a line of the header is no field')
      if (oddAt === undefined) foundBefore = found.length
      oddAt ??= at
    }
    at = next
  }
  if (oddAt !== undefined) notes.odd('the header has no blank line after it')
  const fields = oddAt === undefined ? found : found.slice(0, foundBefore)
  return {
    fields: fields.map(({ name, lines }) => ({ name, value: unfolded(lines.join('')) })),
    textAt: oddAt === undefined ? undefined : from + oddAt,
  }
}

/**
 * Where the lines begin that are no fields and have none among them for as long as a header may be; undefined where the header
 * is only long. What has no blank line at all is one line after the other like this.
 */
function endOfFields(raw: Buffer, from: number, to: number): number | undefined {
  let oddAt: number | undefined
  for (let at = from; at < to && at - (oddAt ?? from) <= CAPS.headerBytes;) {
    const lf = raw.indexOf(LF, at)
    const next = lf < 0 || lf >= to ? to : lf + 1
    const isFolded = raw[at] === SPACE || raw[at] === TAB
    const isField = !isFolded && NAME.test(raw.toString('latin1', at, Math.min(next, at + LONGEST_NAME)))
    if (isField) oddAt = undefined
    else if (!isFolded) oddAt ??= at
    at = next
  }
  return oddAt
}

/** What stands first in a header that is too long, and of what follows the fields that are shown. */
function readLong(raw: Buffer, from: number, to: number): Field[] {
  const fields: Field[] = []
  const seen = new Set<string>()
  let kept = 0
  const keep = (start: number, end: number) => {
    if (kept >= CAPS.headerBytes && !INITIALS.has((raw[start] ?? 0) | 0x20)) return
    const name = NAME.exec(raw.toString('latin1', start, Math.min(end, start + LONGEST_NAME)))
    const word = name?.[1]?.toLowerCase()
    if (name === null || word === undefined) return
    const isWanted = WANTED.has(word) && !seen.has(word)
    if (kept >= CAPS.headerBytes && !isWanted) return
    seen.add(word)
    const valueAt = start + name[0].length
    const isCut = end - valueAt > CAPS.fieldBytes
    // Of a chain of Message-IDs the end is what an answer is known by.
    const first = isCut && word === 'references' ? end - CAPS.fieldBytes : valueAt
    const value = raw.toString('latin1', first, Math.min(end, first + CAPS.fieldBytes)).replaceAll(/\r?\n/g, '')
    fields.push({ name: word, value: unfolded(value), ...(isCut && { isCut }) })
    kept += Math.min(end - start, CAPS.fieldBytes)
  }
  let start = from
  for (let at = from; at < to;) {
    const first = raw[at]
    if (first !== SPACE && first !== TAB) {
      if (at > start) keep(start, at)
      start = at
    }
    const lf = raw.indexOf(LF, at)
    at = lf < 0 || lf >= to ? to : lf + 1
  }
  keep(start, to)
  return fields
}

/** A bare CR or NUL would give whoever writes the value out again a line of its own. */
// eslint-disable-next-line no-control-regex -- NUL is one of what is looked for
const unfolded = (value: string) => (/[\r\n\0]/.test(value) ? value.replaceAll(/[\r\n\0]+/g, ' ') : value).trim()
