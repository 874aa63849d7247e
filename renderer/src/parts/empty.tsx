import type { ReactNode } from 'react'
import { Icon } from './icon.tsx'
import type { IconName } from './icons.ts'

interface Props {
  readonly icon: IconName
  readonly tone?: 'warn' | 'danger' | 'unknown'
  readonly title: string
  /** True where it is all there is on the page. */
  readonly isPage?: boolean
  readonly children?: ReactNode
  readonly actions?: ReactNode
  /** `alert` for what went wrong: it is read out at once. */
  readonly role?: 'status' | 'alert'
}

/** A pane with nothing to show: what it is, why it is empty, one thing to do. */
export function Empty({ icon, tone, title, isPage = false, children, actions, role }: Props) {
  return (
    <div className="empty" role={role}>
      <Icon name={icon} {...(tone === undefined ? {} : { className: tone })} />
      {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children === undefined ? null : <p>{children}</p>}
      {actions === undefined ? null : <div className="actions">{actions}</div>}
    </div>
  )
}

/** Grey lines while an answer is on its way; they come only after a moment, so a quick answer never flickers. */
export function Skeleton({ label, rows = 6 }: { readonly label: string; readonly rows?: number }) {
  return (
    <div className="skel" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row}>
          <i />
          <i />
        </div>
      ))}
    </div>
  )
}
