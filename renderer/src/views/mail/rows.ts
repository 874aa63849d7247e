import type { ListRow } from '../../../../core/rpc/mail-list-contract.ts'
import type { SearchHit } from '../../../../core/rpc/search-contract.ts'
import type { MessageRow } from '../../../../core/rpc/views.ts'
import { dayHeading } from '../../format/time.ts'
import type { ListItem } from '../../parts/virtual-listbox.tsx'

/** A row of a folder or, with what was looked for marked in it, of a search. */
export type MailRow = MessageRow &
  Partial<Omit<ListRow, keyof MessageRow>> &
  Partial<Pick<SearchHit, 'snippet' | 'subjectMarks' | 'authorMarks'>>

/** The messages a row stands for: a conversation's, or one. */
export function idsOf(row: Pick<MailRow, 'id' | 'thread'>): readonly number[] {
  return row.thread?.ids ?? [row.id]
}

/** Whether there is something unread in it. */
export function isUnread(row: Pick<MailRow, 'seen' | 'thread'>): boolean {
  return row.thread ? row.thread.unread > 0 : !row.seen
}

/** The row a message is in. */
export function rowOf<R extends Pick<MailRow, 'id' | 'thread'>>(rows: readonly R[], id: number | null): R | undefined {
  if (id === null) return undefined
  return rows.find((row) => row.id === id) ?? rows.find((row) => row.thread?.ids.includes(id) === true)
}

/** The rows of a list with a heading over each day or stretch of time, where they are in the order of time. */
export function withHeadings<R extends Pick<MailRow, 'id' | 'dateMs' | 'listMs'>>(
  rows: readonly R[],
  nowMs: number,
): ListItem<R>[] {
  const items: ListItem<R>[] = []
  let heading = ''
  for (const row of rows) {
    const next = dayHeading(row.listMs ?? row.dateMs, nowMs)
    if (next !== heading) {
      heading = next
      items.push({ kind: 'heading', key: `${next} ${row.id}`, text: next })
    }
    items.push({ kind: 'option', key: row.id, value: row })
  }
  return items
}

/** The row to stand on after `gone` have left the list: the next one below, or the last. */
export function nextAfter(rows: readonly { id: number }[], gone: ReadonlySet<number>): number | null {
  const last = rows.findLastIndex((row) => gone.has(row.id))
  const below = rows.slice(last + 1).find((row) => !gone.has(row.id))
  return (below ?? rows.findLast((row) => !gone.has(row.id)))?.id ?? null
}

/** The next row in a direction that nobody has read yet. */
export function unreadFrom<T extends Pick<MailRow, 'seen' | 'thread'>>(
  rows: readonly T[],
  place: number,
  step: 1 | -1,
): T | undefined {
  for (let at = place + step; at >= 0 && at < rows.length; at += step) {
    const row = rows[at]
    if (row !== undefined && isUnread(row)) return row
  }
  return undefined
}
