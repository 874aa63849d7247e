import { useCallback, useMemo, useRef, useState } from 'react'
import { Confirm } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Load } from '../../parts/load.tsx'
import type { Picked } from '../../parts/virtual-listbox.tsx'
import { useOffers, type Offers } from '../../commands/offers.ts'
import { useEngine } from '../../state/engine.tsx'
import { look } from '../../state/look.ts'
import { useNow } from '../../state/now.ts'
import type { Live } from '../../state/use-live.ts'
import { composeFrom } from '../compose/answer.ts'
import { BulkPane } from './bulk-pane.tsx'
import { DragHandle } from './drag.tsx'
import { clearTags, moveTo, removeForGood, snooze, toggleSeen, toggleStar, toggleTag } from './mail-actions.ts'
import { MessageList, type Command } from './message-list.tsx'
import { MoveDialog } from './move-dialog.tsx'
import { Reader } from './reader.tsx'
import { idsOf, nextAfter, rowOf, unreadFrom, type MailRow } from './rows.ts'
import { SnoozeDialog } from './snooze-dialog.tsx'
import { setLook, type Sorting } from './sorting.ts'
import { ViewMenu } from './view-menu.tsx'
import { t } from '../../words/words.ts'

interface Props {
  readonly title: string
  readonly sum: string
  readonly live: Live<{ readonly rows: readonly MailRow[]; readonly total: number; readonly more: boolean }> & {
    again: () => void
  }
  readonly messageId: number | null
  readonly folderRole: string
  /** Null, or left out, where the order is not of the person's choosing. */
  readonly sorting?: Sorting | null
  readonly onSort?: (sorting: Sorting) => void
  readonly onMore: () => void
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
  const { title, sum, live, messageId, folderRole, onMore, onShow, empty, tools, below, sorting = null } = props
  const nowMs = useNow(60_000)
  const { tags } = useEngine()
  const { conversations, list: listLook, readingPane } = look.use()
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set())
  const [asking, setAsking] = useState<Asking | null>(null)
  const [isReading, setReading] = useState(false)
  const handle = useRef<HTMLButtonElement>(null)
  const rows = live.at === 'ready' ? live.value.rows : NONE
  const isWhole = live.at === 'ready' && !live.value.more
  // A conversation is known by its newest message, which may be another one by now.
  const active = useMemo(() => rowOf(rows, messageId)?.id ?? messageId, [rows, messageId])
  const picked: Picked = useMemo(() => {
    const real = active === null ? selected : selected.has(active) ? selected : new Set([active])
    return { active, selected: real }
  }, [active, selected])
  const chosen = useMemo(() => rows.filter((row) => picked.selected.has(row.id)), [rows, picked])
  const ids = useMemo(
    () => (chosen.length > 0 ? chosen.flatMap(idsOf) : messageId === null ? [] : [messageId]),
    [chosen, messageId],
  )

  const onPick = useCallback(
    (next: Picked) => {
      setSelected(next.selected)
      onShow(next.active)
    },
    [onShow],
  )
  const leave = (gone: readonly number[]) => {
    const all = new Set(gone)
    const next = nextAfter(
      rows,
      new Set(rows.filter((row) => idsOf(row).every((id) => all.has(id))).map(({ id }) => id)),
    )
    setSelected(new Set(next === null ? [] : [next]))
    setReading(false)
    onShow(next)
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
  const show = (row: MailRow | undefined) =>
    row === undefined ? undefined : onPick({ active: row.id, selected: new Set([row.id]) })
  const place = rows.findIndex(({ id }) => id === active)
  const onThese = (command: Command) => () => onCommand(command, ids)
  const offers: Offers = {
    'conversations': () => setLook('look.conversations', !conversations),
    'list-look': () => setLook('look.list', listLook === 'cards' ? 'table' : 'cards'),
    'reading-pane': () => setLook('look.readingPane', readingPane === 'off' ? 'right' : 'off'),
    ...(rows.length === 0
      ? {}
      : {
          'next': () => show(rows[place + 1]),
          'previous': () => show(rows[place - 1]),
          'next-unread': () => show(unreadFrom(rows, place, 1)),
          'previous-unread': () => show(unreadFrom(rows, place, -1)),
          'select-all': () => setSelected(new Set(rows.map(({ id }) => id))),
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
          // Pressing it begins the dragging; react-aria tells a screen reader how it goes on.
          drag: () => {
            handle.current?.focus()
            handle.current?.click()
          },
        }),
  }
  useOffers(offers)

  const isBulk = picked.selected.size > 1
  const inPlace = readingPane === 'off'
  const reader = isBulk ? (
    <BulkPane count={ids.length} role={folderRole} onCommand={(command) => onCommand(command, ids)} />
  ) : active === null ? (
    rows.length > 0 ? (
      <Empty icon="inbox" title={t('No message chosen')}>
        {t('Choose one on the left, or walk through the list with the arrow keys.')}
      </Empty>
    ) : null
  ) : (
    <Reader
      id={active}
      row={chosen[0]}
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
          {({ total }) =>
            rows.length === 0 ? (
              empty
            ) : (
              <MessageList
                label={title}
                rows={rows}
                total={isWhole ? rows.length : rows[0]?.thread ? -1 : total}
                picked={picked}
                nowMs={nowMs}
                tags={tags}
                sorting={sorting}
                onSort={(next) => props.onSort?.(next)}
                showAddressees={folderRole === 'sent'}
                onPick={onPick}
                onStar={(some) => void toggleStar(some)}
                onOpen={() => setReading(true)}
                onNearEnd={onMore}
              />
            )
          }
        </Load>
      </section>
      {inPlace && !(isReading && active !== null) ? null : (
        <main className="reader" aria-label={t('Message')}>
          {inPlace ? <h1 className="sr">{title}</h1> : null}
          {reader}
        </main>
      )}
      {asking?.what === 'move' ? (
        <MoveDialog
          count={asking.ids.length}
          fromId={chosen[0]?.folderId ?? null}
          onMove={(folder) => away(asking.ids, folder)}
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

const NONE: readonly MailRow[] = []
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
