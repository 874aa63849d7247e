import { useState } from 'react'
import type { ConsoleVerbView, ConsoleView } from '../../../../core/rpc/console-contract.ts'
import type { EventView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { useOffers } from '../../commands/offers.ts'
import { clockSeconds } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { act } from '../../state/act.ts'
import { go } from '../../state/route.ts'
import { t, told } from '../../words/words.ts'
import { CertificatePane } from './certificate-pane.tsx'
import { BackToLog } from './back-to-log.tsx'
import { Lines } from './lines.tsx'
import { OverPane } from './over-pane.tsx'
import { SayForm } from './say-form.tsx'
import { VerbList } from './verb-list.tsx'

interface Props {
  readonly view: ConsoleView
  readonly events: readonly EventView[]
}

/** One session: where it stands, what may be said, what was said, and the next line. */
export function Talk({ view, events }: Props) {
  const { id, host, port, stage, guide, verbs, replay } = view
  const [anything, setAnything] = useState(false)
  const [choice, setChoice] = useState<{ readonly at: string; readonly verb: string } | null>(null)
  // What comes next in the dialogue is proposed anew whenever the server has answered.
  const proposed = guide.isOver ? '' : guide.verb
  const at = `${stage} ${guide.at} ${proposed} ${view.waits}`
  const picked = choice?.at === at ? choice.verb : null
  const setPicked = (verb: string) => setChoice({ at, verb })
  const mayPick = (verb: ConsoleVerbView) => verb.whyNot === '' || anything
  const verb =
    verbs.find((one) => one.verb === (picked ?? proposed) && mayPick(one)) ?? verbs.find((one) => mayPick(one))
  const hangUp = () => act(t('Hanging up'), () => api.console.hangUp({ id }))
  useOffers({
    ...(stage === 'over' ? {} : { 'console-hang-up': () => void hangUp() }),
    'console-anything': () => setAnything(!anything),
  })

  return (
    <main className="page console talking" aria-label={t('Guided console')}>
      <header className="page-head">
        <BackToLog />
        <h1>{t('Guided console')}</h1>
        <span className="quiet clip grow">
          <bdi>{`${visible(host)}:${port}`}</bdi>
        </span>
        {view.sessionId === null ? null : (
          <Button
            kind="plain"
            icon="wire"
            onClick={() => go({ view: 'log', sessionId: view.sessionId, seq: null, of: null })}
          >
            {t('In the log')}
          </Button>
        )}
        {stage === 'over' ? (
          <Button kind="plain" icon="plus" onClick={() => go({ view: 'console', id: null, from: null })}>
            {t('New session')}
          </Button>
        ) : (
          <Button kind="plain" icon="plug" onClick={() => void hangUp()}>
            {t('Hang up')}
          </Button>
        )}
      </header>
      <div className="stations-bar">
        <Stations view={view} />
        {stage === 'over' ? null : (
          <label className="anything">
            <input type="checkbox" checked={anything} onChange={(event) => setAnything(event.target.checked)} />
            {t('Let me say anything')}
          </label>
        )}
      </div>
      <div className="talk-split">
        <VerbList view={view} chosen={verb?.verb ?? ''} anything={anything} onPick={setPicked} />
        <section className="talk" aria-label={t('Dialogue')}>
          <Lines peer={host} protocol={view.protocol} events={events} />
          {stage === 'certificate' ? (
            <CertificatePane view={view} />
          ) : replay !== null ? (
            <Replaying at={replay.at} of={replay.of} id={id} />
          ) : stage === 'over' ? (
            <OverPane view={view} />
          ) : stage !== 'open' ? (
            <p className="say-note" role="status">
              <Icon name="plug" />
              {stage === 'dialling' ? t('Connecting.') : t('Both sides agree on keys.')}
            </p>
          ) : (
            <SayForm view={view} verb={verb} anything={anything} onPick={setPicked} />
          )}
        </section>
      </div>
      <p className="sr" role="status">
        {view.handedOver === '' ? '' : told(view.handedOver)}
      </p>
    </main>
  )
}

/** Where the classic dialogue stands. */
function Stations({ view: { guide, stage, startedMs, facts } }: { readonly view: ConsoleView }) {
  if (guide.stations.length === 0) return <span className="quiet grow">{t('Not connected yet')}</span>
  if (guide.isOver)
    return (
      <span className="quiet grow clip">
        {t('Open since {time}. From here on you know the way.', { time: clockSeconds(startedMs) })}
      </span>
    )
  return (
    <nav className="stations grow" aria-label={t('Where the session stands')}>
      <ol>
        {guide.stations.map((station, n) => {
          const isDone = n < guide.at && !guide.missed.includes(n)
          const isNow = n === guide.at && stage !== 'over'
          return (
            <li key={station} data-done={isDone || undefined} aria-current={isNow ? 'step' : undefined}>
              <Icon
                name={isDone ? (station === 'Encrypted' && facts !== null ? 'lock' : 'ok') : isNow ? 'dot-on' : 'dot'}
              />
              {told(station)}
            </li>
          )
        })}
      </ol>
    </nav>
  )
}

function Replaying({ at, of, id }: { readonly at: number; readonly of: number; readonly id: number }) {
  return (
    <div className="say-note">
      <Icon name="refresh" />
      <span className="grow">{t('Line {at} of {of} is being said again.', { at, of })}</span>
      <Button onClick={() => void act(t('Taking over'), () => api.console.takeOver({ id }))}>{t('Take over')}</Button>
    </div>
  )
}
