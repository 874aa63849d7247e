import { ACTOR_WORDS } from '../../format/actor.ts'
import { Fragment, type ReactNode } from 'react'
import type { AttemptTlsView, LaterReportView, QueueEntryView, RecipientView } from '../../../../core/rpc/views.ts'
import { dayAndClock, whenWords } from '../../format/time.ts'
import { size } from '../../format/size.ts'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import { formatRoute } from '../../state/route.ts'
import { tlsName } from '../log/exchange.ts'
import { said, t, told, tx } from '../../words/words.ts'

/** Pure: what the server's refusal means, by the reply dictionary. */
export function Advice({ advice }: { readonly advice: RecipientView['advice'] }) {
  if (advice === null) return null
  return (
    <section className="advice" aria-label={t('What it means')}>
      <h3>{told(advice.title)}</h3>
      <p>{told(advice.meaning)}</p>
      <p>
        <b>{told(ACTOR_WORDS[advice.who])}</b> {told(advice.next)}
      </p>
    </section>
  )
}

const LATER: Readonly<Record<LaterReportView['action'], string>> = {
  failed: said('Returned later'),
  delayed: said('Delayed further on'),
  delivered: said('Delivered into the mailbox'),
  relayed: said('Handed on'),
}

/** Pure: what was reported after a server had taken the message. */
export function LaterReports({
  reports,
  nowMs,
}: {
  readonly reports: readonly LaterReportView[]
  readonly nowMs: number
}) {
  if (reports.length === 0) return null
  return (
    <ul className="later" aria-label={t('Reports that came later')}>
      {reports.map((report) => (
        <li
          key={`${report.messageId} ${report.action}`}
          className={report.action === 'failed' ? 'notice danger' : 'notice info'}
        >
          <Icon name={report.action === 'failed' ? 'bounce' : 'info'} />
          <span>
            {tx('<b>{what}</b>, {when}, as <who>{reporter}</who> says.', {
              what: told(LATER[report.action]),
              when: whenWords(report.atMs, nowMs),
              reporter: visible(report.reporter) || t('somebody'),
              b: (words) => <b>{words}</b>,
              who: (words) => <bdi>{words}</bdi>,
            })}{' '}
            <span className="mono">
              <bdi>{visible(`${report.status} ${report.diagnostic}`.trim())}</bdi>
            </span>
          </span>
        </li>
      ))}
    </ul>
  )
}

/** Pure: how the last session was protected, in a line. */
function TlsLine({ tls }: { tls: AttemptTlsView }) {
  const { facts, policy, trouble } = tls
  return (
    <>
      <Icon name={facts === null ? 'unlock' : 'lock'} className={facts === null ? 'warn' : 'tls'} />{' '}
      {facts === null
        ? t('not encrypted')
        : `${tlsName(facts.version)}, ${facts.cipher}, ${facts.trusted ? t('certificate verified') : t('certificate not verified')}`}
      {told(POLICY[policy])}
      {trouble === null ? null : <p className="warn">{visible(trouble)}</p>}
    </>
  )
}

/** What somebody asked to be told of (RFC 3461 §4.1). */
const NOTIFY = { success: said('delivery'), failure: said('failure'), delay: said('delay') } as const
const POLICY: Readonly<Record<AttemptTlsView['policy'], string>> = {
  'none': '',
  'mta-sts': said(', as its domain demands (MTA-STS)'),
  'mta-sts-testing': said('; its domain tests a demand for it (MTA-STS)'),
  'ratchet': said(', as it was before'),
  'requiretls': said(', as the message demands (REQUIRETLS)'),
}

interface Props {
  readonly entry: QueueEntryView
  readonly recipient: RecipientView
  readonly nowMs: number
}

/** Pure: the facts of one recipient and its message; what was not asked for is left out. */
export function Facts({ entry, recipient, nowMs }: Props) {
  const { notify, firstAddress, tls } = recipient
  const rows: [string, ReactNode][] = [
    [t('From'), <bdi key="from">{visible(entry.from) || t('nobody (a report)')}</bdi>],
    [t('Accepted'), `${dayAndClock(entry.createdMs, nowMs)}, ${size(entry.sizeBytes)}`],
    ...(entry.holdUntilMs === null
      ? []
      : [[t('Leaves'), dayAndClock(entry.holdUntilMs, nowMs)] as [string, ReactNode]]),
    [
      t('Signed'),
      entry.signedBy.length === 0 ? t('no: it leaves unsigned') : entry.signedBy.map((key) => visible(key)).join(', '),
    ],
    ...(tls === null ? [] : [[t('Encryption'), <TlsLine key="tls" tls={tls} />] as [string, ReactNode]]),
    ...(firstAddress === null
      ? []
      : [[t('First written to'), <bdi key="first">{visible(firstAddress)}</bdi>] as [string, ReactNode]]),
    ...(recipient.way.kind === 'automatic'
      ? []
      : [
          [t('Route'), recipient.way.kind === 'direct' ? t('direct, as you chose') : t('the smarthost you chose')] as [
            string,
            ReactNode,
          ],
        ]),
    ...(notify === null
      ? []
      : [
          [
            t('Reports asked for'),
            notify === 'never' ? t('never') : notify.map((one) => told(NOTIFY[one])).join(', '),
          ] as [string, ReactNode],
        ]),
    ...(entry.deliverBy === null
      ? []
      : [[t('Deliver by'), dayAndClock(entry.deliverBy.atMs, nowMs)] as [string, ReactNode]]),
    ...(entry.requireTls ? [[t('Demands'), t('verified encryption all the way')] as [string, ReactNode]] : []),
    [
      t('Message-ID'),
      <bdi key="id" className="mono">
        {visible(entry.messageId)}
      </bdi>,
    ],
    [
      t('Log'),
      <a
        key="log"
        href={formatRoute({
          view: 'log',
          sessionId: recipient.sessions.at(-1) ?? null,
          seq: null,
          of: { entryId: entry.id },
        })}
      >
        {t('All sessions of this message')}
      </a>,
    ],
  ]
  return (
    <dl className="kv">
      {rows.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd className="num">{value}</dd>
        </Fragment>
      ))}
    </dl>
  )
}
