import { useState } from 'react'
import type { AppPasswordView } from '../../../../core/rpc/views.ts'
import { api, wordsOf } from '../../bridge/client.ts'
import { whenWords } from '../../format/time.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Confirm, Dialog } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Field } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { copyText } from '../../state/actions.ts'
import { useNow } from '../../state/now.ts'
import { useLive } from '../../state/use-live.ts'
import { t, tx } from '../../words/words.ts'

/** A password that was just made: the engine says it once. */
export interface MadePassword {
  readonly address: string
  readonly password: string
}

/** The passwords of programs: which there are, when each was last used, and how to take one back. */
export function AppPasswords() {
  const nowMs = useNow()
  const list = useLive('app passwords', () => api.access.list(), { changes: api.access.changes })
  const [doomed, setDoomed] = useState<AppPasswordView | null>(null)
  return (
    <section aria-label={t('Passwords of programs')}>
      <h3>{t('Passwords of programs')}</h3>
      <Load live={list} what={t('the passwords of programs')} again={list.again}>
        {(entries) =>
          entries.length === 0 ? (
            <Empty icon="key" title={t('No program has a password yet')}>
              {t('Make one above; it is shown once, and only a verifier of it is stored.')}
            </Empty>
          ) : (
            <ul className="cards">
              {entries.map((entry) => (
                <li key={entry.id} aria-label={entry.name}>
                  <div className="grow">
                    <b>{entry.name}</b>
                    <p className="mono">{entry.address}</p>
                    <p className="quiet num">
                      {t('Made {time}.', { time: whenWords(entry.createdMs, nowMs) })}{' '}
                      {entry.lastUsedMs === null
                        ? t('Not used yet.')
                        : t('Last used {lastUsedMs}.', { lastUsedMs: whenWords(entry.lastUsedMs, nowMs) })}
                    </p>
                  </div>
                  <IconButton
                    icon="trash"
                    label={t('Take back {name}', { name: entry.name })}
                    onClick={() => setDoomed(entry)}
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Load>
      <Confirm
        title={t('Take back the password of {name}?', { name: doomed?.name ?? '' })}
        isOpen={doomed !== null}
        action={t('Take it back')}
        danger
        onClose={() => setDoomed(null)}
        onConfirm={() =>
          doomed === null
            ? undefined
            : void act(t('Taking the password back'), () => api.access.revoke({ id: doomed.id }))
        }
      >
        <p>
          {t('The program can send nothing more with it, at once. Mail it has handed in already is still delivered.')}
        </p>
      </Confirm>
    </section>
  )
}

interface Props {
  readonly address: string
  readonly program: string
  readonly onClose: () => void
  readonly onMade: (made: MadePassword) => void
}

/** Names a program, makes its password, and shows it this one time. */
export function PasswordDialog({ address, program, onClose, onMade }: Props) {
  const [name, setName] = useState(program)
  const [problem, setProblem] = useState<string>()
  const [password, setPassword] = useState<string>()
  const make = async () => {
    try {
      const made = await api.access.make({ address, name: name.trim() })
      setPassword(made.password)
      onMade({ address, password: made.password })
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  if (password !== undefined)
    return (
      <Dialog title={t('The password for {trim}', { trim: name.trim() })} isOpen onClose={onClose}>
        <div className="dialog-body">
          <p className="new-password">
            <span className="mono">{password}</span>
            <IconButton
              icon="copy"
              label={t('Copy the password')}
              onClick={() => void copyText(password, t('The password'))}
            />
          </p>
          <p className="notice warn">
            <Icon name="alert" />{' '}
            <span>{t('It is shown this once. Posthorn keeps only what it needs to check it.')}</span>
          </p>
        </div>
        <footer>
          <Button kind="primary" onClick={onClose}>
            {t('Done')}
          </Button>
        </footer>
      </Dialog>
    )
  return (
    <Dialog title={t('A password for one program')} isOpen onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void make()
        }}
      >
        <div className="dialog-body">
          <p className="quiet">
            {tx('It signs in as <span>{address}</span>.', {
              address,
              span: (words) => <span className="mono">{words}</span>,
            })}
          </p>
          <Field
            label={t('Name of the program')}
            value={name}
            autoComplete="off"
            problem={problem}
            hint={t('So that you know later whose it is, such as “Thunderbird on the laptop”.')}
            onChange={setName}
          />
        </div>
        <footer>
          <Button kind="plain" onClick={onClose}>
            {t('Cancel')}
          </Button>
          <Button kind="primary" submit disabled={name.trim() === ''}>
            {t('Make it')}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
