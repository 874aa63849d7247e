import { useMemo } from 'react'
import type { CommandId } from '../../../../core/model/command-table.ts'
import type { TagView } from '../../../../core/rpc/reading-contract.ts'
import { look, useDensity } from '../../state/look.ts'
import { VirtualListbox, type Picked } from '../../parts/virtual-listbox.tsx'
import { ColumnHeads, useWidths } from './columns.tsx'
import { DraggableRow } from './drag.tsx'
import { CardRow, TableRow } from './message-row.tsx'
import { idsOf, withHeadings, type MailRow } from './rows.ts'
import type { Sorting } from './sorting.ts'

/** What can be done with messages; `tag-3` puts the tag of key 3 on them, or takes it off, `tag-0` takes off all. */
export type Command =
  | `tag-${number}`
  | Extract<
      CommandId,
      | 'archive'
      | 'delete'
      | 'delete-for-good'
      | 'junk'
      | 'move'
      | 'snooze'
      | 'toggle-seen'
      | 'toggle-star'
      | 'reply'
      | 'reply-all'
      | 'forward'
      | 'edit-as-new'
    >

interface Props {
  readonly label: string
  readonly rows: readonly MailRow[]
  /** Rows in all; -1 where nobody knows yet. */
  readonly total: number
  readonly picked: Picked
  readonly nowMs: number
  readonly tags: readonly TagView[]
  /** Null where the order is not of the person's choosing, as in a search. */
  readonly sorting: Sorting | null
  readonly onSort: (sorting: Sorting) => void
  /** In Sent, whom it went to matters more than who wrote it. */
  readonly showAddressees: boolean
  readonly onPick: (picked: Picked) => void
  readonly onStar: (ids: readonly number[]) => void
  readonly onOpen: () => void
  readonly onNearEnd: () => void
}

const CARD_PX = 56
const TABLE_PX = 30
/** Smaller is hard to hit (WCAG 2.5.8). */
const LEAST_PX = 24

/** The list of messages or conversations: cards with headings by day, or a table. */
export function MessageList(props: Props) {
  const { rows, picked, nowMs, sorting } = props
  const { list } = look.use()
  const density = useDensity()
  const [widths, setWidth, keepWidths] = useWidths()
  const byTime = list === 'cards' && (sorting === null || sorting.by === 'date')
  const items = useMemo(
    () =>
      byTime ? withHeadings(rows, nowMs) : rows.map((row) => ({ kind: 'option' as const, key: row.id, value: row })),
    [rows, nowMs, byTime],
  )
  // The row's own messages, or all that is selected with it.
  const dragged = (row: MailRow) => () =>
    picked.selected.has(row.id) ? rows.filter(({ id }) => picked.selected.has(id)).flatMap(idsOf) : idsOf(row)
  const box = (
    <VirtualListbox
      label={props.label}
      className={list === 'table' ? 'messages table' : 'messages'}
      items={items}
      total={props.total}
      rowPx={Math.max(LEAST_PX, Math.round((list === 'table' ? TABLE_PX : CARD_PX) * density))}
      multiple
      picked={picked}
      onPick={props.onPick}
      onOpen={props.onOpen}
      onNearEnd={props.onNearEnd}
      onDo={(_, row) => props.onStar(idsOf(row))}
    >
      {(row) => (
        <DraggableRow idsNow={dragged(row)}>
          {list === 'table' ? (
            <TableRow row={row} nowMs={nowMs} showAddressees={props.showAddressees} tags={props.tags} />
          ) : (
            <CardRow row={row} nowMs={nowMs} showAddressees={props.showAddressees} tags={props.tags} />
          )}
        </DraggableRow>
      )}
    </VirtualListbox>
  )
  if (list === 'cards') return box
  const style = Object.fromEntries(Object.entries(widths).map(([name, px]) => [`--column-${name}`, `${px}px`]))
  return (
    <div className="table-list" style={style}>
      <ColumnHeads
        sorting={sorting}
        onSort={props.onSort}
        widths={widths}
        onWidth={setWidth}
        onKeep={keepWidths}
        showAddressees={props.showAddressees}
      />
      {box}
    </div>
  )
}
