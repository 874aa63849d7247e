import { Fragment } from 'react'
import { api } from '../../bridge/client.ts'
import { clockMillis, clockSeconds, delta, took } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import { formatRoute } from '../../state/route.ts'
import { useLive } from '../../state/use-live.ts'
import { traceOf } from './trace.ts'
import { t } from '../../words/words.ts'

/** More tries than this are reached through the log. */
const SHOWN = 4

/** The way of each try, newest first, every step with its line in the log. */
export function Trace({ sessions, attempts, address }: Props) {
  const ids = sessions.slice(-SHOWN).toReversed()
  if (sessions.length === 0) return null
  // A connection that was still open serves the next try as well: then sessions and tries do not go one by one.
  const isOneEach = sessions.length === attempts
  return ids.map((id, at) => (
    <Attempt key={id} id={id} number={isOneEach ? sessions.length - at : null} address={address} />
  ))
}
interface Props {
  readonly sessions: readonly number[]
  readonly attempts: number
  readonly address: string
}

function Attempt({ id, number, address }: { id: number; number: number | null; address: string }) {
  const live = useLive(
    `trace ${id}`,
    async () => ({ ...(await api.log.session({ id })), events: await api.log.events({ id, fromSeq: 0, limit: 1000 }) }),
    { changes: api.log.changes, concerns: ({ ids }) => ids.includes(id) },
  )
  if (live.at !== 'ready')
    return live.at === 'failed' ? <p className="quiet">{t('The session of this try is no longer kept.')}</p> : null
  const { session, events } = live.value
  const steps = traceOf(session, events, address)
  const tries = steps.filter(({ title }) => title === 'RCPT').length
  const name = number !== null ? `Try ${number}` : tries > 1 ? `${tries} tries on one connection` : 'A try'
  const link = (seq: number | null) => formatRoute({ view: 'log', sessionId: id, seq, of: null })
  return (
    <section
      aria-label={
        number === null ? t('{name} at {startedMs}', { name, startedMs: clockMillis(session.startedMs) }) : name
      }
    >
      <h3>
        {name}
        <span className="quiet num">
          {clockSeconds(session.startedMs)}
          {session.endedMs === null ? t(', going on') : `, ${took(session.endedMs - session.startedMs)}`}
        </span>
        <a href={link(null)}>{t('Show the session')}</a>
      </h3>
      <ol>
        {steps.map((step, at) => (
          <li key={step.seq} className="step" data-tls={step.tls || undefined}>
            <span className="at">{at === 0 ? clockSeconds(step.atMs) : delta(step.tookMs)}</span>
            <Icon name={step.icon} className={step.tone} />
            <div>
              <b>{step.title}</b>
              {step.text.split('\n').map((line, row) => (
                <p key={row}>
                  <bdi>{visible(line)}</bdi>
                </p>
              ))}
              {step.words === undefined ? null : (
                <span className="mono words" data-tone={step.tone}>
                  {step.words.split('\n').map((line, row) => (
                    <Fragment key={row}>
                      {row === 0 ? null : '\n'}
                      <bdi>{line}</bdi>
                    </Fragment>
                  ))}
                </span>
              )}
            </div>
            <a href={link(step.seq)} aria-label={t('Line {line} in the log', { line: step.seq + 1 })}>
              line {step.seq + 1}
            </a>
          </li>
        ))}
      </ol>
    </section>
  )
}
