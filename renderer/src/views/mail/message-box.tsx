import {
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
} from 'react'
import { commandOf } from '../../commands/bindings.ts'
import { useOffers } from '../../commands/offers.ts'
import { pointAt, pointOf, type Point } from '../../parts/context-menu.tsx'
import type { Picked } from '../../parts/virtual-listbox.tsx'
import { layoutOf, type Layout } from './list-layout.ts'
import { rangeOf, type ListSource, type Range } from './list-source.ts'
import { keyOf, type MailRow } from './rows.ts'

interface Props {
  readonly label: string
  readonly className: string
  readonly source: ListSource
  readonly rowPx: number
  /** Where days have headings. */
  readonly nowMs: number | undefined
  readonly picked: Picked
  /** `several`: what the rows stand for that are conversations, for those that are not here. */
  readonly onPick: (picked: Picked, several: Range['several']) => void
  readonly onDo: (what: string, row: MailRow) => void
  readonly onOpen: () => void
  readonly isUnfolded: (row: MailRow) => boolean
  readonly onUnfold: (row: MailRow, isOpen: boolean) => void
  readonly onUnfoldAll: (isOpen: boolean) => void
  /** The menu of what is selected was asked for, there. */
  readonly onMenu: (at: Point) => void
  readonly children: (row: MailRow) => React.ReactNode
}

const HEADING_PX = 26
/** Rows drawn above and below those that are seen. */
const SPARE = 8
/** It is drawn anew after so many rows, not after each pixel. */
const STEP = 4

/**
 * The messages of a list of any length, of which only those exist that are seen. One tab stop; arrows, the keys of next and previous,
 * Home, End and pages move to any row, here or not; Shift extends, Ctrl adds; to the right a conversation is unfolded, to the left
 * folded. Rows hold no controls of their own for the keyboard: each has a key instead.
 */
export function MessageBox(props: Props) {
  const { source, picked, rowPx, nowMs } = props
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const layout = useMemo(() => layoutOf(source, rowPx, HEADING_PX, nowMs), [source, rowPx, nowMs])
  const places = useMemo(() => new Map(source.loaded.map(({ place, row }) => [keyOf(row), place])), [source])
  const [first, setFirst] = useState(0)
  const [seen, setSeen] = useState(0)
  /** Where the keyboard and the beginning of a selection stood last, for when their rows are not here. */
  const stood = useRef(0)
  const anchor = useRef<{ readonly key: number; readonly place: number } | null>(null)
  const asked = useRef(0)

  const last = Math.min(source.count, first + seen + SPARE + STEP)
  const from = Math.max(0, first - SPARE)
  useEffect(() => source.want(from, last), [source, from, last])

  const look = () => {
    const box = scroller.current
    if (box === null) return
    const place = layout.placeAt(box.scrollTop)
    setFirst(place - (place % STEP))
    setSeen(Math.ceil(box.clientHeight / rowPx))
  }
  useLayoutEffect(look, [layout, rowPx])
  useEffect(() => {
    const box = scroller.current
    if (box === null) return
    const watch = new ResizeObserver(look)
    watch.observe(box)
    return () => watch.disconnect()
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `look` reads what is current when it is called
  }, [layout])
  useStayPut(scroller, layout, source, places)

  const scrollTo = (place: number) => {
    const box = scroller.current
    if (box === null) return
    const top = layout.topOf(place)
    const end = top + (layout.headings.has(place) ? HEADING_PX : 0) + rowPx
    if (top < box.scrollTop) box.scrollTop = top
    else if (end > box.scrollTop + box.clientHeight) box.scrollTop = end - box.clientHeight
  }
  const activePlace = picked.active === null ? undefined : places.get(picked.active)
  if (activePlace !== undefined) stood.current = activePlace
  // Whoever moves it from elsewhere has it in sight here as well, also after the window was opened anew.
  const shown = useRef<number | null>(null)
  useEffect(() => {
    if (picked.active === null || shown.current === picked.active) return
    const { active } = picked
    if (activePlace !== undefined) {
      shown.current = active
      scrollTo(activePlace)
    } else if (shown.current === null) {
      shown.current = active
      void source.find(Math.abs(active)).then((found) => {
        if (found === null) return
        stood.current = found.place
        scrollTo(found.place)
      })
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only where another row is the active one
  }, [picked.active, activePlace])

  const rangeNow = async (start: number, end: number): Promise<Range> => {
    const rows: MailRow[] = []
    for (let place = start; place < end; place++) {
      const row = source.at(place)
      if (row === undefined) return source.range(start, end)
      rows.push(row)
    }
    return rangeOf(rows)
  }
  const pickAt = async (wanted: number, how: 'only' | 'extend' | 'toggle') => {
    if (source.count === 0) return
    const place = Math.max(0, Math.min(source.count - 1, wanted))
    const turn = ++asked.current
    stood.current = place
    // With the first row its heading shows, too.
    scrollTo(place)
    const began = anchor.current ?? (picked.active === null ? null : { key: picked.active, place: stood.current })
    const start = how !== 'extend' || began === null ? place : (places.get(began.key) ?? began.place)
    const { keys, several } = await rangeNow(Math.min(start, place), Math.max(start, place) + 1)
    const key = place < start ? keys[0] : keys.at(-1)
    if (key === undefined || turn !== asked.current) return
    shown.current = key
    if (how !== 'extend') anchor.current = { key, place }
    const selected = how === 'toggle' ? new Set(picked.selected) : new Set(keys)
    if (how === 'toggle' && !selected.delete(key)) selected.add(key)
    props.onPick({ active: key, selected }, several)
  }
  const pickAll = async () => {
    const turn = ++asked.current
    const { keys, several } = await rangeNow(0, source.count)
    if (turn === asked.current) props.onPick({ active: picked.active, selected: new Set(keys) }, several)
  }

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const box = scroller.current
    const at = picked.active === null ? -1 : (activePlace ?? stood.current)
    const row = source.at(at)
    const page = Math.max(1, Math.floor((box?.clientHeight ?? 400) / rowPx) - 1)
    const mod = event.ctrlKey || event.metaKey
    const command = commandOf(event.nativeEvent)
    const isRtl = box !== null && getComputedStyle(box).direction === 'rtl'
    const [inward, outward] = isRtl ? ['ArrowLeft', 'ArrowRight'] : ['ArrowRight', 'ArrowLeft']
    const move = (to: number) => {
      event.preventDefault()
      void pickAt(to, event.shiftKey ? 'extend' : 'only')
    }
    if (event.key === 'ArrowDown' || command === 'next') move(at + 1)
    else if (event.key === 'ArrowUp' || command === 'previous') move(Math.max(0, at - 1))
    else if (event.key === 'PageDown') move(at + page)
    else if (event.key === 'PageUp') move(at - page)
    else if (event.key === 'Home') move(0)
    else if (event.key === 'End') move(source.count - 1)
    else if (event.key === 'Enter' && at >= 0) props.onOpen()
    else if (event.key === ' ' && mod && at >= 0) {
      event.preventDefault()
      void pickAt(at, 'toggle')
    } else if (mod && event.key.toLowerCase() === 'a') {
      event.preventDefault()
      void pickAll()
    } else if (command === 'unfold-all' || command === 'fold-all') {
      event.preventDefault()
      props.onUnfoldAll(command === 'unfold-all')
    } else if (event.key === inward && row !== undefined && isConversation(row)) {
      if (props.isUnfolded(row)) move(at + 1)
      else props.onUnfold(row, true)
    } else if (event.key === outward && row !== undefined) {
      if (row.isBelow) {
        const head = source.loaded.findLast((one) => one.place < at && one.row.isBelow !== true)
        if (head !== undefined) move(head.place)
      } else if (isConversation(row) && props.isUnfolded(row)) props.onUnfold(row, false)
    }
  }

  const onClick = (event: MouseEvent) => {
    const target = event.target instanceof Element ? event.target : null
    const place = Number(target?.closest('[data-at]')?.getAttribute('data-at') ?? -1)
    const row = source.at(place)
    if (row === undefined) return
    const what = target?.closest('[data-do]')?.getAttribute('data-do')
    if (what === 'unfold') props.onUnfold(row, !props.isUnfolded(row))
    else if (what) props.onDo(what, row)
    else void pickAt(place, event.shiftKey ? 'extend' : event.ctrlKey || event.metaKey ? 'toggle' : 'only')
  }

  const rowAt = (place: number) => scroller.current?.querySelector(`[data-at="${place}"]`) ?? null
  const onContextMenu = (event: MouseEvent) => {
    const hit = event.target instanceof Element ? event.target.closest('[data-at]') : null
    // Asked for by a key it is for the row the keyboard stands on; beside the rows there is nothing to ask for.
    const isByKey = hit === null && event.nativeEvent instanceof PointerEvent && event.nativeEvent.pointerType === ''
    const place = isByKey ? activePlace : Number(hit?.getAttribute('data-at') ?? -1)
    const row = place === undefined ? undefined : source.at(place)
    if (row === undefined || place === undefined) return
    event.preventDefault()
    if (!picked.selected.has(keyOf(row))) void pickAt(place, 'only')
    props.onMenu(pointOf(event, rowAt(place)))
  }
  useOffers(
    activePlace === undefined
      ? {}
      : {
          'row-menu': () => {
            scrollTo(activePlace)
            scroller.current?.focus()
            props.onMenu(pointAt(rowAt(activePlace) ?? scroller.current))
          },
        },
  )

  const isDrawn = activePlace !== undefined && activePlace >= from && activePlace < last
  return (
    <div
      ref={scroller}
      className={`vlist ${props.className}`}
      role="listbox"
      tabIndex={0}
      aria-label={props.label}
      aria-multiselectable
      aria-activedescendant={isDrawn ? `${id}${picked.active}` : undefined}
      onKeyDown={onKeyDown}
      onScroll={look}
      onClick={onClick}
      onContextMenu={onContextMenu}
      onDoubleClick={(event) => {
        if (event.target instanceof Element && event.target.closest('[data-at]') !== null) props.onOpen()
      }}
    >
      <div role="presentation" className="vlist-all" style={{ height: layout.totalPx }}>
        {Array.from({ length: Math.max(0, last - from) }, (_, n) => from + n).map((place) => {
          const row = source.at(place)
          const heading = layout.headings.get(place)
          const top = layout.topOf(place) + (heading === undefined ? 0 : HEADING_PX)
          const style = { transform: `translateY(${top}px)`, height: rowPx }
          if (row === undefined)
            return (
              <div key={`place ${place}`} className="vrow coming" style={style} aria-hidden>
                <i />
              </div>
            )
          const key = keyOf(row)
          const isSelected = picked.selected.has(key)
          return [
            heading === undefined ? null : (
              <div
                key={`heading ${key}`}
                className="vrow day"
                style={{ transform: `translateY(${top - HEADING_PX}px)`, height: HEADING_PX }}
                aria-hidden
              >
                {heading}
              </div>
            ),
            <div
              key={key}
              id={`${id}${key}`}
              className="vrow"
              style={style}
              role="option"
              aria-selected={isSelected}
              aria-posinset={place + 1}
              aria-setsize={source.count}
              data-at={place}
              data-active={picked.active === key || undefined}
            >
              {props.children(row)}
            </div>,
          ]
        })}
      </div>
    </div>
  )
}

const isConversation = (row: MailRow) => (row.thread?.ids.length ?? 1) > 1

/** Keeps what is seen where it is while rows come above it. At the top it stays at the top, so that new mail shows. */
function useStayPut(
  scroller: React.RefObject<HTMLDivElement | null>,
  layout: Layout,
  source: ListSource,
  places: ReadonlyMap<number, number>,
): void {
  const before = useRef<{ readonly layout: Layout; readonly source: ListSource } | null>(null)
  useLayoutEffect(() => {
    const [box, old] = [scroller.current, before.current]
    before.current = { layout, source }
    if (box === null || old === null || old.layout === layout || box.scrollTop === 0) return
    const place = old.layout.placeAt(box.scrollTop)
    const row = old.source.at(place)
    const now = row === undefined ? undefined : places.get(keyOf(row))
    const moved = layout.topOf(now ?? place) - old.layout.topOf(place)
    // Rows of another place that are not here any more say nothing of where it is now.
    if (moved !== 0 && (now !== undefined || row === undefined)) box.scrollTop += moved
  }, [scroller, layout, source, places])
}
