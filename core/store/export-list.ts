import { COLUMNS, toMessage, type Cursor, type Message, type MessageRecord } from './message-list.ts'
import { prepared } from './prepared.ts'
import type { ReadDb } from './types.ts'

const PAGE = `
  SELECT ${COLUMNS} FROM message WHERE folder_id = ? AND (list_ms, id) > (?, ?)
  ORDER BY list_ms, id LIMIT ?` // index message_folder_list, from its end
const TAGS = `
  SELECT t.name FROM message_tag m JOIN tag t ON t.id = m.tag_id WHERE m.message_id = ? ORDER BY t.name_key`

/** A page of a folder, oldest first, behind the message named. */
export function listOldestFirst(db: ReadDb, folderId: number, after: Cursor | null, limit: number): Message[] {
  const from = after ?? { dateMs: Number.MIN_SAFE_INTEGER, id: 0 }
  return prepared<[number, number, number, number], MessageRecord>(db, PAGE)
    .all(folderId, from.dateMs, from.id, limit)
    .map(toMessage)
}

/** The names of a message's tags. */
export function tagNamesOf(db: ReadDb, messageId: number): string[] {
  return prepared<[number], { name: string }>(db, TAGS)
    .all(messageId)
    .map(({ name }) => name)
}
