import { useState } from 'react'
import type { ConnectView, ProgramView, ReaderView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Select } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { copyText } from '../../state/actions.ts'
import { useLive } from '../../state/use-live.ts'
import { AppPasswords, PasswordDialog, type MadePassword } from './app-passwords.tsx'
import { spokenLocale, t, told } from '../../words/words.ts'

/** How another mail program sends through Posthorn: its steps, a password of its own, and the certificate to compare. */
export function Programs() {
  const [address, setAddress] = useState<string | null>(null)
  const connect = useLive(`connect ${address ?? ''}`, () => api.access.connect({ address }), {
    changes: api.access.changes,
  })
  return (
    <>
      <div className="panel-head">
        <h2>{t('Other programs')}</h2>
      </div>
      <p className="quiet lead">
        {t(
          'Any mail program on this computer can send through Posthorn. Each gets a password of its own, which can be taken back without touching the others.',
        )}
      </p>
      <Load live={connect} what={t('how programs connect')} again={connect.again}>
        {(view) => <Connect view={view} onAddress={setAddress} />}
      </Load>
      <AppPasswords />
    </>
  )
}

type Guide = ProgramView | ReaderView

/** Pure but for the one password that was just made here: it is in the texts until the page is left. */
export function Connect({ view, onAddress }: { view: ConnectView; onAddress: (address: string) => void }) {
  const [does, setDoes] = useState<'sends' | 'reads'>('sends')
  const [chosen, setChosen] = useState<string>('thunderbird')
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<MadePassword>()
  const guides: readonly Guide[] = does === 'sends' ? view.programs : view.readers
  const program = guides.find(({ id }) => id === chosen) ?? guides[0]
  if (program === undefined || view.address === null)
    return (
      <Empty
        icon="plug"
        title={view.servers.length === 0 ? t('The submission server is off') : t('Nobody can sign in yet')}
      >
        {view.servers.length === 0
          ? t('Give it a port under All settings (submission.port), and start Posthorn again.')
          : t('Add an identity or a local user first: a program signs in as one of them.')}
      </Empty>
    )
  const password = made?.address === view.address ? made.password : undefined
  const filled = (text: string) => (password === undefined ? text : text.replaceAll(view.passwordPlace, password))
  return (
    <>
      <div className="fields connect-choice">
        {view.readers.length === 0 || view.programs.length === 0 ? null : (
          <Select
            label={t('To be set up')}
            className="all"
            value={does}
            options={[
              { value: 'sends', label: t('Sending through Posthorn (SMTP)') },
              { value: 'reads', label: t('Reading the mailbox here (POP3)') },
            ]}
            onChange={setDoes}
          />
        )}
        <Select
          label={t('Program')}
          className="half"
          value={program.id}
          options={guides.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={setChosen}
        />
        <Select
          label={t('Signs in as')}
          className="half"
          value={view.address}
          options={view.addresses.map(({ address }) => ({ value: address, label: address }))}
          onChange={onAddress}
        />
      </div>
      <section className="connect" aria-label={t('Set up {name}', { name: program.name })}>
        <ol className="steps">
          {program.steps.map((step, n) => (
            <li key={n}>
              <p>{filled(told(step.text))}</p>
              {step.fields.length === 0 ? null : (
                <dl className="kv copyable">
                  {step.fields.map(({ label, value }) => (
                    <Copyable key={label} label={label} value={filled(value)} lang="en" />
                  ))}
                </dl>
              )}
            </li>
          ))}
        </ol>
        {program.texts.map(({ path, text }, n) => (
          <figure key={n} className="snippet">
            <figcaption>
              <span className="mono clip">{path ?? t('In a terminal')}</span>
              <IconButton
                icon="copy"
                label={path === null ? t('Copy the command') : t('Copy the text for {path}', { path })}
                onClick={() => void copyText(filled(text), path === null ? t('The command') : t('The text'))}
              />
            </figcaption>
            {/* One can scroll in it, so the keyboard has to reach it. */}
            {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
            <pre role="region" tabIndex={0} aria-label={path ?? t('Command')}>
              {filled(text)}
            </pre>
          </figure>
        ))}
        <p className="connect-password">
          <Button icon="key" kind="primary" onClick={() => setMaking(true)}>
            {t('Make a password for {name}', { name: program.name })}
          </Button>
          {password === undefined ? null : (
            <span className="quiet">{t('The new password is filled in above until you leave this page.')}</span>
          )}
        </p>
      </section>
      <Certificate view={view.certificate} />
      {making ? (
        <PasswordDialog
          address={view.address}
          program={program.name}
          onClose={() => setMaking(false)}
          onMade={(entry) => setMade(entry)}
        />
      ) : null}
    </>
  )
}

/** `lang`: whose words the label is in, where they are another program's own. */
function Copyable({ label, value, lang }: { label: string; value: string; lang?: string }) {
  return (
    <>
      <dt lang={lang}>{label}</dt>
      <dd>
        <span className="mono">{value}</span>
        <IconButton icon="copy" label={t('Copy {label}', { label })} onClick={() => void copyText(value, label)} />
      </dd>
    </>
  )
}

function Certificate({ view }: { view: ConnectView['certificate'] }) {
  return (
    <section aria-label={t('The server’s certificate')} className="certificate">
      <h3>{t('The server’s certificate')}</h3>
      <p className="quiet">
        {view.from === 'own'
          ? t(
              'Posthorn made it for this computer alone, so a program asks once whether you trust it. It is right if this is the fingerprint it shows:',
            )
          : t('It comes from your own file.')}
      </p>
      <dl className="kv copyable">
        <Copyable label={t('SHA-256 fingerprint')} value={view.fingerprint256} />
        <dt>{t('For')}</dt>
        <dd className="mono">{view.names.join(', ')}</dd>
        <dt>{t('Valid until')}</dt>
        <dd>{new Date(view.notAfterMs).toLocaleDateString(spokenLocale(), { dateStyle: 'long' })}</dd>
      </dl>
      {view.trouble === null ? null : (
        <p className="notice danger" role="alert">
          <Icon name="fail" /> <span>{told(view.trouble)}</span>
        </p>
      )}
    </section>
  )
}
