import { Fault } from '../base/fault.ts'
import type { RouteRule } from '../model/route-rule.ts'
import { prepared } from './prepared.ts'
import { letGo } from './queue-control.ts'
import type { DueCursor } from './queue-due.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

const COLUMNS = 'id, sender, recipient, after_tries AS afterTries, action, route_id AS routeId'
const LIST = `SELECT ${COLUMNS} FROM route_rule ORDER BY position, id LIMIT 1000`
const INSERT = `
  INSERT INTO route_rule (position, sender, recipient, after_tries, action, route_id, created_ms)
  VALUES ((SELECT coalesce(max(position), -1) + 1 FROM route_rule), ?, ?, ?, ?, ?, ?)`
const UPDATE = 'UPDATE route_rule SET sender = ?, recipient = ?, after_tries = ?, action = ?, route_id = ? WHERE id = ?'
const REMOVE = 'DELETE FROM route_rule WHERE id = ?'
const PLACE = 'UPDATE route_rule SET position = ? WHERE id = ?'
const ROUTE = 'SELECT 1 FROM route WHERE id = ?'
const COUNT = 'SELECT count(*) AS n FROM route_rule'
const MOST_RULES = 1000
const SLICE = 500
const RULED = `
  SELECT id FROM queue_recipient WHERE state = 'held' AND held_route_id IS NULL AND held_by = 'rule' AND id > ?
  ORDER BY id LIMIT ${SLICE}` // index queue_recipient_held

/** All rules in the order they are asked. */
export function listRules(db: ReadDb): RouteRule[] {
  return prepared<[], RouteRule>(db, LIST).all()
}

/** What a rule is to be; without `id` a new one, at the end. */
export type RouteRuleChange = Omit<RouteRule, 'id'> & { readonly id?: number }

function save(db: WriteDb, { id, ...rule }: RouteRuleChange, nowMs: number): { readonly id: number } {
  if (rule.routeId !== null && prepared(db, ROUTE).get(rule.routeId) === undefined) throw missing('route', rule.routeId)
  const values = [rule.sender, rule.recipient, rule.afterTries, rule.action, rule.routeId] as const
  if (id !== undefined) {
    if (prepared(db, UPDATE).run(...values, id).changes === 0) throw missing('rule', id)
    return { id }
  }
  if ((prepared<[], { n: number }>(db, COUNT).get()?.n ?? 0) >= MOST_RULES)
    throw new Fault('conflict', `add a rule: there are ${MOST_RULES} already`, { what: 'rule', reason: 'too many' })
  return { id: Number(prepared(db, INSERT).run(...values, nowMs).lastInsertRowid) }
}

function missing(what: string, id: number): Fault<'not-found'> {
  return new Fault('not-found', `find ${what} ${id}: there is none`, { what, id: String(id) })
}

/** Lets go a slice of what rules hold: it is decided about anew. */
function releaseRuled(
  db: WriteDb,
  args: { readonly after: DueCursor; readonly unknownAfterMs: number },
  nowMs: number,
): { readonly recipients: number; readonly next: DueCursor | null } {
  const ids = prepared<[number], { id: number }>(db, RULED)
    .all(args.after.id)
    .map(({ id }) => id)
  const recipients = ids.filter((id) => letGo(db, id, nowMs, args.unknownAfterMs)).length
  const last = ids.at(-1)
  return { recipients, next: last !== undefined && ids.length === SLICE ? { ms: 0, id: last } : null }
}

export const routeRuleOperations = {
  'route.releaseRuled': releaseRuled,
  /** Makes or changes a rule. Throws `not-found`. */
  'route.saveRule': save,
  /** Throws `not-found`. */
  'route.removeRule': (db: WriteDb, args: { readonly id: number }): void => {
    if (prepared(db, REMOVE).run(args.id).changes === 0) throw missing('rule', args.id)
  },
  /** Puts a rule at that place, from 0. Throws `not-found`. */
  'route.moveRule': (db: WriteDb, args: { readonly id: number; readonly to: number }): void => {
    const ids = listRules(db).map(({ id }) => id)
    if (!ids.includes(args.id)) throw missing('rule', args.id)
    const others = ids.filter((id) => id !== args.id)
    const ordered = [...others.slice(0, args.to), args.id, ...others.slice(args.to)]
    ordered.forEach((id, position) => prepared(db, PLACE).run(position, id))
  },
} satisfies Record<string, Operation<never, unknown>>
