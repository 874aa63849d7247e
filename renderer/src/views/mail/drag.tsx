import { useRef, type ReactNode } from 'react'
import { useButton, useDrag, useDrop, type DropItem } from 'react-aria'
import { Icon } from '../../parts/icon.tsx'
import { t } from '../../words/words.ts'

/** What messages are called while they are dragged; no other program knows it. */
const KIND = 'application/x-posthorn-messages'

interface RowProps {
  /** What is dragged with it: all that is selected, where it is selected itself. */
  readonly idsNow: () => readonly number[]
  readonly children: ReactNode
}

/** A row that can be dragged with the mouse. */
export function DraggableRow({ idsNow, children }: RowProps) {
  const { dragProps, isDragging } = useDrag({
    getItems: () => [{ [KIND]: JSON.stringify(idsNow()) }],
    getAllowedDropOperations: () => ['move'],
    hasDragButton: true,
  })
  return (
    <div {...dragProps} className="drag-row" data-dragging={isDragging || undefined} role="presentation">
      {children}
    </div>
  )
}

interface HandleProps {
  readonly count: number
  readonly idsNow: () => readonly number[]
  readonly ref: React.RefObject<HTMLButtonElement | null>
}

/** The same for the keyboard and screen readers: pressed, it leads from one place to drop on to the next. */
export function DragHandle({ count, idsNow, ref }: HandleProps) {
  const { dragProps, dragButtonProps } = useDrag({
    getItems: () => [{ [KIND]: JSON.stringify(idsNow()) }],
    getAllowedDropOperations: () => ['move'],
    hasDragButton: true,
  })
  const { buttonProps } = useButton({ ...dragButtonProps, elementType: 'button' }, ref)
  const label = t('{count, plural, one {Drag # message} other {Drag # messages}}', { count })
  return (
    <span {...dragProps} className="drag-handle">
      <button {...buttonProps} ref={ref} className="icon-button" aria-label={label} title={label}>
        <Icon name="layers" />
      </button>
    </span>
  )
}

interface DropProps {
  readonly onDrop: (ids: readonly number[]) => void
  /** Gives the place its props: what is dropped on must be what has the focus. */
  readonly children: (
    props: React.HTMLAttributes<HTMLElement>,
    ref: React.RefObject<HTMLAnchorElement | null>,
    isOver: boolean,
  ) => ReactNode
}

/** A place messages can be dropped on. */
export function DropPlace({ onDrop, children }: DropProps) {
  const ref = useRef<HTMLAnchorElement>(null)
  const { dropProps, isDropTarget } = useDrop({
    ref,
    getDropOperation: (types) => (types.has(KIND) ? 'move' : 'cancel'),
    onDrop: ({ items }) => void dropped(items, onDrop),
  })
  return children(dropProps, ref, isDropTarget)
}

async function dropped(items: readonly DropItem[], onDrop: DropProps['onDrop']): Promise<void> {
  for (const item of items) {
    if (item.kind !== 'text' || !item.types.has(KIND)) continue
    const ids: unknown = JSON.parse(await item.getText(KIND))
    if (Array.isArray(ids) && ids.length > 0) onDrop(ids.filter((id) => Number.isSafeInteger(id)))
  }
}
