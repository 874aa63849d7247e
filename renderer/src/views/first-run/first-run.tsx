import { useState } from 'react'
import { api, wordsOf } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Choice } from '../../parts/choice.tsx'
import { Check, Field } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { toast } from '../../state/toasts.ts'
import { findingAccount } from '../account/finding.ts'
import { emptyRoute, RouteFields, routeOf } from '../settings/route-fields.tsx'
import { PreflightPane } from '../settings/preflight-pane.tsx'
import { usePreflight } from '../settings/use-preflight.ts'
import { Habits } from './habits.tsx'
import { Intro } from './intro.tsx'
import { t } from '../../words/words.ts'

type Way = 'direct' | 'provider' | 'smarthost'

/** The first screen: who writes, how mail leaves, where it comes from. It ends in a usable mailbox. */
export function FirstRun({ onDone }: { readonly onDone: () => void }) {
  const [name, setName] = useState('')
  const [address, setAddress] = useState('')
  const [hasLeft, setHasLeft] = useState(false)
  const [way, setWay] = useState<Way>('direct')
  const [route, setRoute] = useState(emptyRoute)
  const [fetches, setFetches] = useState(false)
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState(false)
  const { preflight, run, forget } = usePreflight()
  const smarthost = routeOf(route)
  const isAddress = /^[^\s@]+@[^\s@]+$/.test(address.trim())
  const isReady = isAddress && (way !== 'smarthost' || smarthost !== undefined)
  const finish = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      const routeId = way === 'smarthost' && smarthost !== undefined ? (await api.route.add(smarthost)).id : null
      await api.identity.save({ name: name.trim(), address: address.trim(), routeId })
      onDone()
      toast(t('Posthorn is ready.'), { icon: 'horn' })
      if (way === 'provider' || fetches) findingAccount.set({ address: address.trim(), sendsToo: way === 'provider' })
    } catch (error) {
      setProblem(wordsOf(error))
    } finally {
      setBusy(false)
    }
  }

  return (
    <div className="window first-run">
      <header className="titlebar">
        <img src={new URL('../../../../resources/icon.svg', import.meta.url).href} alt="" width={20} height={20} />
        <span className="name">{t('Posthorn')}</span>
      </header>
      <div className="split">
        <main className="form">
          <form
            id="first-run"
            onSubmit={(event) => {
              event.preventDefault()
              if (isReady && !busy) void finish()
            }}
          >
            <h1>{t('Your own post office')}</h1>
            <p className="lead">
              {t(
                'Posthorn sends your mail itself, shows every byte of the way, and keeps everything encrypted on this computer. There is no account with us.',
              )}
            </p>
            <div className="ids">
              <Field label={t('Your name')} value={name} autoComplete="name" onChange={setName} />
              <Field
                label={t('Mail address')}
                inputMode="email"
                spellCheck={false}
                value={address}
                autoComplete="email"
                problem={
                  hasLeft && address.trim() !== '' && !isAddress
                    ? t('An address has one @ and no spaces, such as ada@example.org.')
                    : undefined
                }
                onBlur={() => setHasLeft(true)}
                onChange={(typed) => {
                  setAddress(typed)
                  forget()
                }}
              />
            </div>
            <fieldset>
              <legend>{t('How mail leaves')}</legend>
              <div className="choices">
                <Choice
                  name="way"
                  on={way === 'direct'}
                  title={t('Straight to the recipient’s server')}
                  text={t(
                    'Posthorn finds it in the DNS and delivers by itself. Some networks close port 25, and servers look at where mail comes from.',
                  )}
                  onPick={() => setWay('direct')}
                />
                <Choice
                  name="way"
                  on={way === 'provider'}
                  title={t('Through my mail provider')}
                  text={t(
                    'Its servers are looked for next, by your address. Nothing is sent to them before you agree.',
                  )}
                  onPick={() => setWay('provider')}
                />
                <Choice
                  name="way"
                  on={way === 'smarthost'}
                  title={t('Through another server')}
                  text={t('A smarthost in your network takes everything and passes it on.')}
                  onPick={() => setWay('smarthost')}
                />
              </div>
              {way === 'direct' ? (
                <Button
                  icon="wire"
                  disabled={!isAddress || preflight.at === 'running'}
                  onClick={() => void run(address.trim())}
                >
                  {preflight.at === 'idle' ? t('Look at my network') : t('Look again')}
                </Button>
              ) : null}
              {way === 'smarthost' ? <RouteFields form={route} onChange={setRoute} /> : null}
            </fieldset>
            {way === 'provider' ? null : (
              <fieldset>
                <legend>{t('Where mail comes from')}</legend>
                <Check
                  label={t('Look for my mail account next')}
                  hint={t('You can also do this later. Mail to local addresses arrives by itself.')}
                  checked={fetches}
                  onChange={setFetches}
                />
              </fieldset>
            )}
            <Habits />
          </form>
          <footer className="foot">
            <span className="grow danger problem" role="alert">
              {problem === undefined ? null : (
                <>
                  <Icon name="alert" /> {problem}
                </>
              )}
            </span>
            <Button kind="plain" onClick={onDone}>
              {t('Skip for now')}
            </Button>
            <Button kind="primary" submit form="first-run" disabled={!isReady || busy}>
              {busy ? t('Setting up') : t('Start using Posthorn')}
            </Button>
          </footer>
        </main>
        {way === 'direct' && preflight.at !== 'idle' ? (
          <PreflightPane preflight={preflight} hasDialogue />
        ) : (
          <Intro address={address.trim()} way={way} host={route.host} />
        )}
      </div>
    </div>
  )
}
