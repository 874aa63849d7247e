import { useState } from 'react'
import { Button } from './parts/button.tsx'
import { Empty } from './parts/empty.tsx'
import { ToastRegion } from './parts/toast-region.tsx'
import { host } from './bridge/client.ts'
import { EngineProvider, useStatus } from './state/engine.tsx'
import { useStanding } from './state/use-live.ts'
import { FirstRun } from './views/first-run/first-run.tsx'
import { Shell } from './views/shell/shell.tsx'

/** The whole window, from the first byte to the mailbox. */
export function App() {
  const { standing } = useStanding()
  const status = useStatus()
  const [skipped, setSkipped] = useState(false)
  if (standing.at === 'refused') return <Refused />
  if (status.at === 'loading')
    return standing.at === 'away' ? (
      <Away />
    ) : (
      <div className="window blank" role="status" aria-label="Opening Posthorn" />
    )
  if (status.at === 'failed')
    return (
      <Page>
        <Empty
          icon="alert"
          tone="danger"
          role="alert"
          title="The mail engine answers with an error"
          actions={
            <Button icon="refresh" onClick={status.again}>
              Ask again
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
      {status.value.fresh && !skipped ? <FirstRun onDone={() => setSkipped(true)} /> : <Shell />}
      <ToastRegion />
    </EngineProvider>
  )
}

function Page({ children }: { children: React.ReactNode }) {
  return <main className="window lone">{children}</main>
}

function Refused() {
  return (
    <Page>
      <Empty icon="key" title="This address has been used up">
        An address of the window works once and for a minute, so that nobody else can walk in with it. Run{' '}
        <code>posthorn ui</code> for a new one and open that.
      </Empty>
    </Page>
  )
}

function Away() {
  return (
    <Page>
      <Empty
        icon="plug"
        title="The mail engine does not answer"
        role="status"
        actions={
          <Button icon="refresh" onClick={() => host.hurry()}>
            Look again
          </Button>
        }
      >
        Nothing is lost: what was accepted is on disk. If you stopped Posthorn, start it again and open the address it
        prints.
      </Empty>
    </Page>
  )
}

function Locked({ why }: { why: string | undefined }) {
  return (
    <Page>
      <Empty icon="lock" title="Mail is locked">
        Mail, index and log on this computer are encrypted, and the key is out of reach
        {why === undefined ? '' : ` (${why})`}. Run <code>posthorn unlock</code>, or put the key file back and start
        Posthorn again.
      </Empty>
    </Page>
  )
}
