import { Fault } from '../base/fault.ts'
import { needsUtf8, type ForwardPath } from '../model/address.ts'
import type { Way } from '../model/way.ts'
import { prepared } from './prepared.ts'
import { insertAudit, type Asked, type NewAudit } from './queue-audit.ts'
import { cancelOne, closeRecipients, keepAll, type Kept } from './queue-change.ts'
import { getEntry, getRecipient, listRecipients, type QueueRecipient } from './queue.ts'
import type { Operation, WriteDb } from './types.ts'

/** Recipients of one entry: all of them, or one. */
export interface OfEntry {
  readonly entryId: number
  readonly recipientId?: number | undefined
  readonly asked: Asked
}
const OPEN = `('waiting', 'deferred', 'unknown')`
const HOLD = `
  UPDATE queue_recipient SET state = 'held', held_by = 'user', held_route_id = NULL, next_attempt_ms = NULL
  WHERE id = ? AND (state IN ${OPEN} OR (state = 'held' AND held_by <> 'user'))`
const ASK_HOLD = `UPDATE queue_recipient SET hold_asked = 1 WHERE id = ? AND state = 'trying'`
// What it was before tells where it goes back to. One that may have arrived has waited its time, or waits the rest of it.
const LET_GO = `
  UPDATE queue_recipient SET held_by = NULL, held_route_id = NULL,
    state = CASE WHEN unknowns > 0 THEN 'unknown' WHEN attempts > 0 THEN 'deferred' ELSE 'waiting' END,
    next_attempt_ms = CASE WHEN unknowns > 0 THEN max(@dueMs, coalesce(last_attempt_ms, 0) + @unknownAfterMs) ELSE @dueMs END
  WHERE id = @id AND state = 'held'`
const DUE_NOW = `
  UPDATE queue_recipient SET next_attempt_ms = min(coalesce(next_attempt_ms, @nowMs), @nowMs), unknowns = 0
  WHERE id = @id AND state IN ${OPEN}`
const ASK_CANCEL = `UPDATE queue_recipient SET cancel_asked = 1, cancel_report = ? WHERE id = ? AND state = 'trying'`
const END_HOLD = `
  UPDATE queue_entry SET hold_until_ms = CASE WHEN hold_until_ms > @nowMs THEN @nowMs ELSE hold_until_ms END, undo_until_ms = NULL
  WHERE id = @entryId`
// Its days are counted from when it could leave, so time spent held is no reason to give it up.
const COUNT_FROM = `
  UPDATE queue_entry SET hold_until_ms = max(coalesce(hold_until_ms, 0), @dueMs)
  WHERE id = (SELECT entry_id FROM queue_recipient WHERE id = @id)`
const EDIT = `
  UPDATE queue_recipient SET first_local = coalesce(first_local, local), first_domain = coalesce(first_domain, domain), local = ?,
    domain = ?, state = CASE WHEN state = 'held' THEN 'held' ELSE 'waiting' END, attempts = 0, unknowns = 0, last_reply = NULL,
    last_cause = NULL, mx = NULL, next_attempt_ms = CASE WHEN state = 'held' THEN NULL ELSE ? END
  WHERE id = ? AND state IN ('waiting', 'deferred', 'unknown', 'held')`
// What an alias has sent on says nothing of another one.
const NOT_FORWARDED = 'DELETE FROM forwarded WHERE recipient_id = ?'
const NEEDS_UTF8 = 'UPDATE queue_entry SET needs_utf8 = 1 WHERE id = ?'
const WAY = `
  UPDATE queue_recipient SET way = @way, way_route_id = @routeId,
    next_attempt_ms = CASE WHEN state = 'deferred' THEN min(next_attempt_ms, @nowMs) ELSE next_attempt_ms END
  WHERE id = @id AND state IN ('waiting', 'deferred', 'unknown', 'held', 'trying')`
const ROUTE_THERE = 'SELECT 1 FROM route WHERE id = ?'
const DECIDE = `UPDATE queue_recipient SET state = ?, next_attempt_ms = ?, done_ms = ?, unknowns = 0 WHERE id = ? AND state = 'unknown'`

/** The recipients that are meant, as they stand. */
function meant(db: WriteDb, { entryId, recipientId }: OfEntry): QueueRecipient[] {
  const all = listRecipients(db, entryId)
  return recipientId === undefined ? all : all.filter(({ id }) => id === recipientId)
}

const auditOf = ({ entryId, recipientId, asked }: OfEntry, what: string, detail = ''): NewAudit => ({
  ...asked,
  what,
  entryId,
  recipientId: recipientId ?? null,
  detail,
})

/** Tells of a change that `recipients` of the entry had part in; of none is nothing told. */
function told(db: WriteDb, args: OfEntry, what: string, recipients: number, nowMs: number, detail = '') {
  if (recipients > 0) insertAudit(db, auditOf(args, what, detail), nowMs)
  return { recipients }
}

/** Mail that waits for its hour waits no longer. */
function endHold(db: WriteDb, entryId: number, nowMs: number): void {
  prepared(db, END_HOLD).run({ entryId, nowMs })
}

const open = (one: QueueRecipient) => ['waiting', 'deferred', 'unknown'].includes(one.state)

/** Keeps one back, now or when its try ends. */
export function holdOne(db: WriteDb, id: number): boolean {
  return prepared(db, HOLD).run(id).changes + prepared(db, ASK_HOLD).run(id).changes > 0
}

/** Lets one go: due at `dueMs`, or when one of unknown arrival has waited its time. */
export function letGo(db: WriteDb, id: number, dueMs: number, unknownAfterMs: number): boolean {
  if (prepared(db, LET_GO).run({ id, dueMs, unknownAfterMs }).changes !== 1) return false
  prepared(db, COUNT_FROM).run({ id, dueMs })
  return true
}

function retry(db: WriteDb, args: OfEntry, nowMs: number) {
  const waiting = meant(db, args).filter(open)
  // Of unknown arrival: only where it is all that is left, or named itself, and so is meant.
  const isMeant = args.recipientId !== undefined || waiting.every(({ state }) => state === 'unknown')
  const due = waiting.filter(({ state }) => isMeant || state !== 'unknown')
  if (due.length > 0) endHold(db, args.entryId, nowMs)
  for (const { id } of due) prepared(db, DUE_NOW).run({ id, nowMs })
  return told(db, args, 'retry', due.length, nowMs)
}

function release(db: WriteDb, args: OfEntry & { readonly unknownAfterMs: number }, nowMs: number) {
  const recipients = meant(db, args)
  const isLater = (getEntry(db, args.entryId)?.options.holdUntilMs ?? 0) > nowMs
  endHold(db, args.entryId, nowMs)
  let released = 0
  for (const { id, state } of recipients) {
    if (state === 'held' && letGo(db, id, nowMs, args.unknownAfterMs)) released++
    else if (state === 'waiting' && isLater) released += prepared(db, DUE_NOW).run({ id, nowMs }).changes
  }
  return told(db, args, 'release', released, nowMs)
}

/** What a cancelling is to do besides: a report for the sender, of recipients that end now. */
export interface CancelArgs extends OfEntry {
  readonly dsn: boolean
  /** Made for exactly those recipients, with null where none of them is told of; where others end, nothing is done and it must be made anew. */
  readonly report: { readonly kept: Kept | null; readonly recipientIds: readonly number[] } | null
}

function cancel(db: WriteDb, args: CancelArgs, nowMs: number) {
  const recipients = meant(db, args)
  const ending = recipients.filter((one) => one.state === 'held' || open(one))
  const reported = new Set(args.report?.recipientIds)
  if (args.report !== null && (ending.length !== reported.size || ending.some(({ id }) => !reported.has(id))))
    return { recipients: 0, again: true, folderIds: [] }
  let cancelled = 0
  for (const one of recipients) {
    const isAsked = prepared(db, ASK_CANCEL).run(args.dsn ? 1 : 0, one.id).changes === 1
    if (isAsked || cancelOne(db, one, nowMs)) cancelled++
  }
  const kept = args.report?.kept ?? null
  const folderIds = kept === null ? [] : keepAll(db, args.entryId, [kept], nowMs)
  return { ...told(db, args, 'cancel', cancelled, nowMs, args.dsn ? 'with a report' : ''), again: false, folderIds }
}

function conflict(doing: string, reason: string): Fault<'conflict'> {
  return new Fault('conflict', `${doing}: ${reason}`, { what: 'recipient', reason })
}

function edit(
  db: WriteDb,
  args: { readonly recipientId: number; readonly to: ForwardPath; readonly asked: Asked },
  nowMs: number,
): { readonly entryId: number } {
  const { recipientId, to } = args
  const doing = `change recipient ${recipientId}`
  const recipient = getRecipient(db, recipientId)
  if (recipient === undefined)
    throw new Fault('not-found', `${doing}: there is none`, { what: 'recipient', id: String(recipientId) })
  const { entryId, state, to: old } = recipient
  const others = listRecipients(db, entryId).filter(({ id }) => id !== recipientId)
  if (others.some((one) => one.to.local === to.local && one.to.domain === to.domain))
    throw conflict(doing, 'the message goes to that address already')
  const { options, undoUntilMs } = getEntry(db, entryId) ?? {}
  const dueMs = Math.max(nowMs, options?.holdUntilMs ?? 0, undoUntilMs ?? 0)
  if (prepared(db, EDIT).run(to.local, to.domain, dueMs, recipientId).changes !== 1)
    throw conflict(
      doing,
      state === 'trying' ? 'it is being tried now; try again when that has ended' : `it is ${state}`,
    )
  if (needsUtf8(to)) prepared(db, NEEDS_UTF8).run(entryId)
  prepared(db, NOT_FORWARDED).run(recipientId)
  const detail = `${old.local}@${old.domain} → ${to.local}@${to.domain}`
  insertAudit(db, { ...args.asked, what: 'edit', entryId, recipientId, detail }, nowMs)
  return { entryId }
}

function route(db: WriteDb, args: OfEntry & { readonly way: Way; readonly unknownAfterMs: number }, nowMs: number) {
  const { way } = args
  const routeId = way.kind === 'smarthost' ? way.routeId : null
  if (routeId !== null && prepared(db, ROUTE_THERE).get(routeId) === undefined)
    throw new Fault('not-found', `send by route ${routeId}: there is none`, { what: 'route', id: String(routeId) })
  const kind = way.kind === 'automatic' ? null : way.kind
  let changed = 0
  for (const { id, state, heldBy } of meant(db, args)) {
    changed += prepared(db, WAY).run({ id, way: kind, routeId, nowMs }).changes
    // It waited for the other way to be mended.
    if (state === 'held' && heldBy !== 'user') letGo(db, id, nowMs, args.unknownAfterMs)
  }
  return told(db, args, 'route', changed, nowMs, routeId === null ? way.kind : `${way.kind} ${routeId}`)
}

export const queueControlOperations = {
  'queue.hold': (db: WriteDb, args: OfEntry, nowMs: number) => {
    let held = 0
    for (const { id } of meant(db, args)) if (holdOne(db, id)) held++
    return told(db, args, 'hold', held, nowMs)
  },
  'queue.letGo': release,
  /** Makes recipients due now; those of unknown arrival only where they are meant. */
  'queue.retry': retry,
  /** Cancels open recipients. One that is being tried ends with that try. */
  'queue.cancel': cancel,
  /** Throws `not-found`, and `conflict` where it is too late. */
  'queue.edit': edit,
  /** Throws `not-found` for a route that is not there. */
  'queue.route': route,
  /** What somebody says of a recipient whose arrival is unknown. False when it is not, or not any more. */
  'queue.decide': (
    db: WriteDb,
    args: { readonly recipientId: number; readonly decision: 'resend' | 'arrived'; readonly asked: Asked },
    nowMs: number,
  ): boolean => {
    const recipient = getRecipient(db, args.recipientId)
    if (!recipient) return false
    const { id, entryId } = recipient
    const arrived = args.decision === 'arrived'
    const [state, next, done] = arrived ? ['delivered', null, nowMs] : ['unknown', nowMs, null]
    if (prepared(db, DECIDE).run(state, next, done, id).changes !== 1) return false
    if (arrived) closeRecipients(db, entryId, 1, nowMs)
    insertAudit(db, { ...args.asked, what: args.decision, entryId, recipientId: id }, nowMs)
    return true
  },
  /** A line of the history for what changes no row, such as a pause or an export. */
  'queue.note': (db: WriteDb, args: NewAudit, nowMs: number): void => insertAudit(db, args, nowMs),
} satisfies Record<string, Operation<never, unknown>>
