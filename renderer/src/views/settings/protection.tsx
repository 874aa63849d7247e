import { useState } from 'react'
import type { VaultView } from '../../../../core/rpc/vault-contract.ts'
import { api, wordsOf } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { useLive } from '../../state/use-live.ts'
import { said, t, told } from '../../words/words.ts'

type Asking = 'set' | 'remove' | 'lock' | 'unlock' | 'keychain' | 'no-keychain'

/** What opens the stored mail, and whether Posthorn asks for it at start. */
export function Protection() {
  const vault = useLive('vault', () => api.vault.status())
  const [asks, setAsks] = useState<Asking | null>(null)
  return (
    <>
      <div className="panel-head">
        <h2>{t('Protection')}</h2>
      </div>
      <Load live={vault} what={t('how mail is protected')} again={vault.again}>
        {(view) => (
          <>
            <p className="lead">{told(view.text)}</p>
            <ul className="cards">
              <Way
                title={t('Key file')}
                isOn={view.ways.includes('key-file')}
                on={t('It opens the mail by itself, so whoever has it and the data folder can read everything.')}
                off={t('It does not open the mail.')}
              >
                <p className="mono quiet">{view.keyFile}</p>
              </Way>
              {view.keychain === null ? null : (
                <Way
                  title={t('Keychain')}
                  isOn={view.ways.includes('keychain')}
                  on={t('It opens the mail when you are signed in to this computer; the key file does not any more.')}
                  off={
                    view.keychain.state === 'unprotected'
                      ? t(
                          'This desktop has none that keeps secrets from other programs, so the key of the mail stays in a file. A passphrase protects it.',
                        )
                      : view.ways.includes('passphrase')
                        ? t('It can keep the key in place of the key file.')
                        : t(
                            'It can keep the key in place of the key file, once there is a passphrase for when it is lost.',
                          )
                  }
                  acts={
                    view.ways.includes('keychain') ? (
                      <Button onClick={() => setAsks('no-keychain')}>{t('Use the key file')}</Button>
                    ) : view.keychain.state === 'unprotected' ? (
                      view.ways.includes('passphrase') ? null : (
                        <Button onClick={() => setAsks('set')}>{t('Set a passphrase')}</Button>
                      )
                    ) : view.ways.includes('passphrase') ? (
                      <Button onClick={() => setAsks('keychain')}>{t('Use the keychain')}</Button>
                    ) : null
                  }
                >
                  {view.keychain.state === 'ready' ? <p className="quiet">{told(view.keychain.name)}</p> : null}
                </Way>
              )}
              <Way
                title={t('Passphrase')}
                isOn={view.ways.includes('passphrase')}
                on={t('It opens the mail.')}
                off={t('There is none.')}
                acts={
                  <>
                    <Button onClick={() => setAsks('set')}>
                      {view.ways.includes('passphrase') ? t('Change') : t('Set a passphrase')}
                    </Button>
                    {view.ways.includes('passphrase') && view.ways.length > 1 ? (
                      <Button kind="plain" onClick={() => setAsks('remove')}>
                        {t('Remove')}
                      </Button>
                    ) : null}
                  </>
                }
              />
              <Way
                title={t('Locked at start')}
                isOn={view.lockedAtStart}
                on={t('Posthorn asks for the passphrase when it starts. Until then nothing is sent or received.')}
                off={t('Posthorn opens the mail by itself when it starts.')}
                acts={
                  view.ways.includes('passphrase') ? (
                    <Button onClick={() => setAsks(view.lockedAtStart ? 'unlock' : 'lock')}>
                      {view.lockedAtStart ? t('Start unlocked') : t('Start locked')}
                    </Button>
                  ) : null
                }
              />
            </ul>
            {asks === null ? null : (
              <VaultDialog
                asking={asks}
                view={view}
                onClose={() => {
                  setAsks(null)
                  vault.again()
                }}
              />
            )}
          </>
        )}
      </Load>
    </>
  )
}

interface WayProps {
  readonly title: string
  readonly isOn: boolean
  readonly on: string
  readonly off: string
  readonly acts?: React.ReactNode
  readonly children?: React.ReactNode
}

function Way({ title, isOn, on, off, acts, children }: WayProps) {
  return (
    <li aria-label={title}>
      <Icon name={isOn ? 'ok' : 'dot'} className={isOn ? 'ok' : 'faint'} />
      <div className="grow">
        <b>{title}</b>
        <p className="quiet">{isOn ? on : off}</p>
        {children}
      </div>
      {acts}
    </li>
  )
}

const TITLE: Readonly<Record<Asking, string>> = {
  'set': said('The passphrase'),
  'remove': said('Remove the passphrase'),
  'lock': said('Start locked'),
  'unlock': said('Start unlocked'),
  'keychain': said('Use the keychain'),
  'no-keychain': said('Use the key file'),
}

interface DialogProps {
  readonly asking: Asking
  readonly view: VaultView
  readonly onClose: () => void
}

function VaultDialog({ asking, view, onClose }: DialogProps) {
  const hasOne = view.ways.includes('passphrase')
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [again, setAgain] = useState('')
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState(false)
  const differs = asking === 'set' && again !== '' && again !== next
  const isReady = (!hasOne || current !== '') && (asking !== 'set' || (next !== '' && again === next))
  const run = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      if (asking === 'set') await api.vault.setPassphrase({ current: hasOne ? current : null, passphrase: next })
      else if (asking === 'remove') await api.vault.removePassphrase({ current })
      else if (asking === 'keychain' || asking === 'no-keychain')
        await api.vault.setKeychain({ on: asking === 'keychain', current })
      else await api.vault.setLockedAtStart({ locked: asking === 'lock', current })
      onClose()
    } catch (error) {
      setProblem(wordsOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog title={told(TITLE[asking])} isOpen onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void run()
        }}
      >
        <div className="dialog-body">
          {asking === 'lock' ? (
            <p className="notice warn">
              <Icon name="alert" />
              <span>
                {t(
                  'Nobody can open the mail without the passphrase then, you included. After each start nothing is sent or received until it is given.',
                )}
              </span>
            </p>
          ) : null}
          {hasOne ? (
            <Field
              label={asking === 'set' ? t('The passphrase until now') : t('Passphrase')}
              type="password"
              autoComplete="current-password"
              value={current}
              problem={problem}
              onChange={setCurrent}
            />
          ) : null}
          {asking === 'set' ? (
            <>
              <Field
                label={t('New passphrase')}
                type="password"
                autoComplete="new-password"
                value={next}
                problem={hasOne ? undefined : problem}
                hint={t('Some words that belong together for nobody but you. It cannot be looked up anywhere.')}
                onChange={setNext}
              />
              <Field
                label={t('The same again')}
                type="password"
                autoComplete="new-password"
                value={again}
                problem={differs ? t('These are not the same.') : undefined}
                onChange={setAgain}
              />
            </>
          ) : null}
        </div>
        <footer>
          <Button kind="plain" onClick={onClose}>
            {t('Cancel')}
          </Button>
          <Button kind="primary" submit disabled={!isReady || busy}>
            {busy
              ? t('Working')
              : asking === 'remove'
                ? t('Remove')
                : asking === 'set'
                  ? t('Set')
                  : told(TITLE[asking])}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
