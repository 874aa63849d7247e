import { useCallback, useMemo, useRef, useState } from 'react'
import type { FolderView } from '../../../../core/rpc/views.ts'
import { Confirm } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Load } from '../../parts/load.tsx'
import type { Point } from '../../parts/context-menu.tsx'
import { PaneEdge } from '../../parts/pane-edge.tsx'
import type { Picked } from '../../parts/virtual-listbox.tsx'
import { useOffers, type Offers } from '../../commands/offers.ts'
import { useEngine } from '../../state/engine.tsx'
import { look } from '../../state/look.ts'
import { useNow } from '../../state/now.ts'
import type { Live } from '../../state/use-live.ts'
import { composeFrom } from '../compose/answer.ts'
import { BulkPane } from './bulk-pane.tsx'
import { DragHandle } from './drag.tsx'
import {
  clearTags,
  markSeen,
  moveTo,
  removeForGood,
  snooze,
  toggleSeen,
  toggleStar,
  toggleTag,
} from './mail-actions.ts'
import { MessageList, type Command } from './message-list.tsx'
import { MessageMenu } from './message-menu.tsx'
import { MoveDialog } from './move-dialog.tsx'
import { Reader } from './reader.tsx'
import { sourceOf, type Found, type ListSource, type Range } from './list-source.ts'
import { idsOf, keyOf, nextAfter, type MailRow } from './rows.ts'
import { SnoozeDialog } from './snooze-dialog.tsx'
import { setLook, type Sorting } from './sorting.ts'
import type { Unfolded } from './use-message-list.ts'
import { ViewMenu } from './view-menu.tsx'
import { t } from '../../words/words.ts'

interface Props {
  readonly title: string
  readonly sum: string
  readonly live: Live<{ readonly source: ListSource }> & { again: () => void }
  readonly messageId: number | null
  readonly folderRole: string
  /** Null, or left out, where the order is not of the person's choosing. */
  readonly sorting?: Sorting | null
  readonly onSort?: (sorting: Sorting) => void
  readonly unfolded?: Unfolded
  readonly onUnfolded?: (unfolded: Unfolded) => void
  readonly onShow: (messageId: number | null) => void
  readonly empty: React.ReactNode
  /** Behind the sum, and in a line of its own under the head. */
  readonly tools?: React.ReactNode
  readonly below?: React.ReactNode
}

/** Something that waits for an answer of the person. */
type Asking = { readonly what: 'move' | 'snooze' | 'delete'; readonly ids: readonly number[] }

/** A list of messages, and the reader beside it, below it, or in its place. */
export function TwoPanes(props: Props) {
  const { title, sum, live, messageId, folderRole, onShow, empty, tools, below, sorting = null } = props
  const { unfolded = FOLDED, onUnfolded } = props
  const nowMs = useNow(60_000)
  const { tags } = useEngine()
  const { conversations, list: listLook, readingPane } = look.use()
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set())
  const [stands, setStands] = useState<number | null>(null)
  const [several, setSeveral] = useState<ReadonlyMap<number, readonly number[]>>(new Map())
  const [asking, setAsking] = useState<Asking | null>(null)
  const [isReading, setReading] = useState(false)
  const [menuAt, setMenuAt] = useState<Point | null>(null)
  const handle = useRef<HTMLButtonElement>(null)
  const source = live.at === 'ready' ? live.value.source : NOTHING
  const rowsByKey = useMemo(() => new Map(source.loaded.map(({ row }) => [keyOf(row), row])), [source])
  // A conversation is known by its newest message, which may be another one by now.
  const active = useMemo(() => {
    if (messageId === null) return null
    if (stands === -messageId && rowsByKey.has(stands)) return stands
    if (rowsByKey.has(messageId)) return messageId
    const holder = source.loaded.find(({ row }) => row.thread?.ids.includes(messageId) === true)
    return holder === undefined ? messageId : keyOf(holder.row)
  }, [messageId, stands, rowsByKey, source])
  const picked: Picked = useMemo(() => {
    const real = active === null ? selected : selected.has(active) ? selected : new Set([active])
    return { active, selected: real }
  }, [active, selected])
  const messagesOf = useCallback(
    (key: number): readonly number[] => {
      const row = rowsByKey.get(key)
      return row === undefined ? (several.get(key) ?? [Math.abs(key)]) : idsOf(row)
    },
    [rowsByKey, several],
  )
  const ids = useMemo(() => {
    if (picked.selected.size === 0) return messageId === null ? [] : [messageId]
    return [...new Set([...picked.selected].flatMap(messagesOf))]
  }, [picked, messagesOf, messageId])
  // What is read stays as it is when its row is scrolled far away.
  const lastRow = useRef<MailRow | undefined>(undefined)
  const row = active === null ? undefined : rowsByKey.get(active)
  if (row !== undefined) lastRow.current = row
  const activeRow =
    row ?? (lastRow.current !== undefined && keyOf(lastRow.current) === active ? lastRow.current : undefined)

  const onPick = useCallback(
    (next: Picked, more: Range['several'] = []) => {
      setSelected(next.selected)
      setStands(next.active)
      setSeveral(new Map(more.map(({ key, ids: some }) => [key, some])))
      onShow(next.active === null ? null : Math.abs(next.active))
    },
    [onShow],
  )
  const leave = (gone: readonly number[]) => {
    const all = new Set(gone)
    const rows = source.loaded.map((one) => one.row)
    const next = nextAfter(rows, new Set(rows.filter((one) => idsOf(one).every((id) => all.has(id))).map(keyOf)))
    setSelected(new Set(next === null ? [] : [next]))
    setStands(next)
    setReading(false)
    onShow(next === null ? null : Math.abs(next))
  }
  const leaving = (some: readonly number[], run: Promise<boolean>) =>
    void run.then((done) => (done ? leave(some) : undefined))
  const away = (some: readonly number[], to: Parameters<typeof moveTo>[1]) => leaving(some, moveTo(some, to))
  const onCommand = (command: Command, some: readonly number[]) => {
    const last = some.at(-1)
    if (last === undefined) return
    if (command === 'tag-0') void clearTags(some)
    else if (command.startsWith('tag-')) {
      const tag = tags.find(({ number }) => `tag-${number}` === command)
      if (tag !== undefined) void toggleTag(some, tag.id)
    } else if (command === 'toggle-seen') void toggleSeen(some)
    else if (command === 'toggle-star') void toggleStar(some)
    else if (command === 'archive') away(some, 'archive')
    else if (command === 'junk') away(some, folderRole === 'junk' ? 'inbox' : 'junk')
    else if (command === 'move') setAsking({ what: 'move', ids: some })
    else if (command === 'snooze' && folderRole === 'snoozed') leaving(some, snooze(some, null))
    else if (command === 'snooze') setAsking({ what: 'snooze', ids: some })
    else if (command === 'delete-for-good' || (command === 'delete' && folderRole === 'trash'))
      setAsking({ what: 'delete', ids: some })
    else if (command === 'delete') away(some, 'trash')
    else if (command === 'reply' || command === 'reply-all' || command === 'forward' || command === 'edit-as-new')
      void composeFrom(command, last)
  }
  const place = source.loaded.find((one) => keyOf(one.row) === active)?.place ?? -1
  const show = (found: Found | null) => {
    if (found !== null) onPick({ active: found.key, selected: new Set([found.key]) })
  }
  const showAt = (at: number) => {
    const found = source.at(at)
    if (found !== undefined) show({ place: at, key: keyOf(found) })
  }
  const unfold = (one: MailRow, isOpen: boolean) => {
    const { threadId } = one
    if (threadId === null) return
    const others = unfolded.but.filter((id) => id !== threadId)
    onUnfolded?.({ all: unfolded.all, but: unfolded.all === isOpen ? others : [...others, threadId] })
  }
  const isUnfolded = (one: MailRow) =>
    one.threadId !== null &&
    one.isBelow !== true &&
    (one.thread?.ids.length ?? 1) > 1 &&
    unfolded.all !== unfolded.but.includes(one.threadId)
  const unfoldAll = (all: boolean) => onUnfolded?.({ all, but: [] })
  const onThese = (command: Command) => () => onCommand(command, ids)
  const offers: Offers = {
    'conversations': () => setLook('look.conversations', !conversations),
    'list-look': () => setLook('look.list', listLook === 'cards' ? 'table' : 'cards'),
    'reading-pane': () => setLook('look.readingPane', readingPane === 'off' ? 'right' : 'off'),
    ...(onUnfolded === undefined || !conversations
      ? {}
      : { 'expand-all': () => unfoldAll(true), 'collapse-all': () => unfoldAll(false) }),
    ...(source.count === 0
      ? {}
      : {
          'next': () => showAt(place + 1),
          'previous': () => showAt(place - 1),
          'next-unread': () => void source.unread(place, 1).then(show),
          'previous-unread': () => void source.unread(place, -1).then(show),
          'all-seen': () =>
            void source
              .range(0, source.count)
              .then(({ keys, several: some }) => markSeen([...keys.map(Math.abs), ...some.flatMap((one) => one.ids)])),
          'select-all': () =>
            void source
              .range(0, source.count)
              .then((all) => onPick({ active, selected: new Set(all.keys) }, all.several)),
        }),
    ...(ids.length === 0
      ? {}
      : {
          ...Object.fromEntries(
            [...FOR_MESSAGES, ...Array.from({ length: 10 }, (_, n) => `tag-${n}` as const)].map((command) => [
              command,
              onThese(command),
            ]),
          ),
          'move-again': () =>
            lastFolder.current === null ? setAsking({ what: 'move', ids }) : away(ids, lastFolder.current),
          // Pressing it begins the dragging; react-aria tells a screen reader how it goes on.
          'drag': () => {
            handle.current?.focus()
            handle.current?.click()
          },
        }),
  }
  useOffers(offers)
  const closeMenu = useCallback(() => setMenuAt(null), [])

  const isBulk = picked.selected.size > 1
  const inPlace = readingPane === 'off'
  const reader = isBulk ? (
    <BulkPane count={ids.length} role={folderRole} onCommand={(command) => onCommand(command, ids)} />
  ) : active === null ? (
    source.count > 0 ? (
      <Empty icon="inbox" title={t('No message chosen')}>
        {t('Choose one on the left, or walk through the list with the arrow keys.')}
      </Empty>
    ) : null
  ) : (
    <Reader
      id={Math.abs(active)}
      row={activeRow}
      nowMs={nowMs}
      folderRole={folderRole}
      onCommand={onCommand}
      {...(inPlace ? { onBack: () => setReading(false) } : {})}
    />
  )

  return (
    <>
      {/* Hidden and not gone: it stays where it was scrolled to. */}
      <section className="list" aria-label={t('Messages')} hidden={inPlace && isReading && active !== null}>
        <header className="pane-head">
          <h1 className="clip">{title}</h1>
          <span className="sum num clip grow" role="status">
            {picked.selected.size < 2 ? sum : t('{count, number} selected', { count: ids.length })}
          </span>
          {tools}
          {ids.length === 0 ? null : <DragHandle ref={handle} count={ids.length} idsNow={() => ids} />}
          <ViewMenu sorting={sorting} onSort={(next) => props.onSort?.(next)} />
        </header>
        {below}
        {inPlace && isBulk ? (
          <BulkPane isBar count={ids.length} role={folderRole} onCommand={(command) => onCommand(command, ids)} />
        ) : null}
        <Load live={live} what={t('the folder')} again={live.again}>
          {() =>
            source.count === 0 ? (
              empty
            ) : (
              <MessageList
                label={title}
                source={source}
                picked={picked}
                nowMs={nowMs}
                tags={tags}
                sorting={sorting}
                onSort={(next) => props.onSort?.(next)}
                showAddressees={folderRole === 'sent'}
                onPick={onPick}
                onStar={(some) => void toggleStar(some)}
                onOpen={() => setReading(true)}
                isUnfolded={isUnfolded}
                onUnfold={unfold}
                onUnfoldAll={unfoldAll}
                onMenu={setMenuAt}
                selectedIds={() => ids}
              />
            )
          }
        </Load>
        <PaneEdge pane="list" />
      </section>
      {inPlace && !(isReading && active !== null) ? null : (
        <main className="reader" aria-label={t('Message')}>
          {inPlace ? <h1 className="sr">{title}</h1> : null}
          {reader}
        </main>
      )}
      {menuAt === null ? null : (
        <MessageMenu
          at={menuAt}
          count={picked.selected.size}
          row={activeRow}
          folderRole={folderRole}
          tags={tags}
          onOpen={inPlace ? () => setReading(true) : undefined}
          onTag={(tagId) => void toggleTag(ids, tagId)}
          onClose={closeMenu}
        />
      )}
      {asking?.what === 'move' ? (
        <MoveDialog
          count={asking.ids.length}
          fromId={activeRow?.folderId ?? null}
          onMove={(folder) => {
            lastFolder.current = folder
            away(asking.ids, folder)
          }}
          onClose={() => setAsking(null)}
        />
      ) : null}
      {asking?.what === 'snooze' ? (
        <SnoozeDialog
          count={asking.ids.length}
          onSnooze={(untilMs) => leaving(asking.ids, snooze(asking.ids, untilMs))}
          onClose={() => setAsking(null)}
        />
      ) : null}
      <Confirm
        title={t('{count, plural, one {Delete # message for good?} other {Delete # messages for good?}}', {
          count: asking?.ids.length ?? 0,
        })}
        isOpen={asking?.what === 'delete'}
        action={t('Delete')}
        danger
        onClose={() => setAsking(null)}
        onConfirm={() => leaving(asking?.ids ?? [], removeForGood(asking?.ids ?? []))}
      >
        <p>{t('What is deleted for good is gone from this computer and cannot be brought back.')}</p>
      </Confirm>
    </>
  )
}

const NOTHING = sourceOf([], () => {})
/** Where something was moved last, in whatever list. */
const lastFolder: { current: Pick<FolderView, 'id' | 'name'> | null } = { current: null }
const FOLDED: Unfolded = { all: false, but: [] }
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
  'snooze',
  'toggle-seen',
  'toggle-star',
] as const satisfies readonly Command[]
