import { keyOf } from '../../commands/bindings.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import type { Command } from './message-list.tsx'
import { t } from '../../words/words.ts'

interface Props {
  readonly count: number
  readonly role: string
  /** One line over the list, where there is no reader beside it. */
  readonly isBar?: boolean
  readonly onCommand: (command: Command) => void
}

/** The key of a command, for a tip. */
const keyed = (command: Command) => {
  const keys = keyOf(command)
  return keys === undefined ? {} : { keys }
}

/** Pure: what can be done with several messages at once. */
export function BulkPane({ count, role, isBar = false, onCommand }: Props) {
  const buttons = (
    <>
      <Button icon="archive" onClick={() => onCommand('archive')}>
        {t('Archive')}
      </Button>
      <Button icon="trash" onClick={() => onCommand('delete')}>
        {t('Delete')}
      </Button>
      <IconButton icon="folder" label={t('Move to a folder')} {...keyed('move')} onClick={() => onCommand('move')} />
      <IconButton
        icon="clock"
        label={role === 'snoozed' ? t('Bring back now') : t('Snooze')}
        {...keyed('snooze')}
        onClick={() => onCommand('snooze')}
      />
      <IconButton
        icon="spam"
        label={role === 'junk' ? t('Not junk') : t('Junk')}
        {...keyed('junk')}
        onClick={() => onCommand('junk')}
      />
      <IconButton
        icon="dot"
        label={t('Read or unread')}
        {...keyed('toggle-seen')}
        onClick={() => onCommand('toggle-seen')}
      />
      <IconButton
        icon="star"
        label={t('Star or not')}
        {...keyed('toggle-star')}
        onClick={() => onCommand('toggle-star')}
      />
    </>
  )
  const title = t('{count, plural, one {# message selected} other {# messages selected}}', { count })
  if (isBar)
    return (
      <div className="bulk-bar" role="toolbar" aria-label={title}>
        {buttons}
      </div>
    )
  return (
    <Empty icon="layers" title={title} actions={buttons}>
      {t('What you do now is done with all of them.')}
    </Empty>
  )
}
