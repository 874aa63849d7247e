import { hash } from 'node:crypto'
import { deserialize } from 'node:v8'
import { roleOfName } from '../model/folder-role.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { CHUNK_BYTES, getBlob, getChunk } from './blob.ts'
import { keptParts } from './body.ts'
import { learnContacts } from './contact.ts'
import { ensureFolder, ensureNamed, getFolder, PERSON, type FolderRole } from './folder.ts'
import { digestOf, shortDigest } from './import-digest.ts'
import {
  addCounts,
  addImportProblems,
  ensureByName,
  getImport,
  noImport,
  type ImportJob,
  type ImportProblem,
} from './import-job.ts'
import { listByMessageId, type Message, toMessage, COLUMNS, type MessageRecord } from './message-list.ts'
import { insertUnindexed, setAnswered, setStarred } from './message.ts'
import { prepared } from './prepared.ts'
import { indexFolded, type FoldedFields } from './search-index.ts'
import { ensureTag, setTags } from './tag.ts'
import type { Body, Operation, WriteDb } from './types.ts'

/** A message that was read from a file, ready to be stored. */
export interface ImportedMessage {
  readonly body: Body
  /** Of its bytes without the marks of programs; null for one too long to be compared so. */
  readonly digest: Uint8Array | null
  /** Without its text, which is in `folded`. */
  readonly fields: Omit<MessageFields, 'body'>
  /** As the full-text index has it. */
  readonly folded: FoldedFields
  readonly receivedMs: number
  readonly seen: boolean
  readonly starred: boolean
  readonly answered: boolean
  readonly forwarded: boolean
  readonly tags: readonly string[]
}
/** What was read of one source, up to a place. */
export interface ImportedPart {
  readonly sourceId: number
  readonly folder: string
  readonly role: Exclude<FolderRole, 'other'> | null
  readonly position: string
  readonly doneBytes: number
  readonly isDone: boolean
  readonly messages: readonly ImportedMessage[]
  readonly deleted: number
  readonly problems: readonly ImportProblem[]
}
/** What came of a batch. */
export interface ImportedBatch {
  readonly folderIds: readonly number[]
  readonly imported: number
  readonly duplicates: number
  readonly deleted: number
  readonly problems: number
}

const ADVANCE = 'UPDATE import_source SET position = ?, done_bytes = ?, is_done = ? WHERE id = ? AND job_id = ?'
const DROP_STAGED = `DELETE FROM blob WHERE id = ? AND state = 'staged'`
const REMEMBER = 'INSERT INTO import_nameless (message_id, digest) VALUES (?, ?)'
const IS_NAMED = 'SELECT 1 FROM message WHERE message_id = ? LIMIT 1' // index message_message_id
const NAMELESS = `
  SELECT ${COLUMNS} FROM message WHERE id IN (SELECT message_id FROM import_nameless WHERE digest = ? LIMIT 20)`
const OF_DATE = `SELECT ${COLUMNS} FROM message WHERE date_ms = ? AND message_id = '' LIMIT 20` // index message_date
/** Messages of one Message-ID that are compared. */
const MOST_COMPARED = 20

/** Where a source's mail goes. A folder that was removed meanwhile is made again. */
function folderOf(db: WriteDb, part: ImportedPart, job: ImportJob): number {
  if (job.folder !== null) return job.folderId ?? ensureByName(db, job.folder)
  return part.role === null ? ensureNamed(db, part.folder) : ensureFolder(db, PERSON, part.role)
}

/** Stored messages that a new one may be a copy of. */
function candidates(db: WriteDb, { fields, digest }: ImportedMessage): Message[] {
  if (fields.messageId !== '') {
    // Most are new: to ask for whole rows costs five times as much, also where there are none.
    if (prepared<[string]>(db, IS_NAMED).get(fields.messageId) === undefined) return []
    return listByMessageId(db, fields.messageId, MOST_COMPARED)
  }
  const byDigest =
    digest === null ? [] : prepared<[bigint], MessageRecord>(db, NAMELESS).all(shortDigest(digest)).map(toMessage)
  if (byDigest.length > 0 || fields.dateMs === null) return byDigest
  return prepared<[number], MessageRecord>(db, OF_DATE).all(fields.dateMs).map(toMessage)
}

/** Whether that message is here already. What lies in the Trash, or in another's mailbox, is no reason to go without it. */
function isHere(db: WriteDb, message: ImportedMessage, folderId: number): boolean {
  const { body, digest } = message
  return candidates(db, message).some((known) => {
    if (known.folderId !== folderId) {
      const folder = getFolder(db, known.folderId)
      if (folder?.userId !== null || folder.role === 'trash') return false
    }
    const blob = getBlob(db, known.blobId)
    if (blob === undefined || blob.state !== 'whole') return false
    if ('stagedBlobId' in body)
      return blob.sizeBytes === body.sizeBytes && blob.sha256 !== null && Buffer.from(body.sha256).equals(blob.sha256)
    if (digest === null || blob.sizeBytes > CHUNK_BYTES) return false
    if (blob.sha256 !== null && hash('sha256', body.raw, 'buffer').equals(blob.sha256)) return true
    const bytes = getChunk(db, known.blobId, 0) ?? new Uint8Array()
    const parts = keptParts(bytes, 0, known.view.removed)
    return digestOf(Buffer.concat([Buffer.from(known.view.prefix, 'latin1'), ...parts])).equals(digest)
  })
}

/** Keeps one message without its words. Returns its id; undefined where it is here already. */
function keep(db: WriteDb, message: ImportedMessage, folderId: number, nowMs: number): number | undefined {
  const { body, digest, fields, receivedMs, seen, starred, answered, forwarded, tags } = message
  if (isHere(db, message, folderId)) {
    if ('stagedBlobId' in body) prepared(db, DROP_STAGED).run(body.stagedBlobId)
    return undefined
  }
  const more = { folderId, body, prefix: '', removed: [], fields: { ...fields, body: '' }, receivedMs, seen }
  const id = insertUnindexed(db, more, nowMs)
  if (fields.messageId === '' && digest !== null) prepared(db, REMEMBER).run(id, shortDigest(digest))
  if (starred) setStarred(db, [id], true)
  if (answered) setAnswered(db, { ids: [id], how: 'answered' })
  if (forwarded) setAnswered(db, { ids: [id], how: 'forwarded' })
  const tagIds = tags.map((name) => ensureTag(db, name)).filter((one) => one !== undefined)
  if (tagIds.length > 0) setTags(db, { ids: [id], add: tagIds, remove: [] })
  return id
}

/**
 * Stores what was read of some sources, with the place it goes on at. Messages come in the order of their arrival, and their words
 * go into the index in one go behind them. `packed`: ImportedPart[], as node:v8 writes it, for a clone of it would cost the main
 * thread as much as the work.
 */
export function storeImported(
  db: WriteDb,
  args: { readonly jobId: number; readonly packed: Uint8Array },
  nowMs: number,
): ImportedBatch {
  const parts = deserialize(args.packed) as ImportedPart[]
  const job = getImport(db, args.jobId)
  if (job === undefined) throw noImport(args.jobId)
  const folderIds = new Set<number>()
  const stored: { id: number; folded: FoldedFields }[] = []
  const counts = { imported: 0, duplicates: 0, deleted: 0, problems: 0 }
  for (const part of parts) {
    const folderId = part.messages.length === 0 ? undefined : folderOf(db, part, job)
    // What goes into Sent itself is learnt from as it is kept.
    const isSent = part.role === null && roleOfName(part.folder.split('/').at(-1) ?? '') === 'sent'
    for (const message of part.messages) {
      if (folderId === undefined) break
      const id = keep(db, message, folderId, nowMs)
      if (id !== undefined && isSent)
        learnContacts(db, { people: message.fields.people ?? [], atMs: message.receivedMs }, nowMs)
      if (id === undefined) counts.duplicates++
      else stored.push({ id, folded: message.folded })
      folderIds.add(folderId)
    }
    counts.deleted += part.deleted
    counts.problems += part.problems.filter(({ what }) => what !== 'deleted').length
    addImportProblems(db, args.jobId, part.problems)
    prepared(db, ADVANCE).run(part.position, part.doneBytes, part.isDone ? 1 : 0, part.sourceId, args.jobId)
  }
  // In the order of ids, or the index would write out what it holds at each one that goes back.
  stored.sort((a, b) => a.id - b.id)
  for (const { id, folded } of stored) indexFolded(db, id, folded)
  counts.imported = stored.length
  addCounts(db, args.jobId, counts)
  return { folderIds: [...folderIds], ...counts }
}

export const importBatchOperations = {
  'import.batch': storeImported,
} satisfies Record<string, Operation<never, unknown>>
