import type { MessageRow } from '../../../../core/rpc/views.ts'
import { initials } from '../../format/names.ts'
import { rowTime } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import { t } from '../../words/words.ts'

interface Props {
  readonly row: MessageRow | undefined
  readonly nowMs: number
  readonly onOpen: () => void
}

/** Pure: one line of a conversation, which unfolds into its message. */
export function FoldedMessage({ row, nowMs, onOpen }: Props) {
  if (row === undefined) return null
  return (
    <button
      type="button"
      className="folded"
      aria-expanded={false}
      data-unread={!row.seen || undefined}
      onClick={onOpen}
    >
      <span className="avatar small" aria-hidden>
        {initials(row.authorName, row.authorAddress)}
      </span>
      <bdi className="who clip">{visible(row.authorName || row.authorAddress) || t('No sender')}</bdi>
      {row.seen ? null : <span className="sr">{t('Unread')}</span>}
      <bdi className="what clip">{visible(row.preview || row.subject)}</bdi>
      {row.attachments === 0 ? null : <Icon name="clip" label={t('With an attachment')} />}
      <time dateTime={new Date(row.dateMs).toISOString()}>{rowTime(row.dateMs, nowMs)}</time>
    </button>
  )
}
