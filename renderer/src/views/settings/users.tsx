import { useState } from 'react'
import { api } from '../../bridge/client.ts'
import { size } from '../../format/size.ts'
import { whenWords } from '../../format/time.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Load } from '../../parts/load.tsx'
import { useNow } from '../../state/now.ts'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'

/** Who owns a mailbox here, what is in it, and how much may be. */
export function Users() {
  const nowMs = useNow()
  const users = useLive('users', () => api.user.list())
  const [adds, setAdds] = useState(false)
  return (
    <section aria-label={t('Local users')}>
      <div className="section-head">
        <h3>{t('Local users')}</h3>
        <span className="grow" />
        <Button icon="plus" onClick={() => setAdds(true)}>
          {t('Add user')}
        </Button>
      </div>
      <Load live={users} what={t('the users')} again={users.again}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon="users" title={t('No local user')}>
              {t(
                'A local user has an address and a password, may submit mail as that address, and owns a local mailbox.',
              )}
            </Empty>
          ) : (
            <ul className="cards">
              {list.map((user) => (
                <li key={user.id} aria-label={user.address}>
                  <div className="grow">
                    <b className="mono">{user.address}</b>
                    <p className="quiet num">
                      {t('Since {time}.', { time: whenWords(user.createdMs, nowMs) })}{' '}
                      {user.lastLoginMs === null
                        ? t('Has not signed in yet.')
                        : t('Last signed in {lastLoginMs}.', { lastLoginMs: whenWords(user.lastLoginMs, nowMs) })}{' '}
                      {t('{size} kept.', { size: size(user.usedBytes) })}
                    </p>
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Load>
      {adds ? (
        <UserDialog
          onClose={() => {
            setAdds(false)
            users.again()
          }}
        />
      ) : null}
    </section>
  )
}

function UserDialog({ onClose }: { onClose: () => void }) {
  const [address, setAddress] = useState('')
  const [password, setPassword] = useState('')
  return (
    <FormDialog
      title={t('Add a local user')}
      action={t('Add')}
      isReady={address.trim() !== '' && password !== ''}
      onSave={() => api.user.add({ address: address.trim(), password })}
      onClose={onClose}
    >
      {(problem) => (
        <>
          <Field
            label={t('Mail address')}
            inputMode="email"
            spellCheck={false}
            value={address}
            autoComplete="off"
            problem={problem}
            onChange={setAddress}
          />
          <Field
            label={t('Password')}
            type="password"
            required
            value={password}
            autoComplete="new-password"
            hint={t('Only a verifier of it is stored; nobody can read it back.')}
            onChange={setPassword}
          />
        </>
      )}
    </FormDialog>
  )
}
