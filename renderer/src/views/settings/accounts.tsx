import { useState } from 'react'
import type { AccountView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { ago, distance } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Icon } from '../../parts/icon.tsx'
import { act } from '../../state/act.ts'
import { fetching, getMail } from '../../state/actions.ts'
import { useEngine } from '../../state/engine.tsx'
import { useNow } from '../../state/now.ts'
import { formatRoute } from '../../state/route.ts'
import { AccountDialog } from '../account/account-dialog.tsx'
import { AccountEditDialog } from '../account/account-edit-dialog.tsx'
import { said, t, told } from '../../words/words.ts'

/** What becomes of mail on the server. */
function stayWords({ kind, keep, pop3 }: AccountView): string {
  if (kind === 'imap') return t('Folders stay in step with the server.')
  if (!keep) return t('Mail is deleted on the server once it is here.')
  if (pop3 !== null && pop3.deleteAfterDays !== null)
    return t('Mail is deleted on the server {days, plural, one {# day} other {# days}} after it came.', {
      days: pop3.deleteAfterDays,
    })
  return pop3?.deleteWhenRemoved === true
    ? t('Mail stays on the server until it is removed here for good.')
    : t('Mail stays on the server.')
}

const TLS: Readonly<Record<AccountView['tls'], string>> = {
  implicit: 'TLS',
  starttls: 'STLS',
  none: said('not encrypted'),
}

/** The accounts mail is fetched from. */
export function Accounts() {
  const { accounts } = useEngine()
  const nowMs = useNow()
  const busy = fetching.use()
  const [adds, setAdds] = useState(false)
  const [editing, setEditing] = useState<AccountView | null>(null)
  const [doomed, setDoomed] = useState<AccountView | null>(null)
  return (
    <>
      <div className="panel-head">
        <h2>{t('Accounts')}</h2>
        <span className="grow" />
        {accounts.length === 0 ? null : (
          <Button icon="refresh" disabled={busy} onClick={() => void getMail(true)}>
            {busy ? t('Getting mail') : t('Get mail')}
          </Button>
        )}
        <Button icon="plus" onClick={() => setAdds(true)}>
          {t('Add account')}
        </Button>
      </div>
      {accounts.length === 0 ? (
        <Empty icon="inbox" title={t('No account yet')}>
          {t('An account says where mail is fetched from. Adding one shows a live test of its server.')}
        </Empty>
      ) : (
        <ul className="cards">
          {accounts.map((account) => (
            <li key={account.id} aria-label={account.name}>
              <div className="grow">
                <b>{account.name}</b>{' '}
                <span className={account.tls === 'none' ? 'badge warn' : 'badge tls'}>
                  <Icon name={account.tls === 'none' ? 'unlock' : 'lock'} />
                  {account.kind.toUpperCase()},{' '}
                  {account.kind === 'imap' && account.tls === 'starttls' ? 'STARTTLS' : told(TLS[account.tls])}
                </span>
                <p className="mono">
                  {t('{user} at {host}:{port}', { user: account.user, host: account.host, port: account.port })}
                </p>
                <p className="quiet">
                  {account.fetching
                    ? t('Being fetched now.')
                    : account.lastFetchMs === null
                      ? t('Not fetched yet.')
                      : t('Last fetch {lastFetchMs}.', { lastFetchMs: ago(account.lastFetchMs, nowMs) })}{' '}
                  {t('Every {time}.', { time: distance(account.everySeconds * 1000) })} {stayWords(account)}
                </p>
                {account.imap === null || account.imap.progress === null ? null : (
                  <p className="quiet num">
                    {t('{done, number} of {total, number} messages are here, the newest first.', {
                      done: account.imap.progress.done,
                      total: account.imap.progress.total,
                    })}
                  </p>
                )}
                {account.imap === null || account.imap.waiting === 0 ? null : (
                  <p className="quiet num">
                    {t(
                      '{count, plural, one {# change made here waits} other {# changes made here wait}} to be told to the server.',
                      { count: account.imap.waiting },
                    )}
                  </p>
                )}
                {account.pop3?.warnings.map((warning) => (
                  <p key={warning} className="notice warn">
                    <Icon name="alert" /> <span>{told(warning)}</span>
                  </p>
                ))}
                {account.lastError === null ? null : (
                  <p className="notice danger">
                    <Icon name="fail" />
                    <span>
                      {told(visible(account.lastError))}{' '}
                      <a href={formatRoute({ view: 'log', sessionId: null, seq: null, of: null })}>
                        {t('Show the log')}
                      </a>
                    </span>
                  </p>
                )}
              </div>
              <Button onClick={() => setEditing(account)}>{t('Change')}</Button>
              <IconButton
                icon="trash"
                label={t('Remove {name}', { name: account.name })}
                onClick={() => setDoomed(account)}
              />
            </li>
          ))}
        </ul>
      )}
      {adds ? <AccountDialog onClose={() => setAdds(false)} /> : null}
      {editing === null ? null : <AccountEditDialog account={editing} onClose={() => setEditing(null)} />}
      <Confirm
        title={t('Remove {name}?', { name: doomed?.name ?? '' })}
        isOpen={doomed !== null}
        action={t('Remove')}
        danger
        onClose={() => setDoomed(null)}
        onConfirm={() =>
          doomed === null ? undefined : void act(t('Removing the account'), () => api.account.remove({ id: doomed.id }))
        }
      >
        <p>{t('It is not fetched any more and its password is forgotten. Mail on its server is left alone.')}</p>
      </Confirm>
    </>
  )
}
