import { useEffect } from 'react'
import { visible } from '../format/wire-text.ts'
import { dropToast, toasts, type Toast } from '../state/toasts.ts'
import { Button, IconButton } from './button.tsx'
import { Icon } from './icon.tsx'
import { t } from '../words/words.ts'

/** What only tells goes soon; what went wrong or can be undone leaves time to decide. */
const STAYS_MS = { telling: 3500, asking: 7000 }

/** The toasts that stand now. */
export function ToastRegion() {
  const now = toasts.use()
  return (
    <div className="toasts" role="status" aria-label={t('Messages from Posthorn')}>
      {now.map((one) => (
        <ToastLine key={one.id} toast={one} />
      ))}
    </div>
  )
}

function ToastLine({ toast: { id, text, icon, level, action, untilMs } }: { readonly toast: Toast }) {
  useEffect(() => {
    const staysMs = level === 'danger' || action !== undefined ? STAYS_MS.asking : STAYS_MS.telling
    const timer = setTimeout(() => dropToast(id), untilMs === undefined ? staysMs : untilMs - Date.now())
    return () => clearTimeout(timer)
  }, [id, level, action, untilMs])
  return (
    <div className="toast">
      <Icon name={icon} className={level === 'danger' ? 'danger' : 'quiet'} />
      <span className="grow">{visible(text)}</span>
      {action === undefined ? null : (
        <Button
          kind="plain"
          className="accent"
          onClick={() => {
            dropToast(id)
            action.run()
          }}
        >
          {action.label}
        </Button>
      )}
      <IconButton icon="x" label={t('Dismiss')} onClick={() => dropToast(id)} />
    </div>
  )
}
