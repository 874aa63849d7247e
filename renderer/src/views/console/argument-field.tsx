import { useId, type RefObject } from 'react'
import type { ConsoleVerbView } from '../../../../core/rpc/console-contract.ts'
import { t, told } from '../../words/words.ts'

interface Props {
  readonly argument: ConsoleVerbView['args'][number]
  readonly isSecret: boolean
  readonly value: string
  readonly input: RefObject<HTMLInputElement | null> | undefined
  readonly onChange: (value: string) => void
}

/** One argument of a command: typed, or one of a few values. */
export function ArgumentField({ argument, isSecret, value, input, onChange }: Props) {
  const id = useId()
  const { label, options, hint, isOptional } = argument
  return (
    <div className="labelled" data-optional={isOptional || undefined}>
      <label className="label" htmlFor={id} title={hint === '' ? undefined : told(hint)}>
        {isOptional ? t('{label}, optional', { label: told(label) }) : told(label)}
      </label>
      {options.length > 0 ? (
        <select id={id} className="select mono" value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">{t('not given')}</option>
          {options.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      ) : (
        <div className="field">
          <input
            id={id}
            ref={input}
            className="mono"
            type={isSecret ? 'password' : 'text'}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            placeholder={isOptional ? t('none') : ''}
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
        </div>
      )}
    </div>
  )
}
