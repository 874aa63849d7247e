import { useMemo, type KeyboardEvent } from 'react'
import type { MessageRow } from '../../../../core/rpc/views.ts'
import { rowTime } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import { VirtualListbox, type Picked } from '../../parts/virtual-listbox.tsx'
import { withHeadings } from './rows.ts'

export type Command = 'archive' | 'delete' | 'toggle-seen' | 'toggle-star' | 'reply' | 'reply-all' | 'forward'

interface Props {
  readonly label: string
  readonly rows: readonly MessageRow[]
  readonly total: number
  readonly picked: Picked
  readonly nowMs: number
  /** In Sent, whom it went to matters more than who wrote it. */
  readonly showAddressees: boolean
  readonly onPick: (picked: Picked) => void
  readonly onCommand: (command: Command, ids: readonly number[]) => void
  readonly onNearEnd: () => void
}

const KEYS: Readonly<Record<string, Command>> = {
  Delete: 'delete',
  a: 'archive',
  e: 'archive',
  m: 'toggle-seen',
  s: 'toggle-star',
  r: 'reply',
  R: 'reply-all',
  f: 'forward',
}

/** The command a key stands for in the list and in the reader. */
export function commandOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): Command | undefined {
  return event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS[event.key]
}

/** Pure: the list of messages, with headings by day. */
export function MessageList(props: Props) {
  const { rows, picked, nowMs, onPick, onCommand } = props
  const items = useMemo(() => withHeadings(rows, nowMs), [rows, nowMs])
  return (
    <VirtualListbox
      label={props.label}
      className="messages"
      items={items}
      total={props.total}
      rowPx={56}
      multiple
      picked={picked}
      onPick={onPick}
      onNearEnd={props.onNearEnd}
      onDo={(_, row) => onCommand('toggle-star', [row.id])}
      onOtherKey={(event) => {
        const command = commandOf(event)
        if (command === undefined || picked.selected.size === 0) return false
        onCommand(command, [...picked.selected])
        return true
      }}
    >
      {(row) => <Row row={row} nowMs={nowMs} showAddressees={props.showAddressees} />}
    </VirtualListbox>
  )
}

function Row({ row, nowMs, showAddressees }: { row: MessageRow; nowMs: number; showAddressees: boolean }) {
  const who = showAddressees ? `To ${row.addressees || 'nobody'}` : row.authorName || row.authorAddress || 'No sender'
  return (
    <div className="msg" data-unread={!row.seen || undefined}>
      <span className="dot">{row.seen ? null : <span className="sr">Unread</span>}</span>
      <span
        className="star"
        data-do="star"
        data-on={row.starred || undefined}
        title={row.starred ? 'Starred (S)' : 'Star (S)'}
      >
        <Icon name={row.starred ? 'star-on' : 'star'} />
        {row.starred ? <span className="sr">Starred</span> : null}
      </span>
      <div className="from">
        <bdi className="who clip">{visible(who)}</bdi>
      </div>
      <span className="time">{rowTime(row.dateMs, nowMs)}</span>
      <div className="subj clip">
        {/* Each by itself: a subject from right to left must not change places with the text behind it. */}
        <bdi>
          <b>{visible(row.subject) || '(no subject)'}</b>
        </bdi>
        {row.preview === '' ? null : (
          <>
            {' · '}
            <bdi>{visible(row.preview)}</bdi>
          </>
        )}
      </div>
      {row.attachments === 0 ? null : (
        <div className="marks">
          <Icon name="clip" label={row.attachments === 1 ? '1 attachment' : `${row.attachments} attachments`} />
        </div>
      )}
    </div>
  )
}
