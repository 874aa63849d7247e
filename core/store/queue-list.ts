import type { AttemptTls } from '../model/attempt-tls.ts'
import { getBlob } from './blob.ts'
import { getEntry, listEntries, listRecipients, type QueueEntry, type QueueRecipient } from './queue.ts'
import { sessionsByRecipient } from './session.ts'
import { attemptTlsOf } from './tls-domain.ts'
import type { Query, ReadDb } from './types.ts'

/** A recipient with how it was tried. */
export interface QueueRecipientWhole extends QueueRecipient {
  /** Ids of the sessions that tried to deliver to it, oldest first. */
  readonly sessions: readonly number[]
  /** How the last of them was protected; null where it did not come to one. */
  readonly tls: AttemptTls | null
}
/** An entry with its recipients, and all that is shown of them. */
export interface QueueEntryWhole extends QueueEntry {
  readonly recipients: readonly QueueRecipientWhole[]
  /** Its bytes failed their checksum. */
  readonly isDamaged: boolean
}
/** Recipients one answer may carry; a longer list ends early, at a whole entry. */
const MOST_RECIPIENTS = 5000
/** Sessions of one recipient. */
const MOST_SESSIONS = 200

const OPEN = 'WHERE done_ms IS NULL AND id < ? ORDER BY id DESC LIMIT ?'
const DONE = 'WHERE done_ms IS NOT NULL AND (done_ms, id) < (?, ?) ORDER BY done_ms DESC, id DESC LIMIT ?'
const END = Number.MAX_SAFE_INTEGER

/** From behind the entry `after` on; one that is gone counts as open. Index queue_entry_done serves both. */
function openFirst(db: ReadDb, limit: number, after: number = END): QueueEntry[] {
  const last = getEntry(db, after)
  if (last !== undefined && last.doneMs !== null) return listEntries(db, DONE, last.doneMs, last.id, limit)
  const open = listEntries(db, OPEN, after, limit)
  return open.length === limit ? open : [...open, ...listEntries(db, DONE, END, END, limit - open.length)]
}

function toWhole(db: ReadDb, entry: QueueEntry): QueueEntryWhole {
  const sessions = sessionsByRecipient(db, entry.id)
  const tls = attemptTlsOf(db, entry.id)
  const recipients = listRecipients(db, entry.id).map((one) => ({
    ...one,
    sessions: sessions.get(one.id)?.slice(0, MOST_SESSIONS) ?? [],
    tls: tls.get(one.id) ?? null,
  }))
  return { ...entry, recipients, isDamaged: getBlob(db, entry.view.blobId)?.state === 'quarantined' }
}

function* listWhole(
  db: ReadDb,
  {
    limit,
    before,
    after,
  }: { readonly limit: number; readonly before?: number | undefined; readonly after?: number | undefined },
): Generator<undefined, QueueEntryWhole[], undefined> {
  const entries =
    before === undefined
      ? openFirst(db, limit, after)
      : listEntries(db, 'WHERE id < ? ORDER BY id DESC LIMIT ?', before, limit)
  const found: QueueEntryWhole[] = []
  let recipients = 0
  for (const one of entries) {
    const entry = toWhole(db, one)
    recipients += entry.recipients.length
    if (found.length > 0 && recipients > MOST_RECIPIENTS) break
    found.push(entry)
    if (found.length % 20 === 0) yield
  }
  return found
}

export const queueQueries = {
  /** Entries with open recipients first, each kind newest first, behind the entry `after`; with `before`, entries older than that id whatever their state. */
  'queue.list': listWhole,
  'queue.get': (db: ReadDb, { id }: { readonly id: number }): QueueEntryWhole | null => {
    const entry = getEntry(db, id)
    return entry === undefined ? null : toWhole(db, entry)
  },
} satisfies Record<string, Query<never, unknown>>
