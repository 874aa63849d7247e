import { Fault } from '../base/fault.ts'
import type { BlobView } from '../model/blob-view.ts'
import type { RuleJob, RuleStepDone } from '../model/rule-plan.ts'
import { dropUnusedBlob } from './blob.ts'
import { dropMessage, setAnswered } from './message.ts'
import { getMessage, type Message } from './message-list.ts'
import { prepared } from './prepared.ts'
import { insertAudit } from './queue-audit.ts'
import { getRule, setRuleTrouble } from './rule.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** What a rule is about to send of a message, or that it is to be removed for good once all of it is sent. */
export interface RuleSend {
  readonly id: number
  readonly messageId: number
  readonly ruleId: number
  /** The message's bytes. */
  readonly view: BlobView
  readonly job: RuleJob | { readonly kind: 'erase' }
  readonly tries: number
}
interface Row extends Omit<RuleSend, 'view' | 'job'> {
  readonly historyId: number
  readonly step: number
  readonly sentId: number | null
  readonly blobId: number
  readonly prefix: string
  readonly removed: string
  readonly sizeBytes: number
  readonly job: string
}
/** A job to be written down. */
export interface NewRuleSend {
  readonly message: Pick<Message, 'id' | 'view'>
  readonly ruleId: number
  readonly historyId: number
  readonly step: number
  readonly sentId: number | null
  readonly job: RuleSend['job']
}

const INSERT = `
  INSERT INTO rule_send (message_id, rule_id, history_id, step, kind, sent_id, blob_id, prefix, removed, size_bytes, job, due_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const COLUMNS = `s.id, s.message_id AS messageId, s.rule_id AS ruleId, s.history_id AS historyId, s.step, s.sent_id AS sentId,
  s.blob_id AS blobId, s.prefix, s.removed, s.size_bytes AS sizeBytes, s.job, s.tries`
// Removed for good only once nothing of the message waits to be sent.
const READY = `
  (s.kind <> 'erase' OR NOT EXISTS (SELECT 1 FROM rule_send o WHERE o.message_id = s.message_id AND o.kind <> 'erase'))`
const DUE = `SELECT ${COLUMNS} FROM rule_send s WHERE s.due_ms <= ? AND ${READY} ORDER BY s.due_ms, s.id LIMIT ?` // index rule_send_due
const NEXT = `SELECT min(s.due_ms) AS dueMs FROM rule_send s WHERE ${READY}`
const GET = `SELECT ${COLUMNS} FROM rule_send s WHERE s.id = ?`
const WAITS = `SELECT 1 FROM rule_send WHERE message_id = ? AND kind <> 'erase' LIMIT 1` // index rule_send_message
const ERASES = `SELECT ${COLUMNS} FROM rule_send s WHERE s.message_id = ? AND s.kind = 'erase'`
const REMOVE = 'DELETE FROM rule_send WHERE id = ?'
const LATER = 'UPDATE rule_send SET tries = tries + 1, due_ms = ? WHERE id = ?'
const SENT = 'UPDATE rule_sent SET entry_id = ? WHERE id = ?'
const UNSENT = 'DELETE FROM rule_sent WHERE id = ?'
const STEPS = 'SELECT steps FROM rule_history WHERE id = ?'
const SET_STEPS = 'UPDATE rule_history SET steps = ? WHERE id = ?'

function toSend({ blobId, prefix, removed, sizeBytes, job, id, messageId, ruleId, tries }: Row): RuleSend {
  const view = { blobId, prefix, removed: JSON.parse(removed) as BlobView['removed'], sizeBytes }
  return { id, messageId, ruleId, tries, view, job: JSON.parse(job) as RuleSend['job'] }
}

/** What is to be sent now, longest due first. */
export function listDueSends(db: ReadDb, nowMs: number, limit: number): RuleSend[] {
  return prepared<[number, number], Row>(db, DUE).all(nowMs, limit).map(toSend)
}

/** When the next of it is due (Unix ms); null when there is none. */
export function nextSendMs(db: ReadDb): number | null {
  return prepared<[], { dueMs: number | null }>(db, NEXT).get()?.dueMs ?? null
}

/** Whether something of a message waits to be sent. */
export function isSendWaiting(db: ReadDb, messageId: number): boolean {
  return prepared(db, WAITS).get(messageId) !== undefined
}

/** Writes a job down, due at once. */
export function insertSend(db: WriteDb, one: NewRuleSend, nowMs: number): void {
  const { id, view } = one.message
  const { blobId, prefix, removed, sizeBytes } = view
  const of = [id, one.ruleId, one.historyId, one.step, one.job.kind, one.sentId]
  const bytes = [blobId, prefix, JSON.stringify(removed), sizeBytes]
  prepared(db, INSERT).run(...of, ...bytes, JSON.stringify(one.job), nowMs)
}

/** Changes what the history says of one step. */
function retell(db: WriteDb, { historyId, step }: Row, tell: (before: RuleStepDone) => RuleStepDone): void {
  const row = prepared<[number], { steps: string }>(db, STEPS).get(historyId)
  if (row === undefined) return
  const steps = (JSON.parse(row.steps) as RuleStepDone[]).map((one, n) => (n === step ? tell(one) : one))
  prepared(db, SET_STEPS).run(JSON.stringify(steps), historyId)
}

const shorten = (reason: string) => (reason.length > 500 ? `${reason.slice(0, 499)}…` : reason)

/**
 * Ends a job in the operation that puts its mail into the queue: so it is in the queue or still to be sent, whatever crashes. Throws
 * `conflict` where it has been sent already.
 */
export function endSend(db: WriteDb, id: number, entryId: number, nowMs: number): void {
  const row = prepared<[number], Row>(db, GET).get(id)
  if (row === undefined)
    throw new Fault('conflict', `send mail of a rule: job ${id} is done already`, {
      what: 'rule',
      reason: 'it is done already',
    })
  prepared(db, REMOVE).run(id)
  if (row.sentId !== null) prepared(db, SENT).run(entryId, row.sentId)
  const { job } = toSend(row)
  if (job.kind === 'forward' || job.kind === 'redirect') setAnswered(db, { ids: [row.messageId], how: 'forwarded' })
  const name = getRule(db, row.ruleId)?.name ?? 'a rule that is gone'
  const what = { forward: 'forwards', redirect: 'redirects', reply: 'answers', erase: 'removes' }[job.kind]
  insertAudit(
    db,
    { who: 'engine', what: 'rule', entryId, detail: `the rule "${name}" ${what} message ${row.messageId}`, why: '' },
    nowMs,
  )
  dropUnusedBlob(db, row.blobId)
}

/** A job will never be done: said on the rule and in the history. What was to be removed after it stays. */
function giveUp(
  db: WriteDb,
  { id, reason }: { readonly id: number; readonly reason: string },
  nowMs: number,
): number | undefined {
  const row = prepared<[number], Row>(db, GET).get(id)
  if (row === undefined) return undefined
  const words = shorten(reason)
  prepared(db, REMOVE).run(id)
  // Nothing has gone out: it counts for no limit.
  if (row.sentId !== null) prepared(db, UNSENT).run(row.sentId)
  retell(db, row, ({ text }) => ({ text: `not ${text}: ${words}`, state: 'failed' }))
  setRuleTrouble(db, row.ruleId, words, nowMs)
  for (const erase of prepared<[number], Row>(db, ERASES).all(row.messageId)) {
    prepared(db, REMOVE).run(erase.id)
    retell(db, erase, () => ({
      text: 'not removed for good: something of it could not be sent',
      state: 'failed',
    }))
  }
  dropUnusedBlob(db, row.blobId)
  return row.ruleId
}

export const ruleSendOperations = {
  /** It could not be done for now: again later, with words on the rule. */
  'rule.send-later': (
    db: WriteDb,
    args: { readonly id: number; readonly dueMs: number; readonly reason: string },
    nowMs: number,
  ): void => {
    const row = prepared<[number], Row>(db, GET).get(args.id)
    if (row === undefined) return
    prepared(db, LATER).run(args.dueMs, args.id)
    setRuleTrouble(db, row.ruleId, `${shorten(args.reason)} It is tried again.`, nowMs)
  },
  /** Returns the rule. */
  'rule.send-failed': giveUp,
  /** Removes a message for good, all of it having been sent. Returns the folder it was in; undefined where it is gone already. */
  'rule.erase': (db: WriteDb, args: { readonly id: number }): number | undefined => {
    const row = prepared<[number], Row>(db, GET).get(args.id)
    if (row === undefined || isSendWaiting(db, row.messageId)) return undefined
    prepared(db, REMOVE).run(row.id)
    const message = getMessage(db, row.messageId)
    if (message !== undefined) dropMessage(db, message)
    else dropUnusedBlob(db, row.blobId)
    retell(db, row, ({ state }) => ({ text: 'removed for good', state }))
    return message?.folderId
  },
} satisfies Record<string, Operation<never, unknown>>
