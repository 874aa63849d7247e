import type { TagView } from '../../../../core/rpc/reading-contract.ts'
import { size } from '../../format/size.ts'
import { dayAndClock, rowTime } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import { TagChip } from '../../parts/tag-chip.tsx'
import { Marked } from './marked.tsx'
import { isUnread, type MailRow } from './rows.ts'
import { t } from '../../words/words.ts'
import { directionOf } from '../../format/direction.ts'

interface Props {
  readonly row: MailRow
  /** The messages of its conversation stand below it. */
  readonly isOpen: boolean
  readonly nowMs: number
  readonly showAddressees: boolean
  readonly tags: readonly TagView[]
}

/** Pure: a row of two lines. */
export function CardRow({ row, isOpen, nowMs, showAddressees, tags }: Props) {
  const shown = row.snippet?.text ?? row.preview
  return (
    <div className="msg" data-unread={isUnread(row) || undefined} data-below={row.isBelow || undefined}>
      <Dot row={row} />
      <Star row={row} />
      <div className="from">
        <Who row={row} showAddressees={showAddressees} />
      </div>
      <Time row={row} nowMs={nowMs} />
      <div className="subj clip" dir={directionOf(row.subject)}>
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
      <Marks row={row} tags={tags} isOpen={isOpen} />
    </div>
  )
}

/** Pure: the same in one line of columns. */
export function TableRow({ row, isOpen, nowMs, showAddressees, tags }: Props) {
  return (
    <div className="msg line" data-unread={isUnread(row) || undefined} data-below={row.isBelow || undefined}>
      <Dot row={row} />
      <Star row={row} />
      <div className="from">
        <Who row={row} showAddressees={showAddressees} />
      </div>
      <div className="subj clip" dir={directionOf(row.subject)}>
        <bdi>
          <b>{row.subject === '' ? t('(no subject)') : <Marked text={row.subject} marks={row.subjectMarks} />}</b>
        </bdi>
      </div>
      <Marks row={row} tags={tags} isOpen={isOpen} />
      <Time row={row} nowMs={nowMs} />
      <span className="size num">{row.sizeBytes === undefined ? '' : size(row.sizeBytes)}</span>
    </div>
  )
}

const Dot = ({ row }: { readonly row: MailRow }) => (
  <span className="dot">{isUnread(row) ? <span className="sr">{t('Unread')}</span> : null}</span>
)

function Star({ row }: { readonly row: MailRow }) {
  const isOn = row.starred || (row.thread?.starred ?? 0) > 0
  return (
    <span className="star" data-do="star" data-on={isOn || undefined} title={isOn ? t('Starred (S)') : t('Star (S)')}>
      <Icon name={isOn ? 'star-on' : 'star'} />
      {isOn ? <span className="sr">{t('Starred')}</span> : null}
    </span>
  )
}

/** Who wrote; of a conversation all who did, by their first names where there are several. */
function Who({ row, showAddressees }: Pick<Props, 'row' | 'showAddressees'>) {
  const people = row.thread?.people ?? []
  const one = row.authorName || row.authorAddress
  const who = showAddressees
    ? t('To {people}', { people: row.addressees || t('nobody') })
    : people.length > 1
      ? people.map(firstName).join(', ')
      : one || t('No sender')
  return (
    <bdi className="who clip" title={people.length > 1 ? visible(people.join(', ')) : undefined}>
      {who === row.authorName ? <Marked text={who} marks={row.authorMarks} /> : visible(who)}
    </bdi>
  )
}
const firstName = (name: string) => name.trim().split(/[\s@,]+/u)[0] || name

function Time({ row, nowMs }: Pick<Props, 'row' | 'nowMs'>) {
  if (typeof row.snoozedMs === 'number')
    return (
      <span className="time" title={t('Comes back')}>
        <Icon name="clock" label={t('Comes back')} /> {dayAndClock(row.snoozedMs, nowMs)}
      </span>
    )
  return (
    <span className="time">
      {typeof row.wokenMs !== 'number' ? null : (
        <span title={t('Back from being snoozed')}>
          <Icon name="clock" label={t('Back from being snoozed')} />{' '}
        </span>
      )}
      {rowTime(row.dateMs, nowMs)}
    </span>
  )
}

/** What stands at the end of a row: tags, the size of the conversation, an attachment, an answer. */
function Marks({ row, tags, isOpen }: Pick<Props, 'row' | 'tags' | 'isOpen'>) {
  const own = tags.filter(({ id }) => row.tags.includes(id))
  const attachments = row.thread?.attachments ?? row.attachments
  const threadCount = row.isBelow || row.thread === null ? 1 : row.threadCount
  const canOpen = (row.thread?.ids.length ?? 1) > 1
  if (own.length === 0 && attachments === 0 && threadCount < 2 && !row.answered && !row.forwarded) return null
  const inConversation = t(
    '{threadCount, plural, one {# message in this conversation} other {# messages in this conversation}}',
    {
      threadCount,
    },
  )
  return (
    <div className="marks">
      {own.map((tag) => (
        <TagChip key={tag.id} tag={tag} />
      ))}
      {threadCount < 2 ? null : (
        <span className="count num" title={inConversation} data-do={canOpen ? 'unfold' : undefined}>
          <span aria-hidden>{threadCount}</span>
          <span className="sr">{inConversation}</span>
          {canOpen ? <Icon name={isOpen ? 'up' : 'down'} label={isOpen ? t('Unfolded') : t('Folded')} /> : null}
        </span>
      )}
      {row.answered ? <Icon name="reply" label={t('Answered')} /> : null}
      {row.forwarded ? <Icon name="forward" label={t('Forwarded')} /> : null}
      {attachments === 0 ? null : (
        <Icon
          name="clip"
          label={t('{attachments, plural, one {# attachment} other {# attachments}}', { attachments })}
        />
      )}
    </div>
  )
}
