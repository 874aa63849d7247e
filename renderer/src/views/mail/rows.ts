import type { MessageRow } from '../../../../core/rpc/views.ts'
import { dayHeading } from '../../format/time.ts'
import type { ListItem } from '../../parts/virtual-listbox.tsx'

/** The rows of a list with a heading over each day or stretch of time. Rows come newest first. */
export function withHeadings(rows: readonly MessageRow[], nowMs: number): ListItem<MessageRow>[] {
  const items: ListItem<MessageRow>[] = []
  let heading = ''
  for (const row of rows) {
    const next = dayHeading(row.dateMs, nowMs)
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
export function unreadFrom<T extends { readonly seen: boolean }>(
  rows: readonly T[],
  place: number,
  step: 1 | -1,
): T | undefined {
  for (let at = place + step; at >= 0 && at < rows.length; at += step) if (rows[at]?.seen === false) return rows[at]
  return undefined
}
