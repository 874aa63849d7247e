import type { TagView } from '../../../../core/rpc/reading-contract.ts'
import type { MessageView } from '../../../../core/rpc/views.ts'
import { COMMANDS } from '../../../../core/model/command-table.ts'
import { keyOf } from '../../commands/bindings.ts'
import { offerOf } from '../../commands/offers.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { MenuButton } from '../../parts/menu.tsx'
import { go } from '../../state/route.ts'
import type { Command } from './message-list.tsx'
import { t, told } from '../../words/words.ts'

interface Props {
  /** The message answers go to; undefined while it is read. */
  readonly view: MessageView | undefined
  readonly tags: readonly TagView[]
  readonly folderRole: string
  readonly onCommand: (command: Command) => void
  readonly onTag: (id: number) => void
  readonly onDialog: (what: 'source' | 'headers' | 'parts' | 'rules') => void
  readonly onFind: () => void
  readonly onPrint: () => void
  readonly onLog: () => void
  readonly onBack?: () => void
  /** What can't be done where it stands. */
  readonly lacks?: readonly Command[]
}

const keyed = (command: string) => {
  const keys = keyOf(command)
  return keys === undefined ? {} : { keys }
}
const tip = (label: string, command: string) => {
  const keys = keyOf(command)
  return keys === undefined ? label : t('{label} ({keys})', { label, keys })
}

/** Pure: the bar over a message or a conversation. */
export function MessageCommands(props: Props) {
  const { view, onCommand, onDialog, folderRole, lacks = [] } = props
  const answer = (command: 'reply' | 'reply-all' | 'forward', label: string) => (
    <Button
      kind="plain"
      icon={command}
      title={tip(label, command)}
      disabled={view === undefined}
      onClick={() => onCommand(command)}
    >
      {label}
    </Button>
  )
  const isStarred = view?.starred === true
  return (
    <div className="commands" role="toolbar" aria-label={t('Message commands')}>
      {props.onBack === undefined ? null : (
        <IconButton icon="left" label={t('Back to the list')} onClick={props.onBack} />
      )}
      {answer('reply', t('Reply'))}
      {answer('reply-all', t('Reply all'))}
      {answer('forward', t('Forward'))}
      <span className="bar-gap" />
      <IconButton icon="archive" label={t('Archive')} {...keyed('archive')} onClick={() => onCommand('archive')} />
      <IconButton icon="trash" label={t('Delete')} {...keyed('delete')} onClick={() => onCommand('delete')} />
      {lacks.includes('snooze') ? null : (
        <IconButton
          icon="clock"
          label={folderRole === 'snoozed' ? t('Bring back now') : t('Snooze')}
          {...keyed('snooze')}
          onClick={() => onCommand('snooze')}
        />
      )}
      <IconButton
        icon={isStarred ? 'star-on' : 'star'}
        label={isStarred ? t('Remove the star') : t('Star')}
        {...keyed('toggle-star')}
        className={isStarred ? 'starred' : ''}
        onClick={() => onCommand('toggle-star')}
      />
      <span className="grow" />
      {view === undefined || view.sessions.length === 0 ? null : (
        <IconButton
          icon="wire"
          label={t('The session that brought this message')}
          {...keyed('log-of-message')}
          className="opt"
          onClick={props.onLog}
        />
      )}
      <MenuButton
        label={t('More')}
        icon="more"
        entries={[
          {
            id: 'seen',
            label: view?.seen === false ? t('Mark as read') : t('Mark as unread'),
            icon: 'dot',
            ...keyed('toggle-seen'),
            run: () => onCommand('toggle-seen'),
          },
          ...props.tags.map(({ id, name, number }) => ({
            id: `tag-${id}`,
            label: view?.tags.includes(id) === true ? t('Take off “{name}”', { name }) : t('Tag “{name}”', { name }),
            icon: 'tag' as const,
            ...(number === null ? {} : { keys: `${number}` }),
            run: () => props.onTag(id),
          })),
          ...(lacks.includes('move')
            ? []
            : [
                {
                  id: 'move',
                  label: t('Move to a folder…'),
                  icon: 'folder' as const,
                  ...keyed('move'),
                  run: () => onCommand('move'),
                },
              ]),
          {
            id: 'junk',
            label: folderRole === 'junk' ? t('Not junk') : t('Junk'),
            icon: 'spam',
            ...keyed('junk'),
            run: () => onCommand('junk'),
          },
          {
            id: 'edit-as-new',
            label: t('Edit as new'),
            icon: 'draft',
            ...keyed('edit-as-new'),
            run: () => onCommand('edit-as-new'),
          },
          ...(['reply-list', 'forward-attached', 'redirect'] as const).map((id) => ({
            id,
            label: told(COMMANDS[id].label),
            icon: id === 'reply-list' ? ('users' as const) : ('forward' as const),
            ...keyed(id),
            run: () => offerOf(id)?.(),
          })),
          {
            id: 'find',
            label: t('Find in this message'),
            icon: 'search',
            ...keyed('find-in-message'),
            run: props.onFind,
          },
          { id: 'print', label: t('Print or save as PDF…'), icon: 'file', ...keyed('print'), run: props.onPrint },
          {
            id: 'headers',
            label: t('View all headers'),
            icon: 'list',
            ...keyed('headers'),
            run: () => onDialog('headers'),
          },
          { id: 'parts', label: t('View the parts'), icon: 'layers', run: () => onDialog('parts') },
          { id: 'source', label: t('View source'), icon: 'code', ...keyed('source'), run: () => onDialog('source') },
          { id: 'rules', label: t('What rules did…'), icon: 'filter', run: () => onDialog('rules') },
          { id: 'session', label: t('Show the sessions'), icon: 'wire', run: props.onLog },
          ...(view === undefined
            ? []
            : [
                {
                  id: 'trace',
                  label: t('Delivery trace'),
                  icon: 'route' as const,
                  ...keyed('trace'),
                  run: () => go({ view: 'trace', of: { messageId: view.id } }),
                },
              ]),
        ]}
      />
    </div>
  )
}
