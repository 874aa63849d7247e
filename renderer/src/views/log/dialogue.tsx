import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react'
import type { EventView, SessionView } from '../../../../core/rpc/views.ts'
import { whole } from '../../format/size.ts'
import { Button } from '../../parts/button.tsx'
import { copyText } from '../../state/actions.ts'
import { t } from '../../words/words.ts'
import { copiedLines } from './copy-lines.ts'
import { lineText } from './exchange.ts'
import { DialogueRowView } from './dialogue-row.tsx'
import { useLongList } from './use-long-list.ts'
import { useRows, type Read } from './use-rows.ts'

interface Props {
  readonly session: Pick<SessionView, 'peer' | 'protocol' | 'state'>
  readonly read: Read
  /** Told which events are looked at. */
  readonly look?: (fromSeq: number, toSeq: number) => void
  /** The events between two numbers, for the clipboard; without it those that are here. */
  readonly fetch?: (fromSeq: number, toSeq: number) => Promise<readonly EventView[]>
  /** A line to show and mark, when a link led here. */
  readonly seq: number | null
  /** Lines as their bytes. */
  readonly showsBytes?: boolean
  readonly onExplain?: (text: string) => void
  readonly onMessage?: (messageId: number) => void
  readonly onEntry?: (entryId: number) => void
}

/** Most rows are one line. */
const ROW_PX = 20

/** Rows that were picked: by the keyboard, or by their numbers. */
interface Picked {
  readonly anchor: number
  readonly active: number
}

/**
 * What was said, in order; only the visible rows exist. A live one is followed until the reader scrolls up; what comes from then on is
 * counted, and following goes on at the end. Arrows move, Shift picks more rows, Ctrl+C copies them, Enter explains.
 */
export function Dialogue({
  session,
  read,
  look,
  fetch,
  seq,
  showsBytes = false,
  onExplain,
  onMessage,
  onEntry,
}: Props) {
  const rows = useRows(read)
  const isLive = session.state === 'live'
  const [follows, setFollows] = useState(seq === null && isLive)
  /** How many events there were when following ended. */
  const [leftAt, setLeftAt] = useState(read.total)
  const [picked, setPicked] = useState<Picked | null>(null)
  const list = useLongList(rows.count, ROW_PX, rows.shape)
  const { scroller, scrollTo } = list
  const fromSeq = rows.seqAt(list.first)
  const toSeq = rows.seqAt(Math.max(list.first, list.end - 1))
  useEffect(() => look?.(fromSeq, toSeq), [look, fromSeq, toSeq])

  const marked = seq === null ? -1 : rows.indexOf(seq)
  const jumped = useRef<number | null>(null)
  useEffect(() => {
    if (marked >= 0 && seq !== null && jumped.current !== seq && read.total > seq) {
      jumped.current = seq
      scrollTo(marked, 'center')
    }
  }, [marked, seq, read.total, scrollTo])
  useLayoutEffect(() => {
    if (follows && rows.count > 0) scrollTo(rows.count - 1, 'end')
  }, [follows, rows.count, list.heightPx, scrollTo])

  const follow = (on: boolean) => {
    if (on === follows) return
    setFollows(on)
    setLeftAt(read.total)
  }
  const toggle = (id: string) => {
    follow(false)
    rows.toggle(id)
  }
  // The same function each time, so that rows which have not changed are not drawn anew.
  const latestToggle = useRef(toggle)
  latestToggle.current = toggle
  const [toggleRow] = useState(() => (id: string) => latestToggle.current(id))
  const from = picked === null ? -1 : Math.min(picked.anchor, picked.active)
  const to = picked === null ? -1 : Math.max(picked.anchor, picked.active)
  const pick = (index: number, isMore: boolean) => {
    const active = Math.max(0, Math.min(rows.count - 1, index))
    follow(false)
    setPicked({ anchor: isMore ? (picked?.anchor ?? active) : active, active })
    scrollTo(active, 'auto')
  }
  const copy = async () => {
    // A folded row is copied with all that it holds.
    const [first, end] = [rows.seqAt(from), to + 1 < rows.count ? rows.seqAt(to + 1) : read.total]
    const events = await (fetch?.(first, end - 1) ?? read.events.filter((one) => one.seq >= first && one.seq < end))
    await copyText(copiedLines(events), t('{count, plural, one {# line} other {# lines}}', { count: events.length }))
  }
  const act = () => {
    const row = picked === null ? undefined : rows.at(picked.active)
    if (row?.kind !== 'line') return
    if (row.rest !== null) toggle(row.rest.id)
    else onExplain?.(lineText(row.event))
  }
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== event.currentTarget) return
    const mod = event.ctrlKey || event.metaKey
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / 20) - 1)
    const at = picked?.active ?? list.topRow() - 1
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.count - 1,
    }
    const target = Object.hasOwn(moves, event.key) && !mod ? moves[event.key] : undefined
    if (target !== undefined) pick(target, event.shiftKey)
    else if (mod && event.key.toLowerCase() === 'a' && rows.count > 0) setPicked({ anchor: 0, active: rows.count - 1 })
    else if (mod && event.key.toLowerCase() === 'c' && picked !== null && isNothingSelected()) void copy()
    else if (event.key === 'Enter' && picked !== null) act()
    else if (event.key === 'Escape' && picked !== null) setPicked(null)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const onClick = (event: MouseEvent) => {
    const number = event.target instanceof Element ? event.target.closest('.no') : null
    const index = number?.closest('[data-index]')?.getAttribute('data-index')
    if (index !== undefined && index !== null) pick(Number(index), event.shiftKey)
  }
  const news = follows ? 0 : read.total - leftAt
  return (
    <div className="dialogue-box">
      {/* Its rows are picked by their numbers and by the keyboard; what is in them has controls of its own. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        ref={scroller}
        className="wire dialogue"
        role="log"
        aria-label={t('Dialogue with {peer}', { peer: session.peer })}
        aria-live="off"
        // Focusable, so that the keyboard can scroll it.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onKeyDown={onKeyDown}
        onClick={onClick}
        onScroll={({ currentTarget: box }) => {
          list.onScroll()
          follow(isLive && box.scrollHeight - box.scrollTop - box.clientHeight < 24)
        }}
      >
        <div className="vlist-all" style={{ height: list.heightPx }}>
          <div className="vrows" style={{ transform: `translateY(${list.startPx}px)` }}>
            {Array.from({ length: list.end - list.first }, (_, n) => {
              const index = list.first + n
              const row = rows.at(index)
              return (
                <div
                  key={rows.seqAt(index)}
                  ref={list.rowRef}
                  data-index={index}
                  data-picked={(index >= from && index <= to) || undefined}
                  data-current={index === picked?.active || undefined}
                >
                  {row === undefined ? (
                    <div className="ln n">
                      <span className="no">{rows.seqAt(index) + 1}</span>
                    </div>
                  ) : (
                    <DialogueRowView
                      row={row}
                      protocol={session.protocol}
                      isMarked={index === marked}
                      showsBytes={showsBytes}
                      onToggle={toggleRow}
                      {...(onExplain === undefined ? {} : { onExplain })}
                      {...(onMessage === undefined ? {} : { onMessage })}
                      {...(onEntry === undefined ? {} : { onEntry })}
                    />
                  )}
                </div>
              )
            })}
          </div>
        </div>
      </div>
      <div className="dialogue-tools">
        {picked === null || from === to ? null : (
          <Button icon="copy" onClick={() => void copy()}>
            {t('Copy {count, plural, one {# row} other {# rows}}', { count: to - from + 1 })}
          </Button>
        )}
        {follows || !isLive ? null : (
          <Button icon="down" onClick={() => follow(true)}>
            {news === 0
              ? t('To the end')
              : t('{news, plural, one {# new line} other {{count} new lines}}', { news, count: whole(news) })}
          </Button>
        )}
      </div>
      <span className="sr" role="status">
        {spokenRow(picked === null ? undefined : rows.at(picked.active), to - from + 1)}
      </span>
    </div>
  )
}

const isNothingSelected = () => window.getSelection()?.isCollapsed ?? true

/** The row the keyboard came to, for those who hear it. */
function spokenRow(row: ReturnType<ReturnType<typeof useRows>['at']>, count: number): string {
  if (row === undefined) return ''
  if (count > 1) return t('{count} rows', { count })
  if (row.kind === 'line')
    return row.event.from === 'C'
      ? t('client: {text}', { text: lineText(row.event) })
      : t('server: {text}', { text: lineText(row.event) })
  return row.kind === 'note' ? row.text : t('Line {line}', { line: row.seq + 1 })
}
