import { implement } from '@orpc/server'
import type { Changes } from '../base/changes.ts'
import { Fault } from '../base/fault.ts'
import { formatMailbox, formatPath } from '../model/address.ts'
import { contract } from '../rpc/contract.ts'
import type { QueueEntryView, RecipientView } from '../rpc/views.ts'
import type { Settings } from '../settings.ts'
import type { QueueEntryWhole, QueueRecipient } from '../store/queue.ts'
import type { Store } from '../store/types.ts'
import type { Queue } from './queue.ts'
import { whyItStands } from './why-it-stands.ts'

/** What the queue's calls are wired to. */
export interface QueueHandlersContext {
  readonly store: Store
  readonly queue: Queue
  readonly settings: () => Settings
  readonly changes: Changes<number>
  /** Joint: ids of the sessions that had to do with a recipient. */
  readonly sessionsOf: (entryId: number, recipientId: number) => readonly number[]
}

/** The queue as a window sees it and changes it. */
export function queueHandlers(context: QueueHandlersContext) {
  const { store, queue, changes } = context
  const os = implement(contract.queue)
  const whole = async (id: number): Promise<QueueEntryWhole> => {
    const entry = await store.query('queue.get', { id })
    if (entry === null) throw notFound('queue entry', id)
    return entry
  }
  return {
    list: os.list.handler(async ({ input }) => {
      const entries = await store.query('queue.list', input)
      return entries.map((entry) => toEntryView(entry, context))
    }),
    get: os.get.handler(async ({ input }) => toEntryView(await whole(input.id), context)),
    retry: os.retry.handler(async ({ input }) => {
      if (input.id !== null) await whole(input.id)
      return { recipients: await queue.retry(input.id) }
    }),
    cancel: os.cancel.handler(async ({ input }) => {
      await whole(input.id)
      return { recipients: await queue.cancel(input.id) }
    }),
    decide: os.decide.handler(async ({ input }) => {
      const { recipientId, decision } = input
      if (await queue.decide(recipientId, decision)) return { ok: true as const }
      throw new Fault('conflict', `decide about recipient ${recipientId}: its arrival is not unknown`, {
        what: 'recipient',
        reason: 'its arrival is not unknown',
      })
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of changes.stream(signal)) yield { ids }
    }),
  }
}

function notFound(what: string, id: number): Fault<'not-found'> {
  return new Fault('not-found', `find ${what} ${id}: there is none`, { what, id: String(id) })
}

function toEntryView(entry: QueueEntryWhole, context: QueueHandlersContext): QueueEntryView {
  return {
    id: entry.id,
    from: entry.from === null ? formatPath(null) : formatMailbox(entry.from),
    subject: entry.subject,
    sizeBytes: entry.view.sizeBytes,
    createdMs: entry.createdMs,
    doneMs: entry.doneMs,
    messageId: entry.messageId,
    recipients: entry.recipients.map((recipient) => toRecipientView(recipient, context)),
  }
}

function toRecipientView(recipient: QueueRecipient, { sessionsOf, settings }: QueueHandlersContext): RecipientView {
  const { id, entryId, state, attempts, lastReply, lastAttemptMs, nextAttemptMs, mx } = recipient
  return {
    id,
    address: formatMailbox(recipient.to),
    state,
    attempts,
    lastReply,
    lastAttemptMs,
    nextAttemptMs,
    mx,
    sessions: [...sessionsOf(entryId, id)],
    why: whyItStands(recipient, settings()),
  }
}
