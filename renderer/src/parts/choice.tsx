interface Props {
  /** Choices of one name leave each other out. */
  readonly name: string
  readonly on: boolean
  readonly title: string
  readonly text: string
  readonly onPick: () => void
}

/** One of a few ways, with a sentence about it. */
export function Choice({ name, on, title, text, onPick }: Props) {
  return (
    <label className="choice" data-on={on || undefined}>
      <input type="radio" name={name} checked={on} onChange={onPick} aria-label={title} />
      <span>
        <b>{title}</b>
        {text === '' ? null : <span className="text">{text}</span>}
      </span>
    </label>
  )
}
