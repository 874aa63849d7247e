import { Fragment, type ReactNode } from 'react'
import type { SessionTlsView } from '../../../../core/rpc/trace-contract.ts'
import type { SessionView } from '../../../../core/rpc/views.ts'
import { distrustWords } from '../../../../core/model/distrust-words.ts'
import { tlsName } from '../../../../core/model/trace-words.ts'
import { api } from '../../bridge/client.ts'
import { dayAndClock } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { useNow } from '../../state/now.ts'
import { useLive } from '../../state/use-live.ts'
import { t, told } from '../../words/words.ts'
import { demandWords, strictWords } from '../trace/tls-words.ts'

interface Props {
  readonly session: Pick<SessionView, 'id' | 'side' | 'peer'>
  readonly onLine: (seq: number) => void
}

/** What encrypts a session, who demanded it, and what a stricter policy would have made of it. */
export function TlsPane({ session, onLine }: Props) {
  const nowMs = useNow(60_000)
  const live = useLive(`tls ${session.id}`, () => api.trace.tls({ sessionId: session.id }), {
    changes: api.log.changes,
    concerns: ({ ids }) => ids.includes(session.id),
  })
  return (
    // Focusable, so that the keyboard can scroll it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="tls-pane" tabIndex={0} role="region" aria-label={t('TLS')}>
      <Load live={live} what={t('the encryption')} again={live.again}>
        {(tls) => <TlsFacts tls={tls} nowMs={nowMs} onLine={onLine} />}
      </Load>
    </div>
  )
}

interface FactsProps {
  readonly tls: SessionTlsView
  readonly nowMs: number
  readonly onLine: (seq: number) => void
}

/** Pure: the facts of a session's TLS. */
export function TlsFacts({ tls, nowMs, onLine }: FactsProps) {
  const { facts, seq, demand, domain, trouble, strict } = tls
  const isStrict = strict === 'same' || strict === 'client'
  return (
    <>
      <h3>
        <Icon name={facts === null ? 'unlock' : 'lock'} className={facts === null ? 'warn' : 'tls'} />
        {facts === null ? t('In clear text') : tlsName(facts.version)}
      </h3>
      {facts === null ? (
        <p className="quiet">{t('Everybody on the way could read and change what was said.')}</p>
      ) : (
        <Rows facts={facts} nowMs={nowMs} />
      )}
      {seq === null ? null : (
        <p>
          <button type="button" className="linklike" onClick={() => onLine(seq)}>
            {t('Show where it began')}
          </button>
        </p>
      )}
      {demand === null && trouble === null ? null : (
        <section aria-label={t('What demanded it')}>
          <h4>{t('What demanded it')}</h4>
          {demand === null ? null : <p>{demandWords(demand)}</p>}
          {domain === null ? null : (
            <p className="quiet">{t('Mail of this session was for {domain}.', { domain: visible(domain) })}</p>
          )}
          {trouble === null ? null : <p className="warn">{told(visible(trouble))}</p>}
        </section>
      )}
      <section aria-label={t('If it had been demanded')}>
        <h4>{t('If verified TLS had been demanded')}</h4>
        <p>
          <Icon name={isStrict ? 'ok' : 'fail'} className={isStrict ? 'ok' : 'danger'} /> {strictWords(strict)}
        </p>
      </section>
    </>
  )
}

function Rows({ facts, nowMs }: { readonly facts: NonNullable<SessionTlsView['facts']>; readonly nowMs: number }) {
  const { cipher, trusted, distrust, subject, chain, nameFits, names, validToMs, fingerprint256 } = facts
  const hasCertificate = subject !== '' || fingerprint256 !== ''
  const isOver = validToMs !== undefined && validToMs < nowMs
  const rows: [string, ReactNode][] = [
    [
      t('Cipher'),
      <span key="c" className="mono">
        {visible(cipher)}
      </span>,
    ],
  ]
  if (hasCertificate) {
    rows.push([
      t('Certificate'),
      trusted
        ? t('verified')
        : t('not verified: {why}', { why: distrustWords(distrust ?? '') || t('nobody says why') }),
    ])
    if (nameFits !== undefined) rows.push([t('Name'), nameFits ? t('is for this host') : t('is not for this host')])
    if (names !== undefined) rows.push([t('For'), <List key="n" all={names} />])
    if (validToMs !== undefined)
      rows.push([
        t('Valid'),
        isOver
          ? t('was valid until {when}', { when: dayAndClock(validToMs, nowMs) })
          : t('until {when}', { when: dayAndClock(validToMs, nowMs) }),
      ])
    rows.push([t('Chain'), <List key="ch" all={chain ?? [subject]} />])
    if (fingerprint256 !== '')
      rows.push([
        t('SHA-256'),
        <span key="f" className="mono wrap">
          {fingerprint256}
        </span>,
      ])
  }
  return (
    <dl className="kv">
      {rows.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  )
}

function List({ all }: { readonly all: readonly string[] }) {
  return (
    <ul>
      {all.map((one) => (
        <li key={one}>
          <bdi>{visible(one)}</bdi>
        </li>
      ))}
    </ul>
  )
}
