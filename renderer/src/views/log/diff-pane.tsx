import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef } from 'react'
import { diffSessions, type DiffLine, type DiffRow } from '../../../../core/model/session-diff.ts'
import type { SessionView } from '../../../../core/rpc/views.ts'
import { clockSeconds, dayAndClock, delta, took } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Load } from '../../parts/load.tsx'
import { useNow } from '../../state/now.ts'
import { t } from '../../words/words.ts'
import { diffLines } from './diff-lines.ts'
import { useDialogue } from './use-dialogue.ts'
import { whole } from '../../format/size.ts'
import { FIRST_EVENTS, useFirstEvents } from './use-first-events.ts'

interface Props {
  /** The older one stands on the left. */
  readonly ids: readonly [number, number]
  readonly onLine: (sessionId: number, seq: number) => void
}

/** Two sessions side by side: what both said, what changed, and how long each line took to come. */
export function DiffPane({ ids: [left, right], onLine }: Props) {
  const one = useDialogue(left)
  const other = useDialogue(right)
  const a = useFirstEvents(left, one)
  const b = useFirstEvents(right, other)
  return (
    <section className="detail" aria-label={t('Two sessions')}>
      <Load live={one.head} what={t('the session')} again={one.head.again}>
        {(before) => (
          <Load live={other.head} what={t('the session')} again={other.head.again}>
            {(after) => (
              <Diff
                sessions={[before.session, after.session]}
                left={a.events}
                right={b.events}
                isCut={a.isCut || b.isCut}
                onLine={onLine}
              />
            )}
          </Load>
        )}
      </Load>
    </section>
  )
}

/** Most rows are one line. */
const rowHeight = () => 24

interface DiffProps {
  readonly sessions: readonly [SessionView, SessionView]
  readonly left: Parameters<typeof diffLines>[0]
  readonly right: Parameters<typeof diffLines>[0]
  /** One of them has more lines than are compared. */
  readonly isCut: boolean
  readonly onLine: Props['onLine']
}

function Diff({ sessions: [a, b], left, right, isCut, onLine }: DiffProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const nowMs = useNow(60_000)
  const { rows, same, changed, onlyLeft, onlyRight } = useMemo(
    () => diffSessions(diffLines(left), diffLines(right)),
    [left, right],
  )
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: rowHeight,
    overscan: 30,
  })
  const name = (session: SessionView) => (
    <span className="diff-name">
      <bdi className="clip">{visible(session.peer)}</bdi>{' '}
      <span className="quiet num">
        {dayAndClock(session.startedMs, nowMs, clockSeconds)}
        {session.endedMs === null ? '' : `, ${took(session.endedMs - session.startedMs)}`}
      </span>
    </span>
  )
  return (
    <>
      <header>
        <h2 className="clip">{t('Two sessions')}</h2>
        <span className="quiet num clip" role="status">
          {t(
            '{same, plural, one {# line is the same} other {# lines are the same}}, {changed, plural, one {# changed} other {# changed}}, {onlyLeft} only on the left, {onlyRight} only on the right',
            { same, changed, onlyLeft, onlyRight },
          )}
          {isCut ? ` ${t('Only the first {count} lines of each are compared.', { count: whole(FIRST_EVENTS) })}` : null}
        </span>
      </header>
      <div className="diff">
        <div className="diff-heads">
          {name(a)}
          {name(b)}
        </div>
        {/* Focusable, so that the keyboard can scroll it. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <div ref={scroller} className="wire diff-lines" tabIndex={0} role="region" aria-label={t('Lines side by side')}>
          <div className="vlist-all" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => {
              const row = rows[item.index]
              if (row === undefined) return null
              return (
                <div
                  key={item.key}
                  ref={virtual.measureElement}
                  data-index={item.index}
                  className="vrow-free diff-row"
                  data-kind={row.kind}
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <Side row={row} line={row.left} before={rows[item.index - 1]?.left} session={a} onLine={onLine} />
                  <Side row={row} line={row.right} before={rows[item.index - 1]?.right} session={b} onLine={onLine} />
                </div>
              )
            })}
          </div>
        </div>
      </div>
    </>
  )
}

const KINDS: Readonly<Record<DiffRow['kind'], () => string>> = {
  same: () => '',
  changed: () => t('changed: '),
  left: () => t('only here: '),
  right: () => t('only here: '),
}
const MARKS: Readonly<Record<DiffRow['kind'], string>> = { same: '', changed: '≠', left: '−', right: '+' }

interface SideProps {
  readonly row: DiffRow
  readonly line: DiffLine | null
  readonly before: DiffLine | null | undefined
  readonly session: SessionView
  readonly onLine: Props['onLine']
}

function Side({ row, line, before, session, onLine }: SideProps) {
  if (line === null) return <span className="diff-side" data-none />
  const who = line.from === 'C' ? 'c' : line.from === 'S' ? 's' : 'n'
  const waited = before === null || before === undefined ? null : line.sinceMs - before.sinceMs
  return (
    <button type="button" className={`diff-side ${who}`} onClick={() => onLine(session.id, line.seq)}>
      <span className="diff-mark" aria-hidden>
        {MARKS[row.kind]}
      </span>
      <span className="sr">{KINDS[row.kind]()}</span>
      <bdi className="tx">{line.text}</bdi>
      <span className="dt num">{waited === null ? '' : delta(Math.max(0, waited))}</span>
    </button>
  )
}
