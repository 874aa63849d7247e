import { FILLED, ICONS, type IconName } from './icons.ts'

interface Props {
  readonly name: IconName
  readonly className?: string
  /** Said to a screen reader; without it the icon is decoration. */
  readonly label?: string
}

/** One icon, in the colour of its text. */
export function Icon({ name, className, label }: Props) {
  return (
    <svg
      className={className === undefined ? 'i' : `i ${className}`}
      viewBox="0 0 16 16"
      {...(label === undefined ? { 'aria-hidden': true } : { 'role': 'img', 'aria-label': label })}
    >
      <path d={ICONS[name]} {...(FILLED.has(name) ? { fill: 'currentColor' } : {})} />
    </svg>
  )
}
