import { useState } from 'react'
import { Button } from './parts/button.tsx'
import { Empty } from './parts/empty.tsx'
import { ToastRegion } from './parts/toast-region.tsx'
import { host } from './bridge/client.ts'
import { lone } from './bridge/shell.ts'
import type { Refusal } from './bridge/connection.ts'
import { EngineProvider, useStatus } from './state/engine.tsx'
import { useStanding } from './state/use-live.ts'
import { composing } from './views/compose/composer.ts'
import { FirstRun } from './views/first-run/first-run.tsx'
import { Locked } from './views/shell/locked.tsx'
import { LoneWindow } from './views/shell/lone-window.tsx'
import { Shell } from './views/shell/shell.tsx'
import { said, t, told, tx } from './words/words.ts'

/** The whole window, from the first byte to the mailbox. */
export function App() {
  const { standing } = useStanding()
  const status = useStatus()
  const [skipped, setSkipped] = useState(false)
  const { open } = composing.use()
  // What is being written stays in sight, to be sent after the new address is opened here, or to be copied.
  if (standing.at === 'refused' && (open.length === 0 || status.at !== 'ready')) return <Refused why={standing.why} />
  if (status.at === 'loading')
    return standing.at === 'away' ? (
      <Away />
    ) : (
      <div className="window blank" role="status" aria-label={t('Opening Posthorn')} />
    )
  if (status.at === 'failed')
    return (
      <Page>
        <Empty
          isPage
          icon="alert"
          tone="danger"
          role="alert"
          title={t('The mail engine answers with an error')}
          actions={
            <Button icon="refresh" onClick={status.again}>
              {t('Ask again')}
            </Button>
          }
        >
          {status.message}
        </Empty>
      </Page>
    )
  if (status.value.locked) return <Locked why={status.value.warnings[0]?.text} />
  return (
    <EngineProvider status={status.value}>
      {lone !== undefined ? (
        <LoneWindow lone={lone} />
      ) : status.value.fresh && !skipped ? (
        <FirstRun onDone={() => setSkipped(true)} />
      ) : (
        <Shell />
      )}
      <ToastRegion />
    </EngineProvider>
  )
}

function Page({ children }: { children: React.ReactNode }) {
  return <main className="window lone">{children}</main>
}

const REFUSED: Readonly<Record<Refusal, readonly [title: string, why: string]>> = {
  'ticket-spent': [
    said('This address has been used up'),
    said('An address of the window works once and for a minute, so that nobody else can walk in with it.'),
  ],
  'no-ticket': [
    said('This address alone does not open the window'),
    said('Every window needs an address of its own that works once, so that no other page or person can walk in.'),
  ],
  'session-unknown': [
    said('Posthorn was started again'),
    said('It does not know this window any more. Your mail is all there.'),
  ],
}

function Refused({ why }: { why: Refusal }) {
  const [title, words] = REFUSED[why]
  return (
    <Page>
      <Empty isPage icon="key" title={told(title)}>
        {told(words)}{' '}
        {tx(
          'For a new address run <code>posthorn ui</code> (in a clone: <code>npm start</code> once more) and open what it prints.',
          { code: (words) => <code>{words}</code> },
        )}
      </Empty>
    </Page>
  )
}

function Away() {
  return (
    <Page>
      <Empty
        isPage
        icon="plug"
        title={t('The mail engine does not answer')}
        role="status"
        actions={
          <Button icon="refresh" onClick={() => host.hurry()}>
            {t('Look again')}
          </Button>
        }
      >
        {t(
          'Nothing is lost: what was accepted is on disk. If you stopped Posthorn, start it again and open the address it prints.',
        )}
      </Empty>
    </Page>
  )
}
