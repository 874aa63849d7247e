import { ago, ahead } from '../../format/time.ts'
import { Icon } from '../../parts/icon.tsx'
import { useEngine } from '../../state/engine.tsx'
import { useNow } from '../../state/now.ts'
import { formatRoute } from '../../state/route.ts'
import { t } from '../../words/words.ts'

/** What runs and what comes next, in one line. */
export function StatusBar() {
  const { status, accounts } = useEngine()
  const nowMs = useNow()
  const last = accounts.reduce((latest, account) => Math.max(latest, account.lastFetchMs ?? 0), 0)
  const isFailing = accounts.some((account) => account.lastError !== null)
  return (
    <footer className="statusbar" aria-label={t('Status')}>
      <a
        href={formatRoute({ view: 'settings', page: 'programs' })}
        title={t('Other programs on this computer send through this address')}
      >
        <Icon name="server" className={status.submission === null ? 'faint' : 'ok'} />
        {status.submission === null
          ? t('Submission server off')
          : t('Submission server on {host}:{port}', { host: status.submission.host, port: status.submission.port })}
      </a>
      <a href={formatRoute({ view: 'queue', entryId: null, recipientId: null })}>
        <Icon name="queue" />
        {status.queuePaused
          ? t('{waiting} waiting, queue paused', { waiting: status.waiting })
          : status.waiting === 0
            ? t('Nothing waiting')
            : t('{waiting} waiting', { waiting: status.waiting })}
        {status.queuePaused || status.nextAttemptMs === null || status.waiting === 0
          ? ''
          : t(', next try {nextAttemptMs}', { nextAttemptMs: ahead(status.nextAttemptMs, nowMs) })}
      </a>
      {accounts.length === 0 ? null : (
        <a href={formatRoute({ view: 'settings', page: 'accounts' })} className={isFailing ? 'danger' : undefined}>
          <Icon name={isFailing ? 'alert' : 'inbox'} />
          {isFailing
            ? t('An account cannot be fetched')
            : last === 0
              ? t('Not fetched yet')
              : t('Last fetch {last}', { last: ago(last, nowMs) })}
        </a>
      )}
      <span className="grow" />
      <a className="opt" href={formatRoute({ view: 'settings', page: 'about' })} title={status.dataFolder}>
        <Icon name="lock" />
        {t('Store encrypted')}
      </a>
      <a
        href={formatRoute({ view: 'log', sessionId: null, seq: null, of: null })}
        title={t('Open the protocol log (F12)')}
      >
        <Icon name="wire" />
        {status.liveSessions === 0 ? (
          t('No session')
        ) : (
          <span className="live">{t('{liveSessions} live', { liveSessions: status.liveSessions })}</span>
        )}
      </a>
    </footer>
  )
}
