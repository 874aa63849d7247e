import type { Mailbox } from '../model/address.ts'
import { sentAccount } from './imap-change.ts'
import { dropMessage, insertMessage, type NewMessage } from './message.ts'
import { getMessage } from './message-list.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** A draft, and what of it was put into a folder of its account. */
export interface DraftState {
  readonly draftId: number
  readonly identityId: number | null
  readonly changedMs: number
  /** The draft's `changedMs` when it was put there last, and when that was; null: never. */
  readonly ofMs: number | null
  readonly copiedMs: number | null
  /** The message it was put there as; null where there is none any more. */
  readonly messageId: number | null
}

const STATE = `
  SELECT d.id AS draftId, d.identity_id AS identityId, d.changed_ms AS changedMs, c.of_ms AS ofMs, c.copied_ms AS copiedMs,
    c.message_id AS messageId FROM draft d LEFT JOIN draft_copy c ON c.draft_id = d.id`
const LIST = `${STATE} ORDER BY d.changed_ms DESC LIMIT 200`
const GET = `${STATE} WHERE d.id = ?`
const FOLDER = `
  SELECT f.id FROM folder f JOIN imap_folder i ON i.folder_id = f.id JOIN imap_account a ON a.account_id = f.account_id
  WHERE f.account_id = ? AND f.role = 'drafts' AND a.drafts = 'server'`
const PUT = `
  INSERT INTO draft_copy (draft_id, message_id, of_ms, copied_ms) VALUES (?, ?, ?, ?)
  ON CONFLICT (draft_id) DO UPDATE SET message_id = excluded.message_id, of_ms = excluded.of_ms, copied_ms = excluded.copied_ms`
const FORGET = 'DELETE FROM draft_copy WHERE draft_id = ?'

/** The drafts that were changed last, the last one first. */
export function listDraftStates(db: ReadDb): DraftState[] {
  return prepared<[], DraftState>(db, LIST).all()
}

/** What there is of a draft in folders; undefined when the draft is gone. */
export function getDraftState(db: ReadDb, draftId: number): DraftState | undefined {
  return prepared<[number], DraftState>(db, GET).get(draftId)
}

/** The folder on a server that drafts from that address are put into; null where they stay on this computer. */
export function draftFolder(db: ReadDb, from: Mailbox): number | null {
  const accountId = sentAccount(db, from)
  return accountId === null ? null : (prepared<[number], { id: number }>(db, FOLDER).get(accountId)?.id ?? null)
}

/** Removes the message that a draft was put into a folder as, and so on its server. Returns the folder. */
export function removeDraftCopy(db: WriteDb, messageId: number | null): number[] {
  const row = messageId === null ? undefined : getMessage(db, messageId)
  if (row === undefined) return []
  dropMessage(db, row)
  return [row.folderId]
}

export const draftCopyOperations = {
  /**
   * Puts a draft, as it was at `ofMs`, into a folder in the place of what was put there before: the new one is said to the server
   * first. `nowhere`: it has no such folder; `only-here`: this state of it is not put there. Returns the folders that changed, and
   * whether the bytes were taken, which they are not when the draft is gone.
   */
  'draft.copy': (
    db: WriteDb,
    args: { readonly draftId: number; readonly ofMs: number; readonly copy: NewMessage | 'nowhere' | 'only-here' },
    nowMs: number,
  ): { readonly isTaken: boolean; readonly folderIds: number[] } => {
    const { draftId, ofMs, copy } = args
    const before = getDraftState(db, draftId)
    if (before === undefined) return { isTaken: false, folderIds: [] }
    const messageId = typeof copy === 'string' ? null : insertMessage(db, copy, nowMs)
    if (copy === 'nowhere') prepared(db, FORGET).run(draftId)
    else prepared(db, PUT).run(draftId, messageId, ofMs, nowMs)
    const left = removeDraftCopy(db, before.messageId)
    return { isTaken: true, folderIds: [...new Set([...left, ...(typeof copy === 'string' ? [] : [copy.folderId])])] }
  },
} satisfies Record<string, Operation<never, unknown>>
