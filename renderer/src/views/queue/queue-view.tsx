import { useState } from 'react'
import { api } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { useEngine } from '../../state/engine.tsx'
import { useNow } from '../../state/now.ts'
import { go, type Route } from '../../state/route.ts'
import { toast } from '../../state/toasts.ts'
import { useChanges } from '../../state/use-live.ts'
import { compose } from '../compose/composer.ts'
import { QueueList } from './queue-list.tsx'
import { RecipientPane } from './recipient-pane.tsx'
import { GROUPS, groupOf, isOpen, summaryOf, type Group } from './states.ts'
import { useNamedEntry, useQueue } from './use-queue.ts'
import { t, told } from '../../words/words.ts'

const logChanges = { changes: api.log.changes }

/** The outbound queue: what is waiting, why, and when it is tried again. */
export function QueueView({ route }: { readonly route: Extract<Route, { view: 'queue' }> }) {
  const { status } = useEngine()
  const nowMs = useNow(5000)
  const queue = useQueue()
  const [only, setOnly] = useState<Group | 'All'>('All')
  const part = queue.at === 'ready' ? queue.value : undefined
  const entries = part?.entries ?? []
  const hasMore = part?.hasMore ?? false
  const counts = Map.groupBy(entries, (entry) => groupOf(entry, nowMs))
  const entry = useNamedEntry(route.entryId, part) ?? undefined
  const recipient =
    entry?.recipients.find((one) => one.id === route.recipientId) ??
    entry?.recipients.find(isOpen) ??
    entry?.recipients[0]
  // A session may be kept after the outcome it led to, so for whoever looks at tries the log's news are the queue's, too.
  useChanges(recipient === undefined ? undefined : logChanges, queue.again)
  const shown = only === 'All' ? entries : (counts.get(only) ?? [])

  const tryAll = async () => {
    const done = await act(t('Trying again'), () => api.queue.retry({ id: null, by: 'window' }))
    if (done !== undefined)
      toast(
        done.recipients === 0
          ? t('Nothing waits to be tried.')
          : t('{count, plural, one {# recipient} other {# recipients}} being tried now.', { count: done.recipients }),
        { icon: 'refresh' },
      )
  }
  const pause = () => act(t('Changing the queue'), () => api.queue.pause({ paused: !status.queuePaused, by: 'window' }))

  return (
    <main className="page queue" aria-label={t('Queue')}>
      <header className="page-head">
        <h1>{t('Queue')}</h1>
        <span className="quiet num clip grow">
          {queue.at === 'ready' ? summaryOf(entries, nowMs, status.waiting) : ''}
        </span>
        <Button kind="plain" icon={status.queuePaused ? 'play' : 'pause'} onClick={() => void pause()}>
          {status.queuePaused ? t('Let mail leave') : t('Pause queue')}
        </Button>
        <Button kind="plain" icon="refresh" onClick={() => void tryAll()}>
          {t('Try all now')}
        </Button>
      </header>
      <Load live={queue} what={t('the queue')} again={queue.again}>
        {() =>
          entries.length === 0 ? (
            <Empty
              icon="queue"
              title={t('Nothing is waiting')}
              actions={
                <Button icon="draft" onClick={() => compose()}>
                  {t('New message')}
                </Button>
              }
            >
              {t('What you send passes through here, with every try and every answer.')}
            </Empty>
          ) : (
            <div className="split">
              <section className="left" aria-label={t('Queue entries')}>
                <div className="filters" role="toolbar" aria-label={t('Show')}>
                  {(['All', ...GROUPS] as const).map((group) => (
                    <button
                      key={group}
                      type="button"
                      className="chip"
                      aria-pressed={only === group}
                      onClick={() => setOnly(group)}
                    >
                      {group === 'All' ? t('All') : told(group)}{' '}
                      {group === 'All' ? null : (
                        <MessageCount count={counts.get(group)?.length ?? 0} isPart={hasMore} />
                      )}
                    </button>
                  ))}
                </div>
                {shown.length === 0 && !hasMore ? (
                  <Empty icon="queue" title={t('Nothing under “{only}”', { only })} />
                ) : (
                  <QueueList
                    entries={shown}
                    nowMs={nowMs}
                    selected={recipient?.id ?? null}
                    onSelect={(entryId, recipientId) => go({ view: 'queue', entryId, recipientId }, 'quietly')}
                    more={hasMore ? queue.more : null}
                  />
                )}
              </section>
              <section className="right" aria-label={t('Recipient')}>
                {entry === undefined || recipient === undefined ? (
                  <Empty icon="route" title={t('No recipient chosen')}>
                    {t('Choose one to see what its server said, and what happens next.')}
                  </Empty>
                ) : (
                  <RecipientPane key={recipient.id} entry={entry} recipient={recipient} nowMs={nowMs} />
                )}
              </section>
            </div>
          )
        }
      </Load>
    </main>
  )
}

/** Messages, not recipients: that is what the list below has cards of. */
function MessageCount({ count, isPart }: { readonly count: number; readonly isPart: boolean }) {
  const words = isPart
    ? t('{count, plural, one {# message, and more} other {# messages, and more}}', { count })
    : t('{count, plural, one {# message} other {# messages}}', { count })
  return (
    <span className="count" title={words}>
      <span aria-hidden>{isPart ? t('{count, number}+', { count }) : count}</span>
      <span className="sr">{words}</span>
    </span>
  )
}
