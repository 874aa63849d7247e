import { useState } from 'react'
import type { RecipientView } from '../../../../core/rpc/views.ts'
import type { MessageTrace } from '../../../../core/rpc/trace-contract.ts'
import { api } from '../../bridge/client.ts'
import { visible } from '../../format/wire-text.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { useNow } from '../../state/now.ts'
import { go, type Route } from '../../state/route.ts'
import { useLive } from '../../state/use-live.ts'
import { t, told } from '../../words/words.ts'
import { STATE } from '../queue/states.ts'
import { Received } from './received.tsx'
import { RecipientTimeline } from './recipient-timeline.tsx'

type TraceRoute = Extract<Route, { view: 'trace' }>
type Recipient = Pick<RecipientView, 'id' | 'address' | 'state'>
const queueChanges = { changes: api.queue.changes }

/** The way of a message: of one of ours to each recipient, of one that came the way here. */
export function TraceView({ route }: { readonly route: TraceRoute }) {
  return 'messageId' in route.of ? (
    <MessageWay messageId={route.of.messageId} />
  ) : (
    <EntryWay key={route.of.entryId} entryId={route.of.entryId} recipientId={route.of.recipientId} />
  )
}

function Page({
  subject,
  children,
  actions,
}: {
  subject: string
  children: React.ReactNode
  actions?: React.ReactNode
}) {
  return (
    <main className="page way-page" aria-label={t('Delivery trace')}>
      <header className="page-head">
        <IconButton icon="left" label={t('Back')} onClick={() => history.back()} />
        <h1>{t('Delivery trace')}</h1>
        <bdi className="quiet clip grow">{visible(subject)}</bdi>
        {actions}
      </header>
      {/* Focusable, so that the keyboard can scroll it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="way-scroll" tabIndex={0} role="region" aria-label={t('The way of the message')}>
        <div className="way-body">{children}</div>
      </div>
    </main>
  )
}

function EntryWay({ entryId, recipientId }: { readonly entryId: number; readonly recipientId: number | null }) {
  const nowMs = useNow(5000)
  const live = useLive(`way of entry ${entryId}`, () => api.queue.get({ id: entryId }), queueChanges)
  return (
    <Load live={live} what={t('the way of this message')} again={live.again}>
      {(entry) => (
        <Page
          subject={entry.subject}
          actions={
            <Button kind="plain" icon="queue" onClick={() => go({ view: 'queue', entryId, recipientId })}>
              {t('Show in queue')}
            </Button>
          }
        >
          <Sent
            entry={{ recipients: entry.recipients, more: 0 }}
            chosen={recipientId}
            nowMs={nowMs}
            onChoose={(id) => go({ view: 'trace', of: { entryId, recipientId: id } }, 'quietly')}
          />
        </Page>
      )}
    </Load>
  )
}

function MessageWay({ messageId }: { readonly messageId: number }) {
  const nowMs = useNow(5000)
  const [chosen, setChosen] = useState<number | null>(null)
  const live = useLive(`way of message ${messageId}`, () => api.trace.message({ messageId }), queueChanges)
  return (
    <Load live={live} what={t('the way of this message')} again={live.again}>
      {(trace) => (
        <Page
          subject={trace.subject}
          actions={
            <Button kind="plain" icon="inbox" onClick={() => go({ view: 'mail', folderId: null, messageId })}>
              {t('Open the message')}
            </Button>
          }
        >
          {trace.sent.map((entry) => (
            <Sent key={entry.entryId} entry={entry} chosen={chosen} nowMs={nowMs} onChoose={setChosen} />
          ))}
          {cameFromElsewhere(trace) ? <Received trace={trace} nowMs={nowMs} /> : null}
          {trace.sent.length === 0 && !cameFromElsewhere(trace) ? (
            <Empty icon="route" title={t('Nothing is known of its way')}>
              {t('It was made on this computer, and it was not sent while the queue still knew of it.')}
            </Empty>
          ) : null}
        </Page>
      )}
    </Load>
  )
}

/** What we sent ourselves has come no way; a copy that came back has. */
const cameFromElsewhere = ({ how, hops, sent }: MessageTrace) =>
  how !== 'here' || (sent.length === 0 && hops.length > 0)

interface SentProps {
  readonly entry: { readonly recipients: readonly Recipient[]; readonly more: number }
  readonly chosen: number | null
  readonly nowMs: number
  readonly onChoose: (recipientId: number) => void
}

function Sent({ entry, chosen, nowMs, onChoose }: SentProps) {
  return (
    <section aria-label={t('Where it went')}>
      <h2>{t('Where it went')}</h2>
      <Recipients recipients={entry.recipients} more={entry.more} chosen={chosen} nowMs={nowMs} onChoose={onChoose} />
    </section>
  )
}

interface RecipientsProps {
  readonly recipients: readonly Recipient[]
  /** That are not in the list. */
  readonly more: number
  readonly chosen: number | null
  readonly nowMs: number
  readonly onChoose: (recipientId: number) => void
}

/** Beyond so many the queue's own list is the better place. */
const SHOWN = 200

/** The recipients of a message, and the way to the chosen one. */
function Recipients({ recipients, more, chosen, nowMs, onChoose }: RecipientsProps) {
  const shown = recipients.slice(0, SHOWN)
  const recipient = recipients.find(({ id }) => id === chosen) ?? recipients[0]
  if (recipient === undefined) return null
  const rest = more + recipients.length - shown.length
  return (
    <>
      <div className="way-recipients" role="group" aria-label={t('Recipients')}>
        {shown.map(({ id, address, state }) => (
          <button
            key={id}
            type="button"
            className="chip"
            aria-pressed={id === recipient.id}
            onClick={() => onChoose(id)}
          >
            <Icon name={STATE[state].icon} className={STATE[state].tone} label={told(state)} />
            <bdi className="clip">{visible(address)}</bdi>
          </button>
        ))}
        {rest === 0 ? null : (
          <span className="quiet">{t('and {rest, plural, one {# more} other {# more}}', { rest })}</span>
        )}
      </div>
      <RecipientTimeline key={recipient.id} recipientId={recipient.id} nowMs={nowMs} />
    </>
  )
}
