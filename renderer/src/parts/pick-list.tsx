import { useId, useState, type ReactNode } from 'react'
import { Icon } from './icon.tsx'

interface Props<T> {
  /** What is chosen, for those who hear it. */
  readonly label: string
  readonly placeholder: string
  /** What has all that was typed, the likeliest first. */
  readonly find: (typed: string) => readonly T[]
  readonly keyOf: (item: T) => string | number
  readonly onPick: (item: T) => void
  /** The one that Enter takes has changed. */
  readonly onActive?: (item: T | undefined) => void
  /** What is said when nothing has it. */
  readonly nothing: string
  readonly children: (item: T) => ReactNode
}

/** A field and, below it, what has the words typed in it. Arrows move, Enter takes; the focus stays in the field. */
export function PickList<T>({ label, placeholder, find, keyOf, onPick, onActive, nothing, children }: Props<T>) {
  const id = useId()
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const found = find(typed)
  const active = Math.min(at, found.length - 1)
  const move = (to: number) => {
    setAt(to)
    onActive?.(found[to])
  }
  const activeItem = found[active]
  return (
    <>
      <div className="field">
        <Icon name="search" />
        <input
          // eslint-disable-next-line jsx-a11y/no-autofocus -- the dialog is this field
          autoFocus
          role="combobox"
          aria-label={label}
          placeholder={placeholder}
          aria-expanded
          aria-controls={id}
          aria-activedescendant={activeItem === undefined ? undefined : `${id}-${keyOf(activeItem)}`}
          aria-autocomplete="list"
          spellCheck={false}
          autoComplete="off"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value)
            setAt(0)
            onActive?.(find(event.target.value)[0])
          }}
          onKeyDown={(event) => {
            const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
            if (step !== 0 && found.length > 0) move((active + step + found.length) % found.length)
            else if (event.key === 'Enter' && activeItem !== undefined) onPick(activeItem)
            else return
            event.preventDefault()
          }}
        />
      </div>
      <div id={id} role="listbox" aria-label={label} className="menu-list">
        {found.map((item, index) => (
          // The field keeps the focus and has the keys; a pointer may choose as well.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <div
            key={keyOf(item)}
            id={`${id}-${keyOf(item)}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            className="menu-item"
            data-focused={index === active || undefined}
            ref={index === active ? (row) => row?.scrollIntoView({ block: 'nearest' }) : undefined}
            onClick={() => onPick(item)}
          >
            {children(item)}
          </div>
        ))}
      </div>
      {found.length > 0 ? null : (
        <p className="quiet" role="status">
          {nothing}
        </p>
      )}
    </>
  )
}
