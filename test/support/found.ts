import { parseSearch } from '../../core/model/search-query.ts'
import { searchMessages } from '../../core/store/search.ts'
import type { ReadDb } from '../../core/store/types.ts'

/** Ids of at most `most` messages a query finds, in order, straight from a database and page by page. */
export function found(db: ReadDb, text: string, { nowMs = Date.UTC(2026, 0, 15), most = 10_000 } = {}): number[] {
  const { query, error } = parseSearch(text)
  if (error !== null) throw new Error(`${text}: at ${error.offset}: ${error.reason}`)
  if (query === null) return []
  const ids: number[] = []
  for (let before: number | null = null; ;) {
    const limit = Math.min(200, most - ids.length)
    const slices = searchMessages(db, { query, before, limit, nowMs })
    let slice = slices.next()
    while (slice.done !== true) slice = slices.next()
    ids.push(...slice.value.rows.map(({ id }) => id))
    before = slice.value.before
    if (before === null || ids.length === most) return ids
  }
}
