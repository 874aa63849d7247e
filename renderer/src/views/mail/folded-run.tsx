import { useEffect, useRef, useState } from 'react'
import type { MessageRow } from '../../../../core/rpc/views.ts'
import { FoldedMessage } from './folded-message.tsx'

interface Props {
  /** Folded messages that stand one below the other. */
  readonly rows: readonly (MessageRow | undefined)[]
  /** Where the first of them stands in the conversation, and how many that has. */
  readonly first: number
  readonly count: number
  readonly nowMs: number
  readonly onOpen: (id: number) => void
}

/** A run no longer than this is drawn as a whole. */
const FEW = 60
/** Rows drawn above and below those that are seen; it is drawn anew after so many. */
const SPARE = 15
const STEP = 5
/** Until the first row is measured. */
const ROW_PX = 40

/** Folded messages of a conversation, of very many only those that are seen. */
export function FoldedRun({ rows, first, count, nowMs, onOpen }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const [rowPx, setRowPx] = useState(ROW_PX)
  const [seen, setSeen] = useState({ from: 0, to: FEW })
  const isLong = rows.length > FEW
  const from = isLong ? Math.min(seen.from, rows.length) : 0
  const to = isLong ? Math.min(seen.to, rows.length) : rows.length
  useEffect(() => {
    const run = box.current
    const page = run?.closest('.article')
    if (!isLong || run === null || !page) return
    const look = () => {
      // Larger text makes taller rows.
      const px = run.querySelector('.folded')?.getBoundingClientRect().height ?? 0
      if (px > 0) setRowPx(px)
      const top = page.getBoundingClientRect().top - run.getBoundingClientRect().top
      const row = Math.floor(top / rowPx)
      const begin = Math.max(0, row - (((row % STEP) + STEP) % STEP) - SPARE)
      const end = Math.max(begin, row + Math.ceil(page.clientHeight / rowPx) + SPARE + STEP)
      setSeen((before) => (before.from === begin && before.to === end ? before : { from: begin, to: end }))
    }
    look()
    page.addEventListener('scroll', look, { passive: true })
    // What stands above may grow or shrink without any scrolling.
    const nearing = new IntersectionObserver(look, { root: page, rootMargin: '200px' })
    for (const gap of run.querySelectorAll('.folded-gap')) nearing.observe(gap)
    return () => {
      page.removeEventListener('scroll', look)
      nearing.disconnect()
    }
  }, [isLong, rowPx])
  return (
    <div ref={box} role="list">
      {isLong ? <div className="folded-gap" style={{ height: from * rowPx }} aria-hidden /> : null}
      {rows.slice(from, to).map((row, n) =>
        row === undefined ? null : (
          <div key={row.id} role="listitem" aria-posinset={first + from + n + 1} aria-setsize={count}>
            <FoldedMessage row={row} nowMs={nowMs} onOpen={() => onOpen(row.id)} />
          </div>
        ),
      )}
      {isLong ? <div className="folded-gap" style={{ height: (rows.length - to) * rowPx }} aria-hidden /> : null}
    </div>
  )
}
