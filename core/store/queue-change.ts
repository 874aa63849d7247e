import type { ForwardPath, ReversePath } from '../model/address.ts'
import type { BlobView } from '../model/blob-view.ts'
import type { MailOptions, RecipientOptions } from '../model/envelope-options.ts'
import type { AttemptFacts, Cause, RecipientState } from '../model/outcome.ts'
import type { Submission } from '../model/submission.ts'
import type { HeldBy } from '../model/way.ts'
import { storeBody } from './blob.ts'
import { addToCounter } from './counter.ts'
import { ensureDeadLetters, ensureFolder, type FolderOwner, type FolderRole } from './folder.ts'
import { noteSigning, type Signing } from './dkim-key.ts'
import { chosenSent } from './identity.ts'
import { sentAccount } from './imap-change.ts'
import { insertMessage, type NewMessage } from './message.ts'
import { countPace } from './pace.ts'
import { prepared } from './prepared.ts'
import { getEntry, getRecipient, ONLINE, type QueueEntry, type QueueRecipient } from './queue.ts'
import { endSend } from './rule-send.ts'
import { noteArrivals, sourceOfOwner } from './rule-todo.ts'
import { countFate } from './suppression.ts'
import type { Body, Operation, WriteDb } from './types.ts'

/** A message that is kept in an owner's folder in the same operation. */
export interface Kept {
  /** `sender`: whoever the entry's reports go to, as it stands at that moment. */
  readonly owner: FolderOwner | 'sender'
  /** `dead-letters`: the one folder there is for what nobody can be told of. */
  readonly role: Exclude<FolderRole, 'other'> | 'dead-letters'
  readonly message: Omit<NewMessage, 'folderId' | 'body'> & {
    /** `entry`: the bytes of the queue entry itself. */
    readonly body: NewMessage['body'] | 'entry'
  }
}

/** A message that is accepted. */
export interface NewEntry {
  /** New bytes, or those of a blob that an entry or a message has. */
  readonly body: Body | { readonly blobId: number; readonly sizeBytes: number }
  readonly prefix: string
  readonly removed: BlobView['removed']
  readonly from: ReversePath
  readonly to: readonly ForwardPath[]
  readonly userId: number | null
  readonly origin: Submission['origin']
  readonly messageId: string
  readonly subject: string
  readonly is8bit: boolean
  readonly needsUtf8: boolean
  /** What goes to Sent with it. */
  readonly kept: readonly Kept[]
  readonly options?: MailOptions
  /** Of each recipient of `to`, at the same place. */
  readonly recipientOptions?: readonly (RecipientOptions | undefined)[]
  /** How long its writer may take it back (ms), and what was written: JSON. */
  readonly undo?: { readonly forMs: number; readonly draft: string }
  /** What DKIM came to; left out for what goes unsigned. */
  readonly signing?: Signing
  /** The job of a rule that this is, which ends with it. */
  readonly ruleSendId?: number
}

const INSERT_ENTRY = `
  INSERT INTO queue_entry (blob_id, prefix, removed, size_bytes, from_local, from_domain, user_id, origin, message_id, subject,
    is_8bit, needs_utf8, created_ms, open_count, online_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce((${ONLINE}), 0))`
// Most mail asks for nothing of this.
const PUT_OPTIONS = `
  UPDATE queue_entry SET ret = ?, envid = ?, hold_until_ms = ?, deliver_by_ms = ?, deliver_by_mode = ?, deliver_by_trace = ?,
    require_tls = ?, undo_until_ms = ?, draft = ?
  WHERE id = ?`
const INSERT_RECIPIENT = `
  INSERT INTO queue_recipient (entry_id, local, domain, state, next_attempt_ms, notify, orcpt_type, orcpt_address)
  VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?)`
const START = `
  UPDATE queue_recipient SET state = 'trying', phase = 'dialling', next_attempt_ms = NULL
  WHERE id = ? AND next_attempt_ms IS NOT NULL AND state IN ('waiting', 'deferred', 'unknown')`
const INSERT_ATTEMPT = 'INSERT INTO attempt (recipient_id, started_ms) VALUES (?, ?)'
const BODY = `UPDATE queue_recipient SET phase = 'body', mx = coalesce(?, mx) WHERE id = ? AND state = 'trying'`
const END_ATTEMPT = `
  UPDATE attempt SET ended_ms = ?, outcome = ?, cause = ?, mx = ?, session_id = ?, route = ?, tls = ? WHERE id = ? AND ended_ms IS NULL`
const DROP_ATTEMPT = 'DELETE FROM attempt WHERE id = ? AND ended_ms IS NULL'
const SETTLE = `
  UPDATE queue_recipient SET state = ?, phase = NULL, attempts = attempts + ?, unknowns = unknowns + ?, last_attempt_ms = ?,
    next_attempt_ms = ?, last_reply = coalesce(?, last_reply), last_cause = ?, mx = coalesce(?, mx), done_ms = ?,
    cancel_asked = 0, hold_asked = 0, held_by = ?, held_route_id = ?
  WHERE id = ? AND state = 'trying'`
// Before its try it was unknown, deferred or waiting; what it went through tells which.
const RELEASE = `
  UPDATE queue_recipient SET phase = NULL, hold_asked = 0,
    next_attempt_ms = CASE WHEN hold_asked = 1 AND cancel_asked = 0 THEN NULL ELSE ? END,
    held_by = CASE WHEN hold_asked = 1 AND cancel_asked = 0 THEN 'user' END,
    state = CASE WHEN hold_asked = 1 AND cancel_asked = 0 THEN 'held' WHEN unknowns > 0 THEN 'unknown' WHEN attempts > 0 THEN 'deferred' ELSE 'waiting' END
  WHERE id = ? AND state = 'trying'`
const UNTOLD = 'UPDATE queue_recipient SET untold_ms = ? WHERE id = ?'
const CLOSE_ENTRY = `
  UPDATE queue_entry SET open_count = open_count - @closed,
    done_ms = CASE WHEN open_count - @closed <= 0 THEN @nowMs ELSE done_ms END
  WHERE id = @entryId`
const WARNED = 'UPDATE queue_entry SET warned_ms = ? WHERE id = ? AND warned_ms IS NULL'
const LATE = 'UPDATE queue_entry SET deliver_by_told_ms = ? WHERE id = ? AND deliver_by_told_ms IS NULL'
const CANCEL = `
  UPDATE queue_recipient SET state = 'cancelled', phase = NULL, next_attempt_ms = NULL, done_ms = ?, cancel_asked = 0, held_by = NULL
  WHERE id = ? AND state IN ('waiting', 'deferred', 'held', 'unknown')`
/** Keeps a message for an owner; returns the folder. */
function keep(
  db: WriteDb,
  { owner, role, message }: Kept,
  entry: { readonly blobId: number; readonly userId: number | null; readonly from: ReversePath },
  nowMs: number,
): number {
  const whose = owner === 'sender' ? { accountId: null, userId: entry.userId } : owner
  const body = message.body === 'entry' ? { blobId: entry.blobId } : message.body
  if (role === 'sent' && owner !== 'sender' && owner.accountId === null && owner.userId === null) {
    const folderId = sentFolder(db, entry.from)
    insertMessage(db, { ...message, body, folderId, sentAs: entry.from }, nowMs)
    return folderId
  }
  const folderId = role === 'dead-letters' ? ensureDeadLetters(db) : ensureFolder(db, whose, role)
  const id = insertMessage(db, { ...message, body, folderId }, nowMs)
  // Mail that is delivered here; reports of ours stay where they are looked for.
  if (role === 'inbox' && message.body === 'entry') noteArrivals(db, [id], sourceOfOwner(whose), nowMs)
  return folderId
}

/** What the person sends is kept where the identity wants it, or else in Sent of the IMAP account of its address, or of here. */
function sentFolder(db: WriteDb, from: ReversePath): number {
  return chosenSent(db, from)?.id ?? ensureFolder(db, { accountId: sentAccount(db, from), userId: null }, 'sent')
}

/** Stores an entry with its recipients: due at once, or when it is held no longer. */
export function insertEntry(db: WriteDb, args: NewEntry, nowMs: number) {
  const { blobId, sizeBytes } = 'blobId' in args.body ? args.body : storeBody(db, args.body, nowMs)
  const left = args.removed.reduce((sum, [from, to]) => sum + to - from, 0)
  const { options = {}, undo } = args
  const undoUntilMs = undo === undefined || undo.forMs === 0 ? null : nowMs + undo.forMs
  const entry = prepared(db, INSERT_ENTRY).run(
    blobId,
    args.prefix,
    args.removed.length === 0 ? '[]' : JSON.stringify(args.removed),
    args.prefix.length + sizeBytes - left,
    args.from?.local ?? null,
    args.from?.domain ?? null,
    args.userId,
    args.origin,
    args.messageId,
    args.subject,
    args.is8bit ? 1 : 0,
    args.needsUtf8 ? 1 : 0,
    nowMs,
    args.to.length,
  )
  const entryId = Number(entry.lastInsertRowid)
  if (Object.keys(options).length > 0 || undo !== undefined)
    prepared(db, PUT_OPTIONS).run(
      options.ret ?? null,
      options.envid ?? null,
      options.holdUntilMs ?? null,
      options.deliverBy?.atMs ?? null,
      options.deliverBy?.mode ?? null,
      options.deliverBy?.trace === true ? 1 : 0,
      options.requireTls === true ? 1 : 0,
      undoUntilMs,
      undo?.draft ?? null,
      entryId,
    )
  const dueMs = Math.max(nowMs, options.holdUntilMs ?? 0, undoUntilMs ?? 0)
  const recipientIds = args.to.map((to, n) => {
    const { notify, orcpt } = args.recipientOptions?.[n] ?? {}
    const asked = notify === undefined ? null : notify === 'never' ? notify : notify.join(',')
    const row = [entryId, to.local, to.domain, dueMs, asked, orcpt?.type ?? null, orcpt?.address ?? null]
    return Number(prepared(db, INSERT_RECIPIENT).run(...row).lastInsertRowid)
  })
  if (args.signing) noteSigning(db, entryId, args.signing)
  if (args.ruleSendId !== undefined) endSend(db, args.ruleSendId, entryId, nowMs)
  const folderIds = args.kept.map((one) => keep(db, one, { blobId, userId: args.userId, from: args.from }, nowMs))
  return { entryId, recipientIds, folderIds, acceptedMs: nowMs, dueMs, undoUntilMs }
}

/** A recipient whose try has begun. */
export interface Started {
  readonly recipient: QueueRecipient
  readonly attemptId: number
}

/** Begins a try of each recipient that still waits; those that were cancelled or taken meanwhile are left out. */
function startAttempt(
  db: WriteDb,
  { recipientIds }: { readonly recipientIds: readonly number[] },
  nowMs: number,
): { readonly entries: QueueEntry[]; readonly started: Started[] } {
  const entries = new Map<number, QueueEntry>()
  const started: Started[] = []
  for (const id of recipientIds) {
    if (prepared(db, START).run(id).changes !== 1) continue
    const recipient = getRecipient(db, id)
    const entry = recipient && (entries.get(recipient.entryId) ?? getEntry(db, recipient.entryId))
    if (!recipient || !entry) continue
    entries.set(entry.id, entry)
    const attemptId = Number(prepared(db, INSERT_ATTEMPT).run(id, nowMs).lastInsertRowid)
    started.push({ recipient, attemptId })
  }
  return { entries: [...entries.values()], started }
}

/** What one try came to, as it is to be stored. */
export interface Settlement {
  readonly recipientId: number
  readonly attemptId: number
  readonly state: Extract<RecipientState, 'delivered' | 'deferred' | 'bounced' | 'unknown' | 'held'>
  /** False when it was not the other side's doing, such as having no network. */
  readonly counts: boolean
  readonly nextAttemptMs: number | null
  readonly lastReply: string | null
  readonly cause: Cause | null
  readonly mx: string | null
  /** Its failure is told of later, with those of the others. */
  readonly isUntold?: true
  /** It was cancelled meanwhile, and what is kept reports so. */
  readonly isCancelTold?: true
  /** How it was tried. */
  readonly facts?: AttemptFacts
}
const FINAL: readonly RecipientState[] = ['delivered', 'bounced', 'cancelled']

/** Who holds it, and which route. */
function heldBy({ state, cause }: Settlement): [HeldBy, number | null] {
  if (state !== 'held') return ['user', null] // asked for while the try was under way
  if (cause?.at === 'login') return ['route', cause.routeId ?? null]
  return [cause?.at === 'rule' ? 'rule' : 'user', null]
}

/** Recipients that are about to be given a message, and the server that is to get it. */
export interface InBody {
  readonly recipientIds: readonly number[]
  readonly mx?: string
}

/** Past this point a recipient may have the message: RFC 1047. */
function beforeBody(db: WriteDb, { recipientIds, mx }: InBody): void {
  for (const id of recipientIds) prepared(db, BODY).run(mx ?? null, id)
}

/** Writes down what tries came to. What was written already is passed over, with all that belongs to it. */
export function settle(
  db: WriteDb,
  args: {
    readonly entryId: number
    readonly sessionId: number | null
    readonly settled: readonly Settlement[]
    /** Local deliveries and reports: kept or not together with the outcomes that caused them. */
    readonly kept: readonly Kept[]
    /** A delay warning: kept unless the entry has had one. */
    readonly warning: Kept | null
    /** Word that its DELIVERBY time is over: kept unless its sender has had it. */
    readonly late?: Kept | null
    /** What goes out next on that connection: it comes to phase `body` in the same operation. */
    readonly next?: InBody
  },
  nowMs: number,
): { readonly folderIds: number[]; readonly isUntold: boolean } {
  if (args.next !== undefined) beforeBody(db, args.next)
  let isUntold = false
  let closed = 0
  let fresh = 0
  for (const one of args.settled) {
    const cause = one.cause === null ? null : JSON.stringify(one.cause)
    const ended = prepared(db, END_ATTEMPT).run(
      nowMs,
      one.state,
      cause,
      one.mx,
      args.sessionId,
      one.facts?.route ?? null,
      one.facts?.tls === undefined ? null : JSON.stringify(one.facts.tls),
      one.attemptId,
    )
    if (ended.changes !== 1) continue // settled already: an outcome is believed once
    fresh++
    // What was cancelled during its try ends now, unless it went through.
    const asked = FINAL.includes(one.state) ? undefined : getRecipient(db, one.recipientId)
    const state = asked?.cancelAsked ? 'cancelled' : asked?.holdAsked ? 'held' : one.state
    const isFinal = FINAL.includes(state)
    const changed = prepared(db, SETTLE).run(
      state,
      one.counts ? 1 : 0,
      one.state === 'unknown' ? 1 : 0,
      nowMs,
      isFinal || state === 'held' ? null : one.nextAttemptMs,
      one.lastReply,
      cause,
      one.mx,
      isFinal ? nowMs : null,
      ...(state === 'held' ? heldBy(one) : [null, null]),
      one.recipientId,
    )
    if (isFinal) closed += changed.changes
    // Whoever asked for a report of the cancelling did so after the outcome was judged.
    const isCancelUntold = state === 'cancelled' && asked?.cancelReport === true && one.isCancelTold !== true
    if ((isCancelUntold || (one.isUntold && isFinal && state !== 'delivered')) && changed.changes === 1) {
      prepared(db, UNTOLD).run(nowMs, one.recipientId)
      isUntold = true
    }
    if (changed.changes === 1) countFate(db, one.recipientId, state, one.cause, nowMs)
  }
  if (closed > 0) closeRecipients(db, args.entryId, closed, nowMs)
  // Said a second time: what it caused is kept already.
  if (fresh === 0 && args.settled.length > 0) return { folderIds: [], isUntold }
  const { warning, late = null, entryId } = args
  const kept = [...args.kept]
  if (warning !== null && prepared(db, WARNED).run(nowMs, entryId).changes === 1) kept.push(warning)
  if (late !== null && prepared(db, LATE).run(nowMs, entryId).changes === 1) kept.push(late)
  return { folderIds: keepAll(db, entryId, kept, nowMs), isUntold }
}

/** Keeps reports and copies of an entry; returns the folders. */
export function keepAll(db: WriteDb, entryId: number, kept: readonly Kept[], nowMs: number): number[] {
  const entry = kept.length === 0 ? undefined : getEntry(db, entryId)
  if (!entry) return []
  const owned = { blobId: entry.view.blobId, userId: entry.userId, from: entry.from }
  return kept.map((one) => keep(db, one, owned, nowMs))
}

/** A try that never was. `dueMs`: when it is begun again, at once where it is left out (Unix ms). */
export interface Released {
  readonly recipientId: number
  readonly attemptId: number
  readonly dueMs?: number
}

/**
 * Gives back what was taken for a try that never began. Counts nothing. Who was cancelled with a report stays until the next try,
 * which makes that report in place of dialling.
 */
export function release(db: WriteDb, { started }: { readonly started: readonly Released[] }, nowMs: number): void {
  for (const { recipientId, attemptId, dueMs = nowMs } of started) {
    if (prepared(db, DROP_ATTEMPT).run(attemptId).changes !== 1) continue
    const recipient = getRecipient(db, recipientId)
    prepared(db, RELEASE).run(dueMs, recipientId)
    if (recipient?.cancelAsked && !recipient.cancelReport) cancelOne(db, recipient, nowMs)
  }
}

/** Ends a recipient that waits; false when it does not wait, or not any more. */
export function cancelOne(db: WriteDb, { id, entryId }: QueueRecipient, nowMs: number): boolean {
  const isDone = prepared(db, CANCEL).run(nowMs, id).changes === 1
  if (isDone) closeRecipients(db, entryId, 1, nowMs)
  return isDone
}

/** Counts recipients of an entry as final; the last one ends the entry. */
export function closeRecipients(db: WriteDb, entryId: number, closed: number, nowMs: number): void {
  prepared(db, CLOSE_ENTRY).run({ closed, nowMs, entryId })
}

export const queueOperations = {
  'queue.submit': insertEntry,
  'queue.startAttempt': startAttempt,
  /** `paced`: the destination whose messages are counted. */
  'queue.beforeBody': (db: WriteDb, args: InBody & { readonly paced?: string }, nowMs: number): void => {
    beforeBody(db, args)
    if (args.paced !== undefined) countPace(db, args.paced, 1, nowMs)
  },
  'queue.settle': settle,
  'queue.release': release,
  /** Adds to the time the engine has been online with mail waiting. */
  'queue.countOnline': (db: WriteDb, args: { readonly addMs: number }): number =>
    addToCounter(db, 'queue.online-ms', Math.round(args.addMs)),
} satisfies Record<string, Operation<never, unknown>>
