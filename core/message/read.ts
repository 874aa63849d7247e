import { createHash } from 'node:crypto'
import { addressParser, type Address as ParsedAddress } from 'postal-mime'
import type { MessageFields } from '../model/message-fields.ts'
import { decodeHeaderText, decodeOctets } from './charset.ts'
import { bodies, contentOf } from './body.ts'
import { statusPartOf } from './dsn-read.ts'
import { decodeContent, decodedLength } from './content.ts'
import { parseDate } from './date.ts'
import { givenName, safeName } from './file-name.ts'
import { htmlToText } from './html-text.ts'
import { withImages } from './inline-images.ts'
import { oneLine } from './one-line.ts'
import { readStructure, type Part, type Structure } from './structure.ts'

/** One address as a header shows it. */
export interface HeaderAddress {
  readonly name: string
  /** '' where the header names nobody who can be written to. */
  readonly address: string
}
/** One attachment; its bytes are read by `index`. */
export interface Attachment {
  /** Place among the attachments of the message, from 0. */
  readonly index: number
  /** A name that is safe to show and to save under; never empty. */
  readonly filename: string
  readonly contentType: string
  readonly sizeBytes: number
  /** Without angle brackets; null where there is none. */
  readonly contentId: string | null
}
/** All of a message that a reader shows. */
export interface FullMessage {
  readonly from: HeaderAddress[]
  readonly to: HeaderAddress[]
  readonly cc: HeaderAddress[]
  readonly replyTo: HeaderAddress[]
  readonly subject: string
  readonly messageId: string
  readonly inReplyTo: string
  readonly references: string
  readonly dateMs: number | null
  readonly text: string | null
  /** As it was sent: to be cleaned before it is shown. `cid:` images of the message are in it as `data:`. */
  readonly html: string | null
  readonly attachments: Attachment[]
  /** What could not be read, in words. */
  readonly problem: string | null
}
/** What `posthorn parse` prints. */
export interface ParsedForCli {
  readonly subject: string | null
  readonly from: string[]
  readonly to: string[]
  readonly cc: string[]
  readonly date: string | null
  readonly messageId: string | null
  readonly text: string | null
  readonly html: string | null
  readonly attachments: { filename: string | null; contentType: string; size: number; sha256: string }[]
}

const MOST_ADDRESSES = 2000
/** People and attachments that are noted of a message. */
const MOST_LISTED = 100
const LONGEST_TEXT = 4 * 1024 * 1024
const LONGEST_INDEXED = 1024 * 1024
const LONGEST_SUBJECT = 2000
const LONGEST_ADDRESSEES = 2000
const LONGEST_PREVIEW = 200

function field(part: Part, name: string): string {
  return part.fields.find((one) => one.name === name)?.value ?? ''
}

function addresses(part: Part, name: string): HeaderAddress[] {
  const found: HeaderAddress[] = []
  for (const one of part.fields) {
    if (one.name !== name || found.length >= MOST_ADDRESSES) continue
    // Encoded words are read after the commas: a comma inside one parts no addresses.
    for (const address of addressParser(decodeOctets(one.value))) found.push(...flatten(address))
  }
  return found.slice(0, MOST_ADDRESSES)
}

function flatten(parsed: ParsedAddress): HeaderAddress[] {
  if (parsed.group !== undefined) return parsed.group.flatMap(flatten)
  const one = { name: oneLine(parsed.name, 500), address: oneLine(parsed.address, 1000) }
  return one.name === '' && one.address === '' ? [] : [one]
}

const shown = (list: readonly HeaderAddress[]) =>
  list.map(({ name, address }) => (name === '' ? address : address === '' ? name : `${name} <${address}>`)).join(', ')

function messageIdOf(root: Part): string {
  const value = decodeOctets(field(root, 'message-id'))
  return oneLine(/<[^<>\s]{1,998}>/.exec(value)?.[0] ?? value, 998)
}

/** Message-IDs of In-Reply-To and References with their brackets, single spaces between. */
function idsOf(root: Part, name: string): string {
  return (decodeOctets(field(root, name)).match(/<[^<>\s]{1,998}>/g) ?? []).slice(-100).join(' ')
}

/** Bytes of a message its topmost fields are looked for in. */
const HEAD_BYTES = 64 * 1024

/** When the last server took the message, by the topmost Received (RFC 5321 §4.4), Unix ms; null where none says. */
export function readArrivalMs(raw: Uint8Array): number | null {
  const received = decodeOctets(field(readStructure(raw.subarray(0, HEAD_BYTES)).root, 'received'))
  return received === '' ? null : parseDate(received.slice(received.lastIndexOf(';') + 1))
}

/** What a list, the index and a thread need of a message. Never throws. */
export function readFields(raw: Uint8Array): MessageFields {
  const { root } = readStructure(raw)
  const { pieces, attachments } = contentOf(root)
  const author = addresses(root, 'from')[0] ?? addresses(root, 'sender')[0]
  const found = bodies(raw, pieces)
  const people = [...addresses(root, 'to'), ...addresses(root, 'cc')]
  const body = (found.text?.trim() ? found.text : htmlToText(found.html ?? '')).slice(0, LONGEST_INDEXED)
  return {
    ...headOf(root),
    subject: oneLine(decodeHeaderText(field(root, 'subject')), LONGEST_SUBJECT),
    authorName: author?.name ?? '',
    authorAddress: author?.address ?? '',
    addressees: oneLine(shown(people), LONGEST_ADDRESSEES),
    cc: oneLine(shown(addresses(root, 'cc')), LONGEST_ADDRESSEES),
    preview: previewOf(body),
    attachments: attachments.length,
    body: body.replaceAll('\0', ' '),
    people: people.slice(0, MOST_LISTED),
    parts: attachments.slice(0, MOST_LISTED).map((part, index) => ({
      filename: safeName(givenName(part), part.type, index),
      contentType: part.type,
      sizeBytes: decodedLength(raw, part),
    })),
    ...(statusPartOf(root) === undefined ? {} : { isReport: true }),
  }
}

function headOf(root: Part): Pick<FullMessage, 'messageId' | 'inReplyTo' | 'references' | 'dateMs'> {
  return {
    messageId: messageIdOf(root),
    inReplyTo: idsOf(root, 'in-reply-to'),
    references: idsOf(root, 'references'),
    dateMs: parseDate(decodeOctets(field(root, 'date'))),
  }
}

/** The first words the author wrote: quoted lines are somebody else's. */
function previewOf(body: string): string {
  const own = body
    .slice(0, 8192)
    .split('\n')
    .filter((text) => !text.startsWith('>'))
    .join(' ')
  return oneLine(own, LONGEST_PREVIEW)
}

/** All of a message that is shown. Never throws; `problem` says what was left out. */
export function readMessage(raw: Uint8Array): FullMessage {
  const { root, problem } = readStructure(raw)
  const { pieces, attachments } = contentOf(root)
  const { text, html } = bodies(raw, pieces)
  const cut = (value: string | null) => (value === null ? null : value.slice(0, LONGEST_TEXT))
  const isCut = (text?.length ?? 0) > LONGEST_TEXT || (html?.length ?? 0) > LONGEST_TEXT
  return {
    ...headOf(root),
    from: addresses(root, 'from'),
    to: addresses(root, 'to'),
    cc: addresses(root, 'cc'),
    replyTo: addresses(root, 'reply-to'),
    subject: oneLine(decodeHeaderText(field(root, 'subject')), LONGEST_SUBJECT),
    text: cut(text),
    html: html === null ? null : withImages(raw, cut(html) ?? '', attachments),
    attachments: attachments.map((part, index) => ({
      index,
      filename: safeName(givenName(part), part.type, index),
      contentType: part.type,
      sizeBytes: decodeContent(raw, part).length,
      contentId: part.contentId === '' ? null : part.contentId,
    })),
    problem: problem ?? (isCut ? `only the first ${LONGEST_TEXT} characters of the text are shown` : null),
  }
}

/** The decoded bytes of one attachment and how to name it; undefined when there is none of that index. */
export function readAttachment(
  raw: Uint8Array,
  index: number,
): { readonly filename: string; readonly contentType: string; readonly bytes: Uint8Array } | undefined {
  const part = contentOf(readStructure(raw).root).attachments[index]
  if (part === undefined) return undefined
  const filename = safeName(givenName(part), part.type, index)
  return { filename, contentType: part.type, bytes: decodeContent(raw, part) }
}

/** The object `posthorn parse` prints: everything as it was sent, nothing cut. */
export function parseForCli(raw: Uint8Array): ParsedForCli {
  const { root }: Structure = readStructure(raw)
  const { pieces, attachments } = contentOf(root)
  const dateMs = parseDate(decodeOctets(field(root, 'date')))
  const emails = (name: string) =>
    addresses(root, name)
      .map((one) => one.address)
      .filter((address) => address !== '')
  const has = (name: string) => root.fields.some((one) => one.name === name)
  return {
    subject: has('subject') ? decodeHeaderText(field(root, 'subject')) : null,
    from: emails('from'),
    to: emails('to'),
    cc: emails('cc'),
    date: dateMs === null ? null : new Date(dateMs).toISOString(),
    messageId: messageIdOf(root) || null,
    ...bodies(raw, pieces),
    attachments: attachments.map((part) => {
      const bytes = decodeContent(raw, part)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      return { filename: givenName(part), contentType: part.type, size: bytes.length, sha256 }
    }),
  }
}
