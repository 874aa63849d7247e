import { Fragment } from 'react'
import type { MessageTrace, ReceivedHopView } from '../../../../core/rpc/trace-contract.ts'
import { tlsName } from '../../../../core/model/trace-words.ts'
import { dayAndClock, distance } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import { formatRoute } from '../../state/route.ts'
import { t } from '../../words/words.ts'

/** A minute between two stops is worth a look. */
const SLOW_MS = 60_000

interface Props {
  readonly trace: MessageTrace
  readonly nowMs: number
}

/** Pure: the stops of a message on its way here, the oldest first, and the session that brought it. */
export function Received({ trace, nowMs }: Props) {
  const { hops, hopsLeftOut, session, seq, receivedMs, lastDelayMs, dateMs } = trace
  return (
    <section className="received" aria-label={t('How it came')}>
      <h2>{t('How it came')}</h2>
      <p className="quiet">
        {t('Each server on the way notes this by itself. Only what Posthorn and your own servers noted is certain.')}
      </p>
      <ol>
        {dateMs === null ? null : (
          <li className="hop">
            <Icon name="draft" className="quiet" />
            <div>
              <b>{t('Written')}</b> <span className="quiet">{t('by the clock of its author')}</span>
            </div>
            <span className="num quiet hop-at">{dayAndClock(dateMs, nowMs)}</span>
          </li>
        )}
        {hopsLeftOut === 0 ? null : (
          <li className="way-note quiet">
            {t('{hopsLeftOut, plural, one {# stop is left out.} other {# stops are left out.}}', { hopsLeftOut })}
          </li>
        )}
        {hops.map((hop, at) => (
          <Hop key={at} hop={hop} nowMs={nowMs} />
        ))}
        <li className="hop">
          <Icon name="inbox" className="ok" />
          <div>
            <b>{HERE[trace.how]()}</b>{' '}
            {session === null ? null : (
              <a href={formatRoute({ view: 'log', sessionId: session.id, seq, of: null })}>
                {t('Show the session with {peer}', { peer: visible(session.peer) })}
              </a>
            )}
            {session === null ? null : (
              <span className="quiet"> {session.tls ? t('encrypted') : t('in clear text')}</span>
            )}
          </div>
          <span className="num quiet hop-at">
            {dayAndClock(receivedMs, nowMs)}
            <Delay ms={lastDelayMs} />
          </span>
        </li>
      </ol>
    </section>
  )
}

const HERE: Readonly<Record<MessageTrace['how'], () => string>> = {
  smtp: () => t('Brought here by SMTP'),
  pop3: () => t('Fetched by POP3'),
  imap: () => t('Fetched by IMAP'),
  here: () => t('Kept on this computer, where it was written or delivered'),
  unknown: () => t('Imported, or its session is no longer kept'),
}

function Hop({ hop, nowMs }: { readonly hop: ReceivedHopView; readonly nowMs: number }) {
  const seen = [hop.fromHost === hop.from ? '' : hop.fromHost, hop.fromAddress].filter((one) => one !== '').join(' ')
  const facts = [
    [t('From'), [hop.from, seen === '' ? '' : `(${seen})`].filter((one) => one !== '').join(' ')],
    [t('By'), hop.by],
    [
      t('With'),
      [hop.with, hop.tlsVersion === '' ? '' : tlsName(hop.tlsVersion), hop.tlsCipher].filter(Boolean).join(', '),
    ],
    [t('For'), hop.for],
    [t('Number'), hop.id],
  ].filter(([, value]) => value !== '')
  return (
    <li className="hop">
      <Icon
        name={hop.tls === 'yes' ? 'lock' : hop.tls === 'no' ? 'unlock' : 'server'}
        className={hop.tls === 'yes' ? 'tls' : 'quiet'}
      />
      <div>
        <b>
          <bdi>{visible(hop.by) || t('A server that gave no name')}</bdi>
        </b>{' '}
        <span className="quiet">
          {hop.tls === 'yes'
            ? t('encrypted')
            : hop.tls === 'no'
              ? t('in clear text')
              : t('does not say whether encrypted')}
        </span>
        {hop.from === '' && seen === '' ? null : (
          <p className="quiet">
            {t('from {from}', { from: visible([hop.from, seen === '' ? '' : `(${seen})`].filter(Boolean).join(' ')) })}
          </p>
        )}
        <details>
          <summary>{t('What it noted')}</summary>
          <dl className="kv">
            {facts.map(([name, value]) => (
              <Fragment key={name}>
                <dt>{name}</dt>
                <dd>
                  <bdi>{visible(value ?? '')}</bdi>
                </dd>
              </Fragment>
            ))}
          </dl>
          <p className="mono raw">
            <bdi>{visible(hop.raw)}</bdi>
          </p>
        </details>
      </div>
      <span className="num quiet hop-at">
        {hop.atMs === null ? t('no date') : dayAndClock(hop.atMs, nowMs)}
        <Delay ms={hop.delayMs} />
      </span>
    </li>
  )
}

/** The wait since the stop before, by two clocks that nobody has compared. */
function Delay({ ms }: { readonly ms: number | null }) {
  if (ms === null) return null
  if (ms < -1000)
    return (
      <span className="hop-delay warn">{t('{distance} back: the clocks disagree', { distance: distance(ms) })}</span>
    )
  if (ms < 1000) return <span className="hop-delay">{t('at once')}</span>
  return (
    <span className={ms >= SLOW_MS ? 'hop-delay warn' : 'hop-delay'}>
      {t('after {distance}', { distance: distance(ms) })}
    </span>
  )
}
