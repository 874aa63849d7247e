import type { RuleStepDone } from '../model/rule-plan.ts'
import type { Message } from './message-list.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** What a rule did to a message. */
export interface RuleHistory {
  readonly atMs: number
  /** Null where the rule is gone. */
  readonly ruleId: number | null
  /** '' where no rule could be asked. */
  readonly ruleName: string
  readonly how: 'arrival' | 'asked'
  /** Where the message was. */
  readonly folderName: string
  readonly steps: readonly RuleStepDone[]
  /** What it sent. */
  readonly entryIds: readonly number[]
}
interface Row extends Omit<RuleHistory, 'steps' | 'entryIds'> {
  readonly id: number
  readonly steps: string
}

const LIST = `
  SELECT h.id, h.at_ms AS atMs, r.id AS ruleId, h.rule_name AS ruleName, h.how, h.folder_name AS folderName, h.steps
  FROM rule_history h LEFT JOIN rule r ON r.id = h.rule_id WHERE h.message_id = ? ORDER BY h.id DESC LIMIT 200` // index rule_history_message
const SENT = 'SELECT entry_id AS id FROM rule_sent WHERE history_id = ? AND entry_id IS NOT NULL ORDER BY id' // index rule_sent_history
const INSERT = `
  INSERT INTO rule_history (message_id, rule_id, rule_name, at_ms, how, folder_name, steps, header_id, received_ms, size_bytes)
  VALUES (?, ?, ?, ?, ?, ?, '[]', ?, ?, ?)`
const STEPS = 'UPDATE rule_history SET steps = ? WHERE id = ?'
const FOLDER = `
  SELECT f.name, coalesce(a.name, u.local || '@' || u.domain) AS owner
  FROM folder f LEFT JOIN account a ON a.id = f.account_id LEFT JOIN local_user u ON u.id = f.user_id WHERE f.id = ?`
const FORGET = `
  DELETE FROM rule_history WHERE id IN (SELECT id FROM rule_history WHERE at_ms < ? ORDER BY at_ms LIMIT ?)` // index rule_history_at
const FORGET_SENT = `
  DELETE FROM rule_sent WHERE id IN (
    SELECT id FROM rule_sent s WHERE at_ms < ? AND (kind <> 'reply' OR at_ms < ?) AND NOT EXISTS (SELECT 1 FROM rule_send w WHERE w.sent_id = s.id) ORDER BY at_ms LIMIT ?)` // index rule_sent_at
/** A rule may have a sender answered once a year: whom it has answered is known for longer than what else it did. */
const LONGEST_SILENCE_MS = 366 * 86_400_000
/** Rows of one operation. */
const SLICE = 2000

/** What rules did to a message, latest first. */
export function listRuleHistory(db: ReadDb, messageId: number): RuleHistory[] {
  return prepared<[number], Row>(db, LIST)
    .all(messageId)
    .map(({ id, steps, ...row }) => ({
      ...row,
      steps: JSON.parse(steps) as RuleStepDone[],
      entryIds: prepared<[number], { id: number }>(db, SENT)
        .all(id)
        .map((one) => one.id),
    }))
}

/** A folder's name, with its owner's before it where that is not the person. */
export function folderName(db: ReadDb, folderId: number): string {
  const row = prepared<[number], { name: string; owner: string | null }>(db, FOLDER).get(folderId)
  if (row === undefined) return 'a folder that is gone'
  return row.owner === null ? row.name : `${row.owner}: ${row.name}`
}

/** Begins the history of what one rule does to a message. Returns its id. */
export function beginHistory(
  db: WriteDb,
  message: Message,
  rule: { readonly id: number | null; readonly name: string; readonly how: RuleHistory['how'] },
  nowMs: number,
): number {
  const { id, messageId, receivedMs, view } = message
  const where = folderName(db, message.folderId)
  const row = [id, rule.id, rule.name, nowMs, rule.how, where, messageId, receivedMs, view.sizeBytes]
  return Number(prepared(db, INSERT).run(...row).lastInsertRowid)
}

/** Says what became of each step. */
export function tellHistory(db: WriteDb, historyId: number, steps: readonly RuleStepDone[]): void {
  prepared(db, STEPS).run(JSON.stringify(steps), historyId)
}

export const ruleHistoryOperations = {
  /** Forgets some of what was done before `beforeMs`; whether there is more. */
  'rule.forget': (db: WriteDb, args: { readonly beforeMs: number }, nowMs: number): boolean => {
    const told = prepared(db, FORGET).run(args.beforeMs, SLICE).changes
    const sent = prepared(db, FORGET_SENT).run(args.beforeMs, nowMs - LONGEST_SILENCE_MS, SLICE).changes
    return told === SLICE || sent === SLICE
  },
} satisfies Record<string, Operation<never, unknown>>
