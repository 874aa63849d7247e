import type { ForwardPath, ReversePath } from './address.ts'
import type { MailOptions } from './envelope-options.ts'
import type { Reply } from './reply.ts'
import type { Submission } from './submission.ts'

/** A message from another server for addresses of our own. Its bytes stay as they came. */
export interface InboundMail {
  readonly from: ReversePath
  readonly to: readonly ForwardPath[]
  readonly body: Submission['body']
  /** The header block with its blank line: the first bytes of the body. */
  readonly head: Uint8Array
  readonly has8bit: boolean
  /** MAIL said SMTPUTF8 (RFC 6531 §3.4). */
  readonly utf8: boolean
  /** What MAIL asked that holds for what is sent on as well, such as TLS all the way (RFC 8689 §4.2). */
  readonly options: MailOptions
  /** Our own Received field, CRLF-ended, latin1. */
  readonly received: string
}
/**
 * Joint: serve ← mailbox. Resolves when it is durable in every mailbox it is for (`messageIds`) and in the queue where an alias
 * sends it on (`entryIds`), or says with which reply it is refused; then nothing is kept.
 */
export type DeliverInbound = (
  mail: InboundMail,
) => Promise<
  | { readonly accepted: true; readonly messageIds: readonly number[]; readonly entryIds: readonly number[] }
  | { readonly accepted: false; readonly reply: Reply }
>
