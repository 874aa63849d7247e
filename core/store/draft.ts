import { Fault } from '../base/fault.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** What a composer has not sent yet. `content` is JSON, checked by whoever reads it. */
export interface Draft {
  readonly id: number
  readonly content: string
  readonly changedMs: number
}

const LIST = 'SELECT id, content, changed_ms AS changedMs FROM draft ORDER BY changed_ms DESC, id DESC LIMIT 200'
const INSERT = `
  INSERT INTO draft (identity_id, content, changed_ms) VALUES ((SELECT id FROM identity WHERE id = ?), ?, ?)`
const UPDATE = `
  UPDATE draft SET identity_id = (SELECT id FROM identity WHERE id = ?), content = ?, changed_ms = ? WHERE id = ?`
const REMOVE = 'DELETE FROM draft WHERE id = ?'

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
    if (prepared(db, UPDATE).run(args.identityId, args.content, nowMs, args.id).changes !== 1)
      throw new Fault('not-found', `save draft ${args.id}: it is gone`, { what: 'draft', id: String(args.id) })
    return args.id
  },
  'draft.remove': (db: WriteDb, args: { readonly id: number }): boolean =>
    prepared(db, REMOVE).run(args.id).changes === 1,
} satisfies Record<string, Operation<never, unknown>>
