import { useCallback, useRef } from 'react'
import type { SessionView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { rested } from '../../state/rested.ts'
import { useLive } from '../../state/use-live.ts'

const PAGE = 100
/** While sessions go on they change with each line: the list is read so often and no more. */
const REST_MS = 250

export interface Filter {
  readonly protocol: 'smtp' | 'pop3' | 'imap' | null
  readonly problemsOnly: boolean
  readonly entryId: number | null
  readonly messageId: number | null
  readonly accountId: number | null
}

/** Sessions newest first, page by page; asked for again on every change, which is when a connection opens. */
export function useSessions(filter: Filter) {
  const key = `sessions ${JSON.stringify(filter)}`
  const wanted = useRef({ key, rows: PAGE })
  if (wanted.current.key !== key) wanted.current = { key, rows: PAGE }
  const rest = useRef(rested(REST_MS))
  const live = useLive(
    key,
    async (signal) => {
      await rest.current(signal)
      const sessions: SessionView[] = []
      for (;;) {
        const page = await api.log.sessions({ ...filter, before: sessions.at(-1)?.id ?? null, limit: PAGE }, { signal })
        sessions.push(...page)
        if (page.length < PAGE || sessions.length >= wanted.current.rows)
          return { sessions, more: page.length === PAGE }
      }
    },
    { changes: api.log.changes },
  )
  const { again } = live
  const loaded = live.at === 'ready' ? live.value.sessions.length : 0
  const hasMore = live.at === 'ready' && live.value.more
  const more = useCallback(() => {
    if (!hasMore || wanted.current.rows > loaded) return
    wanted.current.rows = loaded + PAGE
    again()
  }, [again, hasMore, loaded])
  return { ...live, more }
}
