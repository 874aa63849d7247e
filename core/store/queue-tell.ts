import { prepared } from './prepared.ts'
import { keepAll, type Kept } from './queue-change.ts'
import { getRecipient, type QueueRecipient } from './queue.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

// What is due and was never tried is about to be: its end belongs into the same report.
const PENDING = `
  SELECT 1 FROM queue_recipient
  WHERE entry_id = ? AND (state = 'trying' OR (state = 'waiting' AND next_attempt_ms <= ?))
    AND id NOT IN (SELECT value FROM json_each(?))
  LIMIT 1` // index queue_recipient_entry
const UNTOLD = 'SELECT id FROM queue_recipient WHERE entry_id = ? AND untold_ms IS NOT NULL ORDER BY id'
const ENTRIES = `
  SELECT entry_id AS entryId, min(untold_ms) AS sinceMs FROM queue_recipient INDEXED BY queue_recipient_untold
  WHERE untold_ms IS NOT NULL GROUP BY entry_id`
const TOLD = 'UPDATE queue_recipient SET untold_ms = NULL WHERE id = ? AND untold_ms IS NOT NULL'

/** Whether any recipient of the entry but those is being tried, or is about to be. */
export function hasPending(db: ReadDb, entryId: number, nowMs: number, but: readonly number[]): boolean {
  return prepared<[number, number, string], unknown>(db, PENDING).get(entryId, nowMs, JSON.stringify(but)) !== undefined
}

/** Recipients of an entry that failed and of which its sender has not heard. */
export function listUntold(db: ReadDb, entryId: number): QueueRecipient[] {
  return prepared<[number], { id: number }>(db, UNTOLD)
    .all(entryId)
    .flatMap(({ id }) => getRecipient(db, id) ?? [])
}

/** Entries with such recipients, and since when (Unix ms). */
export function listUntoldEntries(db: ReadDb): { readonly entryId: number; readonly sinceMs: number }[] {
  return prepared<[], { entryId: number; sinceMs: number }>(db, ENTRIES).all()
}

export const queueTellOperations = {
  /** Keeps the report on exactly those recipients; with any of them told by now nothing is done, and it is to be made anew. */
  'queue.tell': (
    db: WriteDb,
    args: { readonly entryId: number; readonly recipientIds: readonly number[]; readonly kept: readonly Kept[] },
    nowMs: number,
  ): { readonly isDone: boolean; readonly folderIds: number[] } => {
    const untold = new Set(listUntold(db, args.entryId).map(({ id }) => id))
    if (args.recipientIds.some((id) => !untold.has(id))) return { isDone: false, folderIds: [] }
    for (const id of args.recipientIds) prepared(db, TOLD).run(id)
    return { isDone: true, folderIds: keepAll(db, args.entryId, args.kept, nowMs) }
  },
} satisfies Record<string, Operation<never, unknown>>
