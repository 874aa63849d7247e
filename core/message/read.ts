import { createHash } from 'node:crypto'
import { addressParser, type Address as ParsedAddress } from 'postal-mime'
import type { MessageFields } from '../model/message-fields.ts'
import { decodeHeaderText, decodeOctets } from './charset.ts'
import { decodeContent, textOf } from './content.ts'
import { parseDate } from './date.ts'
import { htmlToText } from './html-text.ts'
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
const LONGEST_TEXT = 4 * 1024 * 1024
const LONGEST_INDEXED = 1024 * 1024
const LONGEST_SUBJECT = 2000
const LONGEST_ADDRESSEES = 2000
const LONGEST_PREVIEW = 200

function field(part: Part, name: string): string {
  return part.fields.find((one) => one.name === name)?.value ?? ''
}

/** Characters that would reorder or hide what stands beside them, and controls. */
// eslint-disable-next-line no-control-regex -- controls are what is taken out
const UNSHOWABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]+/g

/** One line that can be shown beside others: no controls, no bidi marks, single spaces, at most `most` characters. */
function line(text: string, most: number): string {
  const cut = text
    .slice(0, most * 4)
    .replaceAll(UNSHOWABLE, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return cut.length <= most ? cut : `${cut.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`
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
  const one = { name: line(parsed.name, 500), address: line(parsed.address, 1000) }
  return one.name === '' && one.address === '' ? [] : [one]
}

const shown = (list: readonly HeaderAddress[]) =>
  list.map(({ name, address }) => (name === '' ? address : address === '' ? name : `${name} <${address}>`)).join(', ')

/** The pieces a body is made of, in order. A piece may have both forms: the alternatives a sender wrote. */
interface Piece {
  readonly text: Part | undefined
  readonly html: Part | undefined
}
interface Content {
  readonly pieces: Piece[]
  readonly attachments: Part[]
}

/** Sorts the leaves of the tree into what is read and what is attached. */
function contentOf(root: Part): Content {
  const content: Content = { pieces: [], attachments: [] }
  collect(root, content, false)
  return content
}

function collect(part: Part, into: Content, isRelated: boolean): void {
  if (part.type === 'multipart/alternative' && part.isMultipart) {
    const inner: Content = { pieces: [], attachments: into.attachments }
    for (const child of part.children) collect(child, inner, isRelated)
    const text = inner.pieces.findLast((piece) => piece.text !== undefined && piece.html === undefined)?.text
    const both = inner.pieces.findLast((piece) => piece.html !== undefined)
    if (text !== undefined || both !== undefined) into.pieces.push({ text: text ?? both?.text, html: both?.html })
    return
  }
  if (part.isMultipart) {
    part.children.forEach((child, n) => collect(child, into, part.type === 'multipart/related' && n > 0))
    return
  }
  const isText = part.type === 'text/plain' || part.type === 'text/html'
  const isResource = isRelated && part.contentId !== ''
  if (!isText || isResource || part.disposition === 'attachment') {
    // A multipart without a boundary that can be used has no parts: what is there is shown as text.
    if (part.type.startsWith('multipart/') && part.disposition !== 'attachment' && part.children.length === 0)
      into.pieces.push({ text: { ...part, type: 'text/plain' }, html: undefined })
    else into.attachments.push(part)
  } else if (part.type === 'text/html') into.pieces.push({ text: undefined, html: part })
  else into.pieces.push({ text: part, html: undefined })
}

const escapeHtml = (text: string) =>
  text.replaceAll(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c)

/** Both forms of the body; null where the sender wrote nothing in that form. */
function bodies(raw: Uint8Array, pieces: readonly Piece[]): { text: string | null; html: string | null } {
  const hasText = pieces.some((piece) => piece.text !== undefined)
  const hasHtml = pieces.some((piece) => piece.html !== undefined)
  const text: string[] = []
  const html: string[] = []
  for (const piece of pieces) {
    const plain = piece.text === undefined ? undefined : textOf(raw, piece.text)
    const rich = piece.html === undefined ? undefined : textOf(raw, piece.html)
    if (hasText) text.push(plain ?? htmlToText(rich ?? ''))
    if (hasHtml) html.push(rich ?? `<pre style="white-space: pre-wrap">${escapeHtml(plain ?? '')}</pre>`)
  }
  // An empty body is no body: a message that is only an attachment has none.
  return { text: text.join('\n') || null, html: html.join('\n') || null }
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  'message/rfc822': 'eml',
  'text/calendar': 'ics',
  'text/plain': 'txt',
  'text/html': 'html',
  'application/pdf': 'pdf',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
}

/** The name the sender gave a part, decoded; null where there is none. */
function givenName(part: Part): string | null {
  return part.dispositionParameters.get('filename') ?? part.typeParameters.get('name') ?? null
}

/** A name that can be shown and saved under: no folders, no marks that reorder it, no device, at most 200 characters. */
export function safeName(given: string | null, contentType: string, index: number): string {
  const clean = line((given ?? '').replaceAll(UNSHOWABLE, ''), 1000)
    .replaceAll(/[/\\:*?"<>|]/g, '_')
    .replace(/^[. ]+/, '')
    .replace(/[. ]+$/, '')
  const name = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(clean) ? `_${clean}` : clean
  if (name === '') return `part-${index + 1}.${EXTENSIONS[contentType] ?? 'bin'}`
  if (name.length <= 200) return name
  const dot = name.lastIndexOf('.')
  const ending = dot > 0 && name.length - dot <= 20 ? name.slice(dot) : ''
  return `${name.slice(0, 200 - ending.length)}${ending}`
}

function messageIdOf(root: Part): string {
  const value = decodeOctets(field(root, 'message-id'))
  return line(/<[^<>\s]{1,998}>/.exec(value)?.[0] ?? value, 998)
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
  const body = (found.text?.trim() ? found.text : htmlToText(found.html ?? '')).slice(0, LONGEST_INDEXED)
  return {
    ...headOf(root),
    subject: line(decodeHeaderText(field(root, 'subject')), LONGEST_SUBJECT),
    authorName: author?.name ?? '',
    authorAddress: author?.address ?? '',
    addressees: line(shown([...addresses(root, 'to'), ...addresses(root, 'cc')]), LONGEST_ADDRESSEES),
    preview: previewOf(body),
    attachments: attachments.length,
    body: body.replaceAll('\0', ' '),
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
  return line(own, LONGEST_PREVIEW)
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
    subject: line(decodeHeaderText(field(root, 'subject')), LONGEST_SUBJECT),
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

const LARGEST_IMAGE = 1024 * 1024
const ALL_IMAGES = 5 * 1024 * 1024
/** Raster formats only: an SVG is a document. */
const IMAGE = /^image\/(?:png|jpe?g|gif|webp|bmp|avif)$/

/** Puts images the message brings along in place of their `cid:` (RFC 2392), 1 MiB each and 5 MiB in all at most. */
function withImages(raw: Uint8Array, html: string, attachments: readonly Part[]): string {
  if (!/cid:/i.test(html)) return html
  const urls = new Map<string, string>()
  let left = ALL_IMAGES
  return html.replaceAll(
    /((?:src|background)\s*=\s*["']?)cid:([^"'\s>]{1,500})/gi,
    (whole, before: string, cid: string) => {
      const id = unescapeUrl(cid)
      let url = urls.get(id)
      if (url === undefined) {
        const part = attachments.find((one) => one.contentId === id && IMAGE.test(one.type))
        const bytes = part === undefined ? undefined : decodeContent(raw, part)
        const isGood = part !== undefined && bytes !== undefined && bytes.length <= LARGEST_IMAGE
        url = isGood ? `data:${part.type};base64,${bytes.toString('base64')}` : ''
        urls.set(id, url)
      }
      // Counted at each use: one image named a thousand times is a thousand copies.
      if (url === '' || url.length > left) return whole
      left -= url.length
      return before + url
    },
  )
}

function unescapeUrl(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('&amp;', '&'))
  } catch {
    return text
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
