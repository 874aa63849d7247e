import { Empty } from '../../parts/empty.tsx'
import { go, type Route } from '../../state/route.ts'
import { TwoPanes } from './two-panes.tsx'
import { useSnoozed } from './use-message-list.ts'
import { t } from '../../words/words.ts'

/** What is out of sight for now, in the order it comes back. */
export function SnoozedView({ route }: { readonly route: Extract<Route, { view: 'snoozed' }> }) {
  const list = useSnoozed()
  const count = list.at === 'ready' ? list.value.total : 0
  return (
    <TwoPanes
      title={t('Snoozed')}
      sum={list.at === 'ready' ? t('{count, plural, one {# message} other {# messages}}', { count }) : ''}
      live={list}
      messageId={route.messageId}
      folderRole="snoozed"
      onShow={(messageId) => go({ ...route, messageId }, 'quietly')}
      empty={
        <Empty icon="clock" title={t('Nothing is snoozed')}>
          {t(
            'A message that is snoozed is out of sight until the time you choose, and then unread in the Inbox again.',
          )}
        </Empty>
      }
    />
  )
}
