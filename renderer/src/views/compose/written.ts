import type { DraftContent, IdentityView } from '../../../../core/rpc/views.ts'
import { emptyDraft, type Start } from './composer.ts'
import { signatureFor, signatureHtml, signatureText } from './signature.ts'
import { htmlOfText } from './twin.ts'
import { joinAddressees, type Addressee } from './recipients.ts'

export type Line = 'to' | 'cc' | 'bcc' | 'replyTo'
export const LINES: readonly Line[] = ['to', 'cc', 'bcc', 'replyTo']
export type Format = 'rich' | 'plain'
export interface Attached {
  readonly key: number
  readonly filename: string
  readonly contentType: string
  readonly sizeBytes: number
  /** 0 to 1 while it goes; then the handle is there. */
  readonly progress: number
  readonly handle: string | null
  readonly problem: string | null
  /** Of a picture in the text. */
  readonly contentId?: string | undefined
  /** A whole stored message. */
  readonly isMessage?: boolean | undefined
}
export interface Written {
  readonly identityId: number | null
  readonly lines: Readonly<Record<Line, { readonly list: readonly Addressee[]; readonly typed: string }>>
  /** False: answers go where the identity says. */
  readonly hasReplyTo: boolean
  readonly subject: string
  readonly format: Format
  /** Of plain text; of rich text the editor knows. */
  readonly text: string
  readonly priority: 'high' | 'low' | null
  readonly wantsDsn: boolean
  readonly wantsReceipt: boolean
  /** The language of the text (BCP 47); null: as the identity has it, or the window. */
  readonly language: string | null
  readonly attached: readonly Attached[]
}
/** The text as it goes into a draft. */
export interface Body {
  readonly text: string
  /** Null: plain text. */
  readonly html: string | null
}
export type Saved =
  | { readonly at: 'no' }
  | { readonly at: 'saving' }
  | { readonly at: 'yes'; readonly ms: number }
  | { readonly at: 'failed'; readonly message: string }

/** How a message that is begun so is written, where new ones are written in that way. */
export function formatOf(start: Start, usual: Format): Format {
  if (start.kind === 'new') return usual
  const { format, html } = start.content
  return format ?? (html ? 'rich' : start.kind === 'draft' ? 'plain' : usual)
}

/** What a message begins with. A new one has the signature of who writes it, and what was begun as plain text gets its looks. */
export function contentOf(start: Start, identity: IdentityView | undefined, format: Format): DraftContent {
  if (start.kind === 'new') {
    const signature = signatureFor(identity, false)
    const bare = { ...emptyDraft(start.to), text: signature === '' ? '' : `\n${signatureText(signature)}` }
    return format === 'plain' ? bare : { ...bare, html: `<p></p>${signatureHtml(signature)}` }
  }
  const { content } = start
  return format === 'rich' && !content.html ? { ...content, html: htmlOfText(content.text) } : content
}

/** Pictures whose place in the text is gone go with it. */
export const standsIn = (html: string | null, contentId: string) => html?.includes(`cid:${contentId}"`) === true

/** What is written as the engine takes it. An attachment that has not arrived whole is left out. */
export function toContent(written: Written, first: DraftContent, body: Body): DraftContent {
  const line = (name: Line) => {
    const { list, typed } = written.lines[name]
    return [joinAddressees(list), typed.trim()].filter((part) => part !== '').join(', ')
  }
  return {
    identityId: written.identityId,
    to: line('to'),
    cc: line('cc'),
    bcc: line('bcc'),
    subject: written.subject,
    ...body,
    format: written.format,
    ...(written.hasReplyTo ? { replyTo: line('replyTo') } : {}),
    priority: written.priority,
    wantsDsn: written.wantsDsn,
    wantsReceipt: written.wantsReceipt,
    language: written.language,
    inReplyTo: first.inReplyTo,
    references: first.references,
    ...(first.about === undefined ? {} : { about: first.about }),
    attachments: written.attached.flatMap(({ handle, filename, contentType, sizeBytes, contentId, isMessage }) =>
      handle === null || (contentId !== undefined && !standsIn(body.html, contentId))
        ? []
        : [
            {
              handle,
              filename,
              contentType,
              sizeBytes,
              ...(contentId === undefined ? {} : { contentId }),
              ...(isMessage === true ? { isMessage } : {}),
            },
          ],
    ),
  }
}

/** What the composer shows of a draft. */
export function toWritten(first: DraftContent, format: Format, firstIdentity: number | null): Written {
  const none = { list: [], typed: '' }
  return {
    identityId: first.identityId ?? firstIdentity,
    lines: { to: none, cc: none, bcc: none, replyTo: none },
    hasReplyTo: first.replyTo !== undefined,
    subject: first.subject,
    format,
    text: first.text,
    priority: first.priority ?? null,
    wantsDsn: first.wantsDsn ?? false,
    wantsReceipt: first.wantsReceipt ?? false,
    language: first.language ?? null,
    attached: first.attachments.map((one, at) => ({ ...one, key: -1 - at, progress: 1, problem: null })),
  }
}

/** True of a draft in which nobody has written anything. */
export const isBlank = (content: DraftContent) =>
  [content.to, content.cc, content.bcc, content.subject, content.text].every((one) => one.trim() === '') &&
  content.attachments.length === 0
