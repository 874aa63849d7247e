import { useId } from 'react'
import type { IdentityView } from '../../../../core/rpc/views.ts'
import { Icon } from '../../parts/icon.tsx'
import { t } from '../../words/words.ts'

interface Props {
  readonly identities: readonly IdentityView[]
  readonly value: number | null
  readonly onChange: (id: number) => void
}

/** Who writes, and the way the mail will take. */
export function FromRow({ identities, value, onChange }: Props) {
  const id = useId()
  const chosen = identities.find((one) => one.id === value)
  return (
    <div className="row">
      <label className="label" htmlFor={id}>
        {t('From')}
      </label>
      <select
        id={id}
        className="select bare"
        dir="auto"
        value={value ?? ''}
        onChange={(event) => onChange(Number(event.target.value))}
      >
        {identities.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name === '' ? one.address : `${one.name} <${one.address}>`}
          </option>
        ))}
      </select>
      <span className="end quiet">
        <Icon name="route" />
        <span>
          {chosen === undefined || chosen.routeId === null
            ? t('Straight to their servers')
            : t('Through {routeName}', { routeName: chosen.routeName })}
        </span>
      </span>
    </div>
  )
}
