import type { ForwardPath, Mailbox, ReversePath } from './address.ts'
import type { MailOptions, RecipientOptions } from './envelope-options.ts'
import type { Reply } from './reply.ts'

/** A message handed in, whichever way it came. Lines end in CRLF and no CR or LF stands alone: the door has seen to it. */
export interface Submission {
  readonly origin: 'window' | 'submission' | 'sendmail' | 'report' | 'rule'
  readonly from: ReversePath
  readonly to: readonly ForwardPath[]
  readonly options?: MailOptions
  /** Of each recipient of `to`, at the same place. */
  readonly recipientOptions?: readonly (RecipientOptions | undefined)[]
  /** The login that handed it in; null for the person who runs Posthorn and for trusted networks. */
  readonly userId: number | null
  /** All bytes, or a staged blob that already holds them. */
  readonly body:
    | { readonly raw: Uint8Array }
    | { readonly stagedBlobId: number; readonly sizeBytes: number; readonly sha256: Uint8Array }
  /** The header block with its blank line: the first bytes of the body. */
  readonly head: Uint8Array
  readonly has8bit: boolean
  /** A line of the body is longer than RFC 5321 §4.5.3.1.6 allows: it is encoded, or the message refused. */
  readonly hasLongLines?: boolean
  /** MAIL said SMTPUTF8 (RFC 6531 §3.4). */
  readonly utf8: boolean
  /** Our own Received field, CRLF-ended; '' for mail of the window. */
  readonly received: string
  /** The job of a rule that this is; it ends in the same commit. `author`: who wrote it, null for mail of somebody else. */
  readonly rule?: { readonly sendId: number; readonly author: Mailbox | null }
  /** Who wrote it, where the reverse-path does not say so: a read receipt has none (RFC 8098 §3). */
  readonly author?: Mailbox
  /** What the composer held (JSON), for a writer who takes it back in time; undefined where there is nothing to give back to. */
  readonly draft?: string
}
/** Joint: serve ← queue.submit. Resolves when it is durable (`accepted`), or says with which reply it is refused. */
export type Accept = (
  submission: Submission,
) => Promise<
  | { readonly accepted: true; readonly entryId: number; readonly undoUntilMs?: number }
  | { readonly accepted: false; readonly reply: Reply }
>
