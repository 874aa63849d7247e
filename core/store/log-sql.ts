import type { HeadNode, LogNode } from '../model/log-query.ts'
import { spanOf } from '../model/search-values.ts'

/** A query of the log as far as SQL answers it. */
export interface CompiledLogQuery {
  /** What every session that can be found fulfils. */
  readonly where: string
  /** What is asked of heads: each a column that is 0 or 1, in the order of `heads`. */
  readonly columns: readonly string[]
  readonly heads: readonly LogNode[]
  readonly values: Readonly<Record<string, string | number>>
}

/** What only the store knows of the names in a query. */
export interface LogNames {
  accounts(text: string): number[]
  /** Sessions of a message by its Message-ID. */
  sessionsOf(messageId: string): number[]
}

/** What ends well takes no longer than its session did. */
const LASTED = `(coalesce(ended_ms, @now) - started_ms)`
/** Codes that say how a session's worst reply went: what is live may have seen worse since it was stored. */
const WORST = `(state = 'live' OR worst = '' OR worst NOT GLOB '[0-9]*' OR CAST(worst AS INTEGER) >=`

/** Compiles a query. All that a person wrote is bound, never written into the SQL. */
export function compileLogQuery(query: LogNode, names: LogNames, nowMs: number): CompiledLogQuery {
  const values: Record<string, string | number> = { now: nowMs }
  const heads: LogNode[] = []
  const columns: string[] = []
  let bound = 0
  const bind = (value: string | number) => {
    const name = `v${bound++}`
    values[name] = value
    return `@${name}`
  }
  const known = new Map<LogNode, string>()
  /** What a node about heads is in SQL, once for each. */
  const head = (node: HeadNode): string => {
    const sql = known.get(node) ?? headSql(node, bind, names, nowMs)
    if (!known.has(node)) {
      known.set(node, sql)
      heads.push(node)
      columns.push(sql)
    }
    return sql
  }
  /** What has to be so for a node to be so (or, `negated`, not to be); null where a head can't tell. */
  const needed = (node: LogNode, negated: boolean): string | null => {
    switch (node.kind) {
      case 'not':
        return needed(node.of, !negated)
      case 'and':
      case 'or': {
        const each = node.of.map((one) => needed(one, negated))
        if ((node.kind === 'and') === negated) return each.includes(null) ? null : `(${each.join(' OR ')})`
        const told = each.filter((one) => one !== null)
        return told.length === 0 ? null : `(${told.join(' AND ')})`
      }
      case 'text':
      case 'verb':
        return null
      case 'ms':
        return negated || node.than === 'under' ? null : `(state = 'live' OR ${LASTED} >= ${bind(node.ms)})`
      case 'code': {
        const least = negated ? null : leastCode(node.code)
        return least === null ? null : `${WORST} ${bind(least)})`
      }
      default:
        return negated ? `NOT ${head(node)}` : head(node)
    }
  }
  return { where: needed(query, false) ?? '1', columns, heads, values }
}

/** The least reply code of SMTP that a session with such an answer has seen; null where that tells nothing. */
function leastCode(code: string): number | null {
  const [, first, rest] = /^([45])(\d\d|\dX|XX|\..*)$/.exec(code) ?? []
  if (first === undefined || rest === undefined) return null
  return Number(first + (rest.startsWith('.') ? '00' : rest.replaceAll('X', '0')))
}

/** What is asked of a head, in SQL that is 0 or 1 and never NULL. */
function headSql(node: HeadNode, bind: (value: string | number) => string, names: LogNames, nowMs: number): string {
  const among = (ids: readonly number[]) => `(SELECT value FROM json_each(${bind(JSON.stringify(ids))}))`
  switch (node.kind) {
    case 'host': {
      const text = bind(node.text)
      return `(instr(lower(peer), ${text}) > 0 OR instr(lower(address), ${text}) > 0)`
    }
    case 'tls':
      return `(tls = ${node.tls ? 1 : 0})`
    case 'protocol':
      return `(protocol = ${bind(node.protocol)})`
    case 'dir':
      return `(side = ${bind(node.side)})`
    case 'state':
      return `(state IN (SELECT value FROM json_each(${bind(JSON.stringify(node.states))})))`
    case 'lasted':
      return `(${LASTED} ${node.than === 'over' ? '>' : '<'} ${bind(node.ms)})`
    case 'date': {
      const { fromMs, toMs } = spanOf(node.date, nowMs)
      if (node.than === 'before') return `(started_ms < ${bind(fromMs)})`
      if (node.than === 'after') return `(started_ms >= ${bind(fromMs)})`
      return `(started_ms >= ${bind(fromMs)} AND started_ms < ${bind(toMs)})`
    }
    case 'account':
      return `(coalesce(account_id, 0) IN ${among(names.accounts(node.text))})`
    case 'msg':
      if (!/^\d+$/.test(node.text)) return `(session.id IN ${among(names.sessionsOf(node.text))})`
      return `(session.id IN (SELECT session_id FROM session_message WHERE message_id = ${bind(Number(node.text))}))`
    case 'entry':
      return `(session.id IN (SELECT session_id FROM session_entry WHERE entry_id = ${bind(node.id)}))`
    case 'session':
      return `(session.id = ${bind(node.id)})`
  }
}
