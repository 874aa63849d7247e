import { keyOf } from '../../commands/bindings.ts'
import type { MenuEntry } from '../../parts/menu.tsx'
import { t } from '../../words/words.ts'
import type { DraftState } from './use-draft.ts'

interface Doing {
  readonly toggleFormat: () => void
  readonly toggleReplyTo: () => void
  readonly removeQuote: () => void
  readonly insertTemplate: () => void
  readonly saveTemplate: () => void
  readonly look: () => void
}

/** What can be set for one message; what is on has a tick. */
export function optionsOf({ written, change }: DraftState, doing: Doing): readonly MenuEntry[] {
  const keys = (id: string) => {
    const key = keyOf(id)
    return key === undefined ? {} : { keys: key }
  }
  const on = (isOn: boolean, off: MenuEntry['icon']) => (isOn ? ('check' as const) : off)
  const { format, priority, wantsDsn, wantsReceipt, hasReplyTo } = written
  return [
    {
      id: 'format',
      label: format === 'rich' ? t('Write plain text') : t('Write rich text'),
      icon: 'bold',
      ...keys('toggle-format'),
      run: doing.toggleFormat,
    },
    { id: 'quote', label: t('Remove the quote'), icon: 'quote', ...keys('remove-quote'), run: doing.removeQuote },
    {
      id: 'insert',
      label: t('Insert a template…'),
      icon: 'copy',
      ...keys('insert-template'),
      run: doing.insertTemplate,
    },
    {
      id: 'save',
      label: t('Save as a template…'),
      icon: 'download',
      ...keys('save-template'),
      run: doing.saveTemplate,
    },
    { id: 'look', label: t('Look it over'), icon: 'eye', ...keys('look-over'), run: doing.look },
    { id: 'replyTo', label: t('Answers to another address'), icon: on(hasReplyTo, 'reply'), run: doing.toggleReplyTo },
    {
      id: 'high',
      label: t('Important'),
      icon: on(priority === 'high', 'up'),
      run: () => change({ priority: priority === 'high' ? null : 'high' }),
    },
    {
      id: 'low',
      label: t('Not urgent'),
      icon: on(priority === 'low', 'down'),
      run: () => change({ priority: priority === 'low' ? null : 'low' }),
    },
    {
      id: 'dsn',
      label: t('Tell me when it is delivered'),
      icon: on(wantsDsn, 'bell'),
      run: () => change({ wantsDsn: !wantsDsn }),
    },
    {
      id: 'receipt',
      label: t('Ask for a read receipt'),
      icon: on(wantsReceipt, 'ok'),
      run: () => change({ wantsReceipt: !wantsReceipt }),
    },
  ]
}
