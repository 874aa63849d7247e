import type { CommandId } from '../../../../core/model/command-table.ts'
import type { TagView } from '../../../../core/rpc/reading-contract.ts'
import { look, useDensity } from '../../state/look.ts'
import type { Point } from '../../parts/context-menu.tsx'
import type { Picked } from '../../parts/virtual-listbox.tsx'
import { ColumnHeads, useWidths } from './columns.tsx'
import { DraggableRow } from './drag.tsx'
import type { ListSource, Range } from './list-source.ts'
import { MessageBox } from './message-box.tsx'
import { CardRow, TableRow } from './message-row.tsx'
import { idsOf, keyOf, type MailRow } from './rows.ts'
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
  readonly source: ListSource
  readonly picked: Picked
  readonly nowMs: number
  readonly tags: readonly TagView[]
  /** Null where the order is not of the person's choosing, as in a search. */
  readonly sorting: Sorting | null
  readonly onSort: (sorting: Sorting) => void
  /** In Sent, whom it went to matters more than who wrote it. */
  readonly showAddressees: boolean
  readonly onPick: (picked: Picked, several: Range['several']) => void
  readonly onStar: (ids: readonly number[]) => void
  readonly onOpen: () => void
  readonly isUnfolded: (row: MailRow) => boolean
  readonly onUnfold: (row: MailRow, isOpen: boolean) => void
  readonly onUnfoldAll: (isOpen: boolean) => void
  readonly onMenu: (at: Point) => void
  /** The messages that are selected now. */
  readonly selectedIds: () => readonly number[]
}

const CARD_PX = 56
const TABLE_PX = 30
/** Smaller is hard to hit (WCAG 2.5.8). */
const LEAST_PX = 24

/** The list of messages or conversations: cards with headings by day, or a table. */
export function MessageList(props: Props) {
  const { source, picked, nowMs, sorting, isUnfolded } = props
  const { list } = look.use()
  const density = useDensity()
  const [widths, setWidth, keepWidths] = useWidths()
  const byTime = list === 'cards' && (sorting === null || sorting.by === 'date')
  // The row's own messages, or all that is selected with it.
  const dragged = (row: MailRow) => () => (picked.selected.has(keyOf(row)) ? props.selectedIds() : idsOf(row))
  const box = (
    <MessageBox
      label={props.label}
      className={list === 'table' ? 'messages table' : 'messages'}
      source={source}
      rowPx={Math.max(LEAST_PX, Math.round((list === 'table' ? TABLE_PX : CARD_PX) * density))}
      nowMs={byTime ? nowMs : undefined}
      picked={picked}
      onPick={props.onPick}
      onOpen={props.onOpen}
      onDo={(_, row) => props.onStar(idsOf(row))}
      isUnfolded={isUnfolded}
      onUnfold={props.onUnfold}
      onUnfoldAll={props.onUnfoldAll}
      onMenu={props.onMenu}
    >
      {(row) => {
        const Row = list === 'table' ? TableRow : CardRow
        const { showAddressees, tags } = props
        return (
          <DraggableRow idsNow={dragged(row)}>
            <Row row={row} isOpen={isUnfolded(row)} nowMs={nowMs} showAddressees={showAddressees} tags={tags} />
          </DraggableRow>
        )
      }}
    </MessageBox>
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
