import type { LabView as LabState } from '../../../../core/rpc/lab-contract.ts'
import { api } from '../../bridge/client.ts'
import { useOffers } from '../../commands/offers.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { go, type Route } from '../../state/route.ts'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'
import { BackToLog } from '../console/back-to-log.tsx'
import { FaultsForm } from './faults-form.tsx'
import { ReceivedList } from './received-list.tsx'
import { RehearsalPane } from './rehearsal-pane.tsx'

/** The rehearsal lab: a mail server on this computer that behaves as it is told, and what comes of mail to it. */
export function LabView({ route }: { readonly route: Extract<Route, { view: 'lab' }> }) {
  const lab = useLive('lab', () => api.lab.get(), { changes: api.lab.changes })
  return (
    <main className="page lab" aria-label={t('Rehearsal lab')}>
      <header className="page-head">
        <BackToLog />
        <h1>{t('Rehearsal lab')}</h1>
        <span className="quiet clip grow">
          {t('Send mail to a server that behaves as you say. None of it leaves this computer.')}
        </span>
        {lab.at === 'ready' ? <Acts lab={lab.value} /> : null}
      </header>
      <Load live={lab} what={t('the lab')} again={lab.again}>
        {(value) => (
          <div className="lab-split">
            <div className="lab-side">
              <Standing lab={value} />
              <FaultsForm faults={value.faults} />
              <ReceivedList count={value.received} />
            </div>
            <RehearsalPane entryId={route.entryId} isRunning={value.isRunning} domain={value.domain} />
          </div>
        )}
      </Load>
    </main>
  )
}

function Acts({ lab }: { readonly lab: LabState }) {
  const send = async () => {
    const sent = await act(t('Sending the rehearsal'), () => api.lab.send({}))
    if (sent !== undefined) go({ view: 'lab', entryId: sent.entryId }, 'quietly')
  }
  const turn = () =>
    lab.isRunning
      ? act(t('Switching the lab off'), () => api.lab.stop())
      : act(t('Starting the lab'), () => api.lab.start())
  useOffers({
    'lab-switch': () => void turn(),
    'lab-send': () => void send(),
    'lab-reset': () => void act(t('Resetting the lab'), () => api.lab.reset()),
  })
  return (
    <>
      {lab.isRunning ? (
        <Button kind="plain" icon="pause" onClick={() => void turn()}>
          {t('Switch it off')}
        </Button>
      ) : (
        <Button icon="play" onClick={() => void turn()}>
          {t('Start the lab')}
        </Button>
      )}
      <Button kind="primary" icon="sent" onClick={() => void send()}>
        {t('Send a rehearsal message')}
      </Button>
    </>
  )
}

function Standing({ lab: { isRunning, port, domain } }: { readonly lab: LabState }) {
  return (
    <section className="lab-standing">
      <p>
        <Icon name={isRunning ? 'ok' : 'pause'} className={isRunning ? 'ok' : 'quiet'} />
        <b>
          {isRunning ? t('It listens on 127.0.0.1, port {port}.', { port: String(port) }) : t('It is switched off.')}
        </b>
      </p>
      <p className="quiet">
        {isRunning
          ? t('Write to anyone at {domain}: it comes here by the real queue.', { domain })
          : t('Mail to {domain} waits in the queue, as it does for any server that is down.', { domain })}
      </p>
    </section>
  )
}
