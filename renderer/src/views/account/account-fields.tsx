import { useState } from 'react'
import type { api } from '../../bridge/client.ts'
import type { AccountView, Pop3Settings } from '../../../../core/rpc/views.ts'
import { IconButton } from '../../parts/button.tsx'
import { Check, Field, Select } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { t } from '../../words/words.ts'

/** What is typed about an account before it is checked. */
export interface AccountForm {
  readonly kind: AccountView['kind']
  readonly host: string
  readonly port: string
  readonly tls: Pop3Settings['tls']
  readonly user: string
  readonly password: string
  readonly keep: boolean
}

/** The usual ports: 995 and 993 inside TLS (RFC 8314 §3.2), 110 and 143 otherwise. */
const USUAL: Readonly<Record<AccountView['kind'], Readonly<Record<Pop3Settings['tls'], string>>>> = {
  pop3: { implicit: '995', starttls: '110', none: '110' },
  imap: { implicit: '993', starttls: '143', none: '143' },
}

export const emptyAccount: AccountForm = {
  kind: 'pop3',
  host: '',
  port: '995',
  tls: 'implicit',
  user: '',
  password: '',
  keep: true,
}

/** Where an account is and who signs in there. */
export type AccountSettings = Omit<Parameters<typeof api.account.test>[0], 'kind'> & {
  readonly kind: AccountView['kind']
}

/** The settings a form stands for, or undefined while something is missing. */
export function settingsOf(form: AccountForm): AccountSettings | undefined {
  const port = Number(form.port)
  const isWhole = Number.isInteger(port) && port >= 1 && port <= 65535
  if (form.host.trim() === '' || form.user.trim() === '' || form.password === '' || !isWhole) return undefined
  return {
    kind: form.kind,
    host: form.host.trim(),
    port,
    tls: form.tls,
    user: form.user.trim(),
    password: form.password,
  }
}

const isUsual = ({ kind, tls, port }: AccountForm) => port === USUAL[kind][tls] || port === ''

interface Props {
  readonly form: AccountForm
  readonly onChange: (form: AccountForm) => void
}

/** Pure but for the eye: server, port, encryption, login. */
export function AccountFields({ form, onChange }: Props) {
  const [shows, setShows] = useState(false)
  const change = (patch: Partial<AccountForm>) => onChange({ ...form, ...patch })
  const isPort = /^\d+$/.test(form.port) && Number(form.port) >= 1 && Number(form.port) <= 65535
  return (
    <div className="fields">
      <Select
        label={t('Kind')}
        className="all"
        value={form.kind}
        options={[
          { value: 'pop3', label: t('POP3: mail is fetched into this computer') },
          { value: 'imap', label: t('IMAP: folders stay in step with the server') },
        ]}
        onChange={(kind) => change({ kind, port: isUsual(form) ? USUAL[kind][form.tls] : form.port })}
      />
      <Field
        label={form.kind === 'imap' ? t('IMAP server') : t('POP3 server')}
        className="wide"
        value={form.host}
        placeholder={form.kind === 'imap' ? 'imap.example.org' : 'pop.example.org'}
        autoComplete="off"
        spellCheck={false}
        onChange={(host) => change({ host })}
      />
      <Field
        label={t('Port')}
        value={form.port}
        inputMode="numeric"
        problem={form.port === '' || isPort ? undefined : t('A number from 1 to 65535')}
        onChange={(port) => change({ port })}
      />
      <Select
        label={t('Encryption')}
        value={form.tls}
        options={[
          { value: 'implicit', label: 'TLS' },
          { value: 'starttls', label: form.kind === 'imap' ? 'STARTTLS' : 'STLS' },
          { value: 'none', label: t('None') },
        ]}
        onChange={(tls) => change({ tls, port: isUsual(form) ? USUAL[form.kind][tls] : form.port })}
      />
      {form.tls === 'none' ? (
        <p className="notice warn all">
          <Icon name="alert" />
          <span>
            {t(
              'Without encryption everyone on the way can read your password and your mail. Use it only on this computer or your own network.',
            )}
          </span>
        </p>
      ) : null}
      <Field
        label={t('User name')}
        className="half"
        value={form.user}
        autoComplete="username"
        spellCheck={false}
        onChange={(user) => change({ user })}
      />
      <Field
        label={t('Password')}
        className="half"
        type={shows ? 'text' : 'password'}
        value={form.password}
        autoComplete="current-password"
        onChange={(password) => change({ password })}
        after={
          <IconButton
            icon="eye"
            label={shows ? t('Hide the password') : t('Show the password')}
            aria-pressed={shows}
            onClick={() => setShows(!shows)}
          />
        }
      />
      {form.kind === 'imap' ? null : (
        <div className="all">
          <Check
            label={t('Leave mail on the server')}
            hint={t('Without it, mail is deleted there once it is safely stored here.')}
            checked={form.keep}
            onChange={(keep) => change({ keep })}
          />
        </div>
      )}
    </div>
  )
}
