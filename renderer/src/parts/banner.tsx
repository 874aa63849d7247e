import type { ReactNode } from 'react'
import { Icon } from './icon.tsx'
import type { IconName } from './icons.ts'

interface Props {
  readonly level: 'plain' | 'warn' | 'danger'
  readonly icon: IconName
  readonly children: ReactNode
  readonly actions?: ReactNode
}

/** One quiet line above content: what, why, and what can be done. */
export function Banner({ level, icon, children, actions }: Props) {
  return (
    <div className={level === 'plain' ? 'banner' : `banner ${level}`} role={level === 'danger' ? 'alert' : 'status'}>
      <Icon name={icon} />
      <span className="grow">{children}</span>
      {actions}
    </div>
  )
}
