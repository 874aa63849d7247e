import { Fault } from '../base/fault.ts'
import type { FolderOwner } from './folder.ts'
import { findFolder } from './folder.ts'
import { chosenSent } from './identity.ts'
import { sentAccount } from './imap-change.ts'
import { dropMessage, setAnswered } from './message.ts'
import { COLUMNS, toMessage, type MessageRecord } from './message-list.ts'
import { prepared } from './prepared.ts'
import { insertAudit, type Asked } from './queue-audit.ts'
import { cancelOne } from './queue-change.ts'
import { getEntry, listRecipients } from './queue.ts'
import type { Operation, WriteDb } from './types.ts'

const DRAFT = 'SELECT draft FROM queue_entry WHERE id = ?'
const COPIES = `SELECT ${COLUMNS} FROM message WHERE blob_id = ? AND folder_id = ?` // index message_blob
const SAVE = `
  INSERT INTO draft (identity_id, content, changed_ms) VALUES ((SELECT id FROM identity WHERE id = ?), ?, ?)`

function tooLate(entryId: number, reason: string): Fault<'conflict'> {
  return new Fault('conflict', `take back message ${entryId}: ${reason}`, { what: 'queue entry', reason })
}

/** Of what was written: who wrote it, and which messages were marked answered or forwarded by it. */
interface Written {
  readonly identityId: number | null
  readonly marks?: { readonly ids: readonly number[]; readonly how: 'answered' | 'forwarded' }
}

/**
 * Takes back a message that no try was begun of: its recipients are cancelled, its copy in Sent is gone and what was written is a
 * draft again, all in one. Throws `not-found`, and `conflict` when it is too late.
 */
function undo(
  db: WriteDb,
  { entryId, asked }: { readonly entryId: number; readonly asked: Asked },
  nowMs: number,
): { readonly draftId: number; readonly content: string; readonly folderIds: number[] } {
  const entry = getEntry(db, entryId)
  if (entry === undefined)
    throw new Fault('not-found', `take back message ${entryId}: there is none`, {
      what: 'queue entry',
      id: String(entryId),
    })
  const content = prepared<[number], { draft: string | null }>(db, DRAFT).get(entryId)?.draft ?? null
  if (content === null) throw tooLate(entryId, 'it was not written here, or could not be taken back')
  if (Math.max(entry.undoUntilMs ?? 0, entry.options.holdUntilMs ?? 0) <= nowMs)
    throw tooLate(entryId, 'its time is over')
  const recipients = listRecipients(db, entryId)
  if (recipients.some(({ state, attempts }) => attempts > 0 || !['waiting', 'held', 'cancelled'].includes(state)))
    throw tooLate(entryId, 'it is on its way')
  const ended = recipients.filter((one) => cancelOne(db, one, nowMs))
  if (ended.length === 0) throw tooLate(entryId, 'it was cancelled before')
  const accountId = entry.userId === null ? sentAccount(db, entry.from) : null
  const owner: FolderOwner = { accountId, userId: entry.userId }
  // The identity may have been given another folder since it was sent: the copy is in either.
  const chosen = entry.userId === null ? chosenSent(db, entry.from)?.id : undefined
  const sent = [...new Set([chosen, findFolder(db, owner, 'sent')?.id])].filter((id) => id !== undefined)
  for (const folderId of sent)
    for (const copy of prepared<[number, number], MessageRecord>(db, COPIES).all(entry.view.blobId, folderId))
      dropMessage(db, toMessage(copy))
  // Its files come back with the call, which names them in the draft once they are uploads again.
  const { marks, ...written } = JSON.parse(content) as Written
  const kept = JSON.stringify({ ...written, attachments: [] })
  const unmarked = marks === undefined ? [] : setAnswered(db, { ...marks, isSet: false })
  const draftId = Number(prepared(db, SAVE).run(written.identityId, kept, nowMs).lastInsertRowid)
  insertAudit(db, { ...asked, what: 'undo', entryId }, nowMs)
  return { draftId, content, folderIds: [...sent, ...unmarked] }
}

export const queueUndoOperations = { 'queue.undo': undo } satisfies Record<string, Operation<never, unknown>>
