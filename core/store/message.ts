import { Fault } from '../base/fault.ts'
import type { ReversePath } from '../model/address.ts'
import type { BlobView } from '../model/blob-view.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { dropUnusedBlob, getBlob, storeBody } from './blob.ts'
import { learnContacts } from './contact.ts'
import { messageId, nextCounter } from './counter.ts'
import { countFolder, ensureFolder, getFolder, type FolderOwner, type FolderRole } from './folder.ts'
import { ANSWERED, FLAGGED, noteAdded, noteFlag, noteMoved, noteRemoved, SEEN } from './imap-change.ts'
import { COLUMNS, getMessage, toMessage, type Message, type MessageRecord } from './message-list.ts'
import { insertParts, replaceParts } from './message-part.ts'
import { prepared } from './prepared.ts'
import { indexMessage, unindexMessage } from './search-index.ts'
import { leaveThread, threadFor } from './thread.ts'
import type { Body, Operation, WriteDb } from './types.ts'

/** A message to be kept: where, its bytes (new, or a blob that others share) and what is known of it. */
export interface NewMessage {
  readonly folderId: number
  readonly body: Body | { readonly blobId: number }
  /** Header lines of ours, CRLF-ended, latin1. */
  readonly prefix: string
  /** Ranges of the blob left out. */
  readonly removed: BlobView['removed']
  readonly fields: MessageFields
  /** When it arrived, Unix ms. */
  readonly receivedMs: number
  readonly seen: boolean
  /** The person has sent it from here, as this address: it is what was sent, whatever the folder is for. */
  readonly sentAs?: ReversePath
}

const INSERT = `
  INSERT INTO message (id, folder_id, blob_id, prefix, removed, size_bytes, message_id, subject, author_name, author_address,
    addressees, preview, date_ms, received_ms, attachments, seen, starred, thread_id, change)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)`
const REPORTED = 'INSERT OR IGNORE INTO incoming_report (message_id) VALUES (?)'
const REPLACE = `
  UPDATE message SET blob_id = ?, prefix = '', removed = '[]', size_bytes = ?, preview = ?, attachments = ?, change = ? WHERE id = ?`
const SET_SEEN = 'UPDATE message SET seen = ?, change = ? WHERE id = ?'
const SET_STARRED = 'UPDATE message SET starred = ?, change = ? WHERE id = ? AND starred <> ?'
const SET_ANSWERED = 'UPDATE message SET answered = ?, change = ? WHERE id = ?'
const SET_FORWARDED = 'UPDATE message SET forwarded = ?, change = ? WHERE id = ?'
const MOVE = 'UPDATE message SET folder_id = ?, change = ? WHERE id = ?'
const END_SNOOZE = 'UPDATE message SET snoozed_ms = NULL WHERE id = ? AND snoozed_ms IS NOT NULL'
const REMOVE = 'DELETE FROM message WHERE id = ?'
const FORGET = 'UPDATE pop3_seen SET message_id = NULL WHERE message_id = ?' // index pop3_seen_message
const SOME_IN = `SELECT ${COLUMNS} FROM message WHERE folder_id = ? LIMIT ?`

/** Where a message's bytes come from: stored now, or a blob another message or a queue entry has. */
function bodyOf(db: WriteDb, body: NewMessage['body'], nowMs: number): { blobId: number; sizeBytes: number } {
  if (!('blobId' in body)) return storeBody(db, body, nowMs)
  const blob = getBlob(db, body.blobId)
  if (blob === undefined)
    throw new Fault('not-found', `keep a message: blob ${body.blobId} is gone`, {
      what: 'blob',
      id: String(body.blobId),
    })
  return { blobId: blob.id, sizeBytes: blob.sizeBytes }
}

/**
 * Keeps a message: bytes, row, full-text row and the folder's counts, in the caller's operation. Returns its id. Throws
 * `not-found` when folder or blob is gone.
 */
export function insertMessage(db: WriteDb, args: NewMessage, nowMs: number): number {
  const id = insertUnindexed(db, args, nowMs)
  indexMessage(db, id, args.fields)
  return id
}

/**
 * Keeps a message without its full-text row, which the same operation has to add by `indexMessage` once it has kept all it has:
 * each statement with a trigger makes FTS5 write out what it holds, and many messages are cheaper in one go.
 */
export function insertUnindexed(db: WriteDb, args: NewMessage, nowMs: number): number {
  const { fields } = args
  const { blobId, sizeBytes } = bodyOf(db, args.body, nowMs)
  const left = args.removed.reduce((sum, [from, to]) => sum + to - from, 0)
  const id = messageId(db, args.receivedMs, nowMs)
  countFolder(db, args.folderId, 1, args.seen ? 0 : 1)
  const dateMs = fields.dateMs ?? args.receivedMs
  const threadId = threadFor(db, { ...fields, id, dateMs }, nowMs)
  prepared(db, INSERT).run(
    id,
    args.folderId,
    blobId,
    args.prefix,
    JSON.stringify(args.removed),
    args.prefix.length + sizeBytes - left,
    fields.messageId,
    fields.subject,
    fields.authorName,
    fields.authorAddress,
    fields.addressees,
    fields.preview,
    dateMs,
    args.receivedMs,
    fields.attachments,
    args.seen ? 1 : 0,
    threadId,
    nextCounter(db, 'change'),
  )
  insertParts(db, id, fields.parts)
  learnFrom(db, args, nowMs)
  if (fields.isReport) prepared(db, REPORTED).run(id)
  noteAdded(db, id, args.folderId, args.sentAs)
  return id
}

/** Whom the person has written to is known by what comes into a Sent folder of his: sent from here, fetched or imported. */
function learnFrom(db: WriteDb, { folderId, fields, receivedMs, sentAs }: NewMessage, nowMs: number): void {
  if (fields.people === undefined || fields.people.length === 0) return
  const folder = getFolder(db, folderId)
  if (folder === undefined || folder.userId !== null || (folder.role !== 'sent' && sentAs === undefined)) return
  learnContacts(db, { people: fields.people, atMs: fields.dateMs ?? receivedMs }, nowMs)
}

/**
 * Puts other bytes in the place of a message's own: id, folder, flags and the time it came stay. For one of which only the
 * header was here.
 */
export function replaceMessage(
  db: WriteDb,
  row: Pick<Message, 'id' | 'blobId'>,
  args: { readonly body: Body; readonly fields: MessageFields },
  nowMs: number,
): void {
  const { fields } = args
  const { blobId, sizeBytes } = bodyOf(db, args.body, nowMs)
  prepared(db, REPLACE).run(blobId, sizeBytes, fields.preview, fields.attachments, nextCounter(db, 'change'), row.id)
  unindexMessage(db, row.id)
  indexMessage(db, row.id, fields)
  replaceParts(db, row.id, fields.parts)
  if (fields.isReport) prepared(db, REPORTED).run(row.id)
  dropUnusedBlob(db, row.blobId)
}

/** The rows of those ids that are there; an id named twice counts once. */
function present(db: WriteDb, ids: readonly number[]): Message[] {
  return [...new Set(ids)].map((id) => getMessage(db, id)).filter((row) => row !== undefined)
}

/** Marks messages read or unread. Returns the folders whose counts changed; ids that are gone are passed over. */
export function setSeen(db: WriteDb, ids: readonly number[], seen: boolean): number[] {
  const touched = new Set<number>()
  for (const row of present(db, ids)) {
    if (row.seen === seen) continue
    prepared(db, SET_SEEN).run(seen ? 1 : 0, nextCounter(db, 'change'), row.id)
    noteFlag(db, row, SEEN, seen)
    if (row.snoozedMs === null) countFolder(db, row.folderId, 0, seen ? -1 : 1)
    touched.add(row.folderId)
  }
  return [...touched]
}

/** Stars messages or takes the star away. Returns the folders they are in. */
export function setStarred(db: WriteDb, ids: readonly number[], starred: boolean): number[] {
  const value = starred ? 1 : 0
  const changed = present(db, ids).filter(
    (row) => prepared(db, SET_STARRED).run(value, nextCounter(db, 'change'), row.id, value).changes === 1,
  )
  for (const row of changed) noteFlag(db, row, FLAGGED, starred)
  return [...new Set(changed.map((row) => row.folderId))]
}

/** Marks messages answered or forwarded; `isSet` false where that was taken back. Returns the folders of those that changed. */
export function setAnswered(
  db: WriteDb,
  args: { readonly ids: readonly number[]; readonly how: 'answered' | 'forwarded'; readonly isSet?: boolean },
): number[] {
  const { how, isSet = true } = args
  const sql = how === 'answered' ? SET_ANSWERED : SET_FORWARDED
  const changed = present(db, args.ids).filter((row) => row[how] !== isSet)
  for (const row of changed) {
    prepared(db, sql).run(isSet ? 1 : 0, nextCounter(db, 'change'), row.id)
    if (how === 'answered') noteFlag(db, row, ANSWERED, isSet)
  }
  return [...new Set(changed.map((row) => row.folderId))]
}

/** Ends a message's snoozing, so that its folder counts it again: for whatever is done with it that takes it elsewhere. */
export function endSnooze(db: WriteDb, row: Pick<Message, 'id' | 'folderId' | 'seen'>): boolean {
  if (prepared(db, END_SNOOZE).run(row.id).changes !== 1) return false
  countFolder(db, row.folderId, 1, row.seen ? 0 : 1)
  return true
}

function moveOne(db: WriteDb, row: Message, folderId: number): void {
  if (row.folderId === folderId) return
  endSnooze(db, row)
  noteMoved(db, row, folderId)
  const unread = row.seen ? 0 : 1
  countFolder(db, row.folderId, -1, -unread)
  countFolder(db, folderId, 1, unread)
  prepared(db, MOVE).run(folderId, nextCounter(db, 'change'), row.id)
}

/** Removes a message for good: row, full-text row, counts, and its bytes when nothing else refers to them. */
export function dropMessage(
  db: WriteDb,
  row: Pick<Message, 'id' | 'folderId' | 'seen' | 'blobId' | 'messageId' | 'threadId'>,
): void {
  noteRemoved(db, row)
  endSnooze(db, row)
  countFolder(db, row.folderId, -1, row.seen ? 0 : -1)
  unindexMessage(db, row.id)
  prepared(db, FORGET).run(row.id)
  prepared(db, REMOVE).run(row.id)
  leaveThread(db, row)
  dropUnusedBlob(db, row.blobId)
  nextCounter(db, 'change')
}

/** Removes up to `limit` messages of a folder for good; returns how many went. For an account that is taken away. */
export function dropMessagesIn(db: WriteDb, folderId: number, limit: number): number {
  const rows = prepared<[number, number], MessageRecord>(db, SOME_IN).all(folderId, limit).map(toMessage)
  for (const row of rows) dropMessage(db, row)
  return rows.length
}

/** The folder of that role that belongs to whoever owns this folder. */
function sibling(db: WriteDb, folderId: number, role: Exclude<FolderRole, 'other'>): number {
  const folder = getFolder(db, folderId)
  const owner: FolderOwner = { accountId: folder?.accountId ?? null, userId: folder?.userId ?? null }
  return ensureFolder(db, owner, role)
}

/** Where `move` goes: a folder, or the owner's folder of a role. */
export type MoveTarget = { readonly folderId: number } | { readonly role: 'archive' | 'trash' | 'inbox' | 'junk' }

/** Moves messages. Returns every folder that changed. Throws `not-found` when the folder is gone. */
export function moveMessages(db: WriteDb, ids: readonly number[], to: MoveTarget): number[] {
  const touched = new Set<number>()
  for (const row of present(db, ids)) {
    const target = 'folderId' in to ? to.folderId : sibling(db, row.folderId, to.role)
    if (target === row.folderId) continue
    moveOne(db, row, target)
    touched.add(row.folderId).add(target)
  }
  return [...touched]
}

/** Moves messages to their owner's Trash; what is in Trash already goes for good. Returns every folder that changed. */
export function removeMessages(db: WriteDb, ids: readonly number[]): number[] {
  const touched = new Set<number>()
  for (const row of present(db, ids)) {
    const trash = sibling(db, row.folderId, 'trash')
    if (trash === row.folderId) dropMessage(db, row)
    else moveOne(db, row, trash)
    touched.add(row.folderId).add(trash)
  }
  return [...touched]
}

export const messageOperations = {
  'message.insert': insertMessage,
  /** Into an owner's folder of a role, which is made when it is missing: local delivery, reports, import, sent copies. */
  'message.deliver': (
    db: WriteDb,
    args: {
      readonly owner: FolderOwner
      readonly role: Exclude<FolderRole, 'other'>
      readonly message: Omit<NewMessage, 'folderId'>
    },
    nowMs: number,
  ): { readonly messageId: number; readonly folderId: number } => {
    const folderId = ensureFolder(db, args.owner, args.role)
    return { messageId: insertMessage(db, { ...args.message, folderId }, nowMs), folderId }
  },
  'message.seen': (db: WriteDb, args: { readonly ids: readonly number[]; readonly seen: boolean }): number[] =>
    setSeen(db, args.ids, args.seen),
  'message.starred': (db: WriteDb, args: { readonly ids: readonly number[]; readonly starred: boolean }): number[] =>
    setStarred(db, args.ids, args.starred),
  'message.answered': setAnswered,
  'message.move': (db: WriteDb, args: { readonly ids: readonly number[]; readonly to: MoveTarget }): number[] =>
    moveMessages(db, args.ids, args.to),
  'message.remove': (db: WriteDb, args: { readonly ids: readonly number[] }): number[] => removeMessages(db, args.ids),
} satisfies Record<string, Operation<never, unknown>>
