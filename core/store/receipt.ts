import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

const GET = 'SELECT sent FROM receipt_answer WHERE message_id = ?'
const PUT = `
  INSERT INTO receipt_answer (message_id, sent, answered_ms) SELECT id, @sent, @nowMs FROM message WHERE id = @messageId
  ON CONFLICT (message_id) DO NOTHING`
const TAKE_BACK = 'DELETE FROM receipt_answer WHERE message_id = ?'

/** How a message's request for a read receipt was answered; null while it was not. */
export function getReceiptAnswer(db: ReadDb, messageId: number): 'sent' | 'declined' | null {
  const row = prepared<[number], { sent: number }>(db, GET).get(messageId)
  return row === undefined ? null : row.sent === 1 ? 'sent' : 'declined'
}

export const receiptOperations = {
  /** Notes the answer. False when there was one already, or the message is gone: one receipt is all there may be (RFC 8098 §2.1). */
  'receipt.answer': (
    db: WriteDb,
    args: { readonly messageId: number; readonly sent: boolean },
    nowMs: number,
  ): boolean => prepared(db, PUT).run({ messageId: args.messageId, sent: args.sent ? 1 : 0, nowMs }).changes === 1,
  /** The receipt that was noted as sent was not: it may be answered again. */
  'receipt.take-back': (db: WriteDb, args: { readonly messageId: number }): void => {
    prepared(db, TAKE_BACK).run(args.messageId)
  },
} satisfies Record<string, Operation<never, unknown>>
