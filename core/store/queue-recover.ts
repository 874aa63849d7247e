import { prepared } from './prepared.ts'
import { release, settle, type Settlement } from './queue-change.ts'
import type { DueCursor } from './queue-due.ts'
import { getEntry, getRecipient } from './queue.ts'
import type { Operation, WriteDb } from './types.ts'

const TRYING = `SELECT id, entry_id, phase FROM queue_recipient WHERE state = 'trying'` // index queue_recipient_trying
const OPEN_ATTEMPT = 'SELECT id FROM attempt WHERE recipient_id = ? AND ended_ms IS NULL'
const ROWS = 1000
// Index queue_entry_done: what is open is not much of all there is.
const OPEN_ENTRIES = 'SELECT id, created_ms AS ms FROM queue_entry WHERE done_ms IS NULL AND id > ? ORDER BY id LIMIT ?'
const SET_CREATED = 'UPDATE queue_entry SET created_ms = ?, warned_ms = NULL WHERE id = ?'
const SHIFT_CREATED = 'UPDATE queue_entry SET created_ms = created_ms + ? WHERE id = ?'
const SHIFT_UNDO = 'UPDATE queue_entry SET undo_until_ms = undo_until_ms + ? WHERE id = ? AND undo_until_ms IS NOT NULL'
// Mail for a later hour keeps that hour: it was named by the calendar.
const SHIFT_NEXT = `
  UPDATE queue_recipient SET next_attempt_ms = next_attempt_ms + @byMs, last_attempt_ms = last_attempt_ms + @byMs
  WHERE entry_id = @id AND next_attempt_ms IS NOT NULL
    AND (SELECT coalesce(hold_until_ms, 0) FROM queue_entry WHERE queue_entry.id = entry_id) <= @oldMs`
const NOT_LATER = `
  UPDATE queue_recipient SET next_attempt_ms = @latestMs
  WHERE entry_id = @id AND next_attempt_ms > @latestMs
    AND (SELECT coalesce(hold_until_ms, 0) FROM queue_entry WHERE queue_entry.id = entry_id) <= @nowMs`
const UNREACHED = `
  SELECT id, next_attempt_ms AS ms, coalesce(json_extract(last_cause, '$.at'), '') AS at FROM queue_recipient
  WHERE next_attempt_ms IS NOT NULL AND (next_attempt_ms, id) > (?, ?) AND state = 'deferred'
  ORDER BY next_attempt_ms, id LIMIT ?`
const MOVE = 'UPDATE queue_recipient SET next_attempt_ms = ? WHERE id = ?'

/**
 * After a crash: what was dialling is due at once and counts nothing, what was past `body` may have arrived. `unknownAfterMs`
 * is the wait before it is sent again; a second time it is not, and after `giveUpAfterMs` its author is told.
 */
function recover(
  db: WriteDb,
  { unknownAfterMs, giveUpAfterMs }: { readonly unknownAfterMs: number; readonly giveUpAfterMs: number },
  nowMs: number,
) {
  const trying = prepared<[], { id: number; entry_id: number; phase: string | null }>(db, TRYING).all()
  for (const { id, entry_id: entryId, phase } of trying) {
    const recipient = getRecipient(db, id)
    const attempt = prepared<[number], { id: number }>(db, OPEN_ATTEMPT).get(id)
    if (!recipient) continue
    if (phase !== 'body') release(db, { started: [{ recipientId: id, attemptId: attempt?.id ?? 0 }] }, nowMs)
    else {
      const { createdMs = nowMs, undoUntilMs, options } = getEntry(db, entryId) ?? {}
      const sinceMs = Math.max(createdMs, undoUntilMs ?? 0, options?.holdUntilMs ?? 0)
      const nextAttemptMs =
        recipient.unknowns === 0 ? nowMs + unknownAfterMs : Math.max(nowMs + unknownAfterMs, sinceMs + giveUpAfterMs)
      const settled: Settlement = {
        recipientId: id,
        attemptId: attempt?.id ?? 0,
        state: 'unknown',
        counts: true,
        nextAttemptMs,
        lastReply: null,
        cause: null,
        mx: null,
      }
      settle(db, { entryId, sessionId: null, settled: [settled], kept: [], warning: null }, nowMs)
    }
  }
  return { recovered: trying.length }
}

/** A slice of a walk over all open entries; `nextId` where it goes on, null at its end. */
export interface EntrySlice {
  readonly changed: number
  readonly nextId: number | null
}

function openEntries(db: WriteDb, afterId: number) {
  const rows = prepared<[number, number], { id: number; ms: number }>(db, OPEN_ENTRIES).all(afterId, ROWS)
  return { rows, nextId: rows.length === ROWS ? (rows.at(-1)?.id ?? null) : null }
}

/** The clock was set by `byMs`: what was to be tried in ten minutes still is, and what has waited a day has waited a day. */
function shift(db: WriteDb, args: { readonly byMs: number; readonly afterId: number }, nowMs: number): EntrySlice {
  const { rows, nextId } = openEntries(db, args.afterId)
  const { byMs } = args
  for (const { id } of rows) {
    prepared(db, SHIFT_CREATED).run(byMs, id)
    prepared(db, SHIFT_UNDO).run(byMs, id)
    prepared(db, SHIFT_NEXT).run({ id, byMs, oldMs: nowMs - byMs })
  }
  return { changed: rows.length, nextId }
}

/**
 * At the start nobody knows how the clock was set meanwhile. What cannot be is put right: mail taken in the future or before
 * `earliestMs` counts from now, and nothing waits for longer than `longestMs`.
 */
function heal(
  db: WriteDb,
  args: { readonly earliestMs: number; readonly longestMs: number; readonly afterId: number },
  nowMs: number,
): EntrySlice {
  const { rows, nextId } = openEntries(db, args.afterId)
  let changed = 0
  for (const { id, ms } of rows) {
    const isOdd = ms > nowMs + 300_000 || ms < args.earliestMs
    if (isOdd) changed += prepared(db, SET_CREATED).run(nowMs, id).changes
    changed += prepared(db, NOT_LATER).run({ id, nowMs, latestMs: isOdd ? nowMs : nowMs + args.longestMs }).changes
  }
  return { changed, nextId }
}

/** The network has changed: who could not be reached before is tried again within `spreadMs`, each at a moment of its own. */
function retryUnreached(
  db: WriteDb,
  args: { readonly after: DueCursor; readonly spreadMs: number; readonly seed: number },
  nowMs: number,
): { readonly changed: number; readonly next: DueCursor | null } {
  const { after, spreadMs } = args
  const rows = prepared<[number, number, number], { id: number; ms: number; at: string }>(db, UNREACHED)
  const found = rows.all(after.ms, after.id, ROWS)
  let changed = 0
  for (const { id, ms, at } of found) {
    // Spread by id: an operation may run twice, and chance would give two answers.
    const dueMs = nowMs + ((id * 2_654_435_761 + args.seed) % 1000) * (spreadMs / 1000)
    if (!['connect', 'dns'].includes(at) || ms <= dueMs) continue
    changed += prepared(db, MOVE).run(Math.round(dueMs), id).changes
  }
  const last = found.at(-1)
  return { changed, next: last && found.length === ROWS ? { ms: last.ms, id: last.id } : null }
}

export const queueRecoverOperations = {
  'queue.recover': recover,
  'queue.shiftClock': shift,
  'queue.healClock': heal,
  'queue.retryUnreached': retryUnreached,
} satisfies Record<string, Operation<never, unknown>>
