import type { ListRow } from '../../../../core/rpc/mail-list-contract.ts'
import type { SearchHit } from '../../../../core/rpc/search-contract.ts'
import type { MessageRow } from '../../../../core/rpc/views.ts'

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

/** What a row is called: its message's id, and of one below the row of its conversation that with a minus before it. */
export const keyOf = (row: Pick<MailRow, 'id' | 'isBelow'>) => (row.isBelow ? -row.id : row.id)

/** The row to stand on after `gone` have left the list: the next one below, or the last. */
export function nextAfter(rows: readonly Pick<MailRow, 'id' | 'isBelow'>[], gone: ReadonlySet<number>): number | null {
  const keys = rows.map(keyOf)
  const last = keys.findLastIndex((key) => gone.has(key))
  const below = keys.slice(last + 1).find((key) => !gone.has(key))
  return below ?? keys.findLast((key) => !gone.has(key)) ?? null
}
