import { ago, ahead } from '../../format/time.ts'
import { Icon } from '../../parts/icon.tsx'
import { useEngine } from '../../state/engine.tsx'
import { useNow } from '../../state/now.ts'
import { formatRoute } from '../../state/route.ts'

/** What runs and what comes next, in one line. */
export function StatusBar() {
  const { status, accounts } = useEngine()
  const nowMs = useNow()
  const last = accounts.reduce((latest, account) => Math.max(latest, account.lastFetchMs ?? 0), 0)
  const isFailing = accounts.some((account) => account.lastError !== null)
  return (
    <footer className="statusbar" aria-label="Status">
      <a
        href={formatRoute({ view: 'settings', page: 'programs' })}
        title="Other programs on this computer send through this address"
      >
        <Icon name="server" className={status.submission === null ? 'faint' : 'ok'} />
        {status.submission === null
          ? 'Submission server off'
          : `Submission server on ${status.submission.host}:${status.submission.port}`}
      </a>
      <a href={formatRoute({ view: 'queue', entryId: null, recipientId: null })}>
        <Icon name="queue" />
        {status.queuePaused
          ? `${status.waiting} waiting, queue paused`
          : status.waiting === 0
            ? 'Nothing waiting'
            : `${status.waiting} waiting`}
        {status.queuePaused || status.nextAttemptMs === null || status.waiting === 0
          ? ''
          : `, next try ${ahead(status.nextAttemptMs, nowMs)}`}
      </a>
      {accounts.length === 0 ? null : (
        <a href={formatRoute({ view: 'settings', page: 'accounts' })} className={isFailing ? 'danger' : undefined}>
          <Icon name={isFailing ? 'alert' : 'inbox'} />
          {isFailing
            ? 'An account cannot be fetched'
            : last === 0
              ? 'Not fetched yet'
              : `Last fetch ${ago(last, nowMs)}`}
        </a>
      )}
      <span className="grow" />
      <a className="opt" href={formatRoute({ view: 'settings', page: 'about' })} title={status.dataFolder}>
        <Icon name="lock" />
        Store encrypted
      </a>
      <a href={formatRoute({ view: 'log', sessionId: null, seq: null, of: null })} title="Open the protocol log (F12)">
        <Icon name="wire" />
        {status.liveSessions === 0 ? 'No session' : <span className="live">{status.liveSessions} live</span>}
      </a>
    </footer>
  )
}
