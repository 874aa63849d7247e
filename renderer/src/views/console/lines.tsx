import { useEffect, useMemo, useRef, useState } from 'react'
import type { EventView } from '../../../../core/rpc/views.ts'
import { t } from '../../words/words.ts'
import { DialogueRowView } from '../log/dialogue-row.tsx'
import { dialogueRows } from '../log/dialogue-rows.ts'

interface Props {
  readonly peer: string
  readonly protocol: 'smtp' | 'pop3' | 'imap'
  readonly events: readonly EventView[]
}

/** More rows than this nobody looks at beside what he types: the rest is in the log. */
const MOST_ROWS = 1500

/** What was said in a session that is being led, its end always in sight until the reader scrolls up. */
export function Lines({ peer, protocol, events }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const [follows, setFollows] = useState(true)
  const rows = useMemo(() => dialogueRows(events, open).slice(-MOST_ROWS), [events, open])
  useEffect(() => {
    const box = scroller.current
    if (follows && box !== null) box.scrollTop = box.scrollHeight
  }, [follows, rows])
  useEffect(() => {
    const box = scroller.current
    if (!follows || box === null) return
    // The form below it grows and shrinks.
    const observer = new ResizeObserver(() => (box.scrollTop = box.scrollHeight))
    observer.observe(box)
    return () => observer.disconnect()
  }, [follows])
  const toggle = (id: string) => {
    setFollows(false)
    setOpen((before) => {
      const after = new Set(before)
      if (!after.delete(id)) after.add(id)
      return after
    })
  }
  return (
    <div
      ref={scroller}
      className="wire lines"
      role="log"
      aria-label={t('Dialogue with {peer}', { peer })}
      // Focusable, so that the keyboard can scroll it.
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onScroll={({ currentTarget: box }) => setFollows(box.scrollHeight - box.scrollTop - box.clientHeight < 24)}
    >
      {rows.map((row) => (
        <DialogueRowView key={row.key} row={row} protocol={protocol} isMarked={false} onToggle={toggle} />
      ))}
    </div>
  )
}
