import { api } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { useNow } from '../../state/now.ts'
import { go } from '../../state/route.ts'
import { useChanges, useLive } from '../../state/use-live.ts'
import { t, told } from '../../words/words.ts'
import { Lines } from '../console/lines.tsx'
import { useDialogue } from '../log/use-dialogue.ts'
import { useSessions } from '../log/use-sessions.ts'
import { isOpen, sentenceOf, STATE } from '../queue/states.ts'

interface Props {
  readonly entryId: number | null
  readonly isRunning: boolean
  readonly domain: string
}

const logChanges = { changes: api.log.changes }

/** One rehearsal: what the queue says of it, and the dialogue as it goes. */
export function RehearsalPane({ entryId, isRunning, domain }: Props) {
  if (entryId !== null) return <Rehearsal key={entryId} entryId={entryId} />
  return (
    <section className="rehearsal" aria-label={t('The rehearsal')}>
      <Empty icon="sent" title={t('No rehearsal yet')}>
        {isRunning
          ? t('Send a rehearsal message, or write to {address} yourself, and watch what becomes of it.', {
              address: `anyone@${domain}`,
            })
          : t('Start the lab first, or see what happens when nobody is there.')}
      </Empty>
    </section>
  )
}

function Rehearsal({ entryId }: { readonly entryId: number }) {
  const nowMs = useNow(5000)
  const entry = useLive(`rehearsal ${entryId}`, () => api.queue.get({ id: entryId }), {
    changes: api.queue.changes,
    concerns: ({ ids }) => ids.includes(entryId),
  })
  // The last try's session is known a moment after its verdict.
  useChanges(logChanges, entry.again)
  const sessions = useSessions({ protocol: null, problemsOnly: false, entryId, messageId: null, accountId: null })
  const [newest] = sessions.at === 'ready' ? sessions.value.sessions : []
  const retry = () => act(t('Trying again'), () => api.queue.retry({ id: entryId, by: 'window' }))
  return (
    <section className="rehearsal" aria-label={t('The rehearsal')}>
      <Load live={entry} what={t('the rehearsal')} again={entry.again}>
        {({ recipients: [recipient] }) =>
          recipient === undefined ? null : (
            <div className="rehearsal-verdict" role="status">
              <Icon name={STATE[recipient.state].icon} className={STATE[recipient.state].tone} />
              <div className="grow">
                <p>
                  <b>{sentenceOf(recipient, nowMs)}</b>
                </p>
                {recipient.lastReply === null ? null : <p className="mono reply">{recipient.lastReply}</p>}
                <p className="quiet">
                  {t('{attempts, plural, =0 {Not tried yet.} one {Tried once.} other {Tried # times.}}', {
                    attempts: recipient.attempts,
                  })}
                </p>
                {recipient.advice === null ? null : <p>{told(recipient.advice.meaning)}</p>}
              </div>
              <div className="rehearsal-acts">
                {isOpen(recipient) && recipient.state !== 'trying' ? (
                  <Button icon="refresh" onClick={() => void retry()}>
                    {t('Retry now')}
                  </Button>
                ) : null}
                <Button
                  kind="plain"
                  icon="queue"
                  onClick={() => go({ view: 'queue', entryId, recipientId: recipient.id })}
                >
                  {t('Show in queue')}
                </Button>
              </div>
            </div>
          )
        }
      </Load>
      {newest === undefined ? (
        <Empty icon="wire" title={t('Nothing was said yet')}>
          {t('The dialogue appears here the moment the connection opens.')}
        </Empty>
      ) : (
        <LastDialogue key={newest.id} id={newest.id} />
      )}
    </section>
  )
}

function LastDialogue({ id }: { readonly id: number }) {
  const { head, events } = useDialogue(id)
  return (
    <Load live={head} what={t('the dialogue')} again={head.again}>
      {({ session }) => <Lines peer={session.peer} protocol={session.protocol} events={events} />}
    </Load>
  )
}
