import { useCallback, useRef } from 'react'
import type { ListRow } from '../../../../core/rpc/mail-list-contract.ts'
import { api } from '../../bridge/client.ts'
import { useLive, type Live } from '../../state/use-live.ts'
import type { Sorting } from './sorting.ts'

const PAGE = 100

export interface MessageList {
  readonly rows: readonly ListRow[]
  readonly total: number
  readonly more: boolean
}
type Listing = Live<MessageList> & { more: () => void; again: () => void }
type AskPage = (after: ListRow | undefined, limit: number, signal: AbortSignal) => Promise<MessageList>

/**
 * A folder's messages or conversations, read page by page as the reader scrolls. On a change as many pages are read again
 * as were shown, so nothing jumps.
 */
export function useMessageList(folderId: number | null, threads: boolean, { by, isUp }: Sorting): Listing {
  const concerns = ({ folderIds }: { folderIds: readonly number[] }) =>
    folderId === null || folderIds.length === 0 || folderIds.includes(folderId)
  return usePages(`list ${folderId} ${threads} ${by} ${isUp}`, concerns, (last, limit, signal) => {
    const after = last === undefined ? null : { id: last.id, listMs: last.listMs }
    return api.mail.page({ folderId, threads, by, isUp, after, limit }, { signal })
  })
}

/** What is snoozed, in the order it comes back. */
export function useSnoozed(): Listing {
  return usePages('snoozed', undefined, (last, limit, signal) => {
    const after = last === undefined ? null : { id: last.id, snoozedMs: last.snoozedMs ?? 0 }
    return api.mail.snoozed({ after, limit }, { signal })
  })
}

function usePages(
  key: string,
  concerns: ((event: { folderIds: readonly number[] }) => boolean) | undefined,
  ask: AskPage,
): Listing {
  const wanted = useRef({ key, rows: PAGE })
  if (wanted.current.key !== key) wanted.current = { key, rows: PAGE }
  const live = useLive(key, (signal) => readPages(ask, wanted.current.rows, signal), {
    changes: api.mail.changes,
    ...(concerns === undefined ? {} : { concerns }),
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

async function readPages(ask: AskPage, wanted: number, signal: AbortSignal): Promise<MessageList> {
  const rows: ListRow[] = []
  for (;;) {
    // The first pages are the freshest: later ones continue where they ended, whatever came in meanwhile.
    const limit = Math.min(200, Math.max(PAGE, wanted - rows.length))
    const page = await ask(rows.at(-1), limit, signal)
    rows.push(...page.rows)
    if (!page.more || rows.length >= wanted || page.rows.length === 0)
      return { rows, total: page.total, more: page.more }
  }
}
