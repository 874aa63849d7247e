import { getEntry, listEntries, listRecipients, type QueueEntry, type QueueRecipient } from './queue.ts'
import type { Query, ReadDb } from './types.ts'

/** An entry with its recipients. */
export interface QueueEntryWhole extends QueueEntry {
  readonly recipients: readonly QueueRecipient[]
}
/** Recipients one answer may carry; a longer list ends early, at a whole entry. */
const MOST_RECIPIENTS = 5000

/** Index queue_entry_done serves both. */
function openFirst(db: ReadDb, limit: number): QueueEntry[] {
  const open = listEntries(db, 'WHERE done_ms IS NULL ORDER BY id DESC LIMIT ?', limit)
  const done = 'WHERE done_ms IS NOT NULL ORDER BY done_ms DESC, id DESC LIMIT ?'
  return [...open, ...listEntries(db, done, limit - open.length)]
}

function* listWhole(
  db: ReadDb,
  { limit, before }: { readonly limit: number; readonly before?: number | undefined },
): Generator<undefined, QueueEntryWhole[], undefined> {
  const entries =
    before === undefined
      ? openFirst(db, limit)
      : listEntries(db, 'WHERE id < ? ORDER BY id DESC LIMIT ?', before, limit)
  const found: QueueEntryWhole[] = []
  let recipients = 0
  for (const one of entries) {
    const entry = { ...one, recipients: listRecipients(db, one.id) }
    recipients += entry.recipients.length
    if (found.length > 0 && recipients > MOST_RECIPIENTS) break
    found.push(entry)
    if (found.length % 20 === 0) yield
  }
  return found
}

export const queueQueries = {
  /** Entries with open recipients first, each kind newest first; with `before`, entries older than that id whatever their state. */
  'queue.list': listWhole,
  'queue.get': (db: ReadDb, { id }: { readonly id: number }): QueueEntryWhole | null => {
    const entry = getEntry(db, id)
    return entry === undefined ? null : { ...entry, recipients: listRecipients(db, id) }
  },
} satisfies Record<string, Query<never, unknown>>
