import { readHeader } from '../message/headers.ts'
import type { ByteFile } from './import-file.ts'
import { readFromLine, type FromLine } from './import-from-line.ts'
import { readImportHeader } from './import-header.ts'

/*
 * mbox files (RFC 4155 §A, and the family it is of). A file is walked over once in windows, so its size does not matter; what lies
 * between two messages' `From ` lines is read again by whoever wants it.
 */

/** How a file keeps the text that looks like its own marks. */
export interface MboxDialect {
  /** mboxrd: one `>` is taken off each quoted line. mboxo: only lines that have one `>` were quoted. */
  readonly quoting: 'mboxrd' | 'mboxo'
  /** Content-Length says where messages end (mboxcl): believed where it is right in all messages that were looked at. */
  readonly hasLengths: boolean
  /** Messages carry what a program thought of them, so one that carries nothing has not been read. */
  readonly hasStatus: boolean
}
/** Where one message lies. */
export interface MboxMessage {
  /** Of its `From ` line. */
  readonly at: number
  readonly from: FromLine
  /** Its first byte, and one past its last: without the blank line that parts it from the next. */
  readonly start: number
  readonly end: number
  /** Where the next message's `From ` line is, or the file ends. */
  readonly next: number
  /** Its end was found by Content-Length, and there are lines in it that begin with an unquoted "From ". */
  readonly isUnquoted: boolean
}

const WINDOW_BYTES = 1024 * 1024
const LINE_BYTES = 1024
const HEADER_BYTES = 64 * 1024
/** So much of a file is looked at to know its dialect. */
const LOOKED_AT_BYTES = 16 * 1024 * 1024
const LOOKED_AT_MESSAGES = 500
const LF = 0x0a
const CR = 0x0d
const MARK = Buffer.from('\nFrom')
/** Reads bytes of a file from one place up to another; fewer where it ends. */
type Read = (from: number, to: number) => Buffer

/** Where a file's first `From ` line is, after blank lines and a byte order mark; undefined where it is no mbox file. */
export function firstFromLine(file: ByteFile): number | undefined {
  const head = file.read(0, 64 + LINE_BYTES)
  let at = head.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0
  while (head[at] === LF || head[at] === CR) at++
  const read: Read = (from, to) => file.read(from, to - from)
  return at <= 64 && fromLineAt(read, at, true) !== undefined ? at : undefined
}

/** The `From ` line at that place and where the message behind it begins. */
function fromLineAt(
  read: Read,
  at: number,
  isAfterBlank: boolean,
): { readonly line: FromLine; readonly start: number } | undefined {
  const bytes = read(at, at + 2 * LINE_BYTES)
  const lf = bytes.indexOf(LF)
  const length = lf < 0 ? bytes.length : lf + 1
  const lineEnd = bytes.indexOf(LF, length)
  const next = bytes.toString('latin1', length, lineEnd < 0 ? bytes.length : lineEnd)
  const line = readFromLine(bytes.toString('latin1', 0, lf < 0 ? length : lf).replace(/\r$/, ''), isAfterBlank, next)
  return line && { line, start: at + length }
}

/** Finds one message after the other, from a `From ` line on. */
export class MboxWalk {
  readonly #file: ByteFile
  readonly #hasLengths: boolean
  /** Used again for each window: memory that is not V8's own is slow to be given back. */
  readonly #room = Buffer.allocUnsafeSlow(WINDOW_BYTES)
  #window: Buffer = Buffer.alloc(0)
  #windowAt = 0

  constructor(file: ByteFile, dialect: Pick<MboxDialect, 'hasLengths'>) {
    this.#file = file
    this.#hasLengths = dialect.hasLengths
  }

  /** The message whose `From ` line is at that place; undefined at the end of the file, and where there is no such line. */
  messageAt(at: number): MboxMessage | undefined {
    if (at >= this.#file.sizeBytes) return undefined
    const found = fromLineAt(this.#read, at, true)
    if (found === undefined) return undefined
    const { line: from, start } = found
    const byLength = this.#hasLengths ? this.byLength(start) : undefined
    if (byLength !== undefined) return { at, from, start, ...byLength }
    const next = this.#nextFromLine(start)
    return { at, from, start, end: this.#endBefore(start, next), next, isUnquoted: false }
  }

  /** The bytes of a range, from the window where they are in it; not to be kept or changed. */
  read(from: number, to: number): Buffer {
    const at = from - this.#windowAt
    const end = Math.min(to, this.#file.sizeBytes)
    if (at >= 0 && end <= this.#windowAt + this.#window.length) return this.#window.subarray(at, end - this.#windowAt)
    return this.#file.read(from, end - from)
  }
  readonly #read: Read = (from, to) => this.read(from, to)

  /** Where a message ends as its Content-Length says, if a message or the end of the file follows there. */
  byLength(start: number): Pick<MboxMessage, 'end' | 'next' | 'isUnquoted'> | undefined {
    const head = this.read(start, Math.min(start + HEADER_BYTES, this.#file.sizeBytes))
    const { fields, bodyAt } = readHeader(head)
    const field = fields.find(({ name }) => name === 'content-length')
    const digits = field && /^\s*(\d{1,15})\s*$/.exec(head.toString('latin1', field.valueAt, field.end))?.[1]
    if (digits === undefined) return undefined
    const end = start + bodyAt + Number(digits)
    const size = this.#file.sizeBytes
    if (end > size) return undefined
    const behind = this.#file.read(end, 4).toString('latin1')
    const blank = /^(?:\r?\n){0,2}/.exec(behind)?.[0].length ?? 0
    const next = end + blank
    if (next < size && fromLineAt(this.#read, next, true) === undefined) return undefined
    const body = { from: start + bodyAt, to: end }
    return { end, next, isUnquoted: this.#hasMark(body.from, body.to) }
  }

  #hasMark(from: number, to: number): boolean {
    const mark = `${MARK.toString('latin1')} `
    // From one byte before: a body may begin with such a line.
    for (let at = from - 1; at < to; at += WINDOW_BYTES - mark.length)
      if (this.read(at, Math.min(at + WINDOW_BYTES, to)).includes(mark, 0, 'latin1')) return true
    return false
  }

  /** Where the next line is that parts two messages; the file's size where there is none. */
  #nextFromLine(start: number): number {
    // From the line before on, whose end is the one before a message that has no header at all.
    for (let at = start - 1; at < this.#file.sizeBytes;) {
      this.#hold(at)
      const hit = this.#window.indexOf(MARK, at - this.#windowAt)
      if (hit < 0) {
        at = this.#windowAt + this.#window.length
        // It may have become shorter since it was opened.
        if (at >= this.#file.sizeBytes || this.#window.length <= MARK.length + 1) break
        at -= MARK.length + 1 // a mark may lie across two windows
        continue
      }
      const line = this.#windowAt + hit + 1
      if (fromLineAt(this.#read, line, this.#isAfterBlank(line)) !== undefined) return line
      at = line
    }
    return this.#file.sizeBytes
  }

  #hold(at: number): void {
    const end = this.#windowAt + this.#window.length
    if (at >= this.#windowAt && at + MARK.length + 2 < end) return
    if (at >= this.#windowAt && end >= this.#file.sizeBytes && at < end) return
    this.#windowAt = at
    this.#window = this.#file.read(at, WINDOW_BYTES, this.#room)
  }

  #isAfterBlank(line: number): boolean {
    const before = this.read(Math.max(0, line - 3), line).toString('latin1')
    return before.endsWith('\n\n') || before.endsWith('\n\r\n')
  }

  /** The blank line before a `From ` line parts, and is no part of the message. */
  #endBefore(start: number, next: number): number {
    const before = this.read(Math.max(start, next - 3), next).toString('latin1')
    if (before.endsWith('\n\r\n')) return next - 2
    return before.endsWith('\n\n') || before === '\n' ? next - 1 : before === '\r\n' ? next - 2 : next
  }
}

/** How deep a line is quoted; of lines that a program may have quoted nobody knows. */
const quotes = (line: string): number => (/^>+From /.test(line) ? 0 : (/^>*/.exec(line)?.[0].length ?? 0))

/**
 * What a file's quoting tells of the program that wrote it. In mboxrd every quoted line has one `>` more than was written, so beside
 * text that quotes it stands one deeper; in mboxo lines that begin with `>` were left as they are, as deep as those beside them.
 */
function votes(text: string): { rd: number; o: number } {
  const found = { rd: 0, o: 0 }
  for (const { index } of text.matchAll(/^>+From /gm)) {
    const depth = /^>*/.exec(text.slice(index, index + LINE_BYTES))?.[0].length ?? 0
    const lineEnd = text.indexOf('\n', index)
    const beside = [
      text.slice(text.lastIndexOf('\n', index - 2) + 1, index),
      lineEnd < 0 ? '' : text.slice(lineEnd + 1, lineEnd + 1 + LINE_BYTES),
    ]
    const depths = beside.map(quotes).filter((one) => one > 0)
    if (depths.some((one) => one === depth)) found.o++
    else if (depths.some((one) => one === depth - 1)) found.rd++
  }
  return found
}

/** Looks at a file's beginning to know how it was written. */
export function readDialect(file: ByteFile, quoting: 'auto' | MboxDialect['quoting']): MboxDialect {
  const walk = new MboxWalk(file, { hasLengths: false })
  const first = firstFromLine(file) ?? 0
  const said = { rd: 0, o: 0 }
  let hasStatus = false
  let hasLengths: boolean | undefined
  let messages = 0
  for (let at = first; at < LOOKED_AT_BYTES && messages < LOOKED_AT_MESSAGES; messages++) {
    const message = walk.messageAt(at)
    if (message === undefined) break
    const bytes = walk.read(message.start, Math.min(message.end, message.start + WINDOW_BYTES))
    const { header, flags } = readImportHeader(bytes.subarray(0, HEADER_BYTES))
    hasStatus ||= flags !== undefined
    const byLength = hasLengths === false ? undefined : walk.byLength(message.start)
    hasLengths = byLength !== undefined && hasLengths !== false
    if (bytes.includes('>From ')) {
      const { rd, o } = votes(bytes.toString('latin1', header.bodyAt))
      said.rd += rd
      said.o += o
    }
    at = byLength !== undefined ? byLength.next : message.next
  }
  const found = said.o >= 2 && said.o > 2 * said.rd ? 'mboxo' : 'mboxrd'
  return { quoting: quoting === 'auto' ? found : quoting, hasLengths: hasLengths ?? false, hasStatus }
}
