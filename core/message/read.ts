import type { MessageFields } from '../model/message-fields.ts'
import { readContent } from './attached.ts'
import { decodeHeaderText, decodeOctets } from './charset.ts'
import { statusPartOf } from './dsn-read.ts'
import { parseDate } from './date.ts'
import { safeName } from './file-name.ts'
import { addressesOf, type HeaderAddress } from './header-addresses.ts'
import { htmlToText } from './html-text.ts'
import { withImages } from './inline-images.ts'
import { cutOf } from './notes.ts'
import { oneLine } from './one-line.ts'
import { previewOf } from './preview.ts'
import { CAPS } from './reading-caps.ts'
import { readStructure, type Part } from './structure.ts'

export type { HeaderAddress }
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
function field(part: Part, name: string): string {
  return part.fields.find((one) => one.name === name)?.value ?? ''
}

const shown = (list: readonly HeaderAddress[]) =>
  list.map(({ name, address }) => (name === '' ? address : address === '' ? name : `${name} <${address}>`)).join(', ')

function messageIdOf(root: Part): string {
  const value = decodeOctets(field(root, 'message-id'))
  return oneLine(/<[^<>\s]{1,998}>/.exec(value)?.[0] ?? value, 998)
}

/** Message-IDs of In-Reply-To and References with their brackets, single spaces between. */
function idsOf(root: Part, name: string): string {
  return (decodeOctets(field(root, name)).match(/<[^<>\s]{1,998}>/g) ?? []).slice(-CAPS.references).join(' ')
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
  const { root, text, html, files } = readContent(raw)
  const author = addressesOf(root.fields, 'from')[0] ?? addressesOf(root.fields, 'sender')[0]
  const cc = addressesOf(root.fields, 'cc')
  const people = [...addressesOf(root.fields, 'to'), ...cc]
  const body = (text?.trim() ? text : htmlToText((html ?? '').slice(0, 2 * CAPS.indexedCharacters))).slice(
    0,
    CAPS.indexedCharacters,
  )
  return {
    ...headOf(root),
    subject: subjectOf(root),
    authorName: author?.name ?? '',
    authorAddress: author?.address ?? '',
    addressees: oneLine(shown(people), CAPS.addressees),
    cc: oneLine(shown(cc), CAPS.addressees),
    preview: previewOf(body),
    attachments: files.length,
    body: body.replaceAll(/\0/g, ' '),
    people: people.slice(0, CAPS.listed),
    parts: files.slice(0, CAPS.listed).map((file, index) => ({
      filename: safeName(file.name, file.type, index),
      contentType: file.type,
      sizeBytes: file.sizeBytes,
    })),
    ...(statusPartOf(root) === undefined ? {} : { isReport: true }),
  }
}

const subjectOf = (root: Part) => oneLine(decodeHeaderText(field(root, 'subject')), CAPS.subject)

function headOf(root: Part): Pick<FullMessage, 'messageId' | 'inReplyTo' | 'references' | 'dateMs'> {
  return {
    messageId: messageIdOf(root),
    inReplyTo: idsOf(root, 'in-reply-to'),
    references: idsOf(root, 'references'),
    dateMs: parseDate(decodeOctets(field(root, 'date'))),
  }
}

/** All of a message that is shown. Never throws; `problem` says what was left out. */
export function readMessage(raw: Uint8Array): FullMessage {
  const { root, text, html, files, notes } = readContent(raw)
  const people = (name: string) => {
    const found = addressesOf(root.fields, name)
    if (found.length >= CAPS.addresses) notes.cut(`only the first ${CAPS.addresses} addresses of ${name} are shown`)
    return found
  }
  const from = people('from')
  return {
    ...headOf(root),
    from: from.length === 0 ? people('sender') : from,
    to: people('to'),
    cc: people('cc'),
    replyTo: people('reply-to'),
    subject: subjectOf(root),
    text,
    html: html === null ? null : withImages(html, files),
    attachments: files.map((file, index) => ({
      index,
      filename: safeName(file.name, file.type, index),
      contentType: file.type,
      sizeBytes: file.exactBytes(),
      contentId: file.contentId === '' ? null : file.contentId,
    })),
    problem: cutOf(notes.list),
  }
}

/** The decoded bytes of one attachment and how to name it; undefined when there is none of that index. */
export function readAttachment(
  raw: Uint8Array,
  index: number,
): { readonly filename: string; readonly contentType: string; readonly bytes: Uint8Array } | undefined {
  const file = readContent(raw).files[index]
  if (file === undefined) return undefined
  return { filename: safeName(file.name, file.type, index), contentType: file.type, bytes: file.bytes() }
}
