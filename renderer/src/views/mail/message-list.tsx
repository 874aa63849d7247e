import { useMemo } from 'react'
import type { CommandId } from '../../../../core/model/command-table.ts'
import type { TagView } from '../../../../core/rpc/reading-contract.ts'
import type { SearchHit } from '../../../../core/rpc/search-contract.ts'
import type { MessageRow } from '../../../../core/rpc/views.ts'
import { useDensity } from '../../state/look.ts'
import { rowTime } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import { TagChip } from '../../parts/tag-chip.tsx'
import { VirtualListbox, type Picked } from '../../parts/virtual-listbox.tsx'
import { Marked } from './marked.tsx'
import { withHeadings } from './rows.ts'
import { t } from '../../words/words.ts'

/** What can be done with messages; `tag-3` puts the tag of key 3 on them, or takes it off, `tag-0` takes off all. */
export type Command =
  | `tag-${number}`
  | Extract<
      CommandId,
      | 'archive'
      | 'delete'
      | 'delete-for-good'
      | 'junk'
      | 'move'
      | 'toggle-seen'
      | 'toggle-star'
      | 'reply'
      | 'reply-all'
      | 'forward'
      | 'edit-as-new'
    >

interface Props {
  readonly label: string
  readonly rows: readonly MessageRow[]
  readonly total: number
  readonly picked: Picked
  readonly nowMs: number
  readonly tags: readonly TagView[]
  /** In Sent, whom it went to matters more than who wrote it. */
  readonly showAddressees: boolean
  readonly onPick: (picked: Picked) => void
  readonly onCommand: (command: Command, ids: readonly number[]) => void
  readonly onNearEnd: () => void
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
      rowPx={Math.round(56 * useDensity())}
      multiple
      picked={picked}
      onPick={onPick}
      onNearEnd={props.onNearEnd}
      onDo={(_, row) => onCommand('toggle-star', [row.id])}
    >
      {(row) => <Row row={row} nowMs={nowMs} showAddressees={props.showAddressees} tags={props.tags} />}
    </VirtualListbox>
  )
}

/** What stands at the end of a row: tags, the size of the conversation, an attachment, an answer. */
function Marks({ row, tags }: { row: MessageRow; tags: readonly TagView[] }) {
  const own = tags.filter(({ id }) => row.tags.includes(id))
  if (own.length === 0 && row.attachments === 0 && row.threadCount < 2 && !row.answered && !row.forwarded) return null
  return (
    <div className="marks">
      {own.map((tag) => (
        <TagChip key={tag.id} tag={tag} />
      ))}
      {row.threadCount < 2 ? null : (
        <span
          className="count num"
          title={t('{threadCount} messages in this conversation', { threadCount: row.threadCount })}
        >
          {row.threadCount}
          <span className="sr"> {t('messages in this conversation')}</span>
        </span>
      )}
      {row.answered ? <Icon name="reply" label={t('Answered')} /> : null}
      {row.forwarded ? <Icon name="forward" label={t('Forwarded')} /> : null}
      {row.attachments === 0 ? null : (
        <Icon
          name="clip"
          label={
            row.attachments === 1 ? t('1 attachment') : t('{attachments} attachments', { attachments: row.attachments })
          }
        />
      )}
    </div>
  )
}

/** A row of a folder or, with what was looked for marked in it, of a search. */
type ShownRow = MessageRow & Partial<Pick<SearchHit, 'snippet' | 'subjectMarks' | 'authorMarks'>>

interface RowProps {
  readonly row: ShownRow
  readonly nowMs: number
  readonly showAddressees: boolean
  readonly tags: readonly TagView[]
}

function Row({ row, nowMs, showAddressees, tags }: RowProps) {
  const shown = row.snippet?.text ?? row.preview
  const who = showAddressees ? `To ${row.addressees || 'nobody'}` : row.authorName || row.authorAddress || 'No sender'
  return (
    <div className="msg" data-unread={!row.seen || undefined}>
      <span className="dot">{row.seen ? null : <span className="sr">{t('Unread')}</span>}</span>
      <span
        className="star"
        data-do="star"
        data-on={row.starred || undefined}
        title={row.starred ? t('Starred (S)') : t('Star (S)')}
      >
        <Icon name={row.starred ? 'star-on' : 'star'} />
        {row.starred ? <span className="sr">{t('Starred')}</span> : null}
      </span>
      <div className="from">
        <bdi className="who clip">
          {who === row.authorName ? <Marked text={who} marks={row.authorMarks} /> : visible(who)}
        </bdi>
      </div>
      <span className="time">{rowTime(row.dateMs, nowMs)}</span>
      <div className="subj clip">
        {/* Each by itself: a subject from right to left must not change places with the text behind it. */}
        <bdi>
          <b>{row.subject === '' ? t('(no subject)') : <Marked text={row.subject} marks={row.subjectMarks} />}</b>
        </bdi>
        {shown === '' ? null : (
          <>
            {' · '}
            <bdi>
              <Marked text={shown} marks={row.snippet?.marks} />
            </bdi>
          </>
        )}
      </div>
      <Marks row={row} tags={tags} />
    </div>
  )
}
