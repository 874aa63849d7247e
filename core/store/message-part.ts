import type { MessageFields } from '../model/message-fields.ts'
import { prepared } from './prepared.ts'
import type { ReadDb, WriteDb } from './types.ts'

/** One attachment of a stored message, known without opening it. */
export interface StoredPart {
  /** As `mail.attachment` counts them, from 0. */
  readonly place: number
  readonly filename: string
  readonly contentType: string
  /** As its encoding says; nothing was decoded for it. */
  readonly sizeBytes: number
}

const INSERT = `
  INSERT INTO message_part (message_id, place, filename, content_type, size_bytes) VALUES (?, ?, ?, ?, ?)`
const CLEAR = 'DELETE FROM message_part WHERE message_id = ?'
const LIST = `
  SELECT place, filename, content_type AS contentType, size_bytes AS sizeBytes FROM message_part
  WHERE message_id = ? ORDER BY place LIMIT 200`

/** Notes what is attached to a message that is new. */
export function insertParts(db: WriteDb, messageId: number, parts: MessageFields['parts'] = []): void {
  for (const [place, part] of parts.entries())
    prepared(db, INSERT).run(messageId, place, part.filename, part.contentType, part.sizeBytes)
}

/** The same for one whose bytes are others now. */
export function replaceParts(db: WriteDb, messageId: number, parts: MessageFields['parts']): void {
  prepared(db, CLEAR).run(messageId)
  insertParts(db, messageId, parts)
}

/** A message's attachments, in their order. */
export function listParts(db: ReadDb, messageId: number): StoredPart[] {
  return prepared<[number], StoredPart>(db, LIST).all(messageId)
}
