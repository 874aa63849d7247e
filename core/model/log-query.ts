import { QueryGrammar, type Combined, type ParsedQuery } from './query-grammar.ts'
import { parseSearchDate, type SearchDate } from './search-values.ts'
import type { Protocol, SessionState } from './transcript.ts'

/**
 * A query of the protocol log, parsed. `line` nodes are about one exchange of a session (a command with its answer, or a line or a
 * note that stands alone), the others about the whole session.
 */
export type LogNode =
  | { readonly kind: 'and' | 'or'; readonly of: readonly LogNode[] }
  | { readonly kind: 'not'; readonly of: LogNode }
  | LineNode
  | HeadNode

/** What is asked of an exchange. Text is compared without regard to case. */
export type LineNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'verb'; readonly verb: string }
  /** A code (`550`, `4xx`), an enhanced one (`5.7.x`) or a status (`-ERR`, `NO`). */
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'ms'; readonly than: Than; readonly ms: number }
/** What is asked of a session. */
export type HeadNode =
  | { readonly kind: 'host'; readonly text: string }
  | { readonly kind: 'tls'; readonly tls: boolean }
  | { readonly kind: 'protocol'; readonly protocol: Protocol }
  | { readonly kind: 'dir'; readonly side: 'client' | 'server' }
  | { readonly kind: 'state'; readonly states: readonly SessionState[] }
  | { readonly kind: 'lasted'; readonly than: Than; readonly ms: number }
  | { readonly kind: 'date'; readonly than: 'before' | 'after' | 'on'; readonly date: SearchDate }
  /** Of an account: its id, or a part of its name or user. */
  | { readonly kind: 'account'; readonly text: string }
  /** Of a message: its id here, or its Message-ID. */
  | { readonly kind: 'msg'; readonly text: string }
  | { readonly kind: 'entry'; readonly id: number }
  | { readonly kind: 'session'; readonly id: number }
export type Than = 'over' | 'under'
/** A text as a query of the log: `query` null where nothing is asked for. */
export type ParsedLogQuery = ParsedQuery<LogNode>

const STATES: Readonly<Record<string, readonly SessionState[]>> = {
  live: ['live'],
  ok: ['ok'],
  deferred: ['deferred'],
  failed: ['failed'],
  aborted: ['aborted'],
  problem: ['deferred', 'failed', 'aborted'],
}
const SIDES: Readonly<Record<string, 'client' | 'server'>> = {
  out: 'client',
  client: 'client',
  in: 'server',
  server: 'server',
}

/** Every field, with the sentence a completion shows; `values` where only those are allowed. */
export const LOG_FIELDS: Readonly<Record<string, { readonly about: string; readonly values?: readonly string[] }>> = {
  verb: { about: 'a command and its answer: RCPT, AUTH, RETR, FETCH' },
  code: { about: 'an answer by its code: 550, 4xx, 5.7.1, 5.7.x, -ERR, NO' },
  ms: { about: 'how long the answer took: >2000, <50' },
  host: { about: 'the other end: a part of its name or address' },
  tls: { about: 'whether the session was encrypted', values: ['yes', 'no'] },
  protocol: { about: 'smtp, pop3 or imap', values: ['smtp', 'pop3', 'imap'] },
  dir: { about: 'who called: out (we did) or in', values: ['out', 'in'] },
  state: { about: 'how the session ended, or live; problem for all that went wrong', values: Object.keys(STATES) },
  lasted: { about: 'how long the session lasted, in ms: >60000' },
  account: { about: 'an account: its number, or a part of its name or user' },
  msg: { about: 'sessions of a message: its number, or its Message-ID' },
  entry: { about: 'sessions of a message in the queue, by its number there' },
  session: { about: 'a session by its number' },
  before: { about: 'older than a day, month or year: 2026-03-31, 2026-03, 2026, yesterday, 7d' },
  after: { about: 'from that day, month or year on' },
  on: { about: 'of that day, month or year' },
}

/** Letters a text needs that is looked for in the bytes: a single one stands in nearly every line. */
const SHORTEST_TEXT = 2
const CODE = /^([2-5](\d\d|\dx|xx)|[245]\.(x|\d{1,3})(\.(x|\d{1,3}))?|[-+](err|ok)|ok|no|bad|bye|preauth)$/i

/**
 * Parses what a person wrote: `field:value` of LOG_FIELDS, words, `"…"` for what stands so in a line; `-` or NOT excludes, OR is
 * either, brackets group. Never throws.
 */
export function parseLogQuery(text: string): ParsedLogQuery {
  return new Parser(text).parse()
}

class Parser extends QueryGrammar<LogNode> {
  protected combine(node: Combined<LogNode>): LogNode {
    return node
  }

  protected term(): LogNode | null {
    const start = this.at
    const name = /^([a-z]+):/i.exec(this.text.slice(start, start + 20))?.[1]?.toLowerCase()
    if (name === undefined || !Object.hasOwn(LOG_FIELDS, name)) return this.#text()
    const behind = start + name.length + 1
    this.piece('field', start, behind)
    this.at = behind
    if (behind === this.text.length || /[\s()]/.test(this.peek()))
      throw this.trouble(start, behind, `Write what is looked for right behind “${name}:”.`)
    const { text, isQuoted, from } = this.read()
    this.piece('value', from, this.at)
    const value = text.trim()
    const wrong = (reason: string) => this.trouble(isQuoted ? start : from, this.at, reason)
    if (value === '') throw wrong(`Write what is looked for right behind “${name}:”.`)
    const node = toNode(name, value)
    return typeof node === 'string' ? fail(wrong(node)) : node
  }

  /** Words of a line. Other than in mail, signs count, too. */
  #text(): LogNode {
    const { text, isQuoted, from } = this.read()
    this.piece(isQuoted ? 'phrase' : 'word', from, this.at)
    if (text.trim().length < SHORTEST_TEXT)
      throw this.trouble(from, this.at, `What is looked for in the lines needs ${SHORTEST_TEXT} characters.`)
    return { kind: 'text', text }
  }
}

function fail(error: Error): never {
  throw error
}

/** The node of a field, or a sentence on what is wrong with its value. */
function toNode(name: string, value: string): LogNode | string {
  const word = value.toLowerCase()
  switch (name) {
    case 'verb':
      return /^[a-z][a-z0-9.-]{0,31}$/i.test(value)
        ? { kind: 'verb', verb: value.toUpperCase() }
        : 'A verb is the first word of a command, such as RCPT.'
    case 'code':
      return CODE.test(value)
        ? { kind: 'code', code: value.toUpperCase() }
        : 'A code is such as 550, 4xx, 5.7.1, 5.7.x, -ERR, NO.'
    case 'ms':
    case 'lasted': {
      const [, sign, amount, unit] = /^([<>])(\d{1,9})(ms|s|m)?$/i.exec(value) ?? []
      if (amount === undefined) return `“${name}:” takes a comparison, such as ${name}:>2000 or ${name}:<50.`
      const factor = { ms: 1, s: 1000, m: 60_000 }[(unit ?? 'ms').toLowerCase() as 'ms' | 's' | 'm']
      return { kind: name, than: sign === '>' ? 'over' : 'under', ms: Number(amount) * factor }
    }
    case 'host':
    case 'account':
      return { kind: name, text: word }
    case 'msg':
      return { kind: name, text: value }
    case 'tls':
      if (word !== 'yes' && word !== 'no') return '“tls:” knows yes and no.'
      return { kind: 'tls', tls: word === 'yes' }
    case 'protocol':
      if (word !== 'smtp' && word !== 'pop3' && word !== 'imap') return '“protocol:” knows smtp, pop3, imap.'
      return { kind: 'protocol', protocol: word }
    case 'dir': {
      const side = Object.hasOwn(SIDES, word) ? SIDES[word] : undefined
      return side === undefined ? '“dir:” knows out and in.' : { kind: 'dir', side }
    }
    case 'state': {
      const states = Object.hasOwn(STATES, word) ? STATES[word] : undefined
      return states === undefined ? `“state:” knows ${Object.keys(STATES).join(', ')}.` : { kind: 'state', states }
    }
    case 'entry':
    case 'session':
      return /^\d{1,15}$/.test(value) ? { kind: name, id: Number(value) } : `“${name}:” takes a number.`
    default: {
      const date = parseSearchDate(value)
      return date === undefined
        ? 'A date is such as 2026-03-31, 2026-03, 2026, today, yesterday, 7d, 2w, 3m, 1y.'
        : { kind: 'date', than: name as 'before' | 'after' | 'on', date }
    }
  }
}

/** Whether all that a query asks can be told by a session's head, without its lines. */
export function isAboutHeads(node: LogNode): boolean {
  switch (node.kind) {
    case 'and':
    case 'or':
      return node.of.every(isAboutHeads)
    case 'not':
      return isAboutHeads(node.of)
    default:
      return !isLine(node)
  }
}

/** Whether a node is about an exchange. */
export function isLine(node: LogNode): node is LineNode {
  return node.kind === 'text' || node.kind === 'verb' || node.kind === 'code' || node.kind === 'ms'
}

/** The texts a query looks for, none that it excludes: for marks. */
export function wantedTexts(node: LogNode): string[] {
  if (node.kind === 'and' || node.kind === 'or') return node.of.flatMap(wantedTexts)
  return node.kind === 'text' ? [node.text] : []
}

/** Whether a query is about what was answered, more than about what was said. */
export function isAboutAnswers(node: LogNode): boolean {
  if (node.kind === 'and' || node.kind === 'or') return node.of.some(isAboutAnswers)
  return node.kind === 'code' || node.kind === 'ms'
}
