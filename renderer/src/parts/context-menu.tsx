import { Fragment, useEffect, useLayoutEffect, useRef } from 'react'
import { createPortal } from 'react-dom'
import {
  Button as AriaButton,
  Menu,
  MenuItem,
  MenuTrigger,
  Popover,
  Separator,
  SubmenuTrigger,
} from 'react-aria-components'
import { Icon } from './icon.tsx'
import type { IconName } from './icons.ts'
import type { MenuEntry } from './menu.tsx'

/** A place of the window, in pixels from its top left corner. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A command, or more of them behind a word. */
export type ContextEntry =
  | (MenuEntry & { readonly disabled?: boolean })
  | { readonly id: string; readonly label: string; readonly icon: IconName; readonly entries: readonly MenuEntry[] }

interface Props {
  readonly label: string
  readonly at: Point
  /** Between two groups is a line. */
  readonly groups: readonly (readonly ContextEntry[])[]
  readonly onClose: () => void
}

/**
 * What can be done with the thing that was clicked with the second button, where the pointer is. It gives the focus back before it runs a
 * command, for that may want it elsewhere. A second button pressed beside it closes it.
 */
export function ContextMenu({ label, at, groups, onClose }: Props) {
  const place = useRef<HTMLSpanElement>(null)
  const latest = useRef(groups)
  latest.current = groups
  useLayoutEffect(() => {
    place.current?.style.setProperty('transform', `translate(${at.x}px, ${at.y}px)`)
  }, [at])
  useEffect(() => {
    const onMenu = (event: MouseEvent) => {
      event.preventDefault()
      event.stopPropagation()
      if (event.target instanceof Element && event.target.closest('.menu') !== null) return
      onClose()
    }
    document.addEventListener('contextmenu', onMenu, true)
    return () => document.removeEventListener('contextmenu', onMenu, true)
  }, [onClose])
  const run = (id: string) =>
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const entries = latest.current.flat().flatMap((one) => ('entries' in one ? one.entries : [one]))
        entries.find((one) => one.id === id)?.run()
      }),
    )
  const shown = groups.filter((group) => group.length > 0)
  return createPortal(
    <span ref={place} className="menu-place">
      <MenuTrigger isOpen onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}>
        <AriaButton aria-label={label} excludeFromTabOrder />
        <Popover className="menu" placement="bottom start" offset={0}>
          <Menu
            aria-label={label}
            className="menu-list"
            // It has just been asked for: the arrows walk it at once.
            // eslint-disable-next-line jsx-a11y/no-autofocus
            autoFocus="first"
            disabledKeys={shown.flat().flatMap((one) => ('disabled' in one && one.disabled === true ? [one.id] : []))}
            onAction={(id) => run(String(id))}
          >
            {shown.map((group, at) => (
              <Fragment key={group[0]?.id}>
                {at === 0 ? null : <Separator className="menu-line" />}
                {group.map((one) =>
                  'entries' in one ? (
                    <SubmenuTrigger key={one.id}>
                      <MenuItem id={one.id} textValue={one.label} className="menu-item">
                        <Icon name={one.icon} />
                        <span className="grow">{one.label}</span>
                        <Icon name="right" className="onward" />
                      </MenuItem>
                      <Popover className="menu">
                        <Menu aria-label={one.label} className="menu-list" onAction={(id) => run(String(id))}>
                          {one.entries.map((entry) => (
                            <Entry key={entry.id} entry={entry} />
                          ))}
                        </Menu>
                      </Popover>
                    </SubmenuTrigger>
                  ) : (
                    <Entry key={one.id} entry={one} />
                  ),
                )}
              </Fragment>
            ))}
          </Menu>
        </Popover>
      </MenuTrigger>
    </span>,
    document.body,
  )
}

function Entry({ entry }: { readonly entry: MenuEntry }) {
  return (
    <MenuItem id={entry.id} textValue={entry.label} className="menu-item">
      <Icon name={entry.icon} />
      <span className="grow">{entry.label}</span>
      {entry.keys === undefined ? null : <kbd>{entry.keys}</kbd>}
    </MenuItem>
  )
}

/** Where a menu is to open that was asked for: under the pointer, or by a key at the thing it is for. */
export function pointOf(event: React.MouseEvent, thing: Element | null): Point {
  const { nativeEvent: asked, clientX: x, clientY: y } = event
  const byPointer = asked instanceof PointerEvent ? asked.pointerType !== '' : asked.button === 2
  return byPointer ? { x, y } : pointAt(thing)
}

/** A point inside a thing, near where its words begin. */
export function pointAt(thing: Element | null): Point {
  if (thing === null) return { x: 0, y: 0 }
  const { left, right, top, height } = thing.getBoundingClientRect()
  const inside = 24
  return { x: getComputedStyle(thing).direction === 'rtl' ? right - inside : left + inside, y: top + height / 2 }
}
