import { api } from '../../bridge/client.ts'
import { rowTime } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import { formatRoute } from '../../state/route.ts'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'

/** More messages than this are found by search. */
const SHOWN = 100

interface Props {
  readonly id: number
  readonly count: number
  readonly nowMs: number
}

/** The conversation a message belongs to, oldest first, across all folders: each line leads to its message. */
export function Conversation({ id, count, nowMs }: Props) {
  const thread = useLive(`thread ${id}`, () => api.mail.thread({ id, after: null, limit: SHOWN }), {
    changes: api.mail.changes,
  })
  const rows = thread.at === 'ready' ? thread.value.rows : []
  return (
    <details className="conversation" open={count <= 6}>
      <summary>{t('{count} messages in this conversation', { count })}</summary>
      <ol>
        {rows.map((row) => (
          <li key={row.id} aria-current={row.id === id ? 'true' : undefined} data-unread={!row.seen || undefined}>
            <a href={formatRoute({ view: 'mail', folderId: row.folderId, messageId: row.id })}>
              <bdi className="who clip">{visible(row.authorName || row.authorAddress)}</bdi>
              <bdi className="what clip">{visible(row.preview || row.subject)}</bdi>
              {row.attachments === 0 ? null : <Icon name="clip" label={t('With an attachment')} />}
              <time>{rowTime(row.dateMs, nowMs)}</time>
            </a>
          </li>
        ))}
      </ol>
    </details>
  )
}
