import { Fault } from '../base/fault.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** A message to begin others with. `content` is JSON, checked by whoever reads it. */
export interface Template {
  readonly id: number
  readonly name: string
  readonly content: string
  readonly changedMs: number
}

/** More than anybody keeps in a list to choose from. */
const MOST = 200

const COLUMNS = 'id, name, content, changed_ms AS changedMs'
const LIST = `SELECT ${COLUMNS} FROM template ORDER BY name, id`
const GET = `SELECT ${COLUMNS} FROM template WHERE id = ?`
const BY_NAME = 'SELECT id FROM template WHERE name = ?'
const COUNT = 'SELECT count(*) AS n FROM template'
const INSERT = 'INSERT INTO template (name, content, changed_ms) VALUES (?, ?, ?)'
const UPDATE = 'UPDATE template SET name = ?, content = ?, changed_ms = ? WHERE id = ?'
const REMOVE = 'DELETE FROM template WHERE id = ?'

/** All templates by name. */
export function listTemplates(db: ReadDb): Template[] {
  return prepared<[], Template>(db, LIST).all()
}

/** The template of that id, or undefined. */
export function getTemplate(db: ReadDb, id: number): Template | undefined {
  return prepared<[number], Template>(db, GET).get(id)
}

export const templateOperations = {
  /**
   * Makes a template, or changes the one of that id; returns its id. Throws `conflict` for a name that another has, whatever its
   * case, and past 200 of them; `not-found` for an id that is gone.
   */
  'template.save': (
    db: WriteDb,
    args: { readonly id: number | null; readonly name: string; readonly content: string },
    nowMs: number,
  ): number => {
    const known = prepared<[string], { id: number }>(db, BY_NAME).get(args.name)
    const conflict = (reason: string) =>
      new Fault('conflict', `save the template "${args.name}": ${reason}`, { what: 'template', reason })
    if (known !== undefined && known.id !== args.id) throw conflict('there is one of that name')
    if (args.id === null) {
      if ((prepared<[], { n: number }>(db, COUNT).get()?.n ?? 0) >= MOST) throw conflict(`there are ${MOST} already`)
      return Number(prepared(db, INSERT).run(args.name, args.content, nowMs).lastInsertRowid)
    }
    if (prepared(db, UPDATE).run(args.name, args.content, nowMs, args.id).changes !== 1)
      throw new Fault('not-found', `save the template "${args.name}": it is gone`, {
        what: 'template',
        id: String(args.id),
      })
    return args.id
  },
  /** Removes a template; false when it was gone already. */
  'template.remove': (db: WriteDb, args: { readonly id: number }): boolean =>
    prepared(db, REMOVE).run(args.id).changes === 1,
} satisfies Record<string, Operation<never, unknown>>
