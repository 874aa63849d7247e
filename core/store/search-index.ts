import type { MessageFields } from '../model/message-fields.ts'
import { foldText } from '../model/search-fold.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** What of a message the full-text index holds. */
export type IndexedFields = Pick<
  MessageFields,
  'subject' | 'authorName' | 'authorAddress' | 'addressees' | 'cc' | 'body' | 'parts'
>
/** How far the index is that is made anew: messages below that id are still to come. */
export interface Rebuild {
  readonly below: number
  readonly done: number
  readonly total: number
}

const INSERT =
  'INSERT INTO message_text (rowid, subject, author, addressees, cc, body, files) VALUES (?, ?, ?, ?, ?, ?, ?)'
const DELETE = 'DELETE FROM message_text WHERE rowid = ?'
const NOT_PENDING = 'DELETE FROM search_pending WHERE message_id = ?'
const NONE_PENDING = 'DELETE FROM search_pending'
const REBUILD = 'SELECT below, done, total FROM search_rebuild'
const CLEAR = `INSERT INTO message_text (message_text) VALUES ('delete-all')`
const BEGIN = `
  INSERT INTO search_rebuild (id, below, done, total) SELECT 1, max(id) + 1, 0, count(*) FROM message HAVING count(*) > 0
  ON CONFLICT (id) DO UPDATE SET below = excluded.below, done = 0, total = excluded.total`
const ADVANCE = 'UPDATE search_rebuild SET below = ?, done = min(total, done + ?)'
const END = 'DELETE FROM search_rebuild'
const EXISTS = 'SELECT 1 FROM message WHERE id = ?'
const NEXT = 'SELECT id FROM message WHERE id < ? ORDER BY id DESC LIMIT ?'
const MERGE = `INSERT INTO message_text (message_text, rank) VALUES ('merge', ?)`
const CHANGES = 'SELECT total_changes() AS n'

/** A message's words as the index has them. */
export interface FoldedFields {
  readonly subject: string
  readonly author: string
  readonly addressees: string
  readonly cc: string
  readonly body: string
  readonly files: string
}

/** Folds what the index holds of a message: for `indexFolded`, in another thread than the one that writes. */
export function foldFields(fields: IndexedFields): FoldedFields {
  return {
    subject: foldText(fields.subject),
    author: foldText(`${fields.authorName} ${fields.authorAddress}`),
    addressees: foldText(fields.addressees),
    cc: foldText(fields.cc ?? ''),
    body: foldText(fields.body),
    files: foldText((fields.parts ?? []).map(({ filename }) => filename).join('\n')),
  }
}

/** Puts a message's words into the index; it must not be in there. */
export function indexMessage(db: WriteDb, id: number, fields: IndexedFields): void {
  indexFolded(db, id, foldFields(fields))
}

/** The same for words that are folded already. */
export function indexFolded(db: WriteDb, id: number, folded: FoldedFields): void {
  const { subject, author, addressees, cc, body, files } = folded
  // A number of this size would be bound as a real.
  prepared(db, INSERT).run(BigInt(id), subject, author, addressees, cc, body, files)
}

/** Takes a message's words out of the index, if they are in there or on their way. */
export function unindexMessage(db: WriteDb, id: number): void {
  prepared(db, DELETE).run(BigInt(id))
  prepared(db, NOT_PENDING).run(id)
}

/** How far the index is that is made anew; null when it is whole. */
export function getRebuild(db: ReadDb): Rebuild | null {
  return prepared<[], Rebuild>(db, REBUILD).get() ?? null
}

/** Ids of the next messages to be indexed. */
export function listUnindexed(db: ReadDb, below: number, limit: number): number[] {
  return prepared<[number, number]>(db, NEXT).pluck().all(below, limit) as number[]
}

export const searchIndexOperations = {
  /** Empties the index; every message is to be indexed anew, newest first. */
  'search.begin-rebuild': (db: WriteDb, _args: null): Rebuild | null => {
    prepared(db, CLEAR).run()
    prepared(db, END).run()
    prepared(db, BEGIN).run()
    prepared(db, NONE_PENDING).run()
    return getRebuild(db)
  },
  /** Indexes the next messages. `below`: all from there on are in the index now; null: all are. */
  'search.index': (
    db: WriteDb,
    args: {
      readonly messages: readonly { readonly id: number; readonly fields: IndexedFields }[]
      readonly below: number | null
    },
  ): Rebuild | null => {
    for (const { id, fields } of args.messages) {
      if (prepared(db, EXISTS).get(id) === undefined) continue
      unindexMessage(db, id) // mail with an old date came in meanwhile
      indexMessage(db, id, fields)
    }
    if (args.below === null) prepared(db, END).run()
    else prepared(db, ADVANCE).run(args.below, args.messages.length)
    return getRebuild(db)
  },
  /** Merges some of the index's pieces, `pages` of them written; says whether more are left. After many messages at once. */
  'search.merge': (db: WriteDb, args: { readonly pages: number }): { readonly more: boolean } => {
    const changes = () => prepared<[], { n: number }>(db, CHANGES).get()?.n ?? 0
    const before = changes()
    prepared(db, MERGE).run(args.pages)
    // One change is the command's own; what is merged is more (SQLite, FTS5 §6.7).
    return { more: changes() - before >= 2 }
  },
} satisfies Record<string, Operation<never, unknown>>
