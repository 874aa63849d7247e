import { foldSort } from '../model/sort-key.ts'
import { foldersOf, listByIds, type Cursor, type Message } from './message-list.ts'
import { getFolder } from './folder.ts'
import { prepared } from './prepared.ts'
import type { Query, ReadDb } from './types.ts'

/*
 * A folder as a person looks at it: each message by itself or conversations as one, in the order asked for. In the reader
 * thread, for what a page costs depends on how much of a conversation lies between two rows.
 */

/** By what a list is sorted. */
export type SortBy = 'date' | 'from' | 'subject' | 'size'
export interface FolderPageArgs {
  /** Null: every inbox in one. */
  readonly folderId: number | null
  /** One row for each conversation; only where the list is sorted by date. */
  readonly threads: boolean
  readonly by: SortBy
  /** Smallest or oldest first. */
  readonly isUp: boolean
  /** The last row of the page before. */
  readonly after: { readonly id: number; readonly listMs: number } | null
  readonly limit: number
}
/** What a row of a conversation stands for: those of its messages that are in these folders, oldest first. */
export interface Members {
  readonly ids: number[]
  readonly unread: number
  readonly starred: number
  readonly attachments: number
  /** Who wrote, each once, the latest last. */
  readonly people: string[]
}
export interface FolderPage {
  readonly rows: Message[]
  /** Of each row; empty where messages stand by themselves. */
  readonly members: Members[]
  /** Messages in all. */
  readonly total: number
  readonly more: boolean
}

interface Key extends Cursor {
  readonly threadId: number | null
}
/** Rows read between two slices of the reader thread. */
const SLICE = 500
/** People named in a row. */
const MOST_PEOPLE = 20

const walk = (sign: '<' | '>', order: 'DESC' | 'ASC') => `
  SELECT id, list_ms AS dateMs, thread_id AS threadId FROM message
  WHERE folder_id = ? AND (list_ms, id) ${sign} (?, ?) AND snoozed_ms IS NULL
  ORDER BY list_ms ${order}, id ${order} LIMIT ?` // index message_folder_list
const DOWN = walk('<', 'DESC')
const UP = walk('>', 'ASC')
const HEAD = `
  SELECT id, list_ms AS dateMs, thread_id AS threadId FROM message
  WHERE thread_id = ? AND folder_id IN (SELECT value FROM json_each(?)) AND snoozed_ms IS NULL
  ORDER BY list_ms DESC, id DESC LIMIT 1` // index message_thread
const MEMBERS = `
  SELECT id, seen, starred, attachments, author_name AS name, author_address AS address FROM message
  WHERE thread_id = ? AND folder_id IN (SELECT value FROM json_each(?)) AND snoozed_ms IS NULL
  ORDER BY date_ms, id` // index message_thread
// Page by page along the index: by id alone each page would read all of the folder.
const TEXTS = (column: string) => `
  SELECT id, list_ms AS dateMs, ${column} AS text FROM message
  WHERE folder_id = ? AND (list_ms, id) < (?, ?) AND snoozed_ms IS NULL
  ORDER BY list_ms DESC, id DESC LIMIT ?` // index message_folder_list
const TEXT_OF = (column: string) => `SELECT id, ${column} AS text FROM message WHERE id = ?`
const COLUMN: Readonly<Record<Exclude<SortBy, 'date'>, string>> = {
  from: `CASE author_name WHEN '' THEN author_address ELSE author_name END`,
  subject: 'subject',
  size: 'size_bytes',
}

function* page(db: ReadDb, args: FolderPageArgs): Generator<undefined, FolderPage, undefined> {
  const folders = foldersOf(db, args.folderId)
  const total = folders.reduce((sum, id) => sum + (getFolder(db, id)?.total ?? 0), 0)
  const threads = args.threads && args.by === 'date'
  const { ids, more } = yield* args.by === 'date'
    ? byDate(db, folders, { ...args, threads })
    : sorted(db, folders, args)
  const found = new Map(listByIds(db, ids).map((row) => [row.id, row]))
  const rows = ids.map((id) => found.get(id)).filter((row) => row !== undefined)
  const members: Members[] = []
  if (threads)
    for (const row of rows) {
      members.push(membersOf(db, row, folders))
      if (members.length % 20 === 0) yield undefined
    }
  return { rows, members, total, more }
}

/** Goes through the folders by the index, one behind the other, and passes over what belongs to a row that was. */
function* byDate(
  db: ReadDb,
  folders: readonly number[],
  { threads, isUp, after, limit }: FolderPageArgs,
): Generator<undefined, { ids: number[]; more: boolean }, undefined> {
  const folderList = JSON.stringify(folders)
  const end = isUp ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER
  const start = after === null ? { dateMs: end, id: isUp ? 0 : end } : { dateMs: after.listMs, id: after.id }
  const isBefore = (a: Cursor, b: Cursor) =>
    isUp
      ? a.dateMs < b.dateMs || (a.dateMs === b.dateMs && a.id < b.id)
      : a.dateMs > b.dateMs || (a.dateMs === b.dateMs && a.id > b.id)
  const lanes = folders.map((folderId) => ({
    folderId,
    from: start as Cursor,
    keys: [] as Key[],
    at: 0,
    isDone: false,
  }))
  const fill = (lane: (typeof lanes)[number]) => {
    if (lane.isDone || lane.at < lane.keys.length) return
    const size = lane.keys.length === 0 ? limit + 1 : SLICE
    lane.keys = prepared<[number, number, number, number], Key>(db, isUp ? UP : DOWN).all(
      lane.folderId,
      lane.from.dateMs,
      lane.from.id,
      size,
    )
    lane.at = 0
    lane.isDone = lane.keys.length < size
    lane.from = lane.keys.at(-1) ?? lane.from
  }
  const ids: number[] = []
  const heads = new Map<number, number>()
  for (let looked = 1; ; looked++) {
    let best: (typeof lanes)[number] | undefined
    for (const lane of lanes) {
      fill(lane)
      const key = lane.keys[lane.at]
      const bestKey = best?.keys[best.at]
      if (key !== undefined && (bestKey === undefined || isBefore(key, bestKey))) best = lane
    }
    const key = best?.keys[best.at]
    if (best === undefined || key === undefined) return { ids, more: false }
    best.at++
    if (looked % SLICE === 0) yield undefined
    if (threads && key.threadId !== null) {
      // A conversation stands where its newest message stands; the others are in that row.
      let head = heads.get(key.threadId)
      if (head === undefined) {
        head = prepared<[number, string], Key>(db, HEAD).get(key.threadId, folderList)?.id ?? key.id
        heads.set(key.threadId, head)
      }
      if (head !== key.id) continue
    }
    if (ids.length === limit) return { ids, more: true }
    ids.push(key.id)
  }
}

/** All of the folders by a text or number of each message: what no index has the order of. */
function* sorted(
  db: ReadDb,
  folders: readonly number[],
  { by, isUp, after, limit }: FolderPageArgs,
): Generator<undefined, { ids: number[]; more: boolean }, undefined> {
  if (by === 'date') return { ids: [], more: false }
  interface Text extends Cursor {
    readonly text: string | number
  }
  const keyed = ({ id, text }: Omit<Text, 'dateMs'>) => ({
    id,
    key: typeof text === 'number' ? text : foldSort(text, by),
  })
  type Keyed = ReturnType<typeof keyed>
  const sign = isUp ? 1 : -1
  // Of the same key the newest first, whichever way: ids are in order of arrival.
  const compare = (a: Keyed, b: Keyed) => (a.key === b.key ? b.id - a.id : a.key < b.key ? -sign : sign)
  const row =
    after === null ? undefined : prepared<[number], Omit<Text, 'dateMs'>>(db, TEXT_OF(COLUMN[by])).get(after.id)
  // It is gone: where the page begins nobody can tell.
  if (after !== null && row === undefined) return { ids: [], more: false }
  const last = row === undefined ? undefined : keyed(row)
  // Only the best of what lies behind it are kept, so that no slice sorts all of a folder.
  let best: Keyed[] = []
  const cut = () => (best = best.sort(compare).slice(0, limit + 1))
  const sql = TEXTS(COLUMN[by])
  const end: Cursor = { dateMs: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER }
  for (const folderId of folders)
    for (let from = end; ;) {
      const rows = prepared<[number, number, number, number], Text>(db, sql).all(folderId, from.dateMs, from.id, SLICE)
      for (const one of rows.map(keyed)) if (last === undefined || compare(last, one) < 0) best.push(one)
      cut()
      from = rows.at(-1) ?? from
      if (rows.length < SLICE) break
      yield undefined
    }
  return { ids: best.slice(0, limit).map(({ id }) => id), more: best.length > limit }
}

function membersOf(db: ReadDb, row: Message, folders: readonly number[]): Members {
  interface Member {
    readonly id: number
    readonly seen: number
    readonly starred: number
    readonly attachments: number
    readonly name: string
    readonly address: string
  }
  const all =
    row.threadId === null
      ? []
      : prepared<[number, string], Member>(db, MEMBERS).all(row.threadId, JSON.stringify(folders))
  if (all.length === 0) {
    const people = [row.authorName || row.authorAddress]
    return {
      ids: [row.id],
      unread: row.seen ? 0 : 1,
      starred: row.starred ? 1 : 0,
      attachments: row.attachments,
      people,
    }
  }
  const people = new Map<string, string>()
  for (const { name, address } of all) {
    const key = (address || name).toLowerCase()
    people.delete(key)
    people.set(key, name || address)
  }
  return {
    ids: all.map(({ id }) => id),
    unread: all.filter(({ seen }) => seen === 0).length,
    starred: all.filter(({ starred }) => starred === 1).length,
    attachments: all.reduce((sum, { attachments }) => sum + attachments, 0),
    people: [...people.values()].slice(-MOST_PEOPLE),
  }
}

export const folderPageQueries = { 'folder.page': page } satisfies Record<string, Query<never, unknown>>
