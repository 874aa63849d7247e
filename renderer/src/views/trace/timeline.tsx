import { useId, useState, type ReactNode } from 'react'
import type { RecipientTrace, TracePart, TraceStepView } from '../../../../core/rpc/trace-contract.ts'
import { explainRefusal } from '../../../../core/model/explain-reply.ts'
import { stepText, stepTitle } from '../../../../core/model/trace-words.ts'
import { size } from '../../format/size.ts'
import { clockSeconds, dayAndClock, delta, took } from '../../format/time.ts'
import { visible, wireText } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import type { IconName } from '../../parts/icons.ts'
import { formatRoute } from '../../state/route.ts'
import { t, told } from '../../words/words.ts'
import { askedWords } from './asked-words.ts'
import { demandWords } from './tls-words.ts'
import { RawLines } from './raw-lines.tsx'

type Tone = TraceStepView['tone']
type Try = Extract<TracePart, { kind: 'try' }>

const KIND_ICON: Readonly<Record<TraceStepView['kind'], IconName>> = {
  route: 'route',
  dns: 'globe',
  order: 'list-n',
  dial: 'plug',
  reused: 'plug',
  connect: 'server',
  tls: 'lock',
  command: 'to',
  message: 'file',
  note: 'info',
  lost: 'alert',
}
const TONE_ICON: Readonly<Partial<Record<Tone, IconName>>> = { ok: 'ok', warn: 'clock', danger: 'fail' }

/** Pure: the way of one recipient, in order of time. The last try is open, those before are a line each. */
export function Timeline({ trace, nowMs }: { readonly trace: RecipientTrace; readonly nowMs: number }) {
  const lastTry = trace.parts.findLast(({ kind }) => kind === 'try')
  return (
    <ol className="way" aria-label={t('The way to {address}', { address: visible(trace.address) })}>
      {trace.leftOut === 0 ? null : (
        <li className="way-note quiet">
          {t('{leftOut, plural, one {# earlier try is left out.} other {# earlier tries are left out.}}', {
            leftOut: trace.leftOut,
          })}
        </li>
      )}
      {trace.parts.map((part, at) => (
        <li key={`${part.kind} ${at}`}>
          {part.kind === 'try' ? (
            <TryPart part={part} isLast={part === lastTry} nowMs={nowMs} />
          ) : (
            <Fact part={part} nowMs={nowMs} />
          )}
        </li>
      ))}
    </ol>
  )
}

const ORIGIN: Readonly<Record<Extract<TracePart, { kind: 'accepted' }>['origin'], () => string>> = {
  window: () => t('Written here'),
  submission: () => t('Accepted from another program'),
  sendmail: () => t('Accepted from the command line'),
  report: () => t('A report of our own'),
  rule: () => t('Sent by a rule'),
}
const REPORTED = {
  failed: () => t('Returned later'),
  delayed: () => t('Delayed further on'),
  delivered: () => t('Delivered into the mailbox'),
  relayed: () => t('Handed on'),
} as const

/** What happened between tries. */
function Fact({ part, nowMs }: { readonly part: Exclude<TracePart, Try>; readonly nowMs: number }) {
  switch (part.kind) {
    case 'accepted':
      return (
        <Row
          icon="inbox"
          tone="ok"
          at={dayAndClock(part.atMs, nowMs)}
          title={ORIGIN[part.origin]()}
          link={part.sessionId === null ? null : { sessionId: part.sessionId, seq: part.seq }}
        >
          {part.signedBy.length === 0
            ? t('{size}, not signed', { size: size(part.sizeBytes) })
            : t('{size}, signed with {keys}', {
                size: size(part.sizeBytes),
                keys: part.signedBy.map((one) => visible(one)).join(', '),
              })}
        </Row>
      )
    case 'asked':
      return (
        <Row icon="user" tone="plain" at={dayAndClock(part.atMs, nowMs)} title={askedWords(part.audit)}>
          {visible([part.audit.detail, part.audit.why].filter((one) => one !== '').join(' · '))}
        </Row>
      )
    case 'report': {
      const { action, reporter, status, diagnostic, messageId } = part.report
      return (
        <Row
          icon={action === 'failed' ? 'bounce' : 'info'}
          tone={action === 'failed' ? 'danger' : 'plain'}
          at={dayAndClock(part.atMs, nowMs)}
          title={REPORTED[action]()}
        >
          {t('as {reporter} says', { reporter: visible(reporter) || t('somebody') })}{' '}
          <bdi className="mono">{visible(`${status} ${diagnostic}`.trim())}</bdi>{' '}
          <a href={formatRoute({ view: 'mail', folderId: null, messageId })}>{t('Open the report')}</a>
        </Row>
      )
    }
    case 'next':
      return (
        <Row icon="clock" tone="plain" at={dayAndClock(part.atMs, nowMs)} title={t('Next try')}>
          {part.atMs <= nowMs ? t('It is due now.') : ''}
        </Row>
      )
  }
}

interface RowProps {
  readonly icon: IconName
  readonly tone: Tone
  readonly at: string
  readonly title: string
  readonly children?: ReactNode
  readonly link?: { readonly sessionId: number; readonly seq: number | null } | null
}

function Row({ icon, tone, at, title, children, link = null }: RowProps) {
  return (
    <div className="way-fact">
      <Icon name={icon} className={tone} />
      <div className="way-text">
        <b>{title}</b> <span className="quiet">{children}</span>
      </div>
      <span className="way-at num quiet">{at}</span>
      {link === null ? null : <LogLink sessionId={link.sessionId} seq={link.seq} />}
    </div>
  )
}

function LogLink({ sessionId, seq }: { readonly sessionId: number; readonly seq: number | null }) {
  const name = seq === null ? t('Session') : t('Line {line}', { line: seq + 1 })
  return (
    <a
      className="way-link num"
      href={formatRoute({ view: 'log', sessionId, seq, of: null })}
      aria-label={seq === null ? t('Show the session in the log') : t('Line {line} in the log', { line: seq + 1 })}
    >
      {name}
    </a>
  )
}

const OUTCOME: Readonly<Record<string, { icon: IconName; tone: Tone; words: (mx: string) => string }>> = {
  delivered: {
    icon: 'ok',
    tone: 'ok',
    words: (mx) => (mx === '' ? t('Delivered into a mailbox here') : t('Accepted by {mx}', { mx: visible(mx) })),
  },
  deferred: { icon: 'clock', tone: 'warn', words: () => t('Put off') },
  bounced: { icon: 'fail', tone: 'danger', words: () => t('Refused for good') },
  held: { icon: 'hold', tone: 'plain', words: () => t('Held back') },
  unknown: { icon: 'question', tone: 'warn', words: () => t('No reply after the last dot') },
}

function TryPart({ part, isLast, nowMs }: { readonly part: Try; readonly isLast: boolean; readonly nowMs: number }) {
  const [isOpen, setOpen] = useState(isLast)
  const id = useId()
  const outcome = part.outcome === null ? undefined : OUTCOME[part.outcome]
  const words =
    outcome?.words(part.mx) ?? (part.endedMs === null ? t('Going on now') : t('Not ended: Posthorn stopped'))
  const isDirect = part.steps.some(({ kind }) => kind === 'order') && !part.steps.some(({ kind }) => kind === 'route')
  const route =
    part.route === '' && isDirect
      ? t('Straight to the servers of the domain: no rule of yours says otherwise.')
      : told(visible(part.steps.some(({ kind }) => kind === 'route') ? '' : part.route))
  const demand = part.demand === null || part.demand === 'none' ? '' : demandWords(part.demand)
  return (
    <section className="way-try" aria-label={t('Try {number}', { number: part.number })}>
      <h3>
        <button type="button" aria-expanded={isOpen} aria-controls={id} onClick={() => setOpen(!isOpen)}>
          <Icon name={outcome?.icon ?? 'refresh'} className={outcome?.tone ?? 'plain'} />
          <span>{t('Try {number}', { number: part.number })}</span>
          <span className={`way-outcome ${outcome?.tone ?? 'plain'}`}>{words}</span>
          <span className="quiet num way-when">
            {dayAndClock(part.atMs, nowMs)}
            {part.endedMs === null ? '' : `, ${took(part.endedMs - part.atMs)}`}
          </span>
          <Icon name={isOpen ? 'up' : 'down'} className="quiet" />
        </button>
      </h3>
      <div id={id} hidden={!isOpen}>
        {!isOpen ? null : (
          <>
            <ol className="way-steps">
              {route === '' ? null : (
                <li className="step">
                  <span className="at" />
                  <Icon name="route" className="plain" />
                  <div>
                    <b>{t('Route')}</b>
                    <p>{route}</p>
                  </div>
                </li>
              )}
              {part.steps.map((step, at) => (
                <Step key={`${step.sessionId} ${step.fromSeq} ${at}`} step={step} before={part.steps[at - 1]} />
              ))}
            </ol>
            {part.steps.length === 0 && part.outcome !== 'delivered' ? (
              <p className="quiet">{t('No session of this try is kept, or it came to none.')}</p>
            ) : null}
            {demand === '' ? null : <p className="quiet">{demand}</p>}
            {part.tlsTrouble === null ? null : <p className="quiet">{told(visible(part.tlsTrouble))}</p>}
            {part.why === '' ? null : <p className="way-why">{told(visible(part.why))}</p>}
          </>
        )}
      </div>
    </section>
  )
}

function Step({ step, before }: { readonly step: TraceStepView; readonly before: TraceStepView | undefined }) {
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  const isNewSession = before?.sessionId !== step.sessionId
  const words = step.words.map((one) => wireText(one))
  const text = stepText(step)
  const meaning = step.tone === 'warn' || step.tone === 'danger' ? explainRefusal(step.words.join('\r\n')) : undefined
  const waited = before === undefined || isNewSession ? null : step.atMs - before.atMs
  return (
    <li className="step" data-tls={step.tls || undefined} data-open={isOpen || undefined}>
      <span className="at">{waited === null ? clockSeconds(step.atMs) : delta(Math.max(0, waited))}</span>
      <Icon name={TONE_ICON[step.tone] ?? KIND_ICON[step.kind]} className={step.kind === 'tls' ? 'tls' : step.tone} />
      <div>
        <button
          type="button"
          className="step-open"
          aria-expanded={isOpen}
          aria-controls={id}
          title={t('Show its lines')}
          onClick={() => setOpen(!isOpen)}
        >
          <b>{stepTitle(step)}</b>
          <Icon name={isOpen ? 'up' : 'down'} className="quiet" />
        </button>
        {text === ''
          ? null
          : text.split('\n').map((line, row) => (
              <p key={row}>
                <bdi>{visible(told(line))}</bdi>
              </p>
            ))}
        {words.length === 0 ? null : step.tone === 'ok' ? (
          <p className="mono step-said">
            <bdi>{inShort(words)}</bdi>
          </p>
        ) : (
          <span className="mono words" data-tone={step.tone}>
            <bdi>{words.join('\n')}</bdi>
          </span>
        )}
        {meaning === undefined ? null : (
          <div className="step-meaning">
            <b>{told(meaning.title)}</b>
            <p>{told(meaning.text)}</p>
          </div>
        )}
        <div id={id} hidden={!isOpen}>
          {isOpen ? <RawLines sessionId={step.sessionId} fromSeq={step.fromSeq} toSeq={step.toSeq} /> : null}
        </div>
      </div>
      <LogLink sessionId={step.sessionId} seq={step.fromSeq} />
    </li>
  )
}

/** An answer that agrees, on one line: its code once, and what stands in each line. */
function inShort(words: readonly string[]): string {
  return words
    .map((line, at) => (at === 0 ? line.replace(/^(\d{3})-/, '$1 ') : line.replace(/^\d{3}[- ]/, '')))
    .join(' · ')
}
