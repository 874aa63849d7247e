import { useState } from 'react'
import type { Pop3Settings } from '../../../../core/rpc/views.ts'
import { IconButton } from '../../parts/button.tsx'
import { Check, Field, Select } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'

/** What is typed about a POP3 account before it is checked. */
export interface AccountForm {
  readonly host: string
  readonly port: string
  readonly tls: Pop3Settings['tls']
  readonly user: string
  readonly password: string
  readonly keep: boolean
}

/** POP3's usual ports: 995 inside TLS (RFC 8314 §3.2), 110 otherwise. */
const USUAL: Readonly<Record<Pop3Settings['tls'], string>> = { implicit: '995', starttls: '110', none: '110' }

export const emptyAccount: AccountForm = { host: '', port: '995', tls: 'implicit', user: '', password: '', keep: true }

/** The settings a form stands for, or undefined while something is missing. */
export function settingsOf(form: AccountForm): Pop3Settings | undefined {
  const port = Number(form.port)
  const isWhole = Number.isInteger(port) && port >= 1 && port <= 65535
  if (form.host.trim() === '' || form.user.trim() === '' || form.password === '' || !isWhole) return undefined
  return { host: form.host.trim(), port, tls: form.tls, user: form.user.trim(), password: form.password }
}

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
      <Field
        label="POP3 server"
        className="wide"
        value={form.host}
        placeholder="pop.example.org"
        autoComplete="off"
        spellCheck={false}
        onChange={(host) => change({ host })}
      />
      <Field
        label="Port"
        value={form.port}
        inputMode="numeric"
        problem={form.port === '' || isPort ? undefined : 'A number from 1 to 65535'}
        onChange={(port) => change({ port })}
      />
      <Select
        label="Encryption"
        value={form.tls}
        options={[
          { value: 'implicit', label: 'TLS' },
          { value: 'starttls', label: 'STLS' },
          { value: 'none', label: 'None' },
        ]}
        onChange={(tls) =>
          change({ tls, port: form.port === USUAL[form.tls] || form.port === '' ? USUAL[tls] : form.port })
        }
      />
      {form.tls === 'none' ? (
        <p className="notice warn all">
          <Icon name="alert" />
          <span>
            Without encryption everyone on the way can read your password and your mail. Use it only on this computer or
            your own network.
          </span>
        </p>
      ) : null}
      <Field
        label="User name"
        className="half"
        value={form.user}
        autoComplete="username"
        spellCheck={false}
        onChange={(user) => change({ user })}
      />
      <Field
        label="Password"
        className="half"
        type={shows ? 'text' : 'password'}
        value={form.password}
        autoComplete="current-password"
        onChange={(password) => change({ password })}
        after={
          <IconButton
            icon="eye"
            label={shows ? 'Hide the password' : 'Show the password'}
            aria-pressed={shows}
            onClick={() => setShows(!shows)}
          />
        }
      />
      <div className="all">
        <Check
          label="Leave mail on the server"
          hint="Without it, mail is deleted there once it is safely stored here."
          checked={form.keep}
          onChange={(keep) => change({ keep })}
        />
      </div>
    </div>
  )
}
