import { formatMailbox, formatPath } from '../model/address.ts'
import type { AuditView, QueueEntryView, RecipientView } from '../rpc/views.ts'
import type { Settings } from '../settings.ts'
import type { Audit } from '../store/queue-audit.ts'
import type { QueueEntryWhole, QueueRecipientWhole } from '../store/queue-list.ts'
import type { QueueRecipient } from '../store/queue.ts'
import { adviceFor, whyItStands } from './why-it-stands.ts'

/** What showing the queue needs besides its rows. */
export interface ViewContext {
  readonly settings: () => Settings
  readonly nowMs: () => number
}

/** An entry as a window sees it. */
export function toEntryView(entry: QueueEntryWhole, context: ViewContext): QueueEntryView {
  const { options, undoUntilMs, view } = entry
  const nowMs = context.nowMs()
  const later = (ms: number | null | undefined) => (ms !== null && ms !== undefined && ms > nowMs ? ms : null)
  return {
    id: entry.id,
    from: entry.from === null ? formatPath(null) : formatMailbox(entry.from),
    subject: entry.subject,
    sizeBytes: view.sizeBytes,
    createdMs: entry.createdMs,
    doneMs: entry.doneMs,
    messageId: entry.messageId,
    signedBy: [...entry.signedBy],
    recipients: entry.recipients.map((recipient) => toRecipientView(recipient, entry, context)),
    holdUntilMs: later(options.holdUntilMs),
    undoUntilMs: later(undoUntilMs),
    ret: options.ret ?? null,
    envid: options.envid ?? null,
    deliverBy: options.deliverBy ? { atMs: options.deliverBy.atMs, mode: options.deliverBy.mode } : null,
    requireTls: options.requireTls ?? false,
    damaged: entry.isDamaged ? 'The stored message is damaged. What is left of it is kept, and it is not sent.' : null,
  }
}

function toRecipientView(recipient: QueueRecipientWhole, entry: QueueEntryWhole, context: ViewContext): RecipientView {
  const { id, state, attempts, lastReply, lastAttemptMs, nextAttemptMs, mx, options, firstTo } = recipient
  const { notify } = options
  return {
    id,
    address: formatMailbox(recipient.to),
    state,
    attempts,
    lastReply,
    lastAttemptMs,
    nextAttemptMs,
    mx,
    sessions: [...recipient.sessions],
    why: whyItWaits(recipient, entry, context) ?? whyItStands(recipient, context.settings()),
    advice: adviceFor(recipient),
    laterReports: [...recipient.laterReports],
    tls: recipient.tls,
    firstAddress: firstTo === null ? null : formatMailbox(firstTo),
    way: recipient.way,
    heldBy: recipient.heldBy,
    notify: notify === undefined ? null : notify === 'never' ? notify : [...notify],
  }
}

/** Mail that waits for its hour says so, whatever else could be said of it. */
function whyItWaits({ state }: QueueRecipient, entry: QueueEntryWhole, { nowMs }: ViewContext): string | null {
  if (state !== 'waiting') return null
  if ((entry.options.holdUntilMs ?? 0) > nowMs()) return 'It leaves at the time that was chosen for it.'
  return (entry.undoUntilMs ?? 0) > nowMs() ? 'It leaves in a moment. Until then it can be taken back.' : null
}

/** A line of the history as a window sees it. */
export function toAuditView({ id, atMs, who, what, entryId, recipientId, domain, detail, why }: Audit): AuditView {
  const words = [domain, detail].filter((one) => one !== null && one !== '').join(': ')
  return { id, atMs, who, what, entryId, recipientId, detail: words, why }
}
