import { COMMANDS, type CommandId } from '../../../core/model/command-table.ts'
import type { IconName } from '../parts/icons.ts'
import type { MenuEntry } from '../parts/menu.tsx'
import { told } from '../words/words.ts'
import { keyOf } from './bindings.ts'
import { offerOf } from './offers.ts'

const ICONS: Partial<Readonly<Record<CommandId, IconName>>> = {
  'message-window': 'window',
  'reply': 'reply',
  'reply-all': 'reply-all',
  'reply-list': 'users',
  'forward': 'forward',
  'forward-attached': 'clip',
  'redirect': 'route',
  'edit-as-new': 'draft',
  'archive': 'archive',
  'move': 'folder',
  'snooze': 'clock',
  'junk': 'spam',
  'delete': 'trash',
  'delete-for-good': 'x',
  'toggle-seen': 'dot',
  'toggle-star': 'star',
  'print': 'file',
  'headers': 'list',
  'source': 'code',
  'log-of-message': 'wire',
  'trace': 'route',
  'log-bytes': 'wire',
  'log-timing': 'clock',
  'log-tls': 'lock',
  'log-explain': 'question',
  'log-share': 'external',
  'log-again': 'play',
}

interface Own {
  readonly label?: string
  readonly icon?: IconName
  /** Shown, and grey, while nothing that is open can do it: the reader may still be on its way. */
  readonly waits?: boolean
}

/** A command as an entry of a menu, by the words and keys of the one table; none where nothing that is open can do it. */
export function commandEntry(id: CommandId, own: Own = {}): readonly (MenuEntry & { readonly disabled: boolean })[] {
  const disabled = offerOf(id) === undefined
  if (disabled && own.waits !== true) return []
  const keys = keyOf(id)
  return [
    {
      id,
      label: own.label ?? told(COMMANDS[id].label),
      icon: own.icon ?? ICONS[id] ?? 'more',
      ...(keys === undefined ? {} : { keys }),
      disabled,
      run: () => offerOf(id)?.(),
    },
  ]
}
