import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'
import { Icon } from './icon.tsx'
import type { IconName } from './icons.ts'

interface Props extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type'> {
  readonly kind?: 'primary' | 'plain' | 'danger' | undefined
  readonly icon?: IconName | undefined
  readonly children: ReactNode
  readonly submit?: boolean
  readonly ref?: Ref<HTMLButtonElement>
}

/** A button with words, and an icon before them if it helps. At most one `primary` in a window. */
export function Button({ kind, icon, children, submit = false, className = '', ...rest }: Props) {
  return (
    <button type={submit ? 'submit' : 'button'} className={`button ${className}`} data-kind={kind} {...rest}>
      {icon === undefined ? null : <Icon name={icon} />}
      <span className="t">{children}</span>
    </button>
  )
}

interface IconProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type' | 'aria-label'> {
  readonly icon: IconName
  /** What it does: its name for a screen reader, and its tip. */
  readonly label: string
  /** The key that does the same, shown in the tip. */
  readonly keys?: string
  readonly ref?: Ref<HTMLButtonElement>
}

/** A button that is only an icon. */
export function IconButton({ icon, label, keys, className = '', ...rest }: IconProps) {
  return (
    <button
      type="button"
      className={`icon-button ${className}`}
      aria-label={label}
      title={keys === undefined ? label : `${label} (${keys})`}
      {...rest}
    >
      <Icon name={icon} />
    </button>
  )
}
