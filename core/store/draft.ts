import { Fault } from '../base/fault.ts'
import { getDraftState, removeDraftCopy } from './draft-copy.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** What a composer has not sent yet. `content` is JSON, checked by whoever reads it. */
export interface Draft {
  readonly id: number
  readonly content: string
  readonly changedMs: number
}

const LIST = 'SELECT id, content, changed_ms AS changedMs FROM draft ORDER BY changed_ms DESC, id DESC LIMIT 200'
const GET = 'SELECT id, content, changed_ms AS changedMs FROM draft WHERE id = ?'
const INSERT = `
  INSERT INTO draft (identity_id, content, changed_ms) VALUES ((SELECT id FROM identity WHERE id = ?), ?, ?)`
// Of two states the later one has the later time, whatever the clock says: by that they are told apart.
const UPDATE = `
  UPDATE draft SET identity_id = (SELECT id FROM identity WHERE id = @identityId), content = @content,
    changed_ms = iif(content = @content, changed_ms, max(@nowMs, changed_ms + 1)) WHERE id = @id`
const REMOVE = 'DELETE FROM draft WHERE id = ?'
// They stay for a while, for whoever brings the draft back.
const LET_GO_OF_FILES = `
  UPDATE upload SET kept_ms = max(kept_ms, @nowMs) WHERE handle IN (
    SELECT json_extract(file.value, '$.handle') FROM draft, json_each(draft.content, '$.attachments') AS file
    WHERE draft.id = @id AND json_valid(draft.content))`

/** What is written in a draft; undefined when it is gone. */
export function getDraft(db: ReadDb, id: number): Draft | undefined {
  return prepared<[number], Draft>(db, GET).get(id)
}

/** Drafts, the last changed first. */
export function listDrafts(db: ReadDb): Draft[] {
  return prepared<[], Draft>(db, LIST).all()
}

export const draftOperations = {
  /** Makes a draft, or changes the one of that id. Returns its id. Throws `not-found` when it is gone. */
  'draft.save': (
    db: WriteDb,
    args: { readonly id: number | null; readonly identityId: number | null; readonly content: string },
    nowMs: number,
  ): number => {
    if (args.id === null) return Number(prepared(db, INSERT).run(args.identityId, args.content, nowMs).lastInsertRowid)
    if (prepared(db, UPDATE).run({ ...args, nowMs }).changes !== 1)
      throw new Fault('not-found', `save draft ${args.id}: it is gone`, { what: 'draft', id: String(args.id) })
    return args.id
  },
  /** Removes a draft, and what of it is in a folder of its account. Returns the folders that changed. */
  'draft.remove': (db: WriteDb, args: { readonly id: number }, nowMs: number): number[] => {
    prepared(db, LET_GO_OF_FILES).run({ ...args, nowMs })
    const folderIds = removeDraftCopy(db, getDraftState(db, args.id)?.messageId ?? null)
    prepared(db, REMOVE).run(args.id)
    return folderIds
  },
} satisfies Record<string, Operation<never, unknown>>
