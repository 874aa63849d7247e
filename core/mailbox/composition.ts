import { randomId } from '../base/random-id.ts'
import { parseAddresses } from '../message/addresses.ts'
import type { Composition, NamedMailbox, OutgoingFile } from '../message/compose.ts'
import { parseMailbox, type Mailbox } from '../model/address.ts'
import type { Identity } from '../store/identity.ts'
import { pageOf } from './rich-text.ts'

/** What a person has written, as the composer hands it over: addresses as they were typed. */
export interface Draft {
  /** Null: the first identity there is. */
  readonly identityId: number | null
  readonly to: string
  readonly cc: string
  readonly bcc: string
  readonly subject: string
  readonly text: string
  /** The same as rich text; null or left out: plain text alone. */
  readonly html?: string | null | undefined
  /** Where answers go; left out: as the identity has it. */
  readonly replyTo?: string | undefined
  /** How it is written; rich text without any looks is sent as plain text. */
  readonly format?: 'rich' | 'plain' | undefined
  readonly priority?: 'high' | 'low' | null | undefined
  readonly wantsDsn?: boolean | undefined
  readonly wantsReceipt?: boolean | undefined
  readonly inReplyTo: string
  readonly references: string
  /** The message that this one answers or sends on; where it is left out, the one that `inReplyTo` names. */
  readonly about?: { readonly id: number; readonly how: 'answered' | 'forwarded' } | undefined
  /** Not before then (Unix ms); now where nothing is said. */
  readonly sendAtMs?: number | null | undefined
  readonly attachments: readonly DraftFile[]
}
/** A file of a draft: where its bytes are, and what it is called. */
export interface DraftFile {
  readonly handle: string
  readonly filename: string
  readonly contentType: string
  readonly contentId?: string | undefined
  readonly isMessage?: boolean | undefined
}

/** Addressees of a draft, parsed. */
export interface Addressed {
  readonly to: readonly NamedMailbox[]
  readonly cc: readonly NamedMailbox[]
  readonly bcc?: readonly NamedMailbox[]
  readonly replyTo: readonly NamedMailbox[]
}

/** Those addresses of a line that can be read. */
export function readableAddresses(text: string): NamedMailbox[] {
  return parseAddresses(text).flatMap(({ name, address }) => {
    const mailbox = address === null ? undefined : parseMailbox(address)
    return mailbox === undefined ? [] : [{ name, mailbox }]
  })
}

/** A new Message-ID in the author's domain, with its brackets. */
export function newMessageId({ domain }: Mailbox): string {
  return `<${randomId()}@${domain.replaceAll(/[[\]:]/g, '')}>`
}

/** What is to be written of a draft. Rich text goes with its plain twin; plain text is one that flows (RFC 3676). */
export function compositionOf(
  draft: Draft,
  identity: Identity,
  addressed: Addressed,
  attachments: readonly OutgoingFile[],
  nowMs: number,
): Composition {
  return {
    ...addressed,
    from: { name: identity.name, mailbox: identity.mailbox },
    subject: draft.subject,
    text: draft.text,
    isFlowed: true,
    ...(draft.html === undefined || draft.html === null ? {} : { html: pageOf(draft.html) }),
    ...(draft.priority ? { priority: draft.priority } : {}),
    ...(draft.wantsReceipt === true ? { receiptTo: identity.mailbox } : {}),
    attachments,
    inReplyTo: draft.inReplyTo,
    references: draft.references,
    dateMs: nowMs,
    messageId: newMessageId(identity.mailbox),
  }
}
