import type { ForwardPath, ReversePath } from '../model/address.ts'
import type { BlobView } from '../model/blob-view.ts'
import type { Cause, RecipientState } from '../model/outcome.ts'
import type { Submission } from '../model/submission.ts'
import { storeBody } from './blob.ts'
import { addToCounter } from './counter.ts'
import { ensureFolder, type FolderOwner, type FolderRole } from './folder.ts'
import { insertMessage, type NewMessage } from './message.ts'
import { prepared } from './prepared.ts'
import { getEntry, getRecipient, listRecipients, onlineMs, type QueueEntry, type QueueRecipient } from './queue.ts'
import type { Body, Operation, WriteDb } from './types.ts'

/** A message that is kept in an owner's folder in the same operation. */
export interface Kept {
  /** `sender`: whoever the entry's reports go to, as it stands at that moment. */
  readonly owner: FolderOwner | 'sender'
  readonly role: Exclude<FolderRole, 'other'>
  readonly message: Omit<NewMessage, 'folderId' | 'body'> & {
    /** `entry`: the bytes of the queue entry itself. */
    readonly body: NewMessage['body'] | 'entry'
  }
}

/** A message that is accepted. */
export interface NewEntry {
  readonly body: Body
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
}

const INSERT_ENTRY = `
  INSERT INTO queue_entry (blob_id, prefix, removed, size_bytes, from_local, from_domain, user_id, origin, message_id, subject,
    is_8bit, needs_utf8, created_ms, open_count, online_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const INSERT_RECIPIENT = `
  INSERT INTO queue_recipient (entry_id, local, domain, state, next_attempt_ms) VALUES (?, ?, ?, 'waiting', ?)`
const START = `
  UPDATE queue_recipient SET state = 'trying', phase = 'dialling', next_attempt_ms = NULL
  WHERE id = ? AND next_attempt_ms IS NOT NULL AND state IN ('waiting', 'deferred', 'unknown')`
const INSERT_ATTEMPT = 'INSERT INTO attempt (recipient_id, started_ms) VALUES (?, ?)'
const BODY = `UPDATE queue_recipient SET phase = 'body' WHERE id = ? AND state = 'trying'`
const END_ATTEMPT = `
  UPDATE attempt SET ended_ms = ?, outcome = ?, cause = ?, mx = ?, session_id = ? WHERE id = ? AND ended_ms IS NULL`
const DROP_ATTEMPT = 'DELETE FROM attempt WHERE id = ? AND ended_ms IS NULL'
const SETTLE = `
  UPDATE queue_recipient SET state = ?, phase = NULL, attempts = attempts + ?, unknowns = unknowns + ?, last_attempt_ms = ?,
    next_attempt_ms = ?, last_reply = coalesce(?, last_reply), last_cause = ?, mx = coalesce(?, mx), done_ms = ?,
    cancel_asked = 0
  WHERE id = ? AND state = 'trying'`
// Before its try it was unknown, deferred or waiting; what it went through tells which.
const RELEASE = `
  UPDATE queue_recipient SET phase = NULL, next_attempt_ms = ?,
    state = CASE WHEN unknowns > 0 THEN 'unknown' WHEN attempts > 0 THEN 'deferred' ELSE 'waiting' END
  WHERE id = ? AND state = 'trying'`
const CLOSE_ENTRY = `
  UPDATE queue_entry SET open_count = open_count - @closed,
    done_ms = CASE WHEN open_count - @closed <= 0 THEN @nowMs ELSE done_ms END
  WHERE id = @entryId`
const WARNED = 'UPDATE queue_entry SET warned_ms = ? WHERE id = ? AND warned_ms IS NULL'
const TRYING = `SELECT id, entry_id, phase FROM queue_recipient WHERE state = 'trying'` // index queue_recipient_trying
const OPEN_ATTEMPT = 'SELECT id FROM attempt WHERE recipient_id = ? AND ended_ms IS NULL'
const CANCEL = `
  UPDATE queue_recipient SET state = 'cancelled', phase = NULL, next_attempt_ms = NULL, done_ms = ?, cancel_asked = 0
  WHERE id = ? AND state IN ('waiting', 'deferred', 'held', 'unknown')`
const ASK_CANCEL = `UPDATE queue_recipient SET cancel_asked = 1 WHERE id = ? AND state = 'trying'`
const RETRY_ENTRY = `
  UPDATE queue_recipient SET next_attempt_ms = min(coalesce(next_attempt_ms, @nowMs), @nowMs), unknowns = 0
  WHERE entry_id = @entryId AND (state IN ('waiting', 'deferred') OR (state = 'unknown' AND NOT EXISTS (
    SELECT 1 FROM queue_recipient WHERE entry_id = @entryId AND state IN ('waiting', 'deferred'))))`
const RETRY_SOME = `
  UPDATE queue_recipient SET next_attempt_ms = @nowMs WHERE id IN (
    SELECT id FROM queue_recipient WHERE next_attempt_ms > @nowMs AND state IN ('waiting', 'deferred')
    ORDER BY next_attempt_ms LIMIT @limit)` // an unknown one is sent again only when somebody means that very one
const DECIDE = `UPDATE queue_recipient SET state = ?, next_attempt_ms = ?, done_ms = ?, unknowns = 0 WHERE id = ? AND state = 'unknown'`

/** Keeps a message for an owner; returns the folder. */
function keep(
  db: WriteDb,
  { owner, role, message }: Kept,
  entry: { readonly blobId: number; readonly userId: number | null },
  nowMs: number,
): number {
  const folderId = ensureFolder(db, owner === 'sender' ? { accountId: null, userId: entry.userId } : owner, role)
  const body = message.body === 'entry' ? { blobId: entry.blobId } : message.body
  insertMessage(db, { ...message, body, folderId }, nowMs)
  return folderId
}

function submit(db: WriteDb, args: NewEntry, nowMs: number) {
  const { blobId, sizeBytes } = storeBody(db, args.body, nowMs)
  const left = args.removed.reduce((sum, [from, to]) => sum + to - from, 0)
  const entry = prepared(db, INSERT_ENTRY).run(
    blobId,
    args.prefix,
    JSON.stringify(args.removed),
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
    onlineMs(db),
  )
  const entryId = Number(entry.lastInsertRowid)
  const recipientIds = args.to.map((to) =>
    Number(prepared(db, INSERT_RECIPIENT).run(entryId, to.local, to.domain, nowMs).lastInsertRowid),
  )
  const folderIds = args.kept.map((one) => keep(db, one, { blobId, userId: args.userId }, nowMs))
  return { entryId, recipientIds, folderIds, acceptedMs: nowMs }
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
}
const FINAL: readonly RecipientState[] = ['delivered', 'bounced', 'cancelled']

function settle(
  db: WriteDb,
  args: {
    readonly entryId: number
    readonly sessionId: number | null
    readonly settled: readonly Settlement[]
    /** Local deliveries and reports: kept or not together with the outcomes that caused them. */
    readonly kept: readonly Kept[]
    /** A delay warning: kept unless the entry has had one. */
    readonly warning: Kept | null
  },
  nowMs: number,
): { readonly folderIds: number[] } {
  let closed = 0
  for (const one of args.settled) {
    const cause = one.cause === null ? null : JSON.stringify(one.cause)
    const ended = prepared(db, END_ATTEMPT).run(nowMs, one.state, cause, one.mx, args.sessionId, one.attemptId)
    if (ended.changes !== 1) continue // settled already: an outcome is believed once
    // What was cancelled during its try ends now, unless it went through.
    const isCancelled = !FINAL.includes(one.state) && getRecipient(db, one.recipientId)?.cancelAsked === true
    const state = isCancelled ? 'cancelled' : one.state
    const isFinal = FINAL.includes(state)
    const changed = prepared(db, SETTLE).run(
      state,
      one.counts ? 1 : 0,
      one.state === 'unknown' ? 1 : 0,
      nowMs,
      isFinal ? null : one.nextAttemptMs,
      one.lastReply,
      cause,
      one.mx,
      isFinal ? nowMs : null,
      one.recipientId,
    )
    if (isFinal) closed += changed.changes
  }
  if (closed > 0) prepared(db, CLOSE_ENTRY).run({ closed, nowMs, entryId: args.entryId })
  const warns = args.warning !== null && prepared(db, WARNED).run(nowMs, args.entryId).changes === 1
  const kept = args.warning !== null && warns ? [...args.kept, args.warning] : args.kept
  const entry = kept.length === 0 ? undefined : getEntry(db, args.entryId)
  if (!entry) return { folderIds: [] }
  const owned = { blobId: entry.view.blobId, userId: entry.userId }
  return { folderIds: kept.map((one) => keep(db, one, owned, nowMs)) }
}

/** Gives back what was taken for a try that never began. Counts nothing. */
function release(
  db: WriteDb,
  { started }: { readonly started: readonly { readonly recipientId: number; readonly attemptId: number }[] },
  nowMs: number,
): void {
  for (const { recipientId, attemptId } of started) {
    if (prepared(db, DROP_ATTEMPT).run(attemptId).changes !== 1) continue
    const recipient = getRecipient(db, recipientId)
    prepared(db, RELEASE).run(nowMs, recipientId)
    if (recipient?.cancelAsked) cancelOne(db, recipient, nowMs)
  }
}

function cancelOne(db: WriteDb, { id, entryId }: QueueRecipient, nowMs: number): boolean {
  const isDone = prepared(db, CANCEL).run(nowMs, id).changes === 1
  if (isDone) prepared(db, CLOSE_ENTRY).run({ closed: 1, nowMs, entryId })
  return isDone
}

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
      const createdMs = getEntry(db, entryId)?.createdMs ?? nowMs
      const nextAttemptMs =
        recipient.unknowns === 0 ? nowMs + unknownAfterMs : Math.max(nowMs + unknownAfterMs, createdMs + giveUpAfterMs)
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

export const queueOperations = {
  'queue.submit': submit,
  'queue.startAttempt': startAttempt,
  /** Past this point a recipient may have the message: RFC 1047. */
  'queue.beforeBody': (db: WriteDb, args: { readonly recipientIds: readonly number[] }): void => {
    for (const id of args.recipientIds) prepared(db, BODY).run(id)
  },
  'queue.settle': settle,
  'queue.release': release,
  'queue.recover': recover,
  /** Cancels an entry's open recipients. One that is being tried ends with that try. Returns how many were open. */
  'queue.cancel': (db: WriteDb, args: { readonly entryId: number }, nowMs: number): { readonly recipients: number } => {
    let recipients = 0
    for (const recipient of listRecipients(db, args.entryId)) {
      const isAsked = prepared(db, ASK_CANCEL).run(recipient.id).changes === 1
      if (isAsked || cancelOne(db, recipient, nowMs)) recipients++
    }
    return { recipients }
  },
  /** Makes an entry's recipients due now; those of unknown arrival only where they are all that is left, and so are meant. */
  'queue.retryEntry': (db: WriteDb, args: { readonly entryId: number }, nowMs: number) => ({
    recipients: prepared(db, RETRY_ENTRY).run({ nowMs, entryId: args.entryId }).changes,
  }),
  /** Makes up to `limit` recipients due now that would wait longer. */
  'queue.retrySome': (db: WriteDb, args: { readonly limit: number }, nowMs: number) => ({
    recipients: prepared(db, RETRY_SOME).run({ nowMs, limit: args.limit }).changes,
  }),
  /** What somebody says of a recipient whose arrival is unknown. False when it is not, or not any more. */
  'queue.decide': (
    db: WriteDb,
    args: { readonly recipientId: number; readonly decision: 'resend' | 'arrived' },
    nowMs: number,
  ): boolean => {
    const recipient = getRecipient(db, args.recipientId)
    if (!recipient) return false
    const arrived = args.decision === 'arrived'
    const [state, next, done] = arrived ? ['delivered', null, nowMs] : ['unknown', nowMs, null]
    if (prepared(db, DECIDE).run(state, next, done, recipient.id).changes !== 1) return false
    if (arrived) prepared(db, CLOSE_ENTRY).run({ closed: 1, nowMs, entryId: recipient.entryId })
    return true
  },
  /** Adds to the time the engine has been online with mail waiting. */
  'queue.countOnline': (db: WriteDb, args: { readonly addMs: number }): number =>
    addToCounter(db, 'queue.online-ms', Math.round(args.addMs)),
} satisfies Record<string, Operation<never, unknown>>
