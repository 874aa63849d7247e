import { useState, type MouseEvent } from 'react'
import type { TagView } from '../../../../core/rpc/reading-contract.ts'
import type { FolderView } from '../../../../core/rpc/views.ts'
import type { SavedSearchView } from '../../../../core/rpc/search-contract.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { commandOf } from '../../commands/bindings.ts'
import { pointAt, pointOf, type Point } from '../../parts/context-menu.tsx'
import { PaneEdge } from '../../parts/pane-edge.tsx'
import { Icon } from '../../parts/icon.tsx'
import type { IconName } from '../../parts/icons.ts'
import { formatRoute, type Route } from '../../state/route.ts'
import { DropPlace } from './drag.tsx'
import { FolderMenu, type FolderAsk } from './folder-menu.tsx'
import { spokenLocale, t } from '../../words/words.ts'
import { folderName } from '../../format/folder-name.ts'
import { whole } from '../../format/size.ts'

/** What each kind of folder looks like. */
export const FOLDER_ICONS: Readonly<Record<FolderView['role'], IconName>> = {
  inbox: 'inbox',
  sent: 'sent',
  drafts: 'draft',
  archive: 'archive',
  trash: 'trash',
  junk: 'spam',
  other: 'folder',
}
const ORDER: readonly FolderView['role'][] = ['inbox', 'sent', 'archive', 'other', 'junk', 'trash']

/** The folders of each owner in the order people look for them. Drafts stand above, once for all. */
export function groupFolders(folders: readonly FolderView[]) {
  const byOwner = Map.groupBy(folders, ({ owner }) => (owner === null ? 'own' : `${owner.kind} ${owner.id}`))
  return [...byOwner].map(([key, list]) => ({
    key,
    name: list[0]?.owner?.name ?? t('On this computer'),
    isUser: list[0]?.owner?.kind === 'user',
    folders: list
      .filter((folder) => folder.role !== 'drafts')
      .toSorted(
        (a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role) || a.name.localeCompare(b.name, spokenLocale()),
      ),
  }))
}

interface Props {
  readonly folders: readonly FolderView[]
  readonly route: Route
  /** Recipients that wait, and how many of them need a person. */
  readonly waiting: number
  readonly drafts: number
  readonly snoozed: number
  readonly tags: readonly TagView[]
  /** Whether all inboxes stand together above the folders, too. */
  readonly unified: boolean
  readonly searches: readonly SavedSearchView[]
  readonly onForget: (search: SavedSearchView) => void
  readonly onCompose: () => void
  /** Messages were dropped on a folder, or on a tag. */
  readonly onMove: (ids: readonly number[], folder: FolderView) => void
  readonly onTag: (ids: readonly number[], tag: TagView) => void
}

/** The left pane. Messages can be dropped on its folders and tags. */
export function Folders(props: Props) {
  const { folders, route, waiting, drafts, snoozed, tags, unified, searches, onForget, onCompose, onMove, onTag } =
    props
  const [ask, setAsk] = useState<FolderAsk | null>(null)
  const asks = (folder: FolderView | null, count: number) => (at: Point) =>
    setAsk((before) => ({ at, folder, unread: count, turn: (before?.turn ?? 0) + 1 }))
  const unread = folders.reduce((sum, folder) => sum + (folder.role === 'inbox' ? folder.unread : 0), 0)
  return (
    <nav className="folders-pane" aria-label={t('Folders')}>
      <div className="folders">
        <Button kind="primary" icon="draft" className="new" onClick={onCompose}>
          {t('New message')}
        </Button>
        <ul>
          {unified ? (
            <Entry
              to={{ view: 'mail', folderId: null, messageId: null }}
              icon="inbox"
              name={t('Unified inbox')}
              current={route.view === 'mail' && route.folderId === null}
              count={unread}
              says={t('unread')}
              strong
              onMenu={asks(null, unread)}
            />
          ) : null}
          <Entry
            to={{ view: 'queue', entryId: null, recipientId: null }}
            icon="queue"
            name={t('Queue')}
            current={route.view === 'queue'}
            count={waiting}
            says={t('waiting')}
            warn
          />
          <Entry
            to={{ view: 'snoozed', messageId: null }}
            icon="clock"
            name={t('Snoozed')}
            current={route.view === 'snoozed'}
            count={snoozed}
            says={t('snoozed')}
          />
          <Entry
            to={{ view: 'drafts' }}
            icon="draft"
            name={t('Drafts')}
            current={route.view === 'drafts'}
            count={drafts}
            says={t('kept')}
          />
          <Entry
            to={{ view: 'people', groupId: null, contactId: null }}
            icon="users"
            name={t('People')}
            current={route.view === 'people'}
            count={0}
            says=""
          />
        </ul>
        {groupFolders(folders).map((group) => (
          <Owner key={group.key} name={group.name} isUser={group.isUser}>
            {group.folders.map((folder) => (
              <Entry
                key={folder.id}
                to={{ view: 'mail', folderId: folder.id, messageId: null }}
                icon={FOLDER_ICONS[folder.role]}
                name={folderName(folder)}
                current={route.view === 'mail' && route.folderId === folder.id}
                count={folder.unread}
                says={t('unread')}
                strong={folder.role === 'inbox'}
                onDrop={(ids) => onMove(ids, folder)}
                onMenu={asks(folder, folder.unread)}
              />
            ))}
          </Owner>
        ))}
        {tags.length === 0 ? null : (
          <Owner name={t('Tags')} isUser={false}>
            {tags.map((tag) => {
              const text = `tag:${/^[\p{L}\p{N}]+$/u.test(tag.name) ? tag.name : `"${tag.name}"`}`
              return (
                <Entry
                  key={tag.id}
                  to={{ view: 'search', text, typing: false, messageId: null }}
                  icon="tag"
                  name={tag.name}
                  current={route.view === 'search' && route.text === text}
                  count={0}
                  says=""
                  onDrop={(ids) => onTag(ids, tag)}
                />
              )
            })}
          </Owner>
        )}
        {searches.length === 0 ? null : (
          <Owner name={t('Searches')} isUser={false}>
            {searches.map((search) => (
              <Entry
                key={search.id}
                to={{ view: 'search', text: search.text, typing: false, messageId: null }}
                icon="search"
                name={search.name}
                current={route.view === 'search' && route.text === search.text}
                count={0}
                says=""
                end={
                  <IconButton
                    icon="x"
                    label={t('Forget the search {name}', { name: search.name })}
                    onClick={() => onForget(search)}
                  />
                }
              />
            ))}
          </Owner>
        )}
      </div>
      {ask === null ? null : <FolderMenu key={ask.turn} ask={ask} onClose={() => setAsk(null)} />}
      <PaneEdge pane="folders" />
    </nav>
  )
}

function Owner({ name, isUser, children }: { name: string; isUser: boolean; children: React.ReactNode }) {
  const [open, setOpen] = useState(true)
  return (
    <section aria-label={name}>
      <button type="button" className="owner" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? 'down' : 'right'} />
        <span className="clip grow">{name}</span>
        {isUser ? <Icon name="user" label={t('Local user')} /> : null}
      </button>
      {open ? <ul>{children}</ul> : null}
    </section>
  )
}

interface EntryProps {
  readonly to: Route
  readonly icon: IconName
  readonly name: string
  readonly current: boolean
  readonly count: number
  /** What is counted: `3 unread`. */
  readonly says: string
  readonly strong?: boolean
  readonly warn?: boolean
  readonly end?: React.ReactNode
  readonly onDrop?: (ids: readonly number[]) => void
  /** Its menu was asked for, there. */
  readonly onMenu?: (at: Point) => void
}

function Entry(props: EntryProps) {
  const { to, icon, name, current, count, says, strong = false, warn = false, end, onDrop, onMenu } = props
  const words = (
    <>
      <Icon name={icon} />
      <span className="grow clip">{name}</span>
      {count === 0 ? null : (
        <span className={`count${strong ? ' new-mail' : ''}${warn ? ' warn' : ''}`}>
          {whole(count)}
          <span className="sr"> {says}</span>
        </span>
      )}
    </>
  )
  // Its words as a tip, too: in a small window only the icon is seen.
  const link = {
    'href': formatRoute(to),
    'aria-current': current ? ('page' as const) : undefined,
    'title': name,
    ...(onMenu === undefined ? {} : menuOf(onMenu)),
  }
  return (
    <li className={end === undefined ? undefined : 'with-end'}>
      {onDrop === undefined ? (
        <a {...link}>{words}</a>
      ) : (
        <DropPlace onDrop={onDrop}>
          {(dropProps, ref, isOver) => (
            <a {...dropProps} {...link} ref={ref} data-over={isOver || undefined}>
              {words}
            </a>
          )}
        </DropPlace>
      )}
      {end}
    </li>
  )
}

/** The second button and the keys of menus ask for the menu of a link. */
const menuOf = (onMenu: (at: Point) => void) => ({
  onContextMenu: (event: MouseEvent) => {
    event.preventDefault()
    onMenu(pointOf(event, event.currentTarget))
  },
  onKeyDown: (event: React.KeyboardEvent) => {
    if (commandOf(event.nativeEvent) !== 'row-menu') return
    event.preventDefault()
    onMenu(pointAt(event.currentTarget))
  },
})
