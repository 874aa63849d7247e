import { useState } from 'react'
import type { QueueEntryView, RecipientView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { dayAndClock } from '../../format/time.ts'
import { size } from '../../format/size.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { act } from '../../state/act.ts'
import { formatRoute } from '../../state/route.ts'
import { toast } from '../../state/toasts.ts'
import { isOpen, sentenceOf } from './states.ts'
import { Trace } from './trace-pane.tsx'

interface Props {
  readonly entry: QueueEntryView
  readonly recipient: RecipientView
  readonly nowMs: number
}

/** One recipient: what happened, what can be done, and the way of each try. */
export function RecipientPane({ entry, recipient, nowMs }: Props) {
  const [asks, setAsks] = useState(false)
  const open = entry.recipients.filter(isOpen)
  const retry = async () => {
    const done = await act('Trying again', () => api.queue.retry({ id: entry.id }))
    if (done !== undefined)
      toast(done.recipients === 0 ? 'Nothing of it waits.' : 'Being tried now.', { icon: 'refresh' })
  }
  const decide = (decision: 'resend' | 'arrived') =>
    act('Deciding', () => api.queue.decide({ recipientId: recipient.id, decision }))
  return (
    <>
      <header>
        <h2>
          <bdi>{visible(recipient.address)}</bdi>
        </h2>
        <p className="quiet">{visible(sentenceOf(recipient, nowMs))}</p>
        <div className="acts">
          {recipient.state === 'unknown' ? (
            <>
              <Button icon="refresh" onClick={() => void decide('resend')}>
                Send again
              </Button>
              <Button icon="check" onClick={() => void decide('arrived')}>
                It arrived
              </Button>
            </>
          ) : null}
          {['waiting', 'deferred', 'held'].includes(recipient.state) ? (
            <Button icon="refresh" onClick={() => void retry()}>
              Try now
            </Button>
          ) : null}
          {!isOpen(recipient) ? null : (
            <Button icon="x" kind="plain" onClick={() => setAsks(true)}>
              Cancel delivery
            </Button>
          )}
        </div>
      </header>
      <div className="trace">
        {recipient.lastReply === null ? null : (
          <figure className="last-reply">
            <figcaption>What the server said last</figcaption>
            <blockquote
              className="mono"
              data-tone={recipient.state === 'bounced' ? 'danger' : recipient.state === 'delivered' ? 'ok' : 'warn'}
            >
              <bdi>{visible(recipient.lastReply)}</bdi>
            </blockquote>
          </figure>
        )}
        <Trace key={recipient.sessions.join()} sessions={recipient.sessions} address={recipient.address} />
        <dl className="kv">
          <dt>From</dt>
          <dd>
            <bdi>{visible(entry.from) || 'nobody (a report)'}</bdi>
          </dd>
          <dt>Accepted</dt>
          <dd className="num">
            {dayAndClock(entry.createdMs, nowMs)}, {size(entry.sizeBytes)}
          </dd>
          <dt>Message-ID</dt>
          <dd className="mono">
            <bdi>{visible(entry.messageId)}</bdi>
          </dd>
          <dt>Log</dt>
          <dd>
            <a
              href={formatRoute({
                view: 'log',
                sessionId: recipient.sessions.at(-1) ?? null,
                seq: null,
                of: { entryId: entry.id },
              })}
            >
              All sessions of this message
            </a>
          </dd>
        </dl>
      </div>
      <Confirm
        title={`Cancel delivery of “${visible(entry.subject) || '(no subject)'}”?`}
        isOpen={asks}
        action={open.length === 1 ? 'Cancel delivery' : `Cancel for ${open.length} recipients`}
        danger
        onClose={() => setAsks(false)}
        onConfirm={() => void act('Cancelling', () => api.queue.cancel({ id: entry.id }))}
      >
        <p>
          {open.length === 1
            ? `${visible(open[0]?.address ?? '')} will not get it.`
            : `The ${open.length} recipients it has not reached yet will not get it.`}{' '}
          Where it was delivered already, it stays.
        </p>
      </Confirm>
    </>
  )
}
