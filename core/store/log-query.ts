import { Fault } from '../base/fault.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** A query of the protocol log that is kept. */
export interface SavedLogQuery {
  readonly id: number
  readonly name: string
  readonly text: string
  /** Each session that ends is held against it. */
  readonly notify: boolean
  /** Sessions it found since then, and when the last one ended. */
  readonly found: number
  readonly lastMs: number | null
}

/** More nobody reads, and each that notifies costs something with every session. */
const MOST_SAVED = 100

const LIST =
  'SELECT id, name, text, notify, found, last_ms AS lastMs FROM log_query ORDER BY name COLLATE NOCASE, id LIMIT 200'
const GET = 'SELECT id, name, text, notify, found, last_ms AS lastMs FROM log_query WHERE id = ?'
const COUNT = 'SELECT count(*) AS n FROM log_query'
const NAMED = 'SELECT 1 FROM log_query WHERE name = ? AND id <> ?'
const INSERT = 'INSERT INTO log_query (name, text, notify, created_ms) VALUES (?, ?, ?, ?)'
// What another query has found is no count of this one.
const UPDATE = `
  UPDATE log_query SET name = @name, found = CASE WHEN text = @text THEN found ELSE 0 END,
    last_ms = CASE WHEN text = @text THEN last_ms END, text = @text, notify = @notify WHERE id = @id`
const FOUND = 'UPDATE log_query SET found = found + ?, last_ms = max(coalesce(last_ms, 0), ?) WHERE id = ?'
const REMOVE = 'DELETE FROM log_query WHERE id = ?'

type Row = Omit<SavedLogQuery, 'notify'> & { readonly notify: number }
const toSaved = (row: Row): SavedLogQuery => ({ ...row, notify: row.notify === 1 })

/** All queries that are kept, by name. */
export function listLogQueries(db: ReadDb): SavedLogQuery[] {
  return prepared<[], Row>(db, LIST).all().map(toSaved)
}

const gone = (doing: string, id: number) =>
  new Fault('not-found', `${doing} saved query ${id}: it is gone`, { what: 'saved query', id: String(id) })
const conflict = (name: string, reason: string) =>
  new Fault('conflict', `save the query "${name}": ${reason}`, { what: 'saved query', reason })

export const logQueryOperations = {
  /** Keeps a query, or changes the one of that id. Throws `conflict` and `not-found`. */
  'log-query.save': (
    db: WriteDb,
    args: { readonly id: number | null; readonly name: string; readonly text: string; readonly notify: boolean },
    nowMs: number,
  ): SavedLogQuery => {
    const { id, name, text } = args
    const notify = args.notify ? 1 : 0
    if (prepared(db, NAMED).get(name, id ?? 0) !== undefined) throw conflict(name, 'the name is taken')
    if (id === null && (prepared<[], { n: number }>(db, COUNT).get()?.n ?? 0) >= MOST_SAVED)
      throw conflict(name, `there are ${MOST_SAVED} already`)
    if (id !== null && prepared<[object]>(db, UPDATE).run({ id, name, text, notify }).changes === 0)
      throw gone('change', id)
    const saved = id ?? Number(prepared(db, INSERT).run(name, text, notify, nowMs).lastInsertRowid)
    const row = prepared<[number], Row>(db, GET).get(saved)
    if (row === undefined) throw gone('read', saved)
    return toSaved(row)
  },
  /** Notes what a query has found. */
  'log-query.found': (
    db: WriteDb,
    found: readonly { readonly id: number; readonly sessions: number; readonly lastMs: number }[],
  ): void => {
    for (const { id, sessions, lastMs } of found) prepared(db, FOUND).run(sessions, lastMs, id)
  },
  /** Throws `not-found`. */
  'log-query.remove': (db: WriteDb, { id }: { readonly id: number }): void => {
    if (prepared(db, REMOVE).run(id).changes === 0) throw gone('remove', id)
  },
} satisfies Record<string, Operation<never, unknown>>
