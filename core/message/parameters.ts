import { decodeBytes, decodeHeaderText } from './charset.ts'
import { CAPS } from './reading-caps.ts'

/** A structured field such as Content-Type: what comes first, in lower case, and its parameters (RFC 2045 §5.1). */
export interface Structured {
  readonly value: string
  /** Names in lower case, values decoded (RFC 2231, and encoded words where senders put them). */
  readonly parameters: ReadonlyMap<string, string>
  /** True when there are more parameters than were read. */
  readonly isCut?: true
}

const TOKEN = /[^\s;="()]+/y
const SPACE = /\s*/y
const QUOTED = /"([^"\\]*(?:\\[\s\S][^"\\]*)*)"?/y
/** An unquoted value as senders write it: spaces and brackets inside it mean themselves (`filename=Invoice (1).pdf`). */
const LOOSE = /[^;]*/y

/** Reads a structured field's value (one character a byte). The first of two parameters of one name counts. */
export function readParameters(given: string): Structured {
  // Some leave out the semicolon: `text/html charset=utf-8`.
  const text = given.replace(/^(\s*[\w.+-]+\/[\w.+-]+)\s+(?=[\w*]+\s*=)/, '$1; ')
  const semicolon = text.indexOf(';')
  const head = semicolon < 0 ? text : text.slice(0, semicolon)
  const value = head
    .replaceAll(/\([^()]*\)/g, '')
    .replaceAll('"', '')
    .trim()
    .toLowerCase()
  if (semicolon < 0) return { value, parameters: new Map() }
  const found = splitParameters(text, semicolon)
  return { value, parameters: joined(found), ...(found.size >= CAPS.parameters && { isCut: true }) }
}

function splitParameters(text: string, from: number): Map<string, string> {
  const found = new Map<string, string>()
  const take = (pattern: RegExp, at: number) => {
    pattern.lastIndex = at
    return pattern.exec(text)
  }
  for (let at = from; at < text.length && found.size < CAPS.parameters;) {
    at = text.indexOf(';', at)
    if (at < 0) break
    at = skip(text, at + 1)
    const name = take(TOKEN, at)?.[0]
    if (name === undefined) continue
    at = skip(text, at + name.length)
    if (text[at] !== '=') continue
    at = skip(text, at + 1)
    const quoted = take(QUOTED, at)
    const loose = quoted === null ? (take(LOOSE, at)?.[0] ?? '') : ''
    const value = quoted === null ? withoutComment(loose) : (quoted[1] ?? '').replaceAll(/\\([\s\S])/g, '$1')
    const key = name.toLowerCase()
    if (!found.has(key)) found.set(key, value)
    at += quoted === null ? loose.length : quoted[0].length
  }
  return found
}

function skip(text: string, at: number): number {
  SPACE.lastIndex = at
  return at + (SPACE.exec(text)?.[0].length ?? 0)
}

/** `us-ascii (Plain text)` is a value and a comment; `Invoice (1).pdf` is a name. */
function withoutComment(value: string): string {
  const whole = value.trim()
  const at = whole.endsWith(')') ? whole.lastIndexOf('(') : -1
  return at > 0 && /\s/.test(whole[at - 1] ?? '') ? whole.slice(0, at).trimEnd() : whole
}

/** Puts RFC 2231 continuations together and decodes: `name*0*=utf-8''…; name*1=…` is one parameter `name`. */
function joined(raw: ReadonlyMap<string, string>): Map<string, string> {
  const whole = new Map<string, string>()
  const pieces = new Map<string, { text: string; isEncoded: boolean }[]>()
  for (const [key, text] of raw) {
    const split = /^([^*]+)(?:\*(\d{1,3}))?(\*)?$/.exec(key)
    const name = split?.[1]
    if (split === null || name === undefined) continue
    const isEncoded = split[3] !== undefined
    if (split[2] === undefined && !isEncoded) {
      whole.set(name, decodeHeaderText(text))
      continue
    }
    const known = pieces.get(name) ?? []
    known[Number(split[2] ?? 0)] ??= { text, isEncoded }
    pieces.set(name, known)
  }
  // The extended form wins over the plain one beside it (RFC 6266 §4.3 says so for files, and mail does the same).
  for (const [name, list] of pieces) whole.set(name, decodePieces(list))
  return whole
}

function decodePieces(list: readonly ({ text: string; isEncoded: boolean } | undefined)[]): string {
  let charset = ''
  let bytes = ''
  for (let n = 0; n < list.length; n++) {
    const piece = list[n]
    if (piece === undefined) break // a gap: what follows has lost its place
    let { text } = piece
    const prefix = n === 0 && piece.isEncoded ? /^([^']*)'[^']*'/.exec(text) : null
    if (prefix !== null) {
      charset = prefix[1] ?? ''
      text = text.slice(prefix[0].length)
    }
    bytes += piece.isEncoded
      ? text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      : text
  }
  return charset === '' ? decodeHeaderText(bytes) : decodeBytes(Buffer.from(bytes, 'latin1'), charset)
}
