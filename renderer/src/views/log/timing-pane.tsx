import { useMemo } from 'react'
import { took } from '../../format/time.ts'
import { Empty } from '../../parts/empty.tsx'
import { slowest, stepsOf, type Step } from './timing.ts'
import { FIRST_EVENTS, type FirstEvents } from './use-first-events.ts'
import { whole } from '../../format/size.ts'
import { t } from '../../words/words.ts'

const SHOWN = 500

interface Props {
  readonly first: FirstEvents
  readonly onLine: (seq: number) => void
}

/** The first steps, and the longest of those behind them. */
const shownOf = (steps: readonly Step[], slow: ReadonlySet<string>) => [
  ...steps.slice(0, SHOWN),
  ...steps.slice(SHOWN).filter(({ key }) => slow.has(key)),
]

/** Where the time of a session went, as bars one below the other; each opens its line. */
export function TimingPane({ first: { events, isReading, isCut }, onLine }: Props) {
  const steps = useMemo(() => stepsOf(events), [events])
  const totalMs = steps.reduce((most, { toMs }) => Math.max(most, toMs), Math.max(1, events.at(-1)?.sinceMs ?? 0))
  const slow = new Set(slowest(steps, 3).map(({ key }) => key))
  if (isReading) return <p role="status">{t('Reading the session…')}</p>
  if (steps.length === 0)
    return (
      <Empty icon="clock" title={t('Nothing was waited for yet')}>
        {t('Names, connection, TLS and each answer appear here with the time they took.')}
      </Empty>
    )
  return (
    // Focusable, so that the keyboard can scroll it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="timing" tabIndex={0} role="region" aria-label={t('Timing')}>
      <ol>
        {shownOf(steps, slow).map((step) => (
          <li key={step.key} data-kind={step.kind} data-slow={slow.has(step.key) || undefined}>
            <button type="button" onClick={() => (step.seq === null ? undefined : onLine(step.seq))}>
              <bdi className="mono clip">{step.label}</bdi>
              <span className="mono code">{step.code}</span>
              <span className="track" aria-hidden>
                <svg viewBox="0 0 1000 10" preserveAspectRatio="none">
                  <rect
                    x={(step.fromMs / totalMs) * 1000}
                    y={1}
                    width={Math.max(3, ((step.toMs - step.fromMs) / totalMs) * 1000)}
                    height={8}
                    rx={2}
                  />
                </svg>
              </span>
              <span className="num">{took(step.toMs - step.fromMs)}</span>
            </button>
          </li>
        ))}
      </ol>
      {steps.length <= shownOf(steps, slow).length ? null : (
        <p className="quiet">
          {t('and {count, plural, one {# more step} other {# more steps}}', {
            count: steps.length - shownOf(steps, slow).length,
          })}
        </p>
      )}
      {isCut ? (
        <p className="quiet num">
          {t('Only the first {count} lines of this session are timed.', { count: whole(FIRST_EVENTS) })}
        </p>
      ) : null}
      <p className="quiet num">
        {t('{totalMs} in all. The three longest waits are marked.', { totalMs: took(totalMs) })}
      </p>
    </div>
  )
}
