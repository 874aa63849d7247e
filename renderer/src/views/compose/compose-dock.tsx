import { useEffect, useRef } from 'react'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import { t } from '../../words/words.ts'
import { bringToFront, type Composing, type Desk } from './composer.ts'

/** What a message being written is called where it is not shown. */
export const titleOf = ({ subject }: Pick<Composing, 'subject'>) => visible(subject.trim()) || t('New message')

/** The messages being written in this window, one beside the other: above the one in front, or at the edge while all are folded. */
export function ComposeDock({ open, front }: Desk) {
  const list = useRef<HTMLUListElement>(null)
  const isFolded = front === null
  useEffect(() => {
    // What was folded had the focus: it stays in the same place.
    if (isFolded && document.activeElement === document.body) list.current?.querySelector('button')?.focus()
  }, [isFolded])
  return (
    <nav className="compose-dock" data-folded={isFolded || undefined} aria-label={t('Messages being written')}>
      <ul ref={list}>
        {open.map((one) => (
          <li key={one.key}>
            <button
              type="button"
              title={titleOf(one)}
              {...(one.key === front ? { 'aria-current': 'true' as const } : {})}
              onClick={() => bringToFront(one.key)}
            >
              <Icon name="draft" />
              <bdi className="clip">{titleOf(one)}</bdi>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  )
}
