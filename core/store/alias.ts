import { Fault } from '../base/fault.ts'
import type { Domain } from '../model/address.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** A local part and a domain of a pattern or a target. `*` stands for every one; in a target, for the address's own. */
export interface AliasSide {
  readonly local: string
  readonly domain: Domain | '*'
}
/** One line of the table: mail that fits a pattern goes to all targets. */
export interface Alias {
  readonly id: number
  /** Local parts in lower case. */
  readonly patterns: readonly AliasSide[]
  readonly targets: readonly AliasSide[]
}

/** Lines a person can still look through; the table is meant to be short. */
const MOST_ALIASES = 2000

const LIST = 'SELECT id FROM alias WHERE id > ? ORDER BY id LIMIT ?'
const PATTERNS = 'SELECT local, domain FROM alias_pattern WHERE alias_id = ? ORDER BY place' // index alias_pattern_alias
const TARGETS = 'SELECT local, domain FROM alias_target WHERE alias_id = ? ORDER BY place'
const FIND = 'SELECT alias_id FROM alias_pattern WHERE domain = ? AND local = ?'
const COUNT = 'SELECT count(*) AS n FROM (SELECT 1 FROM alias LIMIT ?)'
const EXISTS = 'SELECT 1 FROM alias WHERE id = ?'
const INSERT = 'INSERT INTO alias (created_ms) VALUES (?)'
const INSERT_PATTERN = 'INSERT INTO alias_pattern (local, domain, alias_id, place) VALUES (?, ?, ?, ?)'
const INSERT_TARGET = 'INSERT INTO alias_target (alias_id, place, local, domain) VALUES (?, ?, ?, ?)'
const CLEAR_PATTERNS = 'DELETE FROM alias_pattern WHERE alias_id = ?'
const CLEAR_TARGETS = 'DELETE FROM alias_target WHERE alias_id = ?'
const REMOVE = 'DELETE FROM alias WHERE id = ?'

/** Up to `limit` lines after that id, oldest first. */
export function listAliases(db: ReadDb, afterId: number, limit: number): Alias[] {
  return prepared<[number, number], { id: number }>(db, LIST)
    .all(afterId, limit)
    .map(({ id }) => ({ id, patterns: sidesOf(db, PATTERNS, id), targets: sidesOf(db, TARGETS, id) }))
}

/** The line in which that very pattern stands, or undefined. `local` in lower case. */
export function findAlias(
  db: ReadDb,
  local: string,
  domain: Domain | '*',
): { id: number; targets: AliasSide[] } | undefined {
  const id = prepared<[string, string], { alias_id: number }>(db, FIND).get(domain, local)?.alias_id
  return id === undefined ? undefined : { id, targets: sidesOf(db, TARGETS, id) }
}

// Domains were parsed before they were stored, so the brand may be put back on.
const sidesOf = (db: ReadDb, sql: string, id: number): AliasSide[] => prepared<[number], AliasSide>(db, sql).all(id)

/** Stores a line. Throws `conflict` where one of its patterns stands in another line, `not-found` for an id that is gone. */
function setAlias(
  db: WriteDb,
  args: { readonly id: number | null; readonly patterns: readonly AliasSide[]; readonly targets: readonly AliasSide[] },
  nowMs: number,
): Alias {
  const { id: known, patterns, targets } = args
  for (const { local, domain } of patterns) {
    const other = findAlias(db, local, domain)?.id
    if (other !== undefined && other !== known) {
      const reason = `${local}@${domain} stands in alias ${other} already`
      throw new Fault('conflict', `store the alias: ${reason}`, { what: 'alias', reason })
    }
  }
  if (known !== null && prepared(db, EXISTS).get(known) === undefined) throw noAlias(known)
  if (known === null && (prepared<[number], { n: number }>(db, COUNT).get(MOST_ALIASES)?.n ?? 0) >= MOST_ALIASES) {
    const reason = `there are ${MOST_ALIASES} already`
    throw new Fault('conflict', `store the alias: ${reason}`, { what: 'alias', reason })
  }
  const id = known ?? Number(prepared(db, INSERT).run(nowMs).lastInsertRowid)
  prepared(db, CLEAR_PATTERNS).run(id)
  prepared(db, CLEAR_TARGETS).run(id)
  patterns.forEach(({ local, domain }, place) => prepared(db, INSERT_PATTERN).run(local, domain, id, place))
  targets.forEach(({ local, domain }, place) => prepared(db, INSERT_TARGET).run(id, place, local, domain))
  return { id, patterns, targets }
}

const noAlias = (id: number) =>
  new Fault('not-found', `find alias ${id}: there is none`, { what: 'alias', id: String(id) })

export const aliasOperations = {
  'alias.set': setAlias,
  /** Removes a line. Throws `not-found`. */
  'alias.remove': (db: WriteDb, args: { readonly id: number }): void => {
    if (prepared(db, REMOVE).run(args.id).changes !== 1) throw noAlias(args.id)
  },
} satisfies Record<string, Operation<never, unknown>>
