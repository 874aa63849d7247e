import { Fault } from '../base/fault.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** A search that is kept. */
export interface SavedSearch {
  readonly id: number
  readonly name: string
  readonly text: string
}

/** More nobody finds again. */
export const MOST_SAVED = 100

const LIST = 'SELECT id, name, text FROM saved_search ORDER BY name COLLATE NOCASE, id LIMIT 200'
const COUNT = 'SELECT count(*) AS n FROM saved_search'
const NAMED = 'SELECT 1 FROM saved_search WHERE name = ? AND id <> ?'
const INSERT = 'INSERT INTO saved_search (name, text, created_ms) VALUES (?, ?, ?)'
const UPDATE = 'UPDATE saved_search SET name = ?, text = ? WHERE id = ?'
const REMOVE = 'DELETE FROM saved_search WHERE id = ?'

/** All saved searches, by name. */
export function listSavedSearches(db: ReadDb): SavedSearch[] {
  return prepared<[], SavedSearch>(db, LIST).all()
}

const gone = (doing: string, id: number) =>
  new Fault('not-found', `${doing} saved search ${id}: it is gone`, { what: 'saved search', id: String(id) })
const conflict = (name: string, reason: string) =>
  new Fault('conflict', `save the search "${name}": ${reason}`, { what: 'saved search', reason })

export const savedSearchOperations = {
  /** Keeps a search, or changes the one of that id. Throws `conflict` and `not-found`. */
  'saved-search.save': (
    db: WriteDb,
    { id, name, text }: { readonly id: number | null; readonly name: string; readonly text: string },
    nowMs: number,
  ): SavedSearch => {
    if (prepared(db, NAMED).get(name, id ?? 0) !== undefined) throw conflict(name, 'the name is taken')
    if (id !== null) {
      if (prepared(db, UPDATE).run(name, text, id).changes === 0) throw gone('change', id)
      return { id, name, text }
    }
    if ((prepared<[], { n: number }>(db, COUNT).get()?.n ?? 0) >= MOST_SAVED)
      throw conflict(name, `there are ${MOST_SAVED} already`)
    return { id: Number(prepared(db, INSERT).run(name, text, nowMs).lastInsertRowid), name, text }
  },
  /** Throws `not-found`. */
  'saved-search.remove': (db: WriteDb, { id }: { readonly id: number }): void => {
    if (prepared(db, REMOVE).run(id).changes === 0) throw gone('remove', id)
  },
} satisfies Record<string, Operation<never, unknown>>
