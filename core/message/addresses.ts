import { formatMailbox, parseDomain, parseMailbox } from '../model/address.ts'

/** One entry of a To, Cc or Bcc line as a person writes it. */
export interface WrittenAddress {
  /** What was written, trimmed. */
  readonly text: string
  readonly name: string
  /** `local@domain`, checked; null when the entry can't be written to. */
  readonly address: string | null
  /** What is wrong with it, in words; null when nothing is. */
  readonly problem: string | null
}

/** One entry before it is judged. */
interface Entry {
  readonly text: string
  /** What stands outside quotes, brackets and comments together with what quotes hold: a name, or a bare address. */
  readonly words: string
  /** True when part of it was in quotes before any `@`-bearing word could begin. */
  readonly hasQuotes: boolean
  readonly angle: string | undefined
  readonly comment: string
  /** What stands after the closing `>`. */
  readonly after: string
  readonly open: '"' | '<' | '(' | undefined
}

/**
 * Reads a list of addresses as people type and paste it: commas, semicolons or line ends between entries, names quoted or
 * not, comments, groups. Each entry ends in the one strict parser of addresses, so what is accepted here is exactly what an
 * envelope can hold.
 */
export function parseAddresses(text: string): WrittenAddress[] {
  return splitEntries(text).map(judge)
}

/** Splits at separators that are not inside quotes, brackets or comments. A group's name and colon are dropped. */
function splitEntries(text: string): Entry[] {
  const entries: Entry[] = []
  let at = 0
  while (at < text.length) {
    const { entry, next } = entryAt(text, at)
    at = next
    if (entry !== undefined) entries.push(entry)
  }
  return entries
}

function entryAt(text: string, from: number): { entry: Entry | undefined; next: number } {
  let start = from
  let words = ''
  let comment = ''
  let after = ''
  let angle: string | undefined
  let hasQuotes = false
  let open: Entry['open']
  let at = from
  for (; at < text.length; at++) {
    const c = text[at] ?? ''
    if (c === ',' || c === ';' || c === '\n' || c === '\r') {
      // A folded line goes on; a line of its own is an entry of its own.
      if ((c === '\n' || c === '\r') && /^(?:\r?\n)[ \t]/.test(text.slice(at, at + 3))) continue
      break
    }
    if (c === '"' && angle === undefined) {
      const quoted = quotedAt(text, at)
      // Kept as written where it may be a local part: the strict parser wants its quotes.
      words += text[quoted.next] === '@' ? text.slice(at, quoted.next) : quoted.value
      hasQuotes = true
      if (!quoted.isClosed) open = '"'
      at = quoted.next - 1
    } else if (c === '(') {
      const found = commentAt(text, at)
      comment += comment === '' ? found.value : ` ${found.value}`
      words += ' '
      if (!found.isClosed) open = '('
      at = found.next - 1
    } else if (c === '<' && angle === undefined) {
      const found = angleAt(text, at)
      angle = found.value
      if (!found.isClosed) open = '<'
      at = found.next - 1
    } else if (c === ':' && angle === undefined && isGroupName(words, hasQuotes)) {
      start = at + 1
      words = ''
      hasQuotes = false
    } else if (angle === undefined) words += c
    else after += c
  }
  const whole = text.slice(start, at).trim()
  if (whole === '') return { entry: undefined, next: at + 1 }
  const entry = { text: whole, words: tidy(words), hasQuotes, angle, comment: tidy(comment), after: after.trim(), open }
  return { entry, next: at + 1 }
}

/** `Team:` begins a group and `mailto:` a link; `a@[IPv6:…]` does neither. */
function isGroupName(words: string, hasQuotes: boolean): boolean {
  return hasQuotes || !words.includes('@')
}

interface Found {
  readonly value: string
  readonly next: number
  readonly isClosed: boolean
}

function quotedAt(text: string, from: number): Found {
  let value = ''
  for (let at = from + 1; at < text.length; at++) {
    const c = text[at] ?? ''
    if (c === '"') return { value, next: at + 1, isClosed: true }
    if (c === '\\' && at + 1 < text.length) value += text[++at] ?? ''
    else value += c
  }
  return { value, next: text.length, isClosed: false }
}

function commentAt(text: string, from: number): Found {
  let depth = 0
  let value = ''
  for (let at = from; at < text.length; at++) {
    const c = text[at] ?? ''
    if (c === '\\' && at + 1 < text.length) value += text[++at] ?? ''
    else if (c === '(' && depth++ === 0) continue
    else if (c === ')' && --depth === 0) return { value, next: at + 1, isClosed: true }
    else value += c
  }
  return { value, next: text.length, isClosed: false }
}

/** Up to the `>` that is not inside the quotes of a local part. */
function angleAt(text: string, from: number): Found {
  let isQuoted = false
  for (let at = from + 1; at < text.length; at++) {
    const c = text[at]
    if (c === '\\' && isQuoted) at++
    else if (c === '"') isQuoted = !isQuoted
    else if (c === '>' && !isQuoted) return { value: text.slice(from + 1, at).trim(), next: at + 1, isClosed: true }
  }
  return { value: text.slice(from + 1).trim(), next: text.length, isClosed: false }
}

const tidy = (text: string) => text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim()

function judge(entry: Entry): WrittenAddress {
  const isBare = entry.angle === undefined
  const written = isBare ? entry.words : (entry.angle ?? '')
  const name = isBare || entry.words === '' ? entry.comment : entry.words
  const mailbox = entry.open === undefined && entry.after === '' ? parseMailbox(written) : undefined
  if (mailbox !== undefined) return { text: entry.text, name, address: formatMailbox(mailbox), problem: null }
  return { text: entry.text, name: isBare ? '' : name, address: null, problem: problemOf(entry, written) }
}

const CLOSING = { '"': '"', '<': '>', '(': ')' } as const

/** What is wrong, with the value at fault. */
function problemOf(entry: Entry, written: string): string {
  const say = (value: string) => `"${value.length > 100 ? `${value.slice(0, 99)}…` : value}"`
  if (entry.open !== undefined) return `${say(entry.text)} has a ${entry.open} without its ${CLOSING[entry.open]}`
  if (entry.after !== '') return `${say(entry.after)} stands after the address; put a comma between two addresses`
  if (written === '') return `${say(entry.text)} has no address between < and >`
  const at = written.lastIndexOf('@')
  if (at < 0) return `${say(written)} has no @`
  if (at === 0) return `${say(written)} has nothing before the @`
  if (at === written.length - 1) return `${say(written)} has nothing after the @`
  if (/\s/.test(written)) {
    const count = written.split(/\s+/).filter((word) => word.includes('@')).length
    return count > 1
      ? `${say(written)} holds ${count} addresses; put a comma between them`
      : `${say(written)} holds a space; put < and > around the address`
  }
  const domain = written.slice(at + 1)
  return parseDomain(domain) === undefined
    ? `${say(domain)} is no domain name`
    : `${say(written.slice(0, at))} can't stand before the @`
}
