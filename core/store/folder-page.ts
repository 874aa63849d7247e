import { orderOf, type FolderOrderArgs } from './folder-order.ts'
import { getFolder } from './folder.ts'
import { listByIds, type Message } from './message-list.ts'
import { prepared } from './prepared.ts'
import type { Query, ReadDb } from './types.ts'

/*
 * A folder as a person looks at it: each message by itself or conversations as one, in the order asked for and from any place on. In
 * the reader thread, for the order of a large folder takes a while.
 */

export interface FolderPageArgs extends FolderOrderArgs {
  /** The place of the first row, from 0. */
  readonly at: number
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
  readonly rows: { readonly message: Message; readonly members: Members | null; readonly isBelow: boolean }[]
  /** Messages in all. */
  readonly total: number
  /** Rows in all. */
  readonly count: number
}
/** Rows of a list by their keys, as `FolderOrder` has them, and what those of several messages stand for. */
export interface FolderRange {
  readonly keys: number[]
  readonly several: { readonly key: number; readonly ids: number[] }[]
}

/** People named in a row. */
const MOST_PEOPLE = 20
const MEMBERS = `
  SELECT id, seen, starred, attachments, author_name AS name, author_address AS address FROM message
  WHERE thread_id = ? AND folder_id IN (SELECT value FROM json_each(?)) AND snoozed_ms IS NULL
  ORDER BY date_ms, id` // index message_thread
const UNREAD = `
  SELECT id FROM message INDEXED BY message_facts
  WHERE seen = 0 AND folder_id IN (SELECT value FROM json_each(?))` // covered by the index
const THREAD = 'SELECT thread_id AS threadId FROM message WHERE id = ?'

function* page(db: ReadDb, args: FolderPageArgs): Generator<undefined, FolderPage, undefined> {
  const { keys, folders } = yield* orderOf(db, args)
  const total = folders.reduce((sum, id) => sum + (getFolder(db, id)?.total ?? 0), 0)
  const wanted = [...keys.subarray(args.at, args.at + args.limit)]
  const found = new Map(listByIds(db, [...new Set(wanted.map(Math.abs))]).map((row) => [row.id, row]))
  const rows: FolderPage['rows'] = []
  for (const key of wanted) {
    const message = found.get(Math.abs(key))
    // Gone since the order was found: the change that tells of it is on its way, and the places of the others stay right.
    if (message === undefined) continue
    const isBelow = key < 0
    rows.push({ message, members: args.threads && !isBelow ? membersOf(db, message, folders) : null, isBelow })
    if (rows.length % 20 === 0) yield undefined
  }
  return { rows, total, count: keys.length }
}

/** The keys of the rows from one place up to another, which is not one of them. */
function* range(
  db: ReadDb,
  args: FolderOrderArgs & { readonly from: number; readonly to: number },
): Generator<undefined, FolderRange, undefined> {
  const order = yield* orderOf(db, args)
  const keys = [...order.keys.subarray(args.from, args.to)]
  const several = keys.flatMap((key) => {
    const ids = order.members.get(key)
    return ids === undefined ? [] : [{ key, ids: [...ids] }]
  })
  return { keys, several }
}

/** Where a message's row stands, or the next row with something unread behind or before a place; null where there is none. */
function* place(
  db: ReadDb,
  args: FolderOrderArgs & {
    readonly of: { readonly id: number } | { readonly unreadFrom: number; readonly step: 1 | -1 }
  },
): Generator<undefined, { readonly place: number; readonly key: number } | null, undefined> {
  const order = yield* orderOf(db, args)
  const { of } = args
  if ('id' in of) {
    let at = order.keys.indexOf(of.id)
    if (at < 0 && args.threads) {
      const threadId = prepared<[number], { threadId: number | null }>(db, THREAD).get(of.id)?.threadId ?? null
      if (threadId !== null) {
        const head = [...order.members].find(([, ids]) => ids.includes(of.id))?.[0]
        at = head === undefined ? -1 : order.keys.indexOf(head)
      }
    }
    return at < 0 ? null : { place: at, key: order.keys[at] ?? 0 }
  }
  const unread = new Set(
    prepared<[string], { id: number }>(db, UNREAD)
      .all(JSON.stringify(order.folders))
      .map(({ id }) => id),
  )
  for (let at = of.unreadFrom + of.step; at >= 0 && at < order.keys.length; at += of.step) {
    const key = order.keys[at] ?? 0
    if (unread.has(Math.abs(key)) || order.members.get(key)?.some((id) => unread.has(id)) === true)
      return { place: at, key }
  }
  return null
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

export const folderPageQueries = {
  'folder.page': page,
  'folder.range': range,
  'folder.place': place,
} satisfies Record<string, Query<never, unknown>>
