import { prepared } from './prepared.ts'
import { holdOne, letGo } from './queue-control.ts'
import type { DueCursor } from './queue-due.ts'
import type { Operation, WriteDb } from './types.ts'

/** Rows looked at in one operation: a long queue is walked in slices, so that others write meanwhile. */
const ROWS = 1000
export const BULK_START: DueCursor = { ms: Number.MIN_SAFE_INTEGER, id: 0 }

/** What one slice of a walk over the queue did; `next` where it goes on, null at its end. */
export interface Slice {
  readonly recipients: number
  readonly next: DueCursor | null
}

/** Which recipients are meant; null: all there are. */
export interface Walk {
  readonly domain: string | null
  readonly after: DueCursor
}

// Until then it waits for its hour, or can still be taken back.
const HOLD_UNTIL = `
    (SELECT max(coalesce(hold_until_ms, 0), coalesce(undo_until_ms, 0)) FROM queue_entry WHERE queue_entry.id = entry_id)`.trim()
// Index queue_recipient_due holds all that waits, whatever it waits for.
const WAITING = `
  SELECT id, domain, state, next_attempt_ms AS ms,
    ${HOLD_UNTIL} AS holdUntilMs
  FROM queue_recipient
  WHERE next_attempt_ms IS NOT NULL AND (next_attempt_ms, id) > (?, ?) ORDER BY next_attempt_ms, id LIMIT ${ROWS}`
const HELD = `
  SELECT id, domain, held_by AS heldBy, held_route_id AS routeId,
    ${HOLD_UNTIL} AS holdUntilMs
  FROM queue_recipient WHERE state = 'held' AND held_route_id IS ? AND id > ? ORDER BY id LIMIT ${ROWS}`
const HELD_ANY = `
  SELECT id, domain, held_by AS heldBy, held_route_id AS routeId,
    ${HOLD_UNTIL} AS holdUntilMs
  FROM queue_recipient INDEXED BY queue_recipient_held
  WHERE state = 'held' AND id > ? ORDER BY id LIMIT ${ROWS}`
const TRYING = `SELECT id, domain FROM queue_recipient WHERE state = 'trying'` // index queue_recipient_trying
const MOVE = 'UPDATE queue_recipient SET next_attempt_ms = ? WHERE id = ?'

interface WaitingRow {
  readonly id: number
  readonly domain: string
  readonly state: string
  readonly ms: number
  readonly holdUntilMs: number
}
interface HeldRow {
  readonly id: number
  readonly domain: string
  readonly holdUntilMs: number
}

function listWaiting(db: WriteDb, after: DueCursor): { readonly rows: WaitingRow[]; readonly next: DueCursor | null } {
  const rows = prepared<[number, number], WaitingRow>(db, WAITING).all(after.ms, after.id)
  const last = rows.at(-1)
  return { rows, next: last && rows.length === ROWS ? { ms: last.ms, id: last.id } : null }
}

const fits = (domain: string | null) => (row: { readonly domain: string }) => domain === null || row.domain === domain

/** Makes a slice of what waits due now: not what waits for its hour, and not what may have arrived. */
function retrySlice(db: WriteDb, { domain, after }: Walk, nowMs: number): Slice {
  const { rows, next } = listWaiting(db, after)
  const mine = rows.filter(fits(domain)).filter(({ state, holdUntilMs }) => state !== 'unknown' && holdUntilMs <= nowMs)
  for (const { id, ms } of mine) if (ms > nowMs) prepared(db, MOVE).run(nowMs, id)
  return { recipients: mine.length, next }
}

function holdSlice(db: WriteDb, { domain, after }: Walk): Slice {
  const { rows, next } = listWaiting(db, after)
  let held = rows.filter(fits(domain)).filter(({ id }) => holdOne(db, id)).length
  if (next === null) {
    const trying = prepared<[], { id: number; domain: string }>(db, TRYING).all()
    held += trying.filter(fits(domain)).filter(({ id }) => holdOne(db, id)).length
  }
  return { recipients: held, next }
}

/** What is held, of a domain, of a route, or all of it; by id, so `after.ms` says nothing. */
function releaseSlice(
  db: WriteDb,
  args: Walk & { readonly routeId: number | null; readonly unknownAfterMs: number },
  nowMs: number,
): Slice {
  const { routeId, domain, after } = args
  const rows =
    routeId === null
      ? prepared<[number], HeldRow>(db, HELD_ANY).all(after.id)
      : prepared<[number, number], HeldRow>(db, HELD).all(routeId, after.id)
  let recipients = 0
  for (const { id, holdUntilMs } of rows.filter(fits(domain)))
    if (letGo(db, id, Math.max(nowMs, holdUntilMs), args.unknownAfterMs)) recipients++
  const last = rows.at(-1)
  return { recipients, next: last && rows.length === ROWS ? { ms: 0, id: last.id } : null }
}

export const queueBulkOperations = {
  'queue.retrySlice': retrySlice,
  'queue.holdSlice': holdSlice,
  'queue.releaseSlice': releaseSlice,
} satisfies Record<string, Operation<never, unknown>>
