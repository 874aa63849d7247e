import type { Statement } from 'better-sqlite3'
import type { ReadDb } from './types.ts'

const statements = new WeakMap<ReadDb, Map<string, Statement>>()

/**
 * The statement of that SQL, compiled once a connection: compiling costs more than most of our queries. The text must be
 * a constant, or the cache grows without end.
 */
export function prepared<Params extends unknown[] = unknown[], Row = unknown>(
  db: ReadDb,
  sql: string,
): Statement<Params, Row> {
  let known = statements.get(db)
  if (known === undefined) statements.set(db, (known = new Map()))
  let statement = known.get(sql)
  if (statement === undefined) known.set(sql, (statement = db.prepare(sql)))
  return statement as Statement<unknown[], unknown> as Statement<Params, Row>
}
