import { bareSort } from '../model/sort-key.ts'
import { foldersOf, type Cursor } from './message-list.ts'
import { prepared } from './prepared.ts'
import type { ReadDb } from './types.ts'

/*
 * In which order a folder's rows stand, all of them, so that a window can begin anywhere in it. In the reader thread, in slices; what
 * was found is kept until somebody has written.
 */

/** By what a list is sorted. */
export type SortBy = 'date' | 'from' | 'subject' | 'size'
export interface FolderOrderArgs {
  /** Null: every inbox in one. */
  readonly folderId: number | null
  /** One row for each conversation, where its newest message stands. */
  readonly threads: boolean
  readonly by: SortBy
  /** Smallest or oldest first. */
  readonly isUp: boolean
  /** A BCP 47 tag: whose alphabet words are sorted by. */
  readonly locale?: string | undefined
  /** Conversations whose messages stand below their row: these, or all but these. By the ids of threads. */
  readonly open: { readonly all: boolean; readonly but: readonly number[] }
}

/** The rows of a list from top to bottom. */
export interface FolderOrder {
  readonly folders: readonly number[]
  /** Ids of messages; of one that stands below the row of its conversation, with a minus before it. */
  readonly keys: Float64Array
  /** Conversations with more than one message here, by the id of their row: all of them, oldest first. */
  readonly members: ReadonlyMap<number, readonly number[]>
}

/** Messages of the folders in order of the list, each with the thread it belongs to; 0 where there is none. */
interface Base {
  readonly ids: Float64Array
  readonly threadIds: Float64Array
}

/** Rows read between two slices of the reader thread: along an index alone, and with the rows themselves. */
const SLICE = 4000
const TEXT_SLICE = 500
/** Orders that are kept. */
const MOST_KEPT = 6
/** Of a smaller folder its rows tell their threads sooner than the index of all threads does. */
const FEW = 5000

const DATES = `
  SELECT id, list_ms AS dateMs FROM message INDEXED BY message_folder_list
  WHERE folder_id = ? AND (list_ms, id) < (?, ?) ORDER BY list_ms DESC, id DESC LIMIT ?` // covered by the index
const DATES_THREADS = `
  SELECT id, list_ms AS dateMs, coalesce(thread_id, 0) AS threadId FROM message
  WHERE folder_id = ? AND (list_ms, id) < (?, ?) ORDER BY list_ms DESC, id DESC LIMIT ?` // index message_folder_list
const THREADS = `
  SELECT thread_id AS threadId, date_ms AS dateMs, id FROM message INDEXED BY message_thread
  WHERE thread_id IS NOT NULL AND (thread_id, date_ms, id) > (?, ?, ?) ORDER BY thread_id, date_ms, id LIMIT ?` // covered
const SNOOZED = 'SELECT id FROM message WHERE snoozed_ms IS NOT NULL' // index message_snoozed
const TEXTS = (column: string) => `
  SELECT id, list_ms AS dateMs, coalesce(thread_id, 0) AS threadId, ${column} AS text FROM message
  WHERE folder_id = ? AND (list_ms, id) < (?, ?) ORDER BY list_ms DESC, id DESC LIMIT ?` // index message_folder_list
const COLUMN: Readonly<Record<Exclude<SortBy, 'date'>, string>> = {
  from: `CASE author_name WHEN '' THEN author_address ELSE author_name END`,
  subject: 'subject',
  size: 'size_bytes',
}
const END: Cursor = { dateMs: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER }

interface Kept {
  version: string
  readonly orders: Map<string, FolderOrder>
}
const kept = new WeakMap<ReadDb, Kept>()

/** The order of a list. A generator, for of a large folder it takes some tenths of a second. */
export function* orderOf(db: ReadDb, args: FolderOrderArgs): Generator<undefined, FolderOrder, undefined> {
  // The one changes whenever another connection has written, the other when this one has.
  const version = `${prepared(db, 'PRAGMA data_version').pluck().get()} ${prepared(db, 'SELECT total_changes()').pluck().get()}`
  let known = kept.get(db)
  if (known === undefined) kept.set(db, (known = { version, orders: new Map() }))
  if (known.version !== version) {
    known.orders.clear()
    known.version = version
  }
  const key = JSON.stringify([
    args.folderId,
    args.threads,
    args.by,
    args.isUp,
    args.by === 'date' || args.by === 'size' ? null : args.locale,
    args.threads ? args.open : null,
  ])
  let order = known.orders.get(key)
  if (order === undefined) {
    const folders = foldersOf(db, args.folderId)
    const base = yield* args.by === 'date'
      ? byDate(db, folders, args.threads, args.isUp)
      : byText(db, folders, args.by, args.isUp, args.locale ?? 'en')
    order = args.threads
      ? { folders, ...inThreads(base, yield* newestFirst(db, folders, args, base), args.open) }
      : { folders, keys: base.ids, members: new Map() }
    // Somebody may have written between two slices.
    if (known.version !== version) return order
    if (known.orders.size >= MOST_KEPT) known.orders.delete(known.orders.keys().next().value ?? '')
  } else known.orders.delete(key)
  known.orders.set(key, order)
  return order
}

const snoozedOf = (db: ReadDb) =>
  new Set(
    prepared<[], { id: number }>(db, SNOOZED)
      .all()
      .map(({ id }) => id),
  )

interface Dated extends Cursor {
  readonly threadId?: number
}

function* byDate(
  db: ReadDb,
  folders: readonly number[],
  threads: boolean,
  isUp: boolean,
): Generator<undefined, Base, undefined> {
  const snoozed = snoozedOf(db)
  const rows: Dated[] = []
  for (const folderId of folders) {
    const small =
      threads &&
      prepared<[number, number, number, number], Dated>(db, DATES).all(folderId, END.dateMs, END.id, FEW).length < FEW
    const sql = small ? DATES_THREADS : DATES
    for (let from = END; ;) {
      const some = prepared<[number, number, number, number], Dated>(db, sql).all(folderId, from.dateMs, from.id, SLICE)
      for (const one of some) if (!snoozed.has(one.id)) rows.push(one)
      from = some.at(-1) ?? from
      if (some.length < SLICE) break
      yield undefined
    }
  }
  if (folders.length > 1) rows.sort((a, b) => b.dateMs - a.dateMs || b.id - a.id)
  if (isUp) rows.reverse()
  const ids = Float64Array.from(rows, ({ id }) => id)
  if (!threads) return { ids, threadIds: ids }
  const threadOf = rows.some(({ threadId }) => threadId === undefined) ? yield* threadsOf(db) : undefined
  return { ids, threadIds: Float64Array.from(rows, ({ id, threadId }) => threadId ?? threadOf?.get(id) ?? 0) }
}

/** The thread of every message that has one. */
function* threadsOf(db: ReadDb): Generator<undefined, ReadonlyMap<number, number>, undefined> {
  interface Threaded extends Cursor {
    readonly threadId: number
  }
  const found = new Map<number, number>()
  for (let from: Threaded = { threadId: 0, dateMs: 0, id: 0 }; ;) {
    const some = prepared<[number, number, number, number], Threaded>(db, THREADS).all(
      from.threadId,
      from.dateMs,
      from.id,
      SLICE,
    )
    for (const { id, threadId } of some) found.set(id, threadId)
    from = some.at(-1) ?? from
    if (some.length < SLICE) return found
    yield undefined
  }
}

function* byText(
  db: ReadDb,
  folders: readonly number[],
  by: Exclude<SortBy, 'date'>,
  isUp: boolean,
  locale: string,
): Generator<undefined, Base, undefined> {
  interface Text extends Cursor {
    readonly threadId: number
    readonly text: string | number
  }
  const snoozed = snoozedOf(db)
  const rows: { readonly id: number; readonly threadId: number; readonly key: string | number }[] = []
  const sql = TEXTS(COLUMN[by])
  for (const folderId of folders)
    for (let from = END; ;) {
      const some = prepared<[number, number, number, number], Text>(db, sql).all(
        folderId,
        from.dateMs,
        from.id,
        TEXT_SLICE,
      )
      for (const { id, threadId, text } of some)
        if (!snoozed.has(id)) rows.push({ id, threadId, key: typeof text === 'number' ? text : bareSort(text, by) })
      from = some.at(-1) ?? from
      if (some.length < TEXT_SLICE) break
      yield undefined
    }
  const sign = isUp ? 1 : -1
  const ranks = by === 'size' ? undefined : ranksOf(new Set(rows.map(({ key }) => String(key))), locale)
  const rank = (key: string | number) => (typeof key === 'number' ? key : (ranks?.get(key) ?? 0))
  const ranked = rows.map(({ id, threadId, key }) => ({ id, threadId, rank: rank(key) }))
  // Of the same rank the newest first, whichever way: ids are in order of arrival.
  ranked.sort((a, b) => sign * (a.rank - b.rank) || b.id - a.id)
  return {
    ids: Float64Array.from(ranked, ({ id }) => id),
    threadIds: Float64Array.from(ranked, ({ threadId }) => threadId),
  }
}

/** Places of words in the alphabet of a language; words that differ only by case and accents share one. */
function ranksOf(words: ReadonlySet<string>, locale: string): ReadonlyMap<string, number> {
  const collator = collatorOf(locale)
  const ranks = new Map<string, number>()
  let rank = 0
  let before: string | undefined
  for (const word of [...words].sort(collator.compare)) {
    if (before !== undefined && collator.compare(before, word) !== 0) rank++
    ranks.set(word, rank)
    before = word
  }
  return ranks
}

function collatorOf(locale: string): Intl.Collator {
  try {
    return new Intl.Collator([locale, 'en'], { sensitivity: 'base', numeric: true })
  } catch {
    // It is no language tag at all.
    return new Intl.Collator('en', { sensitivity: 'base', numeric: true })
  }
}

/** The same messages with the newest first, whatever the list is sorted by: a conversation's row is its newest message. */
function* newestFirst(
  db: ReadDb,
  folders: readonly number[],
  { by, isUp }: FolderOrderArgs,
  base: Base,
): Generator<undefined, Base, undefined> {
  if (by === 'date') return isUp ? { ids: base.ids.toReversed(), threadIds: base.threadIds.toReversed() } : base
  return yield* byDate(db, folders, true, false)
}

function inThreads(base: Base, newest: Base, open: FolderOrderArgs['open']): Pick<FolderOrder, 'keys' | 'members'> {
  const all = new Map<number, number[]>()
  newest.ids.forEach((id, n) => {
    const threadId = newest.threadIds[n] ?? 0
    if (threadId === 0) return
    const known = all.get(threadId)
    if (known === undefined) all.set(threadId, [id])
    else known.push(id)
  })
  const but = new Set(open.but)
  const members = new Map<number, readonly number[]>()
  const keys: number[] = []
  base.ids.forEach((id, n) => {
    const threadId = base.threadIds[n] ?? 0
    const own = all.get(threadId)
    if (own === undefined || own.length === 1) return void keys.push(id)
    if (own[0] !== id) return
    keys.push(id)
    const oldestFirst = own.toReversed()
    members.set(id, oldestFirst)
    if (open.all !== but.has(threadId)) for (const one of oldestFirst) keys.push(-one)
  })
  return { keys: Float64Array.from(keys), members }
}
