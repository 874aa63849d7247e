import { prepared } from './prepared.ts'
import { adoptPiece } from './search-adopt.ts'
import { indexMessage, unindexMessage, type IndexedFields } from './search-index.ts'
import type { SearchPiece } from './search-piece-writer.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/*
 * Mail that comes in bulk is stored first and found some moments later: its words are sorted into pieces of the index outside the
 * writer thread, which only copies these in. What is on its way is written down, so that whatever happens to a piece, its
 * messages are indexed from what is stored.
 */

const ADD = 'INSERT INTO search_pending (message_id) VALUES (?)'
const IS = 'SELECT 1 FROM search_pending WHERE message_id = ?'
const REMOVE = 'DELETE FROM search_pending WHERE message_id = ?'
const LIST = 'SELECT message_id FROM search_pending WHERE message_id > ? ORDER BY message_id LIMIT ?'

/** Notes that a message is to be indexed by a piece that is still made. */
export function deferIndexing(db: WriteDb, messageId: number): void {
  prepared(db, ADD).run(messageId)
}

/** Messages whose words are not in the index yet, after that id (0 to begin). */
export function listPending(db: ReadDb, after: number, limit: number): number[] {
  return prepared<[number, number]>(db, LIST).pluck().all(after, limit) as number[]
}

export const searchPendingOperations = {
  /**
   * Puts a piece into the index. False, and nothing done, where one of its messages was removed or indexed meanwhile: the others
   * wait on, to be indexed by `search.index-pending`.
   */
  'search.adopt': (db: WriteDb, { piece }: { readonly piece: SearchPiece }): boolean => {
    for (const id of piece.ids) if (prepared(db, IS).get(id) === undefined) return false
    adoptPiece(db, piece)
    for (const id of piece.ids) prepared(db, REMOVE).run(id)
    return true
  },
  /** Indexes messages that wait for it, one by one. */
  'search.index-pending': (
    db: WriteDb,
    args: { readonly messages: readonly { readonly id: number; readonly fields: IndexedFields }[] },
  ): void => {
    for (const { id, fields } of args.messages) {
      if (prepared(db, IS).get(id) === undefined) continue
      unindexMessage(db, id)
      indexMessage(db, id, fields)
    }
  },
} satisfies Record<string, Operation<never, unknown>>
