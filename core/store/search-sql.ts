import { never } from '../base/never.ts'
import { foldedWords } from '../model/search-fold.ts'
import type { SearchNode, TextField } from '../model/search-query.ts'
import { spanOf } from '../model/search-values.ts'

/** Ids of the folders and tags that a name means; the query's other words stand in it already. */
export interface SearchNames {
  folders(name: string): readonly number[]
  tags(name: string): readonly number[]
}

/** A query for SQLite. Every word of it is a bound value. */
export interface CompiledSearch {
  /** What the full-text index is asked first, or null where messages are looked at one by one. */
  readonly match: string | null
  /** The match has beginnings of words, which the index gathers whole before it answers. */
  readonly hasPrefix: boolean
  /** Where there is no match: only messages with one of these tags are looked at. */
  readonly tags: readonly number[] | null
  /** What else must be so of a row `f` of message; null: nothing. */
  readonly filter: string | null
  readonly values: Readonly<Record<string, number | string>>
  /** Texts that the filter asks for: to be bound as JSON lists of the ids that hold them. */
  readonly texts: readonly { readonly name: string; readonly match: string }[]
  /** Of when all that is found is, by its Date, Unix ms; -Infinity and Infinity where it may be of any time. */
  readonly fromMs: number
  readonly toMs: number
}

/** Columns of message_text for each field; `addressees` holds To and Cc. */
const COLUMNS: Readonly<Record<TextField, string>> = {
  from: 'author',
  to: 'addressees',
  cc: 'cc',
  subject: 'subject',
  body: 'body',
  filename: 'files',
}
const STATES = {
  unread: 'f.seen = 0',
  read: 'f.seen = 1',
  starred: 'f.starred = 1',
  unstarred: 'f.starred = 0',
} as const

/** A word or phrase as an FTS5 string: words of the index only, so nothing in it is an operator. */
function phrase({ text, field, isPrefix }: Extract<SearchNode, { kind: 'text' }>): string {
  const words = foldedWords(text)
  const inIndex: string[] = []
  for (const [i, word] of words.entries()) {
    const next = words[i + 1]
    if (!word.isLetter) inIndex.push(word.text)
    else if (next?.isGlued === true) inIndex.push(word.text + next.text)
    // The last letter of a run stands alone in the index; at the end of a phrase the run may go on.
    else if (next !== undefined || !word.isGlued) inIndex.push(word.text)
  }
  const last = words.at(-1)
  const isOpen = last?.isLetter === true ? !last.isGlued : isPrefix
  return `${field === null ? '' : `${COLUMNS[field]} : `}"${inIndex.join(' ')}"${isOpen ? ' *' : ''}`
}

/** A part of a query as one FTS5 expression; undefined where the index alone can't answer it. */
function matchOf(node: SearchNode): string | undefined {
  switch (node.kind) {
    case 'text':
      return phrase(node)
    case 'or': {
      const sides = node.of.map(matchOf)
      return sides.every((side) => side !== undefined) ? `(${sides.join(' OR ')})` : undefined
    }
    case 'and': {
      const found = ofAll(node.of)
      return found.rest.length === 0 ? found.match : undefined
    }
    default:
      return undefined
  }
}

/** What must all be so, in two: what the index can answer (it needs something to look for), and the rest. */
function ofAll(all: readonly SearchNode[]): { match: string | undefined; rest: readonly SearchNode[] } {
  const wanted: string[] = []
  const unwanted: string[] = []
  const rest: SearchNode[] = []
  for (const node of all) {
    const match = matchOf(node)
    const without = node.kind === 'not' ? matchOf(node.of) : undefined
    if (match !== undefined) wanted.push(match)
    else if (without !== undefined) unwanted.push(without)
    else rest.push(node)
  }
  if (wanted.length === 0) return { match: undefined, rest: all }
  const positive = `(${wanted.join(' AND ')})`
  return { match: unwanted.length === 0 ? positive : `(${positive} NOT (${unwanted.join(' OR ')}))`, rest }
}

const isTag = (node: SearchNode): node is Extract<SearchNode, { name: string }> => node.kind === 'tag'

/** Whether an FTS5 expression of ours has the beginning of a word in it. */
export const hasPrefix = (match: string): boolean => match.includes('" *')

/** The query for SQLite. `nowMs` is what dates such as "yesterday" count from. */
export function compileSearch(query: SearchNode, names: SearchNames, nowMs: number): CompiledSearch {
  const values: Record<string, number | string> = {}
  const texts: { name: string; match: string }[] = []
  const bind = (value: number | string): string => {
    const name = `v${Object.keys(values).length}`
    values[name] = value
    return `@${name}`
  }
  const oneOf = (column: string, ids: readonly number[]) =>
    `${column} IN (SELECT value FROM json_each(${bind(JSON.stringify(ids))}))`
  const dates = ({ than, date }: Extract<SearchNode, { kind: 'date' }>) => {
    const span = spanOf(date, nowMs)
    if (than === 'before') return { fromMs: -Infinity, toMs: span.fromMs }
    return than === 'after' ? { fromMs: span.fromMs, toMs: Infinity } : span
  }
  const condition = (node: SearchNode): string => {
    const match = matchOf(node)
    if (match !== undefined) {
      const known = texts.find((one) => one.match === match)
      const name = known?.name ?? `t${texts.length}`
      if (known === undefined) texts.push({ name, match })
      return `f.id IN (SELECT value FROM json_each(@${name}))`
    }
    switch (node.kind) {
      case 'and':
      case 'or':
        return `(${node.of.map(condition).join(node.kind === 'and' ? ' AND ' : ' OR ')})`
      case 'not':
        return `NOT ${condition(node.of)}`
      case 'in':
        return oneOf('f.folder_id', names.folders(node.name))
      case 'tag':
        return `EXISTS (SELECT 1 FROM message_tag AS g WHERE g.message_id = f.id AND ${oneOf('g.tag_id', names.tags(node.name))})`
      case 'is':
        return STATES[node.state]
      case 'has':
        return 'f.attachments > 0'
      case 'size':
        return `f.size_bytes ${node.than === 'larger' ? '>' : '<'} ${bind(node.bytes)}`
      case 'date': {
        const { fromMs, toMs } = dates(node)
        const since = fromMs === -Infinity ? [] : [`f.date_ms >= ${bind(fromMs)}`]
        return `(${[...since, ...(toMs === Infinity ? [] : [`f.date_ms < ${bind(toMs)}`])].join(' AND ')})`
      }
      case 'text':
        throw new Error('the index answers every text') // matchOf has, above
      default:
        return never(node, 'part of a search')
    }
  }
  const all = query.kind === 'and' ? query.of : [query]
  const { match, rest } = ofAll(all)
  const tag = match === undefined ? rest.find((node) => isTag(node)) : undefined
  const left = rest.filter((node) => node !== tag)
  const spans = rest.flatMap((node) => (node.kind === 'date' ? [dates(node)] : []))
  return {
    match: match ?? null,
    hasPrefix: match !== undefined && hasPrefix(match),
    tags: tag === undefined ? null : names.tags(tag.name),
    filter: left.length === 0 ? null : left.map(condition).join(' AND '),
    values,
    texts,
    fromMs: Math.max(-Infinity, ...spans.map(({ fromMs }) => fromMs)),
    toMs: Math.min(Infinity, ...spans.map(({ toMs }) => toMs)),
  }
}
