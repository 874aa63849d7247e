import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** That a sender was asked for no more mail, and what it answered. */
export interface Unsubscribed {
  readonly messageId: number
  readonly askedMs: number
  readonly host: string
  /** What it answered; null where it did not. */
  readonly status: number | null
  /** Why there was no answer; '' where there was one. */
  readonly reason: string
}

const GET = `
  SELECT message_id AS messageId, asked_ms AS askedMs, host, status, reason FROM message_unsubscribed WHERE message_id = ?`
const PUT = `
  INSERT INTO message_unsubscribed (message_id, asked_ms, host, status, reason) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (message_id) DO UPDATE SET asked_ms = excluded.asked_ms, host = excluded.host, status = excluded.status, reason = excluded.reason`
const IS_THERE = 'SELECT 1 FROM message WHERE id = ?'

/** What became of asking a message's sender for no more mail; undefined where nobody asked. */
export function getUnsubscribed(db: ReadDb, messageId: number): Unsubscribed | undefined {
  return prepared<[number], Unsubscribed>(db, GET).get(messageId)
}

function put(db: WriteDb, args: Omit<Unsubscribed, 'askedMs'>, nowMs: number): void {
  // It may have been removed while its sender was asked.
  if (prepared(db, IS_THERE).get(args.messageId) === undefined) return
  prepared(db, PUT).run(args.messageId, nowMs, args.host, args.status, args.reason)
}

export const unsubscribedOperations = {
  'message.unsubscribed': put,
} satisfies Record<string, Operation<never, unknown>>
