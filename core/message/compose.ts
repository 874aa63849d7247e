import { Readable } from 'node:stream'
import { Fault } from '../base/fault.ts'
import { formatMailbox, needsUtf8, type Mailbox } from '../model/address.ts'
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
  for (const { mailbox } of [mail.from, ...mail.to, ...mail.cc, ...(mail.bcc ?? [])]) {
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
  const text = mail.text.replaceAll(/\r\n?|\n/g, '\r\n')
  const root = new MailComposer({
    from: toAddress(mail.from),
    to: mail.to.map(toAddress),
    cc: mail.cc.map(toAddress),
    ...(mail.bcc && { bcc: mail.bcc.map(toAddress) }),
    subject: oneLine(mail.subject),
    messageId: idsOf(mail.messageId),
    ...(mail.inReplyTo === '' ? {} : { inReplyTo: idsOf(mail.inReplyTo) }),
    ...(mail.references === '' ? {} : { references: idsOf(mail.references) }),
    date: new Date(mail.dateMs),
    text: { content: endsLine(text), contentTransferEncoding: isPlain(text) ? '7bit' : 'quoted-printable' },
    attachments: mail.attachments.map((file) => ({
      filename: oneLine(file.filename) || 'file',
      contentType: typeOf(file.contentType),
      contentDisposition: 'attachment',
      contentTransferEncoding: 'base64',
      content: Readable.from(nonEmpty(file.open())),
    })),
    newline: '\r\n',
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile()
  root.keepBcc = mail.bcc !== undefined
  // What looks like an encoded word and is none is written as one (RFC 2047 §7): nearly every reader would decode it, in quotes, too.
  const encoder = root as unknown as Record<typeof ENCODE_NAME, (name: string) => string>
  const encodeName = encoder[ENCODE_NAME].bind(root)
  encoder[ENCODE_NAME] = (name) => (name.includes('=?') ? encodeWords(name) : encodeName(name))
  const subject = oneLine(mail.subject)
  if (subject.includes('=?')) root.setHeader('Subject', { prepared: true, value: encodeWords(subject) })
  yield* root.createReadStream() as AsyncIterable<Uint8Array>
}

/** The whole message at once. */
export async function compose(mail: Composition): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of composeStream(mail)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Whether the header needs SMTPUTF8 (RFC 6531): an address of it has a local part beyond ASCII. */
export function headerNeedsUtf8(mail: Pick<Composition, 'from' | 'to' | 'cc'>): boolean {
  return [mail.from, ...mail.to, ...mail.cc].some(({ mailbox }) => needsUtf8(mailbox))
}

/** A stream that ends without a byte must still be a stream, not "no content". */
async function* nonEmpty(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, void> {
  for await (const chunk of bytes) if (chunk.length > 0) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
}

function toAddress({ name, mailbox }: NamedMailbox): { name: string; address: string } {
  return { name: oneLine(name), address: formatMailbox(mailbox) }
}

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

/** Text that goes as it is: ASCII, short lines, nothing that programs on the way change (`From ` and spaces at an end). */
function isPlain(text: string): boolean {
  if (/[^\t\r\n\u0020-\u007e]/.test(text)) return false
  return text
    .split('\r\n')
    .every((one) => one.length <= LONGEST_PLAIN_LINE && !one.startsWith('From ') && !/[ \t]$/.test(one))
}
