import { useCallback, useRef } from 'react'
import type { MessageRow } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { useLive, type Live } from '../../state/use-live.ts'

const PAGE = 100

export interface MessageList {
  readonly rows: readonly MessageRow[]
  readonly total: number
  readonly more: boolean
}

/**
 * A folder's messages, newest first, read page by page as the reader scrolls. On a change as many pages are read again
 * as were shown, so nothing jumps.
 */
export function useMessageList(folderId: number | null): Live<MessageList> & { more: () => void; again: () => void } {
  const wanted = useRef({ folderId, rows: PAGE })
  if (wanted.current.folderId !== folderId) wanted.current = { folderId, rows: PAGE }
  const live = useLive(`list ${folderId}`, (signal) => readPages(folderId, wanted.current.rows, signal), {
    changes: api.mail.changes,
    concerns: ({ folderIds }) => folderId === null || folderIds.length === 0 || folderIds.includes(folderId),
  })
  const { again } = live
  const loaded = live.at === 'ready' ? live.value.rows.length : 0
  const hasMore = live.at === 'ready' && live.value.more
  const more = useCallback(() => {
    if (!hasMore || wanted.current.rows > loaded) return
    wanted.current.rows = loaded + PAGE
    again()
  }, [again, hasMore, loaded])
  return { ...live, more }
}

async function readPages(folderId: number | null, wanted: number, signal: AbortSignal): Promise<MessageList> {
  const rows: MessageRow[] = []
  for (;;) {
    const last = rows.at(-1)
    const after = last === undefined ? null : { dateMs: last.dateMs, id: last.id }
    // The first pages are the freshest: later ones continue where they ended, whatever came in meanwhile.
    const limit = Math.min(200, Math.max(PAGE, wanted - rows.length))
    const page = await api.mail.list({ folderId, after, limit }, { signal })
    rows.push(...page.rows)
    if (!page.more || rows.length >= wanted || page.rows.length === 0)
      return { rows, total: page.total, more: page.more }
  }
}
