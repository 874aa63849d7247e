import { useState } from 'react'
import { shortDay, clock } from '../../format/time.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useNow } from '../../state/now.ts'
import { fromField, snoozeTimes, toField, type SnoozeTime } from './snooze-times.ts'
import { t } from '../../words/words.ts'

interface Props {
  readonly count: number
  readonly onSnooze: (untilMs: number) => void
  readonly onClose: () => void
}

const NAMES: Readonly<Record<SnoozeTime['id'], () => string>> = {
  'later': () => t('Later today'),
  'tomorrow': () => t('Tomorrow'),
  'weekend': () => t('At the weekend'),
  'next-week': () => t('Next week'),
}

/** Until when messages are out of sight: one of the usual times, or any other. */
export function SnoozeDialog({ count, onSnooze, onClose }: Props) {
  const [nowMs] = useState(() => Date.now())
  const laterMs = useNow()
  const times = snoozeTimes(nowMs)
  const [text, setText] = useState(() => toField(times.at(-1)?.atMs ?? nowMs))
  const own = fromField(text)
  const isPast = own !== undefined && own <= laterMs
  const choose = (untilMs: number) => {
    onClose()
    onSnooze(untilMs)
  }
  return (
    <Dialog
      title={t('{count, plural, one {Snooze # message} other {Snooze # messages}}', { count })}
      isOpen
      onClose={onClose}
    >
      <div className="dialog-body snooze">
        <p className="quiet">{t('Out of sight until then. After that it is unread, at the top of the Inbox.')}</p>
        <ul>
          {times.map(({ id, atMs }, n) => (
            <li key={id}>
              {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
              <button type="button" autoFocus={n === 0} onClick={() => choose(atMs)}>
                <Icon name="clock" />
                <span className="grow">{NAMES[id]()}</span>
                <span className="quiet num">
                  {t('{day}, {time}', { day: shortDay(atMs, nowMs), time: clock(atMs) })}
                </span>
              </button>
            </li>
          ))}
        </ul>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (own !== undefined && !isPast) choose(own)
          }}
        >
          <Field
            label={t('Another time')}
            type="datetime-local"
            value={text}
            min={toField(nowMs)}
            problem={isPast ? t('That time is past.') : undefined}
            onChange={setText}
          />
          <Button submit disabled={own === undefined || isPast}>
            {t('Snooze until then')}
          </Button>
        </form>
      </div>
    </Dialog>
  )
}
