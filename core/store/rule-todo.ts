import type { RuleSource } from '../model/rule.ts'
import { prepared } from './prepared.ts'
import { hasEnabledRule } from './rule.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** A message that rules are to be asked about. */
export interface RuleTodo {
  readonly messageId: number
  readonly source: RuleSource
  /** How often that could not be done. */
  readonly tries: number
}
interface Row {
  readonly messageId: number
  readonly source: RuleSource['kind']
  readonly sourceId: number | null
  readonly tries: number
}

const INSERT = 'INSERT OR IGNORE INTO rule_todo (message_id, source, source_id, due_ms) VALUES (?, ?, ?, ?)'
const COLUMNS = 'message_id AS messageId, source, source_id AS sourceId, tries'
const DUE = `SELECT ${COLUMNS} FROM rule_todo WHERE due_ms <= ? ORDER BY due_ms, message_id LIMIT ?` // index rule_todo_due
const NEXT = 'SELECT min(due_ms) AS dueMs FROM rule_todo'
const DONE = 'DELETE FROM rule_todo WHERE message_id = ?'
const LATER = 'UPDATE rule_todo SET tries = tries + 1, due_ms = ? WHERE message_id = ?'
const POP3_ACCOUNT = 'SELECT account_id AS id FROM pop3_seen WHERE message_id = ? LIMIT 1' // index pop3_seen_message
const KNOWN = `
  SELECT 1 FROM rule_history WHERE header_id = @headerId AND header_id <> '' AND received_ms / 1000 = @seconds
    AND size_bytes = @sizeBytes LIMIT 1` // index rule_history_header
const LOOKED_AT = 'SELECT last_fetch_ms AS lastFetchMs FROM account WHERE id = ?'
const INBOX = `
  SELECT i.account_id AS accountId, i.rules_from_uid AS fromUid FROM imap_folder i JOIN folder f ON f.id = i.folder_id
  WHERE i.folder_id = ? AND f.role = 'inbox'`

const DAY_MS = 86_400_000

/** The source as the two columns that hold it. */
function columnsOf(source: RuleSource): [RuleSource['kind'], number | null] {
  if (source.kind === 'person') return ['person', null]
  return [source.kind, source.kind === 'account' ? source.accountId : source.userId]
}

function toSource(kind: RuleSource['kind'], id: number | null): RuleSource {
  if (kind === 'person' || id === null) return { kind: 'person' }
  return kind === 'account' ? { kind, accountId: id } : { kind, userId: id }
}

/** Notes that mail has come, in the operation that stores it. Costs one look where there are no rules. */
export function noteArrivals(db: WriteDb, ids: readonly number[], source: RuleSource, nowMs: number): void {
  if (ids.length === 0 || !hasEnabledRule(db)) return
  const [kind, sourceId] = columnsOf(source)
  for (const id of ids) prepared(db, INSERT).run(id, kind, sourceId, nowMs)
}

/** The person's own mailbox, or a local user's. */
export function sourceOfOwner({ userId }: { readonly userId: number | null }): RuleSource {
  return userId === null ? { kind: 'person' } : { kind: 'user', userId }
}

/** A message that came into a folder of an IMAP account under a number of it. */
export interface ImapCame {
  readonly id: number
  readonly uid: number
  readonly headerId: string
  readonly sizeBytes: number
  readonly receivedMs: number
}

/**
 * Notes what has just come into an IMAP account's Inbox. What was there at the first look, what had come before the last one and was
 * moved here since, and what rules have had already and another program has put back, has not just come.
 */
export function noteImapArrivals(db: WriteDb, folderId: number, came: readonly ImapCame[], nowMs: number): void {
  if (came.length === 0 || !hasEnabledRule(db)) return
  const inbox = prepared<[number], { accountId: number; fromUid: number | null }>(db, INBOX).get(folderId)
  if (inbox === undefined || inbox.fromUid === null) return
  const { accountId, fromUid } = inbox
  const looked = prepared<[number], { lastFetchMs: number | null }>(db, LOOKED_AT).get(accountId)?.lastFetchMs ?? 0
  const fresh = came.filter(
    ({ uid, headerId, sizeBytes, receivedMs }) =>
      uid >= fromUid &&
      receivedMs >= looked - DAY_MS &&
      prepared(db, KNOWN).get({ headerId, sizeBytes, seconds: Math.floor(receivedMs / 1000) }) === undefined,
  )
  noteArrivals(
    db,
    fresh.map(({ id }) => id),
    { kind: 'account', accountId },
    nowMs,
  )
}

/** Messages that rules are to be asked about now, in order of arrival. */
export function listTodo(db: ReadDb, nowMs: number, limit: number): RuleTodo[] {
  return prepared<[number, number], Row>(db, DUE)
    .all(nowMs, limit)
    .map(({ messageId, source, sourceId, tries }) => ({ messageId, source: toSource(source, sourceId), tries }))
}

/** When the next message is to be looked at (Unix ms); null when there is none. */
export function nextTodoMs(db: ReadDb): number | null {
  return prepared<[], { dueMs: number | null }>(db, NEXT).get()?.dueMs ?? null
}

/** What a message came by, as far as that is known of one that is here for longer. */
export function sourceOf(
  db: ReadDb,
  messageId: number,
  folder: { readonly accountId: number | null; readonly userId: number | null },
): RuleSource {
  if (folder.accountId !== null) return { kind: 'account', accountId: folder.accountId }
  if (folder.userId !== null) return { kind: 'user', userId: folder.userId }
  const accountId = prepared<[number], { id: number }>(db, POP3_ACCOUNT).get(messageId)?.id
  return accountId === undefined ? { kind: 'person' } : { kind: 'account', accountId }
}

/** Ends what was to be done with a message; false where it was done already. */
export function endTodo(db: WriteDb, messageId: number): boolean {
  return prepared(db, DONE).run(messageId).changes === 1
}

export const ruleTodoOperations = {
  /** Rules could not be asked about a message: again later. */
  'rule.todo-later': (db: WriteDb, args: { readonly messageId: number; readonly dueMs: number }): void => {
    prepared(db, LATER).run(args.dueMs, args.messageId)
  },
} satisfies Record<string, Operation<never, unknown>>
