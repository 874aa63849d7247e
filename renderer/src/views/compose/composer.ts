import type { DraftContent } from '../../../../core/rpc/views.ts'
import { shared } from '../../state/store.ts'

/** How a message is begun. */
export type Start =
  | { readonly kind: 'new'; readonly to?: string }
  | { readonly kind: 'draft'; readonly draftId: number; readonly content: DraftContent }
  | {
      readonly kind: 'answer'
      readonly content: DraftContent
      /** Where writing begins; at the start where nothing is said. */
      readonly cursor?: 'start' | 'end'
    }

export interface Composing {
  /** Tells one composer from the next. */
  readonly key: number
  readonly start: Start
}

/** The message being written, if any. */
export const composing = shared<Composing | null>(null)

/** Counts changes of the kept drafts, so that whoever lists them asks again. */
export const draftsTouched = shared(0)

/** Keeps the message being written as a draft, as it is now; undefined while nothing is written. */
export const writing: { keep: (() => Promise<unknown>) | undefined } = { keep: undefined }

let last = 0
/** Opens the composer. One that was open keeps its text as a draft. */
export function compose(start: Start = { kind: 'new' }): void {
  last += 1
  composing.set({ key: last, start })
}

/** A draft with nothing in it. */
export function emptyDraft(to = ''): DraftContent {
  return {
    identityId: null,
    to,
    cc: '',
    bcc: '',
    subject: '',
    text: '',
    inReplyTo: '',
    references: '',
    attachments: [],
  }
}
