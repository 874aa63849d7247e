import type { BlobView } from '../model/blob-view.ts'
import { getFolder } from './folder.ts'
import { prepared } from './prepared.ts'
import type { ReadDb } from './types.ts'

/** One stored message as lists and readers need it. Its bytes are a view of a blob. */
export interface Message {
  readonly id: number
  readonly folderId: number
  readonly blobId: number
  readonly view: BlobView
  readonly messageId: string
  readonly subject: string
  readonly authorName: string
  readonly authorAddress: string
  readonly addressees: string
  readonly preview: string
  readonly dateMs: number
  readonly receivedMs: number
  readonly attachments: number
  readonly seen: boolean
  readonly starred: boolean
  readonly answered: boolean
  readonly forwarded: boolean
  /** Its conversation (core/store/thread.ts); null for one of an older version that has not been looked at yet. */
  readonly threadId: number | null
  /** Until when lists do without it; null: it is not snoozed. */
  readonly snoozedMs: number | null
  /** When it came back from that. */
  readonly wokenMs: number | null
  /** Where lists have it: when it came back, else its date. */
  readonly listMs: number
  readonly change: number
}
/** Where a page ended. Of a folder `dateMs` is where the list has the message (`listMs`), of a thread its date. */
export interface Cursor {
  readonly dateMs: number
  readonly id: number
}
export interface Page {
  readonly rows: Message[]
  readonly total: number
  readonly more: boolean
}

/** A row as it is stored. */
export interface MessageRecord extends Omit<Message, 'view' | 'seen' | 'starred' | 'answered' | 'forwarded'> {
  readonly prefix: string
  readonly removed: string
  readonly sizeBytes: number
  readonly seen: number
  readonly starred: number
  readonly answered: number
  readonly forwarded: number
}

/** What `toMessage` needs of the table. */
export const COLUMNS = `id, folder_id AS folderId, blob_id AS blobId, prefix, removed, size_bytes AS sizeBytes, message_id AS messageId,
  subject, author_name AS authorName, author_address AS authorAddress, addressees, preview, date_ms AS dateMs,
  received_ms AS receivedMs, attachments, seen, starred, answered, forwarded, thread_id AS threadId,
  snoozed_ms AS snoozedMs, woken_ms AS wokenMs, list_ms AS listMs, change`

const GET = `SELECT ${COLUMNS} FROM message WHERE id = ?`
const BY_IDS = `
  SELECT ${COLUMNS} FROM message WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id DESC`
const PAGE = `
  SELECT id, list_ms AS dateMs FROM message
  WHERE folder_id = ? AND (list_ms, id) < (?, ?) AND snoozed_ms IS NULL
  ORDER BY list_ms DESC, id DESC LIMIT ?` // index message_folder_list
const INBOXES = `SELECT id FROM folder WHERE role = 'inbox' LIMIT 1000`
const BY_MESSAGE_ID = `SELECT ${COLUMNS} FROM message WHERE message_id = ? ORDER BY id LIMIT ?`
const SESSIONS = 'SELECT session_id AS id FROM session_message WHERE message_id = ? ORDER BY session_id LIMIT 50'

/** Most have none. */
const rangesOf = (removed: string) => (removed === '[]' ? [] : (JSON.parse(removed) as BlobView['removed']))

/** Makes a message of a stored row. */
export function toMessage(record: MessageRecord): Message {
  const { prefix, removed, sizeBytes, seen, starred, answered, forwarded, ...rest } = record
  const view = { blobId: rest.blobId, prefix, removed: rangesOf(removed), sizeBytes }
  const flags = { seen: seen === 1, starred: starred === 1, answered: answered === 1, forwarded: forwarded === 1 }
  return { ...rest, view, ...flags }
}

/** The message of that id, or undefined. */
export function getMessage(db: ReadDb, id: number): Message | undefined {
  const row = prepared<[number], MessageRecord>(db, GET).get(id)
  return row === undefined ? undefined : toMessage(row)
}

/** The messages of those ids that are there, latest id first, in one question: 50 one by one take three times as long. */
export function listByIds(db: ReadDb, ids: readonly number[]): Message[] {
  return prepared<[string], MessageRecord>(db, BY_IDS).all(JSON.stringify(ids)).map(toMessage)
}

/** Stored messages with that Message-ID, in order of arrival. */
export function listByMessageId(db: ReadDb, messageId: string, limit: number): Message[] {
  return prepared<[string, number], MessageRecord>(db, BY_MESSAGE_ID).all(messageId, limit).map(toMessage)
}

/** Sessions that brought or sent this message. */
export function listSessionsOf(db: ReadDb, id: number): number[] {
  return prepared<[number], { id: number }>(db, SESSIONS)
    .all(id)
    .map((row) => row.id)
}

const START: Cursor = { dateMs: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER }

/** The folders a list is of: the one named, or every inbox. */
export function foldersOf(db: ReadDb, folderId: number | null): number[] {
  return folderId === null
    ? prepared<[], { id: number }>(db, INBOXES)
        .all()
        .map(({ id }) => id)
    : [folderId]
}

/**
 * One page of a folder, newest first; of every inbox in one when `folderId` is null. Each inbox gives its own newest keys
 * from the index and the rows are read after the merge, so a small inbox beside a huge archive costs nothing.
 */
export function listPage(db: ReadDb, folderId: number | null, after: Cursor | null, limit: number): Page {
  const folders = foldersOf(db, folderId)
  // Whoever lists knows the date of the last row; where the list has it may be another time.
  const from = after === null ? START : { dateMs: getMessage(db, after.id)?.listMs ?? after.dateMs, id: after.id }
  const keys = folders.flatMap((folder) =>
    prepared<[number, number, number, number], Cursor>(db, PAGE).all(folder, from.dateMs, from.id, limit + 1),
  )
  if (folders.length > 1) keys.sort((a, b) => b.dateMs - a.dateMs || b.id - a.id)
  const wanted = keys.slice(0, limit).map(({ id }) => id)
  const found = new Map(listByIds(db, wanted).map((row) => [row.id, row]))
  const rows = wanted.map((id) => found.get(id)).filter((row) => row !== undefined)
  const total = folders.reduce((sum, folder) => sum + (getFolder(db, folder)?.total ?? 0), 0)
  return { rows, total, more: keys.length > limit }
}
