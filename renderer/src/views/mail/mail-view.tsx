import { useCallback, useMemo, useState } from 'react'
import type { MessageRow } from '../../../../core/rpc/views.ts'
import { ago } from '../../format/time.ts'
import { count } from '../../format/size.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Load } from '../../parts/load.tsx'
import type { Picked } from '../../parts/virtual-listbox.tsx'
import { fetching, getMail } from '../../state/actions.ts'
import { keyOf } from '../../commands/bindings.ts'
import { useOffers, type Offers } from '../../commands/offers.ts'
import { useEngine } from '../../state/engine.tsx'
import { useNow } from '../../state/now.ts'
import { go, type Route } from '../../state/route.ts'
import type { Live } from '../../state/use-live.ts'
import { composeFrom } from '../compose/answer.ts'
import { clearTags, moveTo, removeForGood, toggleSeen, toggleStar, toggleTag } from './mail-actions.ts'
import { MessageList, type Command } from './message-list.tsx'
import { MoveDialog } from './move-dialog.tsx'
import { Reader } from './reader.tsx'
import { nextAfter, unreadFrom } from './rows.ts'
import { useMessageList, type MessageList as Listed } from './use-message-list.ts'
import { t } from '../../words/words.ts'

type MailRoute = Extract<Route, { view: 'mail' }>

/** One folder, or every inbox in one: list and reader. */
export function MailView({ route }: { readonly route: MailRoute }) {
  const { folders } = useEngine()
  const list = useMessageList(route.folderId)
  const folder = folders.at === 'ready' ? folders.value.find((one) => one.id === route.folderId) : undefined
  const inboxes = folders.at === 'ready' ? folders.value.filter((one) => one.role === 'inbox') : []
  const unread = folder?.unread ?? inboxes.reduce((sum, one) => sum + one.unread, 0)
  const total = list.at === 'ready' ? list.value.total : 0
  const name = route.folderId === null ? 'Unified inbox' : (folder?.name ?? 'Folder')
  return (
    <TwoPanes
      title={name}
      sum={
        list.at !== 'ready'
          ? ''
          : unread > 0
            ? `${unread.toLocaleString('en')} unread of ${total.toLocaleString('en')}`
            : count(total, 'message')
      }
      live={list}
      messageId={route.messageId}
      folderRole={folder?.role ?? 'inbox'}
      onMore={list.more}
      onShow={(messageId) => go({ ...route, messageId }, 'quietly')}
      empty={<EmptyFolder isInbox={(folder?.role ?? 'inbox') === 'inbox'} name={name} />}
    />
  )
}

interface PanesProps {
  readonly title: string
  readonly sum: string
  readonly live: Live<Listed> & { again: () => void }
  readonly messageId: number | null
  readonly folderRole: string
  readonly onMore: () => void
  readonly onShow: (messageId: number | null) => void
  readonly empty: React.ReactNode
  /** Behind the sum, and in a line of its own under the head. */
  readonly tools?: React.ReactNode
  readonly below?: React.ReactNode
}

/** A list of messages, and the reader beside it. */
export function TwoPanes({ title, sum, live, messageId, folderRole, onMore, onShow, empty, tools, below }: PanesProps) {
  const nowMs = useNow(60_000)
  const { tags } = useEngine()
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set())
  const [doomed, setDoomed] = useState<readonly MessageRow[]>([])
  const [moving, setMoving] = useState<readonly MessageRow[]>([])
  const rows = live.at === 'ready' ? live.value.rows : NONE
  const picked: Picked = useMemo(() => {
    const real = messageId === null ? selected : selected.has(messageId) ? selected : new Set([messageId])
    return { active: messageId, selected: real }
  }, [messageId, selected])

  const onPick = useCallback(
    (next: Picked) => {
      setSelected(next.selected)
      onShow(next.active)
    },
    [onShow],
  )
  const chosen = useCallback((ids: readonly number[]) => rows.filter((row) => ids.includes(row.id)), [rows])
  const leave = (gone: readonly MessageRow[]) => {
    const next = nextAfter(rows, new Set(gone.map((row) => row.id)))
    setSelected(new Set(next === null ? [] : [next]))
    onShow(next)
  }
  const onCommand = (command: Command, ids: readonly number[]) => {
    const some = chosen(ids)
    const first = some[0]
    if (first === undefined) return
    if (command === 'tag-0') void clearTags(some)
    else if (command.startsWith('tag-')) {
      const tag = tags.find(({ number }) => `tag-${number}` === command)
      if (tag !== undefined) void toggleTag(some, tag.id)
    } else if (command === 'toggle-seen') void toggleSeen(some)
    else if (command === 'toggle-star') void toggleStar(some)
    else if (command === 'archive') away(some, 'archive')
    else if (command === 'junk') away(some, folderRole === 'junk' ? 'inbox' : 'junk')
    else if (command === 'move') setMoving(some)
    else if (command === 'delete-for-good' || (command === 'delete' && folderRole === 'trash')) setDoomed(some)
    else if (command === 'delete') away(some, 'trash')
    else if (command === 'reply' || command === 'reply-all' || command === 'forward' || command === 'edit-as-new')
      void composeFrom(command, first.id)
  }
  const away = (some: readonly MessageRow[], to: Parameters<typeof moveTo>[1]) =>
    void moveTo(some, to).then((done) => (done ? leave(some) : undefined))
  const show = (row: MessageRow | undefined) =>
    row === undefined ? undefined : onPick({ active: row.id, selected: new Set([row.id]) })
  const place = rows.findIndex(({ id }) => id === messageId)
  const ids = [...picked.selected]
  const onThese = (command: Command) => () => onCommand(command, ids)
  const offers: Offers = {
    ...(rows.length === 0
      ? {}
      : {
          'next': () => show(rows[place + 1]),
          'previous': () => show(rows[place - 1]),
          'next-unread': () => show(unreadFrom(rows, place, 1)),
          'previous-unread': () => show(unreadFrom(rows, place, -1)),
        }),
    ...(ids.length === 0
      ? {}
      : Object.fromEntries(
          [...FOR_MESSAGES, ...Array.from({ length: 10 }, (_, n) => `tag-${n}` as const)].map((command) => [
            command,
            onThese(command),
          ]),
        )),
  }
  useOffers(offers)

  return (
    <>
      <section className="list" aria-label={t('Messages')}>
        <header className="pane-head">
          <h1 className="clip">{title}</h1>
          <span className="sum num clip grow">{sum}</span>
          {picked.selected.size < 2 ? null : (
            <span className="sum num">{t('{size} selected', { size: picked.selected.size })}</span>
          )}
          {tools}
        </header>
        {below}
        <Load live={live} what={t('the folder')} again={live.again}>
          {({ total }) =>
            rows.length === 0 ? (
              empty
            ) : (
              <MessageList
                label={title}
                rows={rows}
                total={total}
                picked={picked}
                nowMs={nowMs}
                tags={tags}
                showAddressees={folderRole === 'sent'}
                onPick={onPick}
                onCommand={onCommand}
                onNearEnd={onMore}
              />
            )
          }
        </Load>
      </section>
      <main className="reader" aria-label={t('Message')}>
        <ReaderPane picked={picked} hasRows={rows.length > 0} nowMs={nowMs} onCommand={onCommand} />
      </main>
      {moving.length === 0 ? null : (
        <MoveDialog
          count={moving.length}
          fromId={moving[0]?.folderId ?? null}
          onMove={(folder) => away(moving, folder)}
          onClose={() => setMoving([])}
        />
      )}
      <Confirm
        title={t('{count, plural, one {Delete # message for good?} other {Delete # messages for good?}}', {
          count: doomed.length,
        })}
        isOpen={doomed.length > 0}
        action={t('Delete')}
        danger
        onClose={() => setDoomed([])}
        onConfirm={() => void removeForGood(doomed).then((done) => (done ? leave(doomed) : undefined))}
      >
        <p>{t('What is deleted for good is gone from this computer and cannot be brought back.')}</p>
      </Confirm>
    </>
  )
}

const NONE: readonly MessageRow[] = []
const FOR_MESSAGES = [
  'reply',
  'reply-all',
  'forward',
  'edit-as-new',
  'archive',
  'delete',
  'delete-for-good',
  'junk',
  'move',
  'toggle-seen',
  'toggle-star',
] as const satisfies readonly Command[]

interface ReaderPaneProps {
  readonly picked: Picked
  readonly hasRows: boolean
  readonly nowMs: number
  readonly onCommand: (command: Command, ids: readonly number[]) => void
}

/** The key of a command, for a tip. */
const keyed = (command: Command) => {
  const keys = keyOf(command)
  return keys === undefined ? {} : { keys }
}

function ReaderPane({ picked, hasRows, nowMs, onCommand }: ReaderPaneProps) {
  const ids = [...picked.selected]
  if (ids.length > 1)
    return (
      <Empty
        icon="layers"
        title={t('{length} messages selected', { length: ids.length })}
        actions={
          <>
            <Button icon="archive" onClick={() => onCommand('archive', ids)}>
              {t('Archive')}
            </Button>
            <Button icon="trash" onClick={() => onCommand('delete', ids)}>
              {t('Delete')}
            </Button>
            <IconButton
              icon="dot"
              label={t('Read or unread')}
              {...keyed('toggle-seen')}
              onClick={() => onCommand('toggle-seen', ids)}
            />
            <IconButton
              icon="star"
              label={t('Star or not')}
              {...keyed('toggle-star')}
              onClick={() => onCommand('toggle-star', ids)}
            />
          </>
        }
      >
        {t('What you do now is done with all of them.')}
      </Empty>
    )
  if (picked.active === null)
    return hasRows ? (
      <Empty icon="inbox" title={t('No message chosen')}>
        {t('Choose one on the left, or walk through the list with the arrow keys.')}
      </Empty>
    ) : null
  return <Reader key={picked.active} id={picked.active} nowMs={nowMs} onCommand={onCommand} />
}

function EmptyFolder({ isInbox, name }: { isInbox: boolean; name: string }) {
  const { accounts } = useEngine()
  const nowMs = useNow()
  const busy = fetching.use()
  const last = accounts.reduce<number | null>(
    (latest, one) => Math.max(latest ?? 0, one.lastFetchMs ?? 0) || null,
    null,
  )
  if (!isInbox) return <Empty icon="folder" title={t('Nothing in {name}', { name })} />
  if (accounts.length === 0)
    return (
      <Empty
        icon="inbox"
        title={t('Nothing in the inbox')}
        actions={
          <Button icon="plus" onClick={() => go({ view: 'settings', page: 'accounts' })}>
            {t('Add an account')}
          </Button>
        }
      >
        {t('Mail to your local addresses arrives here by itself. To read mail kept by a provider, add its account.')}
      </Empty>
    )
  return (
    <Empty
      icon="inbox"
      title={t('Nothing in the inbox')}
      actions={
        <Button icon="refresh" disabled={busy} onClick={() => void getMail(true)}>
          {busy ? t('Getting mail') : t('Get mail')}
        </Button>
      }
    >
      {last === null ? t('Nothing has been fetched yet.') : t('Last fetch {last}.', { last: ago(last, nowMs) })}
    </Empty>
  )
}
