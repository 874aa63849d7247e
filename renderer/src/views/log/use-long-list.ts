import { useCallback, useEffect, useLayoutEffect, useReducer, useRef, useState, type RefObject } from 'react'
import { SparseHeights } from './sparse-heights.ts'

/** Rows drawn before and behind those that are seen, and the steps in which the drawn ones change. */
const SPARE = 12
const STEP = 6

/** The rows that are drawn: from `first` up to `end`, the latter not among them. */
interface Drawn {
  readonly first: number
  readonly end: number
}

/** A list of any length of which only what is seen is drawn. */
export interface LongList extends Drawn {
  /** The box it is scrolled in. */
  readonly scroller: RefObject<HTMLDivElement | null>
  /** Where the first drawn row begins, and how high the whole list is, px. */
  readonly startPx: number
  readonly heightPx: number
  /** The ref of each drawn row, which bears its number in `data-index`. */
  readonly rowRef: (row: HTMLElement | null) => (() => void) | undefined
  readonly onScroll: () => void
  /** The first row that is seen. */
  readonly topRow: () => number
  readonly scrollTo: (row: number, align: 'auto' | 'center' | 'end') => void
}

/**
 * Draws the rows of a list that are in view. They stand one below the other, so they never overlap, whatever their heights
 * turn out to be; when one above the reader's place is not as high as it was taken for, the place moves along. `version`: when it
 * changes, other rows stand at the same numbers.
 */
export function useLongList(count: number, usualPx: number, version: unknown): LongList {
  const scroller = useRef<HTMLDivElement>(null)
  const [heights] = useState(() => new SparseHeights(usualPx))
  const [, redraw] = useReducer((n: number) => n + 1, 0)
  const [drawn, setDrawn] = useState<Drawn>({ first: 0, end: 0 })
  const mounted = useRef(new Set<HTMLElement>())
  const known = useRef({ count, version })
  known.current.count = count

  const look = useCallback(() => {
    const box = scroller.current
    if (box === null) return
    const first = Math.max(0, heights.rowAt(box.scrollTop) - SPARE)
    const end = heights.rowAt(box.scrollTop + box.clientHeight) + 1 + SPARE
    const next = { first: first - (first % STEP), end: end + STEP - (end % STEP) }
    setDrawn((before) => (before.first === next.first && before.end === next.end ? before : next))
  }, [heights])

  /** Notes heights; the row at the top of the view stays where it is. */
  const note = useCallback(
    (rows: Iterable<readonly [HTMLElement, number]>) => {
      const box = scroller.current
      if (box === null) return
      const top = Math.min(heights.rowAt(box.scrollTop), Math.max(0, known.current.count - 1))
      const before = heights.startOf(top)
      let hasChanged = false
      for (const [row, height] of rows)
        if (height > 0 && heights.set(Number(row.dataset['index']), height)) hasChanged = true
      if (!hasChanged) return
      const moved = heights.startOf(top) - before
      if (moved !== 0) box.scrollTop += moved
      redraw()
      look()
    },
    [heights, look],
  )
  const sizes = useRef(new WeakMap<Element, number>())
  const [observer] = useState(
    () =>
      new ResizeObserver((entries) => {
        const seen = entries.map(({ target, borderBoxSize }): [HTMLElement, number] => [
          target as HTMLElement,
          Math.round((borderBoxSize[0]?.blockSize ?? 0) * 100) / 100,
        ])
        for (const [row, height] of seen) sizes.current.set(row, height)
        note(seen)
      }),
  )
  useEffect(() => () => observer.disconnect(), [observer])
  useEffect(() => {
    const box = scroller.current
    if (box === null) return
    const resized = new ResizeObserver(look)
    resized.observe(box)
    return () => resized.disconnect()
  }, [look])
  useLayoutEffect(() => {
    if (known.current.version !== version) {
      known.current.version = version
      heights.clear()
      note([...mounted.current].map((row) => [row, sizes.current.get(row) ?? 0] as const))
    }
    look()
  }, [count, version, heights, look, note])

  const rowRef = useCallback(
    (row: HTMLElement | null) => {
      if (row === null) return undefined
      mounted.current.add(row)
      observer.observe(row)
      return () => {
        mounted.current.delete(row)
        observer.unobserve(row)
      }
    },
    [observer],
  )
  const scrollTo = useCallback(
    (row: number, align: 'auto' | 'center' | 'end') => {
      const box = scroller.current
      if (box === null) return
      const [start, end] = [heights.startOf(row), heights.startOf(row + 1)]
      const top = box.scrollTop
      const isSeen = start >= top && end <= top + box.clientHeight
      if (align === 'auto' && isSeen) return
      if (align === 'center') box.scrollTop = start - (box.clientHeight - (end - start)) / 2
      else if (align === 'end') box.scrollTop = box.scrollHeight
      else box.scrollTop = start < top ? start : end - box.clientHeight
      look()
    },
    [heights, look],
  )
  const first = Math.min(drawn.first, count)
  const end = Math.min(drawn.end, count)
  return {
    scroller,
    first,
    end,
    startPx: heights.startOf(first),
    heightPx: heights.startOf(count),
    rowRef,
    onScroll: look,
    topRow: () => heights.rowAt(scroller.current?.scrollTop ?? 0),
    scrollTo,
  }
}
