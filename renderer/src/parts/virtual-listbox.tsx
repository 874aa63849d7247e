import { useVirtualizer } from '@tanstack/react-virtual'
import { commandOf } from '../commands/bindings.ts'
import { useEffect, useId, useRef, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'

/** A row of the list: something to choose, or a heading over those that follow. */
export type ListItem<T> =
  | { readonly kind: 'heading'; readonly key: string; readonly text: string }
  | { readonly kind: 'option'; readonly key: number; readonly value: T }

export interface Picked {
  /** The row the keyboard stands on. */
  readonly active: number | null
  readonly selected: ReadonlySet<number>
}

interface Props<T> {
  readonly label: string
  readonly className?: string
  readonly items: readonly ListItem<T>[]
  /** How many options there are in all, loaded or not. */
  readonly total: number
  readonly rowPx: number
  readonly headingPx?: number
  readonly multiple?: boolean
  readonly picked: Picked
  readonly onPick: (picked: Picked) => void
  /** Clicked inside a row on something marked `data-do`. */
  readonly onDo?: (what: string, value: T) => void
  /** Enter or a double click. */
  readonly onOpen?: (value: T) => void
  /** The end of what is loaded came near. */
  readonly onNearEnd?: () => void
  readonly children: (value: T, isSelected: boolean) => ReactNode
}

/**
 * A list of any length of which only the visible rows exist. One tab stop; arrows, the keys of next and previous, Home, End and pages move,
 * Shift extends, Ctrl adds. Rows hold no controls of their own for the keyboard: each has a key instead.
 */
export function VirtualListbox<T>(props: Props<T>) {
  const { items, picked, multiple = false, onPick, onDo, onOpen, onNearEnd } = props
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const anchor = useRef<number | null>(null)
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (items[index]?.kind === 'heading' ? (props.headingPx ?? 26) : props.rowPx),
    getItemKey: (index) => items[index]?.key ?? index,
    overscan: 8,
  })
  const shown = virtual.getVirtualItems()
  const lastShown = shown.at(-1)?.index ?? 0
  useEffect(() => {
    if (items.length > 0 && lastShown >= items.length - 20) onNearEnd?.()
  }, [lastShown, items.length, onNearEnd])
  useEffect(() => virtual.measure(), [props.rowPx, virtual])

  const options = items.flatMap((item, index) => (item.kind === 'option' ? [{ ...item, index }] : []))
  const place = new Map(options.map((option, at) => [option.key, at]))

  const pickAt = (at: number, how: 'only' | 'extend' | 'toggle') => {
    const option = options[Math.max(0, Math.min(options.length - 1, at))]
    if (option === undefined) return
    if (how === 'only' || !multiple) {
      anchor.current = option.key
      onPick({ active: option.key, selected: new Set([option.key]) })
    } else if (how === 'toggle') {
      anchor.current = option.key
      const selected = new Set(picked.selected)
      if (!selected.delete(option.key)) selected.add(option.key)
      onPick({ active: option.key, selected })
    } else {
      const from = place.get(anchor.current ?? picked.active ?? option.key) ?? 0
      const to = place.get(option.key) ?? 0
      const range = options.slice(Math.min(from, to), Math.max(from, to) + 1)
      onPick({ active: option.key, selected: new Set(range.map((one) => one.key)) })
    }
    // With the first row its heading shows, too.
    virtual.scrollToIndex(at <= 0 ? 0 : option.index, { align: 'auto' })
  }

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const at = picked.active === null ? -1 : (place.get(picked.active) ?? -1)
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / props.rowPx) - 1)
    const mod = event.ctrlKey || event.metaKey
    const how = event.shiftKey ? 'extend' : 'only'
    const command = commandOf(event.nativeEvent)
    const move = (to: number) => {
      event.preventDefault()
      pickAt(to, how)
    }
    if (event.key === 'ArrowDown' || command === 'next') move(at + 1)
    else if (event.key === 'ArrowUp' || command === 'previous') move(Math.max(0, at - 1))
    else if (event.key === 'PageDown') move(at + page)
    else if (event.key === 'PageUp') move(at - page)
    else if (event.key === 'Home') move(0)
    else if (event.key === 'End') move(options.length - 1)
    else if (event.key === 'Enter' && at >= 0) {
      const option = options[at]
      if (option !== undefined) onOpen?.(option.value)
    } else if (event.key === ' ' && mod && at >= 0) {
      event.preventDefault()
      pickAt(at, 'toggle')
    } else if (multiple && mod && event.key.toLowerCase() === 'a') {
      event.preventDefault()
      onPick({ active: picked.active, selected: new Set(options.map((option) => option.key)) })
    }
  }

  const optionOf = (event: MouseEvent) => {
    const row = event.target instanceof Element ? event.target.closest('[data-at]') : null
    const at = Number(row?.getAttribute('data-at') ?? -1)
    return options[at] === undefined ? undefined : { at, option: options[at] }
  }

  return (
    <div
      ref={scroller}
      className={`vlist ${props.className ?? ''}`}
      role="listbox"
      tabIndex={0}
      aria-label={props.label}
      aria-multiselectable={multiple}
      aria-activedescendant={picked.active !== null && place.has(picked.active) ? `${id}-${picked.active}` : undefined}
      onKeyDown={onKeyDown}
      onClick={(event) => {
        const hit = optionOf(event)
        if (hit === undefined) return
        const what = event.target instanceof Element ? event.target.closest('[data-do]')?.getAttribute('data-do') : null
        if (what) onDo?.(what, hit.option.value)
        else pickAt(hit.at, event.shiftKey ? 'extend' : event.ctrlKey || event.metaKey ? 'toggle' : 'only')
      }}
      onDoubleClick={(event) => {
        const hit = optionOf(event)
        if (hit !== undefined) onOpen?.(hit.option.value)
      }}
    >
      <div role="presentation" className="vlist-all" style={{ height: virtual.getTotalSize() }}>
        {shown.map((row) => {
          const item = items[row.index]
          if (item === undefined) return null
          const style = { transform: `translateY(${row.start}px)`, height: row.size }
          if (item.kind === 'heading')
            return (
              <div key={row.key} className="vrow day" style={style} aria-hidden>
                {item.text}
              </div>
            )
          const isSelected = picked.selected.has(item.key)
          return (
            <div
              key={row.key}
              id={`${id}-${item.key}`}
              className="vrow"
              style={style}
              role="option"
              aria-selected={isSelected}
              aria-posinset={(place.get(item.key) ?? 0) + 1}
              aria-setsize={Math.max(props.total, options.length)}
              data-at={place.get(item.key)}
              data-active={picked.active === item.key || undefined}
            >
              {props.children(item.value, isSelected)}
            </div>
          )
        })}
      </div>
    </div>
  )
}
