import { dropUnusedBlob } from './blob.ts'
import { forgetPaceCounts } from './pace.ts'
import { prepared } from './prepared.ts'
import type { Operation, WriteDb } from './types.ts'

/** Entries of one operation: each may take a large body with it. */
const ENTRIES = 50
const ROWS = 1000

const OLD = 'SELECT id, blob_id AS blobId FROM queue_entry WHERE done_ms < ? ORDER BY done_ms LIMIT ?' // index queue_entry_done
const DROP = 'DELETE FROM queue_entry WHERE id = ?' // recipients, attempts and history go with it
const DROP_AUDIT =
  'DELETE FROM queue_audit WHERE id IN (SELECT id FROM queue_audit WHERE entry_id IS NULL AND at_ms < ? LIMIT ?)'

/**
 * Forgets a slice of the entries that were done before `beforeMs`, and their bytes where no message has them. Quarantined bytes
 * stay: what can be read of them may be all that is left.
 */
function retire(db: WriteDb, { beforeMs }: { readonly beforeMs: number }, nowMs: number) {
  const old = prepared<[number, number], { id: number; blobId: number }>(db, OLD).all(beforeMs, ENTRIES)
  for (const { id, blobId } of old) {
    prepared(db, DROP).run(id)
    dropUnusedBlob(db, blobId)
  }
  const notes = prepared(db, DROP_AUDIT).run(beforeMs, ROWS).changes
  const counts = forgetPaceCounts(db, nowMs, ROWS)
  return { entries: old.length, more: old.length === ENTRIES || notes === ROWS || counts === ROWS }
}

export const queueRetireOperations = { 'queue.retire': retire } satisfies Record<string, Operation<never, unknown>>
