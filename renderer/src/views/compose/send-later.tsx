import { useState } from 'react'
import { whenWords } from '../../format/time.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { useNow } from '../../state/now.ts'
import { t } from '../../words/words.ts'

interface Props {
  readonly onChoose: (sendAtMs: number) => void
  readonly onClose: () => void
}

/** Moments people mean by "later": this evening while it is to come, tomorrow morning, Monday morning. */
export function laterMoments(nowMs: number): readonly { readonly label: string; readonly ms: number }[] {
  const at = (days: number, hour: number) => {
    const d = new Date(nowMs)
    return new Date(d.getFullYear(), d.getMonth(), d.getDate() + days, hour).getTime()
  }
  const evening = at(0, 18)
  const toMonday = (8 - new Date(nowMs).getDay()) % 7 || 7
  return [
    ...(evening > nowMs + 3_600_000 ? [{ label: t('This evening'), ms: evening }] : []),
    { label: t('Tomorrow morning'), ms: at(1, 8) },
    ...(toMonday > 1 ? [{ label: t('Monday morning'), ms: at(toMonday, 8) }] : []),
  ]
}

/** The value of a `datetime-local` field: local time, minutes. */
export function fieldTime(ms: number): string {
  const d = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000)
  return d.toISOString().slice(0, 16)
}

/** Asks when a message shall leave. */
export function SendLaterDialog({ onChoose, onClose }: Props) {
  const nowMs = useNow()
  const [typed, setTyped] = useState(() => fieldTime(laterMoments(nowMs).at(-1)?.ms ?? nowMs))
  const chosen = new Date(typed).getTime()
  const isPast = !(chosen > nowMs)
  return (
    <Dialog title={t('Send later')} isOpen onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!isPast) onChoose(chosen)
        }}
      >
        <div className="dialog-body">
          <div className="moments">
            {laterMoments(nowMs).map(({ label, ms }) => (
              <Button key={label} onClick={() => onChoose(ms)}>
                {label}
                <span className="quiet num">{whenWords(ms, nowMs)}</span>
              </Button>
            ))}
          </div>
          <Field
            label={t('Or at')}
            type="datetime-local"
            value={typed}
            min={fieldTime(nowMs)}
            problem={isPast ? 'That is over already.' : undefined}
            hint={t('If Posthorn does not run then, it leaves when Posthorn next starts.')}
            onChange={setTyped}
          />
        </div>
        <footer>
          <Button kind="plain" onClick={onClose}>
            {t('Cancel')}
          </Button>
          <Button kind="primary" submit icon="clock" disabled={isPast}>
            {t('Send then')}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
