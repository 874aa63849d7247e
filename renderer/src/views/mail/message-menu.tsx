import type { CommandId } from '../../../../core/model/command-table.ts'
import type { TagView } from '../../../../core/rpc/reading-contract.ts'
import { commandEntry } from '../../commands/menu-entries.ts'
import { useOffered } from '../../commands/offers.ts'
import { ContextMenu, type ContextEntry, type Point } from '../../parts/context-menu.tsx'
import { t } from '../../words/words.ts'
import { isUnread, type MailRow } from './rows.ts'

interface Props {
  readonly at: Point
  /** How many messages it is for, and the row of one alone. */
  readonly count: number
  readonly row: MailRow | undefined
  readonly folderRole: string
  readonly tags: readonly TagView[]
  /** Where the message is read in place of the list, this shows it; else the reader has it already. */
  readonly onOpen: (() => void) | undefined
  readonly onTag: (id: number) => void
  readonly onClose: () => void
}

/** The menu of a message, or of all that are selected: the commands of the one table that hold for them. */
export function MessageMenu({ at, count, row, folderRole, tags, onOpen, onTag, onClose }: Props) {
  useOffered()
  const one = count === 1 ? row : undefined
  const waits = { waits: onOpen === undefined }
  const plain = (...ids: readonly CommandId[]) => ids.flatMap((id) => commandEntry(id))
  const ofReader = (...ids: readonly CommandId[]) => ids.flatMap((id) => commandEntry(id, waits))
  const isTrash = folderRole === 'trash'
  const isStarred = one !== undefined && (one.starred || (one.thread?.starred ?? 0) > 0)
  const tagging: readonly ContextEntry[] =
    tags.length === 0
      ? []
      : [
          {
            id: 'tags',
            label: t('Tags'),
            icon: 'tag',
            entries: tags.map(({ id, name, number }) => ({
              id: `tag ${id}`,
              label: one?.tags.includes(id) === true ? t('Take off “{name}”', { name }) : t('Tag “{name}”', { name }),
              icon: one?.tags.includes(id) === true ? ('check' as const) : ('tag' as const),
              ...(number === null ? {} : { keys: `${number}` }),
              run: () => onTag(id),
            })),
          },
        ]
  const groups: readonly (readonly ContextEntry[])[] = [
    count > 1
      ? []
      : [
          ...(onOpen === undefined ? [] : [{ id: 'open', label: t('Open'), icon: 'eye' as const, run: onOpen }]),
          ...plain('message-window'),
        ],
    count > 1 ? [] : [...plain('reply', 'reply-all'), ...ofReader('reply-list'), ...plain('forward')],
    count > 1 ? [] : [...ofReader('forward-attached', 'redirect'), ...plain('edit-as-new')],
    [
      ...plain('archive', 'move'),
      ...commandEntry('snooze', folderRole === 'snoozed' ? { label: t('Bring back now') } : {}),
      ...commandEntry('junk', { label: folderRole === 'junk' ? t('Not junk') : t('Junk') }),
      ...(isTrash ? plain('delete-for-good') : plain('delete')),
    ],
    [
      ...commandEntry(
        'toggle-seen',
        one === undefined ? {} : { label: isUnread(one) ? t('Mark as read') : t('Mark as unread') },
      ),
      ...commandEntry(
        'toggle-star',
        isStarred ? { label: t('Remove the star'), icon: 'star-on' } : { label: t('Star') },
      ),
      ...tagging,
    ],
    count > 1 ? [] : ofReader('print', 'headers', 'source', 'log-of-message', 'trace'),
  ]
  return <ContextMenu label={t('Message commands')} at={at} groups={groups} onClose={onClose} />
}
