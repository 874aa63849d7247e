import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { EventView, SessionView } from '../../../../core/rpc/views.ts'
import { Button } from '../../parts/button.tsx'
import { dialogueRows } from './dialogue-rows.ts'
import { DialogueRowView } from './dialogue-row.tsx'
import { t } from '../../words/words.ts'

interface Props {
  readonly session: Pick<SessionView, 'peer' | 'protocol' | 'state'>
  readonly events: readonly EventView[]
  /** A line to show and mark, when a link led here. */
  readonly seq: number | null
  readonly onMessage?: (messageId: number) => void
  readonly onEntry?: (entryId: number) => void
}

/**
 * What was said, in order; only the visible rows exist. A live one is followed until the reader scrolls up, and
 * followed again at the end.
 */
export function Dialogue({ session, events, seq, onMessage, onEntry }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const [follows, setFollows] = useState(seq === null && session.state === 'live')
  const rows = useMemo(() => dialogueRows(events, open), [events, open])
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (rows[index]?.kind === 'boundary' ? 28 : 20),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 30,
  })
  const marked = seq === null ? -1 : rows.findLastIndex((row) => row.seq <= seq)
  const jumped = useRef<number | null>(null)
  useEffect(() => {
    if (marked >= 0 && seq !== null && jumped.current !== seq && (events.at(-1)?.seq ?? -1) >= seq) {
      jumped.current = seq
      virtual.scrollToIndex(marked, { align: 'center' })
    }
  }, [marked, seq, events, virtual])
  useEffect(() => {
    if (follows && rows.length > 0) virtual.scrollToIndex(rows.length - 1, { align: 'end' })
  }, [follows, rows.length, virtual])

  const toggle = (id: string) => {
    setFollows(false)
    setOpen((before) => {
      const after = new Set(before)
      if (!after.delete(id)) after.add(id)
      return after
    })
  }
  return (
    <div className="dialogue-box">
      <div
        ref={scroller}
        className="wire dialogue"
        role="log"
        aria-label={t('Dialogue with {peer}', { peer: session.peer })}
        aria-live="off"
        // Focusable, so that the keyboard can scroll it.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onScroll={({ currentTarget: box }) => setFollows(box.scrollHeight - box.scrollTop - box.clientHeight < 24)}
      >
        <div className="vlist-all" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index]
            if (row === undefined) return null
            return (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className="vrow-free"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <DialogueRowView
                  row={row}
                  protocol={session.protocol}
                  isMarked={item.index === marked}
                  onToggle={toggle}
                  {...(onMessage === undefined ? {} : { onMessage })}
                  {...(onEntry === undefined ? {} : { onEntry })}
                />
              </div>
            )
          })}
        </div>
      </div>
      {follows || session.state !== 'live' ? null : (
        <Button icon="down" className="follow" onClick={() => setFollows(true)}>
          {t('To the end')}
        </Button>
      )}
    </div>
  )
}
