import { useId, type InputHTMLAttributes, type ReactNode } from 'react'

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, 'id' | 'onChange'> {
  readonly label: string
  readonly hint?: ReactNode
  readonly problem?: string | undefined
  readonly onChange: (value: string) => void
  readonly after?: ReactNode
}

/** A line to type in, with its name above and what is wrong with it below. */
export function Field({ label, hint, problem, onChange, after, className = '', ...input }: Props) {
  const id = useId()
  return (
    <div className={`labelled ${className}`}>
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <div className="field" data-problem={problem === undefined ? undefined : true}>
        <input
          id={id}
          onChange={(event) => onChange(event.target.value)}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined && hint === undefined ? undefined : `${id}-below`}
          {...input}
        />
        {after}
      </div>
      {problem === undefined && hint === undefined ? null : (
        <p id={`${id}-below`} className={problem === undefined ? 'below' : 'below danger'}>
          {problem ?? hint}
        </p>
      )}
    </div>
  )
}

interface ChoiceProps<V extends string> {
  readonly label: string
  readonly value: V
  readonly options: readonly { readonly value: V; readonly label: string }[]
  readonly onChange: (value: V) => void
  readonly className?: string
}

/** One of a few, as the system's own list. */
export function Select<V extends string>({ label, value, options, onChange, className = '' }: ChoiceProps<V>) {
  const id = useId()
  return (
    <div className={`labelled ${className}`}>
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <select
        id={id}
        className="select"
        value={value}
        onChange={(event) => {
          const chosen = options.find((option) => option.value === event.target.value)
          if (chosen !== undefined) onChange(chosen.value)
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  )
}

interface CheckProps {
  readonly label: string
  readonly hint?: string
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
}

/** Yes or no. */
export function Check({ label, hint, checked, onChange }: CheckProps) {
  return (
    <label className="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <span>
        {label}
        {hint === undefined ? null : <small>{hint}</small>}
      </span>
    </label>
  )
}
