import { prepared } from './prepared.ts'
import type { ReadDb, WriteDb } from './types.ts'

const NOTE = 'INSERT INTO message_account (message_id, account_id) VALUES (?, ?)'
const CAME_BY = 'SELECT account_id AS id FROM message_account WHERE message_id = ?'

/** Notes, in the operation that stores it, that a message came from an account's server. */
export function noteCameBy(db: WriteDb, messageId: number, accountId: number): void {
  prepared(db, NOTE).run(messageId, accountId)
}

/** The account whose server has given a message out; undefined for one that came in another way, wherever it lies. */
export function cameBy(db: ReadDb, messageId: number): number | undefined {
  return prepared<[number], { id: number }>(db, CAME_BY).get(messageId)?.id
}
