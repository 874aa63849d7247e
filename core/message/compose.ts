import { Readable } from 'node:stream'
import { Fault } from '../base/fault.ts'
import { formatMailbox, needsUtf8, type Mailbox } from '../model/address.ts'
import { flow } from './flowed.ts'
import { encodeWords } from './headers.ts'

/** One author or addressee with the name that stands before the address. */
export interface NamedMailbox {
  readonly name: string
  readonly mailbox: Mailbox
}
/** A file that goes along. `open` gives its bytes, once. */
export interface OutgoingFile {
  readonly filename: string
  readonly contentType: string
  readonly open: () => AsyncIterable<Uint8Array>
  /** Of a picture that stands in the HTML text: the name it has there, without brackets. */
  readonly contentId?: string | undefined
  /** A whole message, byte for byte as it is stored: it goes along as one, and not as a file. */
  readonly isMessage?: boolean | undefined
  /** Of a message: it holds bytes beyond ASCII. */
  readonly is8bit?: boolean | undefined
}
/** What a person wrote, ready to become a message. Of mail that is sent, Bcc belongs to the envelope alone. */
export interface Composition {
  readonly from: NamedMailbox
  readonly to: readonly NamedMailbox[]
  readonly cc: readonly NamedMailbox[]
  /** Only of a draft, which nobody is sent: who is to get it unseen. */
  readonly bcc?: readonly NamedMailbox[]
  readonly subject: string
  readonly text: string
  /** The same as rich text; left out: plain text alone. */
  readonly html?: string | undefined
  /** The plain text is written as format=flowed (RFC 3676): each of its lines is a paragraph. */
  readonly isFlowed?: boolean
  /** Where answers go; none: to the author. */
  readonly replyTo?: readonly NamedMailbox[]
  readonly priority?: 'high' | 'low' | undefined
  /** Whom a reader is asked to tell that it was read (RFC 8098 §2.1). */
  readonly receiptTo?: Mailbox | undefined
  readonly attachments: readonly OutgoingFile[]
  /** Message-IDs with their brackets, separated by spaces; '' for none. */
  readonly inReplyTo: string
  readonly references: string
  readonly dateMs: number
  /** With its brackets. */
  readonly messageId: string
}

/** Lines longer than RFC 5322 §2.1.1 recommends are folded by the encoding, not by a program on the way. */
const LONGEST_PLAIN_LINE = 78

/**
 * The message as bytes, in pieces as they come: CRLF lines of at most 998 octets, everything in 7 bits but the local part
 * of an address that has none (RFC 6531). Throws `message.refused` when an address can't stand in a header.
 */
export function composeStream(mail: Composition): AsyncIterable<Uint8Array> {
  for (const { mailbox } of [mail.from, ...mail.to, ...mail.cc, ...(mail.bcc ?? []), ...(mail.replyTo ?? [])]) {
    if (/[\r\n\0]/.test(formatMailbox(mailbox)))
      throw new Fault(
        'message.refused',
        `write the message: ${JSON.stringify(mailbox.local)} can't stand in a header`,
        {
          reason: 'address',
        },
      )
  }
  return written(mail)
}

async function* written(mail: Composition): AsyncGenerator<Uint8Array, void, void> {
  // Loaded when somebody first writes: it is a tenth of what starting takes.
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer')
  const root = new MailComposer({
    from: toAddress(mail.from),
    to: isUndisclosed(mail) ? `${UNDISCLOSED}:;` : mail.to.map(toAddress),
    cc: mail.cc.map(toAddress),
    ...(mail.bcc && { bcc: mail.bcc.map(toAddress) }),
    ...(mail.replyTo?.length ? { replyTo: mail.replyTo.map(toAddress) } : {}),
    subject: oneLine(mail.subject),
    messageId: idsOf(mail.messageId),
    ...(mail.inReplyTo === '' ? {} : { inReplyTo: idsOf(mail.inReplyTo) }),
    ...(mail.references === '' ? {} : { references: idsOf(mail.references) }),
    date: new Date(mail.dateMs),
    alternatives: textsOf(mail),
    attachments: mail.attachments.map((file) => partOf(file, mail.html !== undefined)),
    newline: '\r\n',
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile()
  root.keepBcc = mail.bcc !== undefined
  // What looks like an encoded word and is none is written as one (RFC 2047 §7): nearly every reader would decode it, in quotes, too.
  const encoder = root as unknown as Record<typeof ENCODE_NAME, (name: string) => string>
  const encodeName = encoder[ENCODE_NAME].bind(root)
  encoder[ENCODE_NAME] = (name) =>
    name === UNDISCLOSED ? name : name.includes('=?') ? encodeWords(name) : encodeName(name)
  const subject = oneLine(mail.subject)
  if (subject.includes('=?')) root.setHeader('Subject', { prepared: true, value: encodeWords(subject) })
  if (mail.priority !== undefined) {
    root.setHeader('Importance', mail.priority)
    root.setHeader('X-Priority', mail.priority === 'high' ? '1 (Highest)' : '5 (Lowest)')
  }
  if (mail.receiptTo !== undefined)
    root.setHeader('Disposition-Notification-To', { prepared: true, value: formatMailbox(mail.receiptTo) })
  yield* root.createReadStream() as AsyncIterable<Uint8Array>
}

/**
 * True of mail whose recipients are all in Bcc: a field that names nobody is what many servers ask for (the empty group of RFC 5322
 * §3.4). A draft needs none.
 */
const isUndisclosed = ({ to, cc, bcc }: Composition) => bcc === undefined && to.length === 0 && cc.length === 0

interface TextPart {
  readonly contentType: string
  readonly content: string
  readonly contentTransferEncoding: string
}

/** The text as it is read without and, where it has one, with its looks: the plainest first (RFC 2046 §5.1.4). */
function textsOf({ text, html, isFlowed = false }: Composition): TextPart[] {
  const part = (type: string, written: string): TextPart => {
    const content = written.replaceAll(/\r\n?|\n/g, '\r\n')
    const contentTransferEncoding = isPlain(content, isFlowed) ? '7bit' : 'quoted-printable'
    return { contentType: type, content: endsLine(content), contentTransferEncoding }
  }
  const plain = isFlowed ? flow(text.replaceAll(/\r\n?/g, '\n')) : text
  return [
    part(`text/plain; charset=utf-8${isFlowed ? '; format=flowed' : ''}`, plain),
    ...(html === undefined ? [] : [part('text/html; charset=utf-8', html)]),
  ]
}

/** A file as a part; a picture of the rich text stands beside it (RFC 2387), where there is such text. */
function partOf({ filename, contentType, contentId, isMessage, is8bit, open }: OutgoingFile, isRich: boolean) {
  const content = Readable.from(nonEmpty(open()))
  const isPicture = isRich && contentId !== undefined && /^[\w.@+-]{1,200}$/.test(contentId)
  return {
    filename: oneLine(filename) || 'file',
    contentType: isMessage === true ? 'message/rfc822' : typeOf(contentType),
    contentDisposition: isPicture ? ('inline' as const) : ('attachment' as const),
    // A message inside a message stays as it is (RFC 2046 §5.2.1); the queue makes 7 bits of it where it must.
    contentTransferEncoding: isMessage !== true ? ('base64' as const) : is8bit === true ? '8bit' : '7bit',
    content,
    ...(isPicture ? { cid: contentId } : {}),
  }
}

/** The whole message at once. */
export async function compose(mail: Composition): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of composeStream(mail)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Whether the header needs SMTPUTF8 (RFC 6531): an address of it has a local part beyond ASCII. */
export function headerNeedsUtf8(mail: Pick<Composition, 'from' | 'to' | 'cc' | 'replyTo'>): boolean {
  return [mail.from, ...mail.to, ...mail.cc, ...(mail.replyTo ?? [])].some(({ mailbox }) => needsUtf8(mailbox))
}

/** A stream that ends without a byte must still be a stream, not "no content". */
async function* nonEmpty(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, void> {
  for await (const chunk of bytes) if (chunk.length > 0) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
}

function toAddress({ name, mailbox }: NamedMailbox): { name: string; address: string } {
  return { name: oneLine(name), address: formatMailbox(mailbox) }
}

/** The name of the group that nobody is in. */
const UNDISCLOSED = 'undisclosed-recipients'

/** How nodemailer writes a name before an address; it has no other place where that can be said. */
const ENCODE_NAME = '_encodeAddressName'

/** A header value: no control, single spaces. */
function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim()
}

/** Only what reads as Message-IDs, the newest hundred: a References field grows with every reply. */
function idsOf(text: string): string {
  return (text.match(/<[\u0021-\u003b\u003d\u003f-\u007e]{1,250}>/g) ?? []).slice(-100).join(' ')
}

/** A type the part may carry. A message or multipart must not be base64 (RFC 2046 §5.2.1), so a file of one is octets. */
function typeOf(type: string): string {
  const isType = /^[a-z0-9!#$&^_.+-]{1,60}\/[a-z0-9!#$&^_.+-]{1,100}$/i.test(type)
  return isType && !/^(?:message|multipart)\//i.test(type) ? type.toLowerCase() : 'application/octet-stream'
}

const endsLine = (text: string) => (text.endsWith('\r\n') ? text : `${text}\r\n`)

/**
 * Text that goes as it is: ASCII, short lines, nothing that programs on the way change (`From ` and spaces at an end; in flowed text
 * such a space is what joins two lines, and a program that takes it leaves a text that can still be read).
 */
function isPlain(text: string, isFlowed: boolean): boolean {
  if (/[^\t\r\n\u0020-\u007e]/.test(text)) return false
  return text
    .split('\r\n')
    .every(
      (one) =>
        one.length <= LONGEST_PLAIN_LINE &&
        !one.startsWith('From ') &&
        (isFlowed ? !one.endsWith('\t') : !/[ \t]$/.test(one)),
    )
}
