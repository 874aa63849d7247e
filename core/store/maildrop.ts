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
  SELECT id, date_ms AS dateMs, size_bytes AS sizeBytes FROM message
  WHERE folder_id = ? AND (date_ms, id) > (?, ?)
  ORDER BY date_ms, id LIMIT ?` // index message_folder_date

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
  return inOrder(pages)
}

/** All pages in one, sorted by id: ids count up with the time of arrival. */
function inOrder(pages: readonly MaildropListing[]): MaildropListing {
  const count = pages.reduce((sum, { ids }) => sum + ids.length, 0)
  const places = new Uint32Array(count)
  const ids = new Float64Array(count)
  const sizes = new Float64Array(count)
  let at = 0
  for (const page of pages) {
    ids.set(page.ids, at)
    sizes.set(page.sizes, at)
    at += page.ids.length
  }
  for (let i = 0; i < count; i++) places[i] = i
  places.sort((a, b) => (ids[a] ?? 0) - (ids[b] ?? 0))
  return {
    ids: Float64Array.from(places, (place) => ids[place] ?? 0),
    sizes: Float64Array.from(places, (place) => sizes[place] ?? 0),
  }
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
