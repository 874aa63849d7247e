import type { QueueEntryView, RecipientView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { visible } from '../../format/wire-text.ts'
import { useLive } from '../../state/use-live.ts'
import { RecipientActs } from './recipient-acts.tsx'
import { Advice, Facts, History, LaterReports } from './recipient-facts.tsx'
import { sentenceOf } from './states.ts'
import { Trace } from './trace-pane.tsx'
import { t } from '../../words/words.ts'

interface Props {
  readonly entry: QueueEntryView
  readonly recipient: RecipientView
  readonly nowMs: number
}

/** One recipient: what happened, what it means, what can be done, and the way of each try. */
export function RecipientPane({ entry, recipient, nowMs }: Props) {
  const detail = useLive(`entry ${entry.id}`, () => api.queue.get({ id: entry.id }), {
    changes: api.queue.changes,
    concerns: ({ ids }) => ids.includes(entry.id),
  })
  const history = detail.at === 'ready' ? detail.value.history : []
  return (
    <>
      <header>
        <h2>
          <bdi>{visible(recipient.address)}</bdi>
        </h2>
        <p className="quiet">{visible(sentenceOf(recipient, nowMs))}</p>
        <RecipientActs entry={entry} recipient={recipient} nowMs={nowMs} />
      </header>
      <div className="trace">
        {entry.damaged === null ? null : (
          <p className="notice danger" role="alert">
            <span>{entry.damaged}</span>
          </p>
        )}
        <LaterReports reports={recipient.laterReports} nowMs={nowMs} />
        {recipient.lastReply === null ? null : (
          <figure className="last-reply">
            <figcaption>{t('What the server said last')}</figcaption>
            <blockquote
              className="mono"
              data-tone={recipient.state === 'bounced' ? 'danger' : recipient.state === 'delivered' ? 'ok' : 'warn'}
            >
              <bdi>{visible(recipient.lastReply)}</bdi>
            </blockquote>
          </figure>
        )}
        <Advice advice={recipient.state === 'delivered' ? null : recipient.advice} />
        <Trace
          key={recipient.sessions.join()}
          sessions={recipient.sessions}
          attempts={recipient.attempts}
          address={recipient.address}
        />
        <Facts entry={entry} recipient={recipient} nowMs={nowMs} />
        <History
          rows={history.filter(({ recipientId }) => recipientId === null || recipientId === recipient.id)}
          nowMs={nowMs}
        />
      </div>
    </>
  )
}
