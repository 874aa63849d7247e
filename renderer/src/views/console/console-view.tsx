import { Load } from '../../parts/load.tsx'
import type { Route } from '../../state/route.ts'
import { t } from '../../words/words.ts'
import { BackToLog } from './back-to-log.tsx'
import { StartPane } from './start-pane.tsx'
import { Talk } from './talk.tsx'
import { useConsole } from './use-console.ts'

/** The guided console: a session to a mail server that a person leads. */
export function ConsoleView({ route }: { readonly route: Extract<Route, { view: 'console' }> }) {
  return route.id === null ? <Start from={route.from} /> : <Session key={route.id} id={route.id} />
}

function Start({ from }: { readonly from: Extract<Route, { view: 'console' }>['from'] }) {
  return (
    <main className="page console" aria-label={t('Guided console')}>
      <header className="page-head">
        <BackToLog />
        <h1>{t('Guided console')}</h1>
        <span className="quiet clip grow">{t('Speak with a mail server yourself, line by line.')}</span>
      </header>
      <StartPane key={`${from?.sessionId}`} from={from} />
    </main>
  )
}

function Session({ id }: { readonly id: number }) {
  const { live, events } = useConsole(id)
  if (live.at === 'ready') return <Talk view={live.value} events={events} />
  return (
    <main className="page console" aria-label={t('Guided console')}>
      <header className="page-head">
        <BackToLog />
        <h1>{t('Guided console')}</h1>
      </header>
      <Load live={live} what={t('the session')} again={live.again}>
        {() => null}
      </Load>
    </main>
  )
}
