interface PickProps<V extends string> {
  /** Not shown: its place in the sentence says it to those who see. */
  readonly label: string
  readonly value: V
  readonly options: readonly { readonly value: V; readonly label: string }[]
  readonly onChange: (value: V) => void
}

/** One of a few, within a row. */
export function Pick<V extends string>({ label, value, options, onChange }: PickProps<V>) {
  return (
    <select
      className="select"
      aria-label={label}
      value={value}
      onChange={(event) => {
        const chosen = options.find((one) => one.value === event.target.value)
        if (chosen !== undefined) onChange(chosen.value)
      }}
    >
      {options.map((one) => (
        <option key={one.value} value={one.value}>
          {one.label}
        </option>
      ))}
    </select>
  )
}

interface TextProps {
  readonly label: string
  readonly value: string
  readonly unit?: string
  readonly grow?: boolean
  readonly placeholder?: string
  readonly onChange: (value: string) => void
}

/** A line to type in, within a row. */
export function Text({ label, value, unit, grow = false, placeholder, onChange }: TextProps) {
  return (
    <span className={grow ? 'field grow' : 'field'} data-kind={unit === undefined ? undefined : 'number'}>
      <input
        aria-label={label}
        value={value}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        inputMode={unit === undefined ? undefined : 'numeric'}
        onChange={(event) => onChange(event.target.value)}
      />
      {unit === undefined ? null : <span className="quiet">{unit}</span>}
    </span>
  )
}
