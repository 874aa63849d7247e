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
  /** Its draft, once one is kept. */
  readonly draftId: number | null
  /** What it is about, as far as it is written. */
  readonly subject: string
}

/** The messages being written in this window, in the order they were begun, and the one in front; null while all are folded. */
export interface Desk {
  readonly open: readonly Composing[]
  readonly front: number | null
}
export const composing = shared<Desk>({ open: [], front: null })

/** Counts changes of the kept drafts, so that whoever lists them asks again. */
export const draftsTouched = shared(0)

/** More than anybody writes at once: the one folded longest is kept as a draft then. */
const MOST = 12

let last = 0
/** Opens a composer in front of the others, which are folded; a draft that is being written here comes to the front. */
export function compose(start: Start = { kind: 'new' }): void {
  const { open, front } = composing.get()
  const known = start.kind === 'draft' ? open.find(({ draftId }) => draftId === start.draftId) : undefined
  if (known !== undefined) return bringToFront(known.key)
  last += 1
  const next = {
    key: last,
    start,
    draftId: start.kind === 'draft' ? start.draftId : null,
    subject: start.kind === 'new' ? '' : start.content.subject,
  }
  const tooMany = open.length < MOST ? undefined : open.find(({ key }) => key !== front)
  composing.set({ open: [...open.filter((one) => one !== tooMany), next], front: last })
}

/** Shows one of the messages being written; null folds all of them. */
export function bringToFront(key: number | null): void {
  composing.set(({ open }) => ({ open, front: key }))
}

/** Shows the next of the messages being written, or the one before; of folded ones the first or the last. */
export function turnTo(step: 1 | -1): void {
  const { open, front } = composing.get()
  const at = open.findIndex(({ key }) => key === front)
  const next = at < 0 ? (step === 1 ? 0 : open.length - 1) : (at + step + open.length) % open.length
  bringToFront(open[next]?.key ?? null)
}

/** Takes a composer away: its message is sent, kept or thrown away. The others stay as they are. */
export function closeComposer(key: number): void {
  composing.set(({ open, front }) => ({
    open: open.filter((one) => one.key !== key),
    front: front === key ? null : front,
  }))
}

/** Takes all of them away: each is kept as a draft. */
export function closeComposers(): void {
  composing.set({ open: [], front: null })
}

/** Notes what others show of a message being written. */
export function noteComposer(key: number, some: Partial<Pick<Composing, 'draftId' | 'subject'>>): void {
  composing.set(({ open, front }) => ({
    open: open.map((one) => (one.key === key ? { ...one, ...some } : one)),
    front,
  }))
}

const keepers = new Set<() => Promise<unknown>>()
/** Keeps the messages being written as drafts, as they are now; undefined while nothing is written. */
export const writing = {
  get keep(): (() => Promise<unknown>) | undefined {
    return keepers.size === 0 ? undefined : () => Promise.all([...keepers].map((keep) => keep()))
  },
}
/** Has a message kept whenever all are. Returns how to end that. */
export function keepsWith(keep: () => Promise<unknown>): () => void {
  keepers.add(keep)
  return () => void keepers.delete(keep)
}

/** Has a window that is about to end wait for this, too: what is on its way out must not stay behind as a draft, to be sent again. */
export function endsAfter<T>(work: Promise<T>): Promise<T> {
  return work.finally(keepsWith(() => work.catch(() => undefined)))
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
