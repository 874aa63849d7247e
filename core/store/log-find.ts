import { letGo } from '../base/let-go.ts'
import { Exchanges, type Exchange } from '../model/log-exchange.ts'
import { matcherFor, neededBytes, shownPart, type Matcher } from '../model/log-match.ts'
import { isAboutAnswers, wantedTexts, type LogNode } from '../model/log-query.ts'
import { readParts } from '../model/segment.ts'
import { eventsIn } from '../model/segment-reader.ts'
import { sessionsWith } from '../model/segment-search.ts'
import type { Protocol, SessionHead, SessionState, TranscriptEvent } from '../model/transcript.ts'
import { entriesOfMessageId } from './incoming-report.ts'
import { Pace } from './log-pace.ts'
import { HEADS, LogScan } from './log-scan.ts'
import { compileLogQuery, type LogNames } from './log-sql.ts'
import { prepared } from './prepared.ts'
import { segmentData } from './session-segment.ts'
import { getSession } from './session.ts'
import type { Query, ReadDb } from './types.ts'

/** What is looked for, and where a page before has ended. */
export interface LogFindArgs {
  readonly query: LogNode
  /** Only sessions older than that one. */
  readonly before: number | null
  readonly limit: number
  readonly nowMs: number
  /** Only these sessions. */
  readonly ids?: readonly number[]
}
/** A place in a session. */
export interface LogPlace {
  readonly seq: number
  readonly event: TranscriptEvent
  readonly verb: string
  readonly code: string
  readonly ms: number | null
}
/** A session that was found. */
export interface LogFoundSession {
  readonly head: SessionHead
  readonly places: readonly LogPlace[]
  readonly matches: number
}
/** What was found, newest first; `before` continues, null where all was looked through. */
export interface LogFound {
  readonly found: readonly LogFoundSession[]
  readonly before: number | null
  /** When the last session began that was looked at; null for none. */
  readonly searchedToMs: number | null
}

/** Ends a page that has something to show, and one that has not. */
const SHOW_MS = 30
const BREATHE_MS = 120
/** Segments that a group of sessions lies in, and of the first group: something is to be shown soon. */
const SPAN = 64
const FIRST_SPAN = 4
/** Of a session. */
const MOST_PLACES = 5
const MOST_MATCHES = 1000
const MOST_NAMED = 200

const PARTS = `SELECT id, parts FROM session_segment WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ${SPAN}`
const NEWEST = 'SELECT coalesce(max(id), 0) AS id FROM session_segment'
const ACCOUNTS = `
  SELECT id FROM account WHERE instr(lower(name), @text) > 0 OR instr(lower(login), @text) > 0 OR CAST(id AS TEXT) = @text
  LIMIT ${MOST_NAMED}`
const BY_MESSAGE_ID = `
  SELECT session_id AS id FROM session_message WHERE message_id IN (SELECT id FROM message WHERE message_id = ?) LIMIT ${MOST_NAMED}`
const BY_ENTRY = `SELECT session_id AS id FROM session_entry WHERE entry_id = ? LIMIT ${MOST_NAMED}`

/** What is read of a head before it is known to be found: id, start, protocol, segments, state, and what is asked of heads. */
type Row = [number, number, Protocol, number | null, number | null, SessionState, ...number[]]
const LIGHT = ['session.id', 'started_ms', 'protocol', 'first_segment', 'last_segment', 'state']

/** A session that may be found: which segments it lies in, and what its exchanges have to fit; true and false: whatever they are. */
interface Candidate {
  readonly id: number
  readonly startedMs: number
  readonly protocol: Protocol
  readonly fits: Matcher | boolean
  readonly first: number
  readonly last: number
}

const ids = (rows: readonly { readonly id: number }[]) => rows.map(({ id }) => id)

function namesOf(db: ReadDb): LogNames {
  return {
    accounts: (text) => ids(prepared<[object], { id: number }>(db, ACCOUNTS).all({ text })),
    sessionsOf(text) {
      const messageId = `<${text.replaceAll(/^<|>$/g, '')}>`
      const sessions = ids(prepared<[string], { id: number }>(db, BY_MESSAGE_ID).all(messageId))
      const sent = entriesOfMessageId(db, messageId)
      return [...sessions, ...sent.flatMap(({ id }) => ids(prepared<[number], { id: number }>(db, BY_ENTRY).all(id)))]
    },
  }
}

/**
 * Sessions that a query finds, newest first. What heads can tell SQL answers; the lines of what is left are read by groups of
 * sessions that lie near each other, so that a segment is read once for all of its sessions.
 */
export function* findInLog(db: ReadDb, args: LogFindArgs): Generator<undefined, LogFound, undefined> {
  const { query, limit } = args
  const { where, columns, heads, values } = compileLogQuery(query, namesOf(db), args.nowMs)
  const only = args.ids === undefined ? '' : 'AND session.id IN (SELECT value FROM json_each(@ids))'
  // What is put together for one query stays out of the cache of statements.
  const page = db
    .prepare<[object], Row>(
      `
    SELECT ${[...LIGHT, ...columns].join(', ')} FROM session WHERE session.id < @before ${only} AND ${where}
    ORDER BY session.id DESC LIMIT ${HEADS}`,
    )
    .raw()
  const bound = { ...values, ...(args.ids !== undefined && { ids: JSON.stringify(args.ids) }) }
  const texts = neededBytes(query)
  const scan = texts === null ? null : new LogScan(db, texts, { where: `${where} ${only}`, values: bound })
  const pace = new Pace()
  const startMs = performance.now()
  const found: LogFoundSession[] = []
  let before = args.before ?? Number.MAX_SAFE_INTEGER
  let searchedToMs: number | null = null
  let span = FIRST_SPAN
  for (let isFirst = true; ; isFirst = false) {
    const newest = prepared<[], { id: number }>(db, NEWEST).get()?.id ?? 0
    // The first sessions are looked at one by one, for what is not rare is in these.
    if (scan !== null && !isFirst) {
      const passed = yield* scan.passOver(before, newest, pace, startMs + (found.length > 0 ? SHOW_MS : BREATHE_MS))
      if (passed.before !== before) searchedToMs = getSession(db, passed.before)?.startedMs ?? searchedToMs
      before = passed.before
      if (passed.go === 'end') return { found, before: null, searchedToMs }
      if (passed.go === 'pause') return { found, before, searchedToMs }
    }
    const rows = page.all({ ...bound, before })
    const all = rows.map((row) => toCandidate(row, newest, query, heads))
    for (let at = 0; at < all.length;) {
      const group = all.slice(at, groupEnd(all, at, span))
      at += group.length
      for (const one of yield* foundIn(db, group, query, scan, pace)) {
        found.push(one)
        if (found.length === limit) return { found, before: one.head.id, searchedToMs: one.head.startedMs }
      }
      const last = group.at(-1)
      before = last?.id ?? before
      searchedToMs = last?.startedMs ?? searchedToMs
      span = Math.min(SPAN, span * 2)
      const isEnough = performance.now() - startMs > (found.length > 0 ? SHOW_MS : BREATHE_MS)
      if (isEnough && (at < all.length || rows.length === HEADS)) return { found, before, searchedToMs }
    }
    if (rows.length < HEADS) return { found, before: null, searchedToMs }
    yield* pace.rest()
  }
}

function toCandidate(row: Row, newest: number, query: LogNode, heads: readonly LogNode[]): Candidate {
  const [id, startedMs, protocol, firstSegment, lastSegment, state] = row
  const fits = matcherFor(query, (node) => row[LIGHT.length + heads.indexOf(node)] === 1)
  const first = firstSegment ?? newest + 1
  // How far a session that goes on has come is stored now and then only.
  const last = state === 'live' ? newest : (lastSegment ?? first)
  return { id, startedMs, protocol, fits, first, last }
}

/** Where the group ends that begins at a candidate: its segments are no more than so many, unless it is one session. */
function groupEnd(all: readonly Candidate[], from: number, span: number): number {
  let [first, last] = [Number.POSITIVE_INFINITY, 0]
  for (let at = from; at < all.length; at++) {
    const one = all[at] as Candidate
    if (typeof one.fits === 'boolean') continue
    first = Math.min(first, one.first)
    last = Math.max(last, one.last)
    if (last - first >= span && at > from) return at
  }
  return all.length
}

function* foundIn(
  db: ReadDb,
  group: readonly Candidate[],
  query: LogNode,
  scan: LogScan | null,
  pace: Pace,
): Generator<undefined, LogFoundSession[], undefined> {
  let asking = group.filter(({ fits }) => typeof fits === 'function')
  if (scan !== null && asking.length > 0) {
    const suspects = new Set<number>()
    const wanted = new Set(asking.map(({ id }) => id))
    for (const data of bytesOf(db, asking, scan)) {
      for (const id of sessionsWith(data, scan.texts, (one) => wanted.has(one) && !suspects.has(one))) suspects.add(id)
      letGo(data)
      yield* pace.rest()
    }
    asking = asking.filter(({ id }) => suspects.has(id))
  }
  const places = new Map(asking.map((one) => [one.id, new Finder(one, query)]))
  if (asking.length > 0)
    for (const { data, ids, seqOf } of segmentsOf(db, asking)) {
      const next = new Map(seqOf)
      const [single] = ids.size === 1 ? ids : []
      for (const { sessionId, event } of eventsIn(data, single)) {
        const seq = next.get(sessionId)
        if (seq === undefined) continue
        next.set(sessionId, seq + 1)
        places.get(sessionId)?.push(seq, event)
      }
      yield* pace.rest()
    }
  return group.flatMap(({ id, fits }) => {
    const found = fits === true ? { places: [], matches: 0 } : places.get(id)?.end()
    const head = found === undefined ? undefined : getSession(db, id)
    return found === undefined || head === undefined ? [] : [{ head, ...found }]
  })
}

const spanOf = (sessions: readonly Candidate[]) => ({
  first: sessions.reduce((least, one) => Math.min(least, one.first), Number.MAX_SAFE_INTEGER),
  last: sessions.reduce((most, one) => Math.max(most, one.last), 0),
})

/** The bytes of all segments that may hold something of some sessions. */
function* bytesOf(db: ReadDb, sessions: readonly Candidate[], scan: LogScan): Generator<Uint8Array, void, void> {
  const { first, last } = spanOf(sessions)
  // Of few sessions in many segments, it is looked up first which they are in.
  if (sessions.length < last - first) for (const { data } of segmentsOf(db, sessions)) yield data
  else
    for (let id = first; id <= last; id++) {
      const data = scan.isWithout(id) ? undefined : segmentData(db, id)
      if (data !== undefined) yield data
    }
}

/** A segment, with those of the sessions asked for that are in it and the numbers of their first events there. */
interface Read {
  readonly data: Uint8Array
  readonly ids: ReadonlySet<number>
  readonly seqOf: ReadonlyMap<number, number>
}

/** Segments that hold something of some sessions, in order. */
function* segmentsOf(db: ReadDb, sessions: readonly Candidate[]): Generator<Read, void, void> {
  const wanted = new Set(sessions.map(({ id }) => id))
  const { first, last } = spanOf(sessions)
  for (let next = first; ;) {
    const rows = prepared<unknown[], { id: number; parts: Uint8Array }>(db, PARTS).all(next, last)
    for (const { id, parts } of rows) {
      const inIt = readParts(parts).filter(({ sessionId, count }) => count > 0 && wanted.has(sessionId))
      const data = inIt.length === 0 ? undefined : segmentData(db, id)
      if (data === undefined) continue // of others, or removed meanwhile
      const seqOf = new Map(inIt.map(({ sessionId, seq }) => [sessionId, seq]))
      yield { data, ids: new Set(seqOf.keys()), seqOf }
    }
    if (rows.length < SPAN) return
    next = (rows.at(-1)?.id ?? 0) + 1
  }
}

/** Finds the places of one session, event by event. */
class Finder {
  readonly #fits: Matcher
  readonly #exchanges: Exchanges
  readonly #texts: readonly string[]
  readonly #isAboutAnswers: boolean
  readonly #places: LogPlace[] = []
  #matches = 0

  constructor({ protocol, fits }: Candidate, query: LogNode) {
    this.#fits = typeof fits === 'function' ? fits : () => fits
    this.#texts = wantedTexts(query)
    this.#isAboutAnswers = isAboutAnswers(query)
    this.#exchanges = new Exchanges(protocol, (exchange) => this.#look(exchange))
  }

  push(seq: number, event: TranscriptEvent): void {
    if (this.#matches < MOST_MATCHES) this.#exchanges.push({ seq, event })
  }

  /** What there is; undefined for nothing. */
  end(): Omit<LogFoundSession, 'head'> | undefined {
    this.#exchanges.end()
    return this.#matches === 0 ? undefined : { places: this.#places, matches: this.#matches }
  }

  #look(exchange: Exchange): void {
    if (this.#matches === MOST_MATCHES || !this.#fits(exchange)) return
    this.#matches++
    const shown = this.#places.length < MOST_PLACES ? shownPart(exchange, this.#texts, this.#isAboutAnswers) : null
    const { verb, code, ms } = exchange
    if (shown !== null) this.#places.push({ ...shown, verb, code, ms })
  }
}

export const logFindQueries = {
  'log.find': findInLog,
} satisfies Record<string, Query<never, unknown>>
