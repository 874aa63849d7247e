import { readHeader, type Header, type HeaderField } from '../message/headers.ts'
import { decodeHeaderText } from '../message/charset.ts'
import { parseDate } from '../message/date.ts'
import { oneLine } from '../message/one-line.ts'

/** What another program thought of a message. */
export interface ImportFlags {
  readonly seen: boolean
  readonly starred: boolean
  readonly answered: boolean
  readonly forwarded: boolean
  /** It was to be removed there. */
  readonly deleted: boolean
  readonly tags: readonly string[]
}

/** Fields in which programs keep such thoughts in the message itself: read, and left out of what is stored. */
const BOOKKEEPING: ReadonlySet<string> = new Set([
  'status',
  'x-status',
  'x-keywords',
  'x-uid',
  'x-imap',
  'x-imapbase',
  'content-length',
  'x-mozilla-status',
  'x-mozilla-status2',
  'x-mozilla-keys',
  'x-account-key',
  'x-uidl',
])
/** Of these, values that are no notes of a mailbox: mail from elsewhere may have fields by those names that mean something else. */
const NOTES: Readonly<Record<string, RegExp>> = {
  'status': /^\s*[ROUND]{0,5}\s*$/,
  'x-status': /^\s*[ADFTNR]{0,6}\s*$/,
  'content-length': /^\s*\d{1,15}\s*$/,
  'x-mozilla-status': /^\s*[0-9a-f]{4}\s*$/i,
}
/** Fields that say whether a message was read. */
const SAYING = ['status', 'x-status', 'x-mozilla-status', 'x-keywords', 'x-mozilla-keys', 'x-gmail-labels']

/** Bits of X-Mozilla-Status. */
const READ = 0x1
const REPLIED = 0x2
const MARKED = 0x4
const EXPUNGED = 0x8
const FORWARDED = 0x1000
const MOST_TAGS = 20
const LONGEST_TAG = 60
/** What IMAP and Thunderbird call what other programs show by a name (RFC 5788 has the rest). */
const TAG_NAMES: Readonly<Record<string, string>> = {
  $label1: 'Important',
  $label2: 'Work',
  $label3: 'Personal',
  $label4: 'To do',
  $label5: 'Later',
}
/** Keywords that are no tags: flags in other words, and notes of programs to themselves. */
const NO_TAG = /^(?:nonjunk|junk|notjunk|\$.*|\\.*|receipt-handled|unread|opened|inbox|sent|starred|category .*)$/i

/** Tags' names from keywords; what is no tag is left out. */
export function tagNames(keywords: readonly string[]): string[] {
  const names = keywords.map((word) => TAG_NAMES[word.toLowerCase()] ?? (NO_TAG.test(word) ? '' : word))
  const clean = names.map((name) => oneLine(name, LONGEST_TAG)).filter((name) => name !== '')
  return [...new Set(clean)].slice(0, MOST_TAGS)
}

/** A message's header and what it says that an import wants to know. */
export interface ImportHeader {
  readonly header: Header
  /** Undefined where it says nothing. */
  readonly flags: ImportFlags | undefined
  /** When the last server took it, by the topmost Received (RFC 5321 §4.4), Unix ms. */
  readonly arrivalMs: number | null
}

/** The value of a field as it stands, on one line. */
const valueOf = (bytes: Buffer, { valueAt, end }: HeaderField) =>
  bytes.toString('latin1', valueAt, Math.min(end, valueAt + 4000)).replaceAll(/\s+/g, ' ')

/** Whether a field is a note of another program on the message. */
export function isNote(bytes: Buffer, field: HeaderField): boolean {
  return BOOKKEEPING.has(field.name) && (NOTES[field.name]?.test(valueOf(bytes, field)) ?? true)
}

/** Reads the header that `bytes` begin with. */
export function readImportHeader(bytes: Buffer): ImportHeader {
  const header = readHeader(bytes)
  const value = (name: string): string | undefined => {
    const found = header.fields.find((field) => field.name === name)
    return found && valueOf(bytes, found)
  }
  const received = value('received')
  const arrivalMs = received === undefined ? null : parseDate(received.slice(received.lastIndexOf(';') + 1))
  const saying = header.fields.filter(
    (field) => SAYING.includes(field.name) && (NOTES[field.name]?.test(valueOf(bytes, field)) ?? true),
  )
  if (saying.length === 0) return { header, flags: undefined, arrivalMs }
  const note = (name: string) => {
    const found = saying.find((field) => field.name === name)
    return found === undefined ? '' : valueOf(bytes, found).trim()
  }
  const status = `${note('status')} ${note('x-status')}`
  const mozilla = Number.parseInt(note('x-mozilla-status'), 16) || 0
  const labels = decodeHeaderText(value('x-gmail-labels') ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  // Ours have a comma, so that names may have spaces; those of others are parted by spaces.
  const keywords = decodeHeaderText(value('x-keywords') ?? '')
  const words = [
    ...keywords.split(keywords.includes(',') ? ',' : ' ').map((word) => word.trim()),
    ...(value('x-mozilla-keys') ?? '').split(' '),
  ]
  const flags = {
    seen: /R/.test(status) || (mozilla & READ) !== 0 || (labels.length > 0 && !labels.includes('Unread')),
    starred: /F/.test(status) || (mozilla & MARKED) !== 0 || labels.includes('Starred'),
    answered: /A/.test(status) || (mozilla & REPLIED) !== 0,
    forwarded: (mozilla & FORWARDED) !== 0,
    deleted: /D/.test(status) || (mozilla & EXPUNGED) !== 0,
    tags: tagNames([...words, ...labels]),
  }
  return { header, flags, arrivalMs }
}

/** The bytes without bookkeeping; the very same where there is none. */
export function withoutBookkeeping(bytes: Buffer, { fields }: Header): Buffer {
  const out = fields.filter((field) => isNote(bytes, field))
  if (out.length === 0) return bytes
  const kept: Buffer[] = []
  let from = 0
  for (const { at, end } of out) {
    kept.push(bytes.subarray(from, at))
    from = end
  }
  return Buffer.concat([...kept, bytes.subarray(from)])
}
