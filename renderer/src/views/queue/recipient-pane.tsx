import type { QueueEntryView, RecipientView } from '../../../../core/rpc/views.ts'
import { visible } from '../../format/wire-text.ts'
import { RecipientActs } from './recipient-acts.tsx'
import { Advice, Facts, LaterReports } from './recipient-facts.tsx'
import { sentenceOf } from './states.ts'
import { formatRoute } from '../../state/route.ts'
import { RecipientTimeline } from '../trace/recipient-timeline.tsx'
import { t, told } from '../../words/words.ts'

interface Props {
  readonly entry: QueueEntryView
  readonly recipient: RecipientView
  readonly nowMs: number
}

/** One recipient: what happened, what it means, what can be done, and the way of each try. */
export function RecipientPane({ entry, recipient, nowMs }: Props) {
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
            <span>{told(entry.damaged)}</span>
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
        <section aria-label={t('The way of this message')}>
          <h3>
            <span>{t('Its way')}</span>
            <a href={formatRoute({ view: 'trace', of: { entryId: entry.id, recipientId: recipient.id } })}>
              {t('As a page')}
            </a>
          </h3>
          <RecipientTimeline key={recipient.id} recipientId={recipient.id} nowMs={nowMs} />
        </section>
        <Facts entry={entry} recipient={recipient} nowMs={nowMs} />
      </div>
    </>
  )
}
