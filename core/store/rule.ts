import { Fault } from '../base/fault.ts'
import type { Rule } from '../model/rule.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** A rule with what became of it. */
export interface StoredRule extends Rule {
  /** Messages it fitted. */
  readonly matches: number
  readonly lastMatchMs: number | null
  /** What could not be done the last time, in words; null where nothing was. */
  readonly trouble: string | null
  readonly troubleMs: number | null
}
interface Row extends Omit<StoredRule, 'enabled' | 'scope' | 'condition' | 'actions'> {
  readonly enabled: number
  readonly scope: string
  readonly condition: string
  readonly actions: string
}
/** What a rule is to be; without `id` a new one, at the end. */
export type RuleChange = Omit<Rule, 'id'> & { readonly id?: number; readonly trouble?: string }
/** The server whose Authentication-Results an account trusts. */
export interface TrustedServer {
  readonly accountId: number
  readonly authservId: string
}

/** More rules nobody knows any more. */
export const MOST_RULES = 1000

const COLUMNS = `id, name, enabled, scope, condition, actions, matches, last_match_ms AS lastMatchMs, trouble, trouble_ms AS troubleMs`
const LIST = `SELECT ${COLUMNS} FROM rule ORDER BY position, id LIMIT ${MOST_RULES}`
const GET = `SELECT ${COLUMNS} FROM rule WHERE id = ?`
const COUNT = 'SELECT count(*) AS n FROM rule'
const ANY_ENABLED = 'SELECT 1 FROM rule WHERE enabled = 1 LIMIT 1' // index rule_enabled
const INSERT = `
  INSERT INTO rule (position, name, enabled, scope, condition, actions, trouble, trouble_ms, created_ms)
  VALUES ((SELECT coalesce(max(position), -1) + 1 FROM rule), ?, ?, ?, ?, ?, ?, ?, ?)`
const UPDATE = `
  UPDATE rule SET name = ?, enabled = ?, scope = ?, condition = ?, actions = ?, trouble = NULL, trouble_ms = NULL WHERE id = ?`
const ENABLE = 'UPDATE rule SET enabled = ? WHERE id = ?'
const REMOVE = 'DELETE FROM rule WHERE id = ?'
const REMOVE_ALL = 'DELETE FROM rule'
const PLACE = 'UPDATE rule SET position = ? WHERE id = ?'
const TROUBLE = 'UPDATE rule SET trouble = ?, trouble_ms = ? WHERE id = ?'
const TRUSTED = 'SELECT account_id AS accountId, authserv_id AS authservId FROM rule_trust ORDER BY account_id'
const TRUSTED_BY = 'SELECT authserv_id AS authservId FROM rule_trust WHERE account_id = ?'
const TRUST = `
  INSERT INTO rule_trust (account_id, authserv_id) VALUES (?, ?) ON CONFLICT (account_id) DO UPDATE SET authserv_id = excluded.authserv_id`
const DISTRUST = 'DELETE FROM rule_trust WHERE account_id = ?'
const HAS_ACCOUNT = 'SELECT 1 FROM account WHERE id = ?'

function toRule({ enabled, scope, condition, actions, ...row }: Row): StoredRule {
  return {
    ...row,
    enabled: enabled === 1,
    scope: JSON.parse(scope) as Rule['scope'],
    condition: JSON.parse(condition) as Rule['condition'],
    actions: JSON.parse(actions) as Rule['actions'],
  }
}

/** All rules in the order they are asked. */
export function listRules(db: ReadDb): StoredRule[] {
  return prepared<[], Row>(db, LIST).all().map(toRule)
}

/** The rule of that id, or undefined. */
export function getRule(db: ReadDb, id: number): StoredRule | undefined {
  const row = prepared<[number], Row>(db, GET).get(id)
  return row && toRule(row)
}

/** Whether any rule is asked about mail that comes. */
export function hasEnabledRule(db: ReadDb): boolean {
  return prepared(db, ANY_ENABLED).get() !== undefined
}

/** The servers that accounts trust. */
export function listTrusted(db: ReadDb): TrustedServer[] {
  return prepared<[], TrustedServer>(db, TRUSTED).all()
}

/** The server an account trusts, or undefined. */
export function trustedBy(db: ReadDb, accountId: number): string | undefined {
  return prepared<[number], TrustedServer>(db, TRUSTED_BY).get(accountId)?.authservId
}

/** Says on a rule what could not be done, or (null) that all could. */
export function setRuleTrouble(db: WriteDb, id: number, trouble: string | null, nowMs: number): void {
  prepared(db, TROUBLE).run(trouble, trouble === null ? null : nowMs, id)
}

function save(db: WriteDb, { id, trouble, ...rule }: RuleChange, nowMs: number): number {
  const { name, enabled, scope, condition, actions } = rule
  const values = [name, enabled ? 1 : 0, ...[scope, condition, actions].map((one) => JSON.stringify(one))]
  if (id !== undefined) {
    if (prepared(db, UPDATE).run(...values, id).changes === 0) throw noRule(id)
    return id
  }
  if ((prepared<[], { n: number }>(db, COUNT).get()?.n ?? 0) >= MOST_RULES)
    throw new Fault('conflict', `add a rule: there are ${MOST_RULES} already`, { what: 'rule', reason: 'too many' })
  const troubled = [trouble ?? null, trouble === undefined ? null : nowMs]
  return Number(prepared(db, INSERT).run(...values, ...troubled, nowMs).lastInsertRowid)
}

const noRule = (id: number) =>
  new Fault('not-found', `find rule ${id}: there is none`, { what: 'rule', id: String(id) })

export const ruleOperations = {
  /** Makes or changes a rule; its id. Throws `not-found`, and `conflict` where there are too many. */
  'rule.save': save,
  /** Takes rules over, behind those there are or in their place. Throws `conflict` where there are too many. */
  'rule.import': (
    db: WriteDb,
    args: { readonly rules: readonly Omit<RuleChange, 'id'>[]; readonly replace: boolean },
    nowMs: number,
  ): number[] => {
    if (args.replace) prepared(db, REMOVE_ALL).run()
    return args.rules.map((rule) => save(db, rule, nowMs))
  },
  /** Throws `not-found`. */
  'rule.enable': (db: WriteDb, args: { readonly id: number; readonly enabled: boolean }): void => {
    if (prepared(db, ENABLE).run(args.enabled ? 1 : 0, args.id).changes === 0) throw noRule(args.id)
  },
  /** Throws `not-found`. */
  'rule.remove': (db: WriteDb, args: { readonly id: number }): void => {
    if (prepared(db, REMOVE).run(args.id).changes === 0) throw noRule(args.id)
  },
  /** Puts a rule at that place, from 0. Throws `not-found`. */
  'rule.reorder': (db: WriteDb, args: { readonly id: number; readonly to: number }): void => {
    const ids = listRules(db).map(({ id }) => id)
    if (!ids.includes(args.id)) throw noRule(args.id)
    const others = ids.filter((id) => id !== args.id)
    const ordered = [...others.slice(0, args.to), args.id, ...others.slice(args.to)]
    ordered.forEach((id, position) => prepared(db, PLACE).run(position, id))
  },
  /** Throws `not-found` for an account that is gone. */
  'rule.trust': (db: WriteDb, args: { readonly accountId: number; readonly authservId: string | null }): void => {
    const { accountId, authservId } = args
    if (prepared(db, HAS_ACCOUNT).get(accountId) === undefined)
      throw new Fault('not-found', `find account ${accountId}: there is none`, {
        what: 'account',
        id: String(accountId),
      })
    if (authservId === null) prepared(db, DISTRUST).run(accountId)
    else prepared(db, TRUST).run(accountId, authservId)
  },
} satisfies Record<string, Operation<never, unknown>>
