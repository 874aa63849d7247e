import type { RouteView } from '../../../../core/rpc/views.ts'
import { Field, Select } from '../../parts/field.tsx'
import { t } from '../../words/words.ts'

export interface RouteForm {
  readonly host: string
  readonly port: string
  readonly tls: RouteView['tls']
}

export const emptyRoute: RouteForm = { host: '', port: '587', tls: 'starttls' }

/** Usual ports towards a smarthost: 465 inside TLS (RFC 8314 §3.3), 587 or 25 otherwise. */
const USUAL: Readonly<Record<RouteView['tls'], string>> = { implicit: '465', starttls: '587', none: '25' }

/** The route a form stands for, or undefined while something is missing. */
export function routeOf(form: RouteForm): { host: string; port: number; tls: RouteView['tls'] } | undefined {
  const port = Number(form.port)
  if (form.host.trim() === '' || !Number.isInteger(port) || port < 1 || port > 65535) return undefined
  return { host: form.host.trim(), port, tls: form.tls }
}

/** Pure: host, port and encryption of a smarthost. */
export function RouteFields({
  form,
  onChange,
}: {
  readonly form: RouteForm
  readonly onChange: (form: RouteForm) => void
}) {
  return (
    <div className="fields">
      <Field
        label={t('Smarthost')}
        className="wide"
        value={form.host}
        placeholder={t('relay.example.org')}
        autoComplete="off"
        spellCheck={false}
        onChange={(host) => onChange({ ...form, host })}
      />
      <Field label={t('Port')} value={form.port} inputMode="numeric" onChange={(port) => onChange({ ...form, port })} />
      <Select
        label={t('Encryption')}
        value={form.tls}
        options={[
          { value: 'starttls', label: 'STARTTLS' },
          { value: 'implicit', label: 'TLS' },
          { value: 'none', label: t('None') },
        ]}
        onChange={(tls) => onChange({ ...form, tls, port: form.port === USUAL[form.tls] ? USUAL[tls] : form.port })}
      />
    </div>
  )
}
