import { formatMailbox, type Mailbox } from '../model/address.ts'
import { formatDate, wrap } from './dsn-text.ts'
import { encodeWords } from './headers.ts'

/** What a receipt is made of. All of its addresses are ASCII. */
export interface Receipt {
  /** Who has read the message. */
  readonly from: Mailbox
  /** The same with a name, as a From field has it. */
  readonly author: string
  readonly to: readonly Mailbox[]
  readonly subject: string
  /** Of the message that was read, with its brackets; '' where it has none. */
  readonly originalId: string
  /** What its own Original-Recipient field says; '' for none. */
  readonly originalRecipient: string
  readonly messageId: string
  readonly nowMs: number
  /** A name nobody can guess, for the boundary. */
  readonly uniqueId: string
}

/**
 * A read receipt (RFC 8098 §3): that a person had the message shown and agreed to say so. The message itself does not go back.
 */
export function buildReceipt(receipt: Receipt): Buffer {
  const boundary = `posthorn-receipt-${receipt.uniqueId}`
  const own = formatMailbox(receipt.from)
  const words = `The message you sent to ${own} was shown there on ${formatDate(receipt.nowMs)}. This does not say that it was read, or understood.`
  const lines = [
    `From: ${receipt.author}`,
    `To: ${receipt.to.map(formatMailbox).join(',\r\n ')}`,
    `Subject: ${encodeWords(`Read: ${receipt.subject}`)}`,
    `Date: ${formatDate(receipt.nowMs)}`,
    `Message-ID: ${receipt.messageId}`,
    ...(receipt.originalId === '' ? [] : [`In-Reply-To: ${receipt.originalId}`, `References: ${receipt.originalId}`]),
    'Auto-Submitted: auto-replied', // so that no program answers it (RFC 3834 §5)
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=disposition-notification;\r\n boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=us-ascii',
    '',
    ...wrap(words),
    '',
    `--${boundary}`,
    'Content-Type: message/disposition-notification',
    '',
    ...(receipt.originalRecipient === '' ? [] : [`Original-Recipient: ${receipt.originalRecipient}`]),
    `Final-Recipient: rfc822; ${own}`,
    ...(receipt.originalId === '' ? [] : [`Original-Message-ID: ${receipt.originalId}`]),
    'Disposition: manual-action/MDN-sent-manually; displayed',
    '',
    `--${boundary}--`,
    '',
  ]
  return Buffer.from(lines.join('\r\n'), 'latin1')
}
