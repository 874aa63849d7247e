import { useState } from 'react'
import { api, wordsOf } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Field } from '../../parts/field.tsx'
import { t, told } from '../../words/words.ts'

/** The page of mail that is locked: a passphrase opens it, or it says what is missing. */
export function Locked({ why = '' }: { readonly why: string | undefined }) {
  const missing = /^read the key file "(.+?)": it is not there/.exec(why)?.[1]
  if (missing === undefined && /passphrase/i.test(why)) return <Unlock why={why} />
  return (
    <main className="window lone">
      <Empty isPage icon="lock" title={missing === undefined ? t('Mail is locked') : t('The key file is missing')}>
        {missing === undefined
          ? t('Mail, index and log on this computer are encrypted, and Posthorn has not got the key:')
          : t('Mail, index and log on this computer are encrypted, and the key that opens them was expected here:')}
        <code className="reason">{missing ?? told(why)}</code>
        {missing === undefined
          ? t('Nothing is lost. Put that right, then stop Posthorn and start it again.')
          : t(
              'Nothing is lost. Put the key file back there, from your backup if need be, then stop Posthorn and start it again.',
            )}
      </Empty>
    </main>
  )
}

/** What keeps a desktop's keychain from opening the mail, as a sentence; undefined where it is not about one. */
function keychainTrouble(why: string): string | undefined {
  const words = /^(.*(?:keychain|keyring|wallet|data protection).*); the passphrase opens the mail$/i.exec(why)?.[1]
  if (words === undefined) return undefined
  const own = told(words)
  return own.charAt(0).toUpperCase() + own.slice(1)
}

function Unlock({ why }: { readonly why: string }) {
  const trouble = keychainTrouble(why)
  const [passphrase, setPassphrase] = useState('')
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState(false)
  const unlock = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      await api.app.unlock({ passphrase })
    } catch (error) {
      setProblem(wordsOf(error))
      setPassphrase('')
      setBusy(false)
    }
  }
  return (
    <main className="window lone">
      <form
        className="unlock"
        onSubmit={(event) => {
          event.preventDefault()
          void unlock()
        }}
      >
        <Empty isPage icon="lock" title={t('Mail is locked')}>
          {t('Mail, index and log on this computer are encrypted. Nothing is received or sent until they are open.')}
          {trouble === undefined ? null : <code className="reason">{trouble}</code>}
        </Empty>
        <Field
          label={t('Passphrase')}
          type="password"
          // The one thing to do on this page.
          // eslint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          autoComplete="current-password"
          value={passphrase}
          problem={problem}
          onChange={setPassphrase}
        />
        <Button submit kind="primary" icon="unlock" disabled={busy || passphrase === ''}>
          {busy ? t('Opening') : t('Open the mail')}
        </Button>
      </form>
    </main>
  )
}
