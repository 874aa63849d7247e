import { dropMessage } from './message.ts'
import { getMessage } from './message-list.ts'
import { prepared } from './prepared.ts'
import type { Operation, Query, ReadDb, WriteDb } from './types.ts'

/** More messages than these are shown to a program the next time, when it has deleted some. */
export const MOST_LISTED = 500_000
/** Rows read between two slices of the reader thread. */
const SLICE = 1000

// By the index, for the order of arrival has none of its own.
const PAGE = `
  SELECT id, list_ms AS dateMs, size_bytes AS sizeBytes FROM message
  WHERE folder_id = ? AND (list_ms, id) > (?, ?)
  ORDER BY list_ms, id LIMIT ?` // index message_folder_list

/** The messages of a folder as POP3 lists them, in the order of arrival: two numbers a message and no more. */
export interface MaildropListing {
  readonly ids: Float64Array
  readonly sizes: Float64Array
}

function* listMaildrop(
  db: ReadDb,
  args: { readonly folderId: number },
): Generator<undefined, MaildropListing, undefined> {
  interface Row {
    readonly id: number
    readonly dateMs: number
    readonly sizeBytes: number
  }
  const pages: { ids: Float64Array; sizes: Float64Array }[] = []
  let from = { dateMs: Number.MIN_SAFE_INTEGER, id: 0 }
  for (let listed = 0; listed < MOST_LISTED;) {
    const rows = prepared<[number, number, number, number], Row>(db, PAGE).all(
      args.folderId,
      from.dateMs,
      from.id,
      Math.min(SLICE, MOST_LISTED - listed),
    )
    const last = rows.at(-1)
    if (last === undefined) break
    pages.push({
      ids: Float64Array.from(rows, ({ id }) => id),
      sizes: Float64Array.from(rows, ({ sizeBytes }) => sizeBytes),
    })
    from = last
    listed += rows.length
    yield
  }
  const ids = new Float64Array(pages.reduce((sum, page) => sum + page.ids.length, 0))
  const sizes = new Float64Array(ids.length)
  let at = 0
  for (const page of pages) {
    ids.set(page.ids, at)
    at += page.ids.length
  }
  // Ids count up with the time of arrival. Sorted without a comparison of ours, which takes ten times as long.
  ids.sort()
  for (const page of pages) {
    for (const [n, id] of page.ids.entries()) sizes[placeOf(ids, id)] = page.sizes[n] ?? 0
    yield
  }
  return { ids, sizes }
}

/** Where an id stands among those that are sorted. */
function placeOf(ids: Float64Array, id: number): number {
  let from = 0
  let to = ids.length
  while (to - from > 1) {
    const middle = (from + to) >>> 1
    if ((ids[middle] ?? 0) <= id) from = middle
    else to = middle
  }
  return from
}

/**
 * Removes messages of a folder for good, all in one operation. What has been moved or removed meanwhile is passed over: it is in
 * the folder no more. Returns how many went.
 */
function removeFromMaildrop(db: WriteDb, args: { readonly folderId: number; readonly ids: readonly number[] }): number {
  let removed = 0
  for (const id of args.ids) {
    const row = getMessage(db, id)
    if (row?.folderId !== args.folderId) continue
    dropMessage(db, row)
    removed++
  }
  return removed
}

export const maildropOperations = {
  'maildrop.remove': removeFromMaildrop,
} satisfies Record<string, Operation<never, unknown>>

export const maildropQueries = {
  'maildrop.list': listMaildrop,
} satisfies Record<string, Query<never, unknown>>
