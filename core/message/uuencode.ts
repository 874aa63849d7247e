import { lineFeedsOnly } from './line-ends.ts'
import { CAPS } from './reading-caps.ts'

/** A file that somebody wrote into a text (POSIX uuencode), before there was MIME. */
export interface InlineFile {
  readonly name: string
  readonly bytes: Buffer
}

const BEGIN = /^begin(-base64)? [0-7]{3,4} (\S[^\n]*)$/gm

/** The text without the files in it, and the files. What is not whole, from `begin` to `end`, stays text. */
export function takeUuencoded(text: string): { readonly text: string; readonly files: readonly InlineFile[] } {
  if (!text.includes('begin')) return { text, files: [] }
  const files: InlineFile[] = []
  const kept: string[] = []
  let at = 0
  BEGIN.lastIndex = 0
  for (let found = BEGIN.exec(text); found !== null; found = BEGIN.exec(text)) {
    if (files.length >= CAPS.inlineFiles) break
    const bodyAt = found.index + found[0].length + 1
    const block = found[1] === undefined ? readBlock(text, bodyAt) : readBase64(text, bodyAt)
    if (block === undefined) continue
    kept.push(text.slice(at, found.index))
    files.push({ name: (found[2] ?? '').trim(), bytes: block.bytes })
    at = block.next
    BEGIN.lastIndex = at
  }
  return files.length === 0 ? { text, files } : { text: kept.join('') + text.slice(at), files }
}

/** The octets of a part that names uuencode as its encoding; undefined where it is none. */
export function decodeUuencoded(body: Buffer): Buffer | undefined {
  return takeUuencoded(lineFeedsOnly(body).toString('latin1')).files[0]?.bytes
}

/** Octets whose number is not known before: twice the room each time it is full. */
class Growing {
  #bytes = Buffer.alloc(256)
  #length = 0

  add(byte: number): void {
    if (this.#length === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], 2 * this.#length)
    this.#bytes[this.#length++] = byte
  }
  take(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }
}

interface Block {
  readonly bytes: Buffer
  /** Where the text goes on. */
  readonly next: number
}

function readBlock(text: string, from: number): Block | undefined {
  const bytes = new Growing()
  let isSure = false
  for (let at = from; at < text.length;) {
    const lf = text.indexOf('\n', at)
    const end = lf < 0 ? text.length : lf
    const line = text.slice(at, Math.min(end, at + 200)).trimEnd()
    at = end + 1
    // Without a whole line of octets it is somebody's words about a beginning and an end.
    if (line === 'end') return isSure ? { bytes: bytes.take(), next: at } : undefined
    if (line === '' || line === '`') continue // the line of no octets before `end`
    const found = addLine(line, bytes)
    if (found === undefined) return undefined
    isSure ||= found === 'whole'
  }
  return undefined
}

/** Four characters are three octets; the first says how many octets the line has. Spaces at its end may be gone. */
function addLine(line: string, bytes: Growing): 'whole' | 'short' | undefined {
  const count = (line.charCodeAt(0) - 32) & 63
  const characters = Math.ceil(count / 3) * 4
  // Some writers end each line with a checksum or a filler.
  if (count === 0 || line.length - 1 > characters + 2) return undefined
  for (let i = 0; i < line.length; i++) if (line.charCodeAt(i) < 32 || line.charCodeAt(i) > 96) return undefined
  const value = (n: number) => ((line.charCodeAt(n) || 32) - 32) & 63
  for (let n = 0, i = 1; n < count; n += 3, i += 4) {
    const three = (value(i) << 18) | (value(i + 1) << 12) | (value(i + 2) << 6) | value(i + 3)
    for (let k = 0; k < Math.min(3, count - n); k++) bytes.add((three >> (16 - 8 * k)) & 255)
  }
  return line.length - 1 >= characters ? 'whole' : 'short'
}

function readBase64(text: string, from: number): Block | undefined {
  const end = text.indexOf('\n====', from - 1)
  if (end < 0) return undefined
  const body = text.slice(from, end + 1)
  if (!/^[A-Za-z0-9+/=\n]*$/.test(body)) return undefined
  const lf = text.indexOf('\n', end + 1)
  return { bytes: Buffer.from(body, 'base64'), next: lf < 0 ? text.length : lf + 1 }
}
