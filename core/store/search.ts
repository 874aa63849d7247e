import type { SearchNode } from '../model/search-query.ts'
import { foldText } from '../model/search-fold.ts'
import { listByIds, type Message } from './message-list.ts'
import { prepared } from './prepared.ts'
import { compileSearch, hasPrefix, type CompiledSearch, type SearchNames } from './search-sql.ts'
import type { Query, ReadDb } from './types.ts'

/** What is to be found, where it goes on, and how much at once. */
export interface SearchArgs {
  readonly query: SearchNode
  /** Only ids below this one; null from the newest on. */
  readonly before: number | null
  readonly limit: number
  readonly nowMs: number
}
/** Some of what was found. */
export interface SearchFound {
  /** Newest arrival first. */
  readonly rows: Message[]
  /** Everything older than this is still to be looked at; null when nothing is. */
  readonly before: number | null
}

/** A slice takes about so long: less, and the next looks at more. */
const SLICE_MS = 8
/** Something found is shown after so long; a search that finds nothing says so after so long. */
const SHOW_MS = 40
const BREATHE_MS = 250
/** Ids of a day: what a slice looks at, at least. */
const DAY_IDS = 86_400 * 2 ** 20
/** The first slice looks at that part of the time there is mail of. */
const FIRST_PART = 1 / 32
/** Candidates that are looked at in one slice; fewer in the first, for most filters let most mail through. */
const ROWS = 2000
const FIRST_ROWS = 250
/** The same for mail that is asked for one by one. */
const SKEWED_ROWS = 300
/** Mail whose Date is further from when it came is in the index message_skewed. */
const SKEW_MS = 2 * 86_400_000
/** Of a match with beginnings of words so many at once, for each time the index gathers all. */
const PREFIX_ROWS = 20_000

// Two questions: SQLite answers one minimum or maximum from the end of the table, and both at once by reading all of it.
const BOUNDS = 'SELECT (SELECT min(id) FROM message) AS low, (SELECT max(id) FROM message) AS high'
const FOLDERS = 'SELECT id, role, name FROM folder LIMIT 10000'
const TAGS = 'SELECT id, name FROM tag LIMIT 10000'
// The casts: a number of this size is bound as a real, which the full-text index takes for no bound.
const MATCHING = `
  SELECT rowid FROM message_text
  WHERE message_text MATCH @match AND rowid BETWEEN CAST(@low AS INTEGER) AND CAST(@high AS INTEGER) ORDER BY rowid DESC LIMIT @most`
const TAGGED = `
  SELECT DISTINCT message_id FROM message_tag
  WHERE tag_id IN (SELECT value FROM json_each(@tags)) AND message_id BETWEEN @low AND @high ORDER BY message_id DESC LIMIT @most` // index message_tag_tag
const SKEWED = `
  SELECT id FROM message INDEXED BY message_skewed
  WHERE abs(id / 1048576 * 1000 - date_ms) > 172800000 AND id BETWEEN @low AND @high ORDER BY id DESC LIMIT @most`
const IS_TAGGED = `
  EXISTS (SELECT 1 FROM message_tag AS t WHERE t.message_id = f.id AND t.tag_id IN (SELECT value FROM json_each(@tags)))`
const AMONG = (filter: string) => `
  SELECT f.id FROM message AS f INDEXED BY message_facts
  WHERE f.id IN (SELECT value FROM json_each(@ids)) AND (${filter}) ORDER BY f.id DESC`
const BETWEEN = (filter: string) => `
  SELECT f.id FROM message AS f INDEXED BY message_facts
  WHERE f.id BETWEEN @low AND @high AND (${filter}) ORDER BY f.id DESC LIMIT @most`

/** Whose folder or tag a word means: the whole name, or its last part; a folder also by its role. */
function namesOf(db: ReadDb): SearchNames {
  const means = (name: string, wanted: string) => {
    const folded = foldText(name)
    return folded === wanted || folded.split(/[/.]/).at(-1) === wanted
  }
  return {
    folders: (name) =>
      prepared<[], { id: number; role: string; name: string }>(db, FOLDERS)
        .all()
        .filter(
          (folder) =>
            (folder.role === name.toLowerCase() && folder.role !== 'other') || means(folder.name, foldText(name)),
        )
        .map(({ id }) => id),
    tags: (name) =>
      prepared<[], { id: number; name: string }>(db, TAGS)
        .all()
        .filter((tag) => foldText(tag.name) === foldText(name))
        .map(({ id }) => id),
  }
}

/**
 * The ids that the full-text index has for a text, read once from the newest on. SQLite can't be told where to stop: what holds
 * nothing below is looked for to the end, so asking for one span after the other would do that again and again.
 */
class Holding {
  readonly #read: (high: number) => number[]
  readonly #most: number
  /** Newest first; all that there are from `#down` on. */
  #ids: number[] = []
  #down: number

  constructor(db: ReadDb, match: string, high: number) {
    this.#most = hasPrefix(match) ? PREFIX_ROWS : ROWS
    this.#read = (below) =>
      prepared<[object]>(db, MATCHING).pluck().all({ match, low: 0, high: below, most: this.#most }) as number[]
    this.#down = high + 1
  }

  /** Those between two bounds, both included; each call is for ids below those of the call before. */
  within(low: number, high: number): number[] {
    this.#ids = this.#ids.filter((id) => id <= high)
    while (this.#down > low) {
      const more = this.#read(Math.min(high, this.#down - 1))
      this.#ids.push(...more)
      this.#down = more.length < this.#most ? 0 : (more.at(-1) ?? 0)
    }
    return this.#ids.filter((id) => id >= low)
  }
}

/** Looks for at most `most` ids between two bounds, both included, and says down to which all were looked at. */
type Look = (low: number, high: number, most: number) => { readonly ids: number[]; readonly down: number }
const downTo = (ids: readonly number[], low: number, most: number) => (ids.length < most ? low : (ids.at(-1) ?? low))

/** How the ids of a query are looked for. */
function lookFor(db: ReadDb, search: CompiledSearch, textsIn: (low: number, high: number) => object): Look {
  const { filter, values } = search
  // What is put together for one query stays out of the cache of statements.
  const idsOf = (sql: string) => db.prepare<[object]>(sql).pluck()
  const driver =
    search.match !== null
      ? { sql: prepared<[object]>(db, MATCHING).pluck(), match: search.match }
      : search.tags !== null
        ? { sql: prepared<[object]>(db, TAGGED).pluck(), tags: JSON.stringify(search.tags) }
        : undefined
  if (driver === undefined) {
    const all = idsOf(BETWEEN(filter ?? '1'))
    return (low, high, most) => {
      const ids = all.all({ ...values, ...textsIn(low, high), low, high, most }) as number[]
      return { ids, down: downTo(ids, low, most) }
    }
  }
  const { sql, ...what } = driver
  if (filter === null)
    return (low, high, most) => {
      const ids = sql.all({ ...what, low, high, most }) as number[]
      return { ids, down: downTo(ids, low, most) }
    }
  const among = idsOf(AMONG(filter))
  let next = search.hasPrefix ? PREFIX_ROWS : FIRST_ROWS
  return (low, high) => {
    const atOnce = next
    if (next < ROWS) next = Math.min(ROWS, next * 4)
    const some = sql.all({ ...what, low, high, most: atOnce }) as number[]
    const down = downTo(some, low, atOnce)
    const ids = among.all({ ...values, ...textsIn(down, high), ids: JSON.stringify(some) }) as number[]
    return { ids, down }
  }
}

/**
 * The same where only mail can be found whose Date is far from when it came: above and below the ids of a query's dates, so that
 * a year that is long gone is not searched through all that came since.
 */
function lookForSkewed(
  db: ReadDb,
  search: CompiledSearch,
  textsIn: (low: number, high: number) => object,
  holding: Holding | null,
): Look {
  const conditions = [search.filter === null ? '1' : `(${search.filter})`, ...(search.tags === null ? [] : [IS_TAGGED])]
  const what = { ...search.values, ...(search.tags === null ? {} : { tags: JSON.stringify(search.tags) }) }
  return (low, high) => {
    const skewed = prepared<[object]>(db, SKEWED).pluck().all({ low, high, most: SKEWED_ROWS }) as number[]
    const down = downTo(skewed, low, SKEWED_ROWS)
    if (skewed.length === 0) return { ids: [], down }
    const held = holding === null ? null : new Set(holding.within(down, high))
    const some = held === null ? skewed : skewed.filter((id) => held.has(id))
    const among = db.prepare<[object]>(AMONG(conditions.join(' AND '))).pluck()
    return { ids: among.all({ ...what, ...textsIn(down, high), ids: JSON.stringify(some) }) as number[], down }
  }
}

/** The first id of mail that came at that time. */
const idAt = (ms: number) => Math.floor(ms / 1000) * 2 ** 20

/**
 * Messages that a query finds, newest arrival first. Ids are in date order, so there is nothing to sort: hits of the index are read
 * some at a time and everything else by spans of time, a slice each, until there is enough to show.
 */
export function* searchMessages(db: ReadDb, args: SearchArgs): Generator<undefined, SearchFound, undefined> {
  const search = compileSearch(args.query, namesOf(db), args.nowMs)
  const bounds = prepared<[], { low: number | null; high: number | null }>(db, BOUNDS).get()
  const low = bounds?.low ?? 1
  let high = Math.min((args.before ?? Number.MAX_SAFE_INTEGER) - 1, bounds?.high ?? 0)
  const texts = search.texts.map(({ name, match }) => ({ name, holding: new Holding(db, match, high) }))
  const textsIn = (from: number, to: number) =>
    Object.fromEntries(texts.map(({ name, holding }) => [name, JSON.stringify(holding.within(from, to))]))
  const lookAll = lookFor(db, search, textsIn)
  const matching = search.match === null ? null : new Holding(db, search.match, high)
  const lookSkewed = lookForSkewed(db, search, textsIn, matching)
  // Outside of these only mail with a strange Date can be of the time that is asked for. A second for what division drops.
  const oldest = idAt(search.fromMs - SKEW_MS - 1000)
  const newest = idAt(search.toMs + SKEW_MS + 1000)
  const bySpan = search.match === null
  let span = bySpan ? Math.max(DAY_IDS, Math.ceil((high - low) * FIRST_PART)) : Number.MAX_SAFE_INTEGER
  const rows: Message[] = []
  const startMs = performance.now()
  while (high >= low) {
    const sliceMs = performance.now()
    const [look, end] =
      high > newest
        ? [lookSkewed, newest + 1]
        : high < oldest
          ? [lookSkewed, low]
          : [lookAll, Math.max(oldest, high - span)]
    const { ids, down } = look(Math.max(low, end), high, args.limit - rows.length)
    let reached = down
    for (let at = 0; at < ids.length && rows.length < args.limit;) {
      const some = ids.slice(at, at + args.limit - rows.length)
      rows.push(...listByIds(db, some))
      at += some.length
      if (rows.length === args.limit) reached = some.at(-1) ?? reached
    }
    high = reached - 1
    const nowMs = performance.now()
    const isEnough = rows.length === args.limit || nowMs - startMs > (rows.length > 0 ? SHOW_MS : BREATHE_MS)
    if (isEnough && high >= low) return { rows, before: reached }
    if (look === lookAll && bySpan) span = Math.max(DAY_IDS, Math.ceil(span * growth(SLICE_MS / (nowMs - sliceMs))))
    if (nowMs - startMs > SLICE_MS) yield undefined
  }
  return { rows, before: null }
}

/** How many times as much the next slice looks at. */
const growth = (factor: number) => Math.min(8, Math.max(1 / 4, factor))

export const searchQueries = {
  'message.search': searchMessages,
} satisfies Record<string, Query<never, unknown>>
