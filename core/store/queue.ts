import type { Domain, ForwardPath, ReversePath } from '../model/address.ts'
import type { BlobView } from '../model/blob-view.ts'
import type { MailOptions, Notify, RecipientOptions } from '../model/envelope-options.ts'
import type { LaterReport } from '../model/later-report.ts'
import type { Cause, RecipientState } from '../model/outcome.ts'
import type { Submission } from '../model/submission.ts'
import type { HeldBy, Way } from '../model/way.ts'
import { prepared } from './prepared.ts'
import type { ReadDb } from './types.ts'

/** One accepted message. Its bytes are final. */
export interface QueueEntry {
  readonly id: number
  readonly view: BlobView
  readonly from: ReversePath
  /** Whose Inbox hears of it; null for the person who runs Posthorn. */
  readonly userId: number | null
  readonly origin: Submission['origin']
  readonly messageId: string
  readonly subject: string
  readonly is8bit: boolean
  readonly needsUtf8: boolean
  readonly createdMs: number
  readonly warnedMs: number | null
  readonly doneMs: number | null
  /** What the online counter said when it was accepted: see `onlineMs`. */
  readonly onlineAtMs: number
  /** Names of the DKIM keys that signed it, as `selector._domainkey.domain`. */
  readonly signedBy: readonly string[]
  /** What MAIL asked; `holdUntilMs` is gone once somebody released it. */
  readonly options: MailOptions
  /** When its sender was told that the time of `deliverBy` is over. */
  readonly deliverByToldMs: number | null
  /** Until then its writer may take it back. */
  readonly undoUntilMs: number | null
}
/** One forward-path of an entry. */
export interface QueueRecipient {
  readonly id: number
  readonly entryId: number
  readonly to: ForwardPath
  readonly state: RecipientState
  readonly attempts: number
  readonly lastAttemptMs: number | null
  readonly nextAttemptMs: number | null
  readonly lastReply: string | null
  readonly lastCause: Cause | null
  readonly mx: string | null
  readonly unknowns: number
  readonly cancelAsked: boolean
  /** Its sender is to hear of the cancelling. */
  readonly cancelReport: boolean
  readonly holdAsked: boolean
  readonly heldBy: HeldBy | null
  readonly heldRouteId: number | null
  /** What RCPT asked. */
  readonly options: RecipientOptions
  /** Its address before somebody changed it here. */
  readonly firstTo: ForwardPath | null
  readonly way: Way
  /** What other servers reported after it had been taken: failures first, then the newest. */
  readonly laterReports: readonly LaterReport[]
}
const ENTRY = `
  SELECT id, blob_id, prefix, removed, size_bytes, from_local, from_domain, user_id, origin, message_id, subject, is_8bit,
    needs_utf8, created_ms, warned_ms, done_ms, online_ms, signed_by, ret, envid, hold_until_ms, deliver_by_ms,
    deliver_by_mode, deliver_by_trace, deliver_by_told_ms, require_tls, undo_until_ms
  FROM queue_entry`
const GET_ENTRY = `${ENTRY} WHERE id = ?`
const RECIPIENT = `
  SELECT id, entry_id, local, domain, state, attempts, last_attempt_ms, next_attempt_ms, last_reply, last_cause, mx, unknowns,
    cancel_asked, cancel_report, hold_asked, held_by, held_route_id, notify, orcpt_type, orcpt_address, first_local, first_domain,
    way, way_route_id, later_dsn
  FROM queue_recipient`
const OF_ENTRY = `${RECIPIENT} WHERE entry_id = ? ORDER BY id`
const GET_RECIPIENT = `${RECIPIENT} WHERE id = ?`
/** Time the engine has been online with mail waiting, as a query of its own. */
export const ONLINE = `SELECT value FROM counter WHERE name = 'queue.online-ms'`

interface EntryRow {
  readonly id: number
  readonly blob_id: number
  readonly prefix: string
  readonly removed: string
  readonly size_bytes: number
  readonly from_local: string | null
  readonly from_domain: string | null
  readonly user_id: number | null
  readonly origin: Submission['origin']
  readonly message_id: string
  readonly subject: string
  readonly is_8bit: number
  readonly needs_utf8: number
  readonly created_ms: number
  readonly warned_ms: number | null
  readonly done_ms: number | null
  readonly online_ms: number
  readonly signed_by: string | null
  readonly ret: 'full' | 'headers' | null
  readonly envid: string | null
  readonly hold_until_ms: number | null
  readonly deliver_by_ms: number | null
  readonly deliver_by_mode: 'return' | 'notify' | null
  readonly deliver_by_trace: number
  readonly deliver_by_told_ms: number | null
  readonly require_tls: number
  readonly undo_until_ms: number | null
}
interface RecipientRow {
  readonly id: number
  readonly entry_id: number
  readonly local: string
  readonly domain: string
  readonly state: RecipientState
  readonly attempts: number
  readonly last_attempt_ms: number | null
  readonly next_attempt_ms: number | null
  readonly last_reply: string | null
  readonly last_cause: string | null
  readonly mx: string | null
  readonly unknowns: number
  readonly cancel_asked: number
  readonly cancel_report: number
  readonly hold_asked: number
  readonly held_by: HeldBy | null
  readonly held_route_id: number | null
  readonly notify: string | null
  readonly orcpt_type: string | null
  readonly orcpt_address: string | null
  readonly first_local: string | null
  readonly first_domain: string | null
  readonly way: 'direct' | 'smarthost' | null
  readonly way_route_id: number | null
  readonly later_dsn: string | null
}

/** A stored path; both null is the null reverse-path. Domains were parsed before they were stored: the brand may be put back on. */
export const toPath = (local: string | null, domain: string | null): ReversePath =>
  local === null || domain === null ? null : { local, domain: domain as Domain }

function toEntry(row: EntryRow): QueueEntry {
  return {
    id: row.id,
    view: {
      blobId: row.blob_id,
      prefix: row.prefix,
      removed: JSON.parse(row.removed) as [number, number][],
      sizeBytes: row.size_bytes,
    },
    from: toPath(row.from_local, row.from_domain),
    userId: row.user_id,
    origin: row.origin,
    messageId: row.message_id,
    subject: row.subject,
    is8bit: row.is_8bit === 1,
    needsUtf8: row.needs_utf8 === 1,
    createdMs: row.created_ms,
    warnedMs: row.warned_ms,
    doneMs: row.done_ms,
    onlineAtMs: row.online_ms,
    signedBy: row.signed_by === null ? [] : row.signed_by.split(' '),
    options: toMailOptions(row),
    deliverByToldMs: row.deliver_by_told_ms,
    undoUntilMs: row.undo_until_ms,
  }
}

function toRecipient(row: RecipientRow): QueueRecipient {
  return {
    id: row.id,
    entryId: row.entry_id,
    to: { local: row.local, domain: row.domain as Domain },
    state: row.state,
    attempts: row.attempts,
    lastAttemptMs: row.last_attempt_ms,
    nextAttemptMs: row.next_attempt_ms,
    lastReply: row.last_reply,
    lastCause: row.last_cause === null ? null : (JSON.parse(row.last_cause) as Cause),
    mx: row.mx,
    unknowns: row.unknowns,
    cancelAsked: row.cancel_asked === 1,
    cancelReport: row.cancel_report === 1,
    holdAsked: row.hold_asked === 1,
    heldBy: row.held_by,
    heldRouteId: row.held_route_id,
    options: toRecipientOptions(row),
    firstTo: toPath(row.first_local, row.first_domain),
    way: toWay(row),
    laterReports: row.later_dsn === null ? [] : (JSON.parse(row.later_dsn) as LaterReport[]),
  }
}

function toMailOptions(row: EntryRow): MailOptions {
  const { deliver_by_ms: atMs, deliver_by_mode: mode } = row
  return {
    ...(row.ret !== null && { ret: row.ret }),
    ...(row.envid !== null && { envid: row.envid }),
    ...(row.hold_until_ms !== null && { holdUntilMs: row.hold_until_ms }),
    ...(atMs !== null && mode !== null && { deliverBy: { atMs, mode, trace: row.deliver_by_trace === 1 } }),
    ...(row.require_tls === 1 && { requireTls: true as const }),
  }
}

function toRecipientOptions({ notify, orcpt_type: type, orcpt_address: address }: RecipientRow): RecipientOptions {
  return {
    ...(notify !== null && { notify: toNotify(notify) }),
    ...(type !== null && address !== null && { orcpt: { type, address } }),
  }
}

const toNotify = (text: string): Notify => (text === 'never' ? 'never' : (text.split(',') as Exclude<Notify, 'never'>))

/** A recipient's own way out of its columns. */
export function toWay(row: { readonly way: 'direct' | 'smarthost' | null; readonly way_route_id: number | null }): Way {
  if (row.way === 'direct') return { kind: 'direct' }
  if (row.way === 'smarthost' && row.way_route_id !== null) return { kind: 'smarthost', routeId: row.way_route_id }
  return { kind: 'automatic' }
}

/** The entry of that id, or undefined. */
export function getEntry(db: ReadDb, id: number): QueueEntry | undefined {
  const row = prepared<[number], EntryRow>(db, GET_ENTRY).get(id)
  return row && toEntry(row)
}

/** Entries chosen by what follows FROM queue_entry: for the lists of this folder. */
export function listEntries(db: ReadDb, where: string, ...values: readonly number[]): QueueEntry[] {
  return prepared<number[], EntryRow>(db, `${ENTRY} ${where}`)
    .all(...values)
    .map(toEntry)
}

/** All recipients of an entry, in the order they were given. At most 1,000: the door takes no more. */
export function listRecipients(db: ReadDb, entryId: number): QueueRecipient[] {
  return prepared<[number], RecipientRow>(db, OF_ENTRY).all(entryId).map(toRecipient)
}

/** The recipient of that id, or undefined. */
export function getRecipient(db: ReadDb, id: number): QueueRecipient | undefined {
  const row = prepared<[number], RecipientRow>(db, GET_RECIPIENT).get(id)
  return row && toRecipient(row)
}

/** Time the engine has been online with mail waiting, all in all (ms). An entry's own is this less its `onlineAtMs`. */
export function onlineMs(db: ReadDb): number {
  return prepared<[], { value: number }>(db, ONLINE).get()?.value ?? 0
}
