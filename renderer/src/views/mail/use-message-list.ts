import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { ListRow } from '../../../../core/rpc/mail-list-contract.ts'
import { api } from '../../bridge/client.ts'
import { useChanges, useLive, useStanding, type Live } from '../../state/use-live.ts'
import { sourceOf, type ListSource } from './list-source.ts'
import { PAGE_ROWS, PagedRows, type AskRows, type Pages } from './paged-rows.ts'
import type { Sorting } from './sorting.ts'
import { spokenLocale } from '../../words/words.ts'

/** Conversations whose messages stand below their row: these, or all but these. */
export interface Unfolded {
  readonly all: boolean
  readonly but: readonly number[]
}
/** A list, and how many messages there are in it. */
export type Listing = Live<{ readonly source: ListSource; readonly total: number }> & { readonly again: () => void }

/** A folder's messages or conversations: of any number of them those rows come that are looked at. */
export function useMessageList(
  folderId: number | null,
  threads: boolean,
  { by, isUp }: Sorting,
  unfolded: Unfolded,
): Listing {
  const open = useMemo(() => ({ all: unfolded.all, but: [...unfolded.but] }), [unfolded])
  const locale = spokenLocale()
  const list = useMemo(
    () => ({ folderId, threads, by, isUp, locale, open }),
    [folderId, threads, by, isUp, locale, open],
  )
  const concerns = ({ folderIds }: { folderIds: readonly number[] }) =>
    folderId === null || folderIds.length === 0 || folderIds.includes(folderId)
  const ask = useCallback<AskRows>((at, limit, signal) => api.mail.page({ ...list, at, limit }, { signal }), [list])
  const { live, rows } = useRows(`${folderId} ${threads} ${by} ${isUp} ${locale}`, ask, concerns)
  const value = live.at === 'ready' ? live.value : undefined
  const source = useMemo((): ListSource | undefined => {
    if (value === undefined) return undefined
    const { count, pages } = value
    const at = (place: number) => pages.get(Math.floor(place / PAGE_ROWS))?.[place % PAGE_ROWS]
    return {
      count,
      at,
      loaded: [...pages]
        .toSorted(([a], [b]) => a - b)
        .flatMap(([page, some]) => some.map((row, n) => ({ place: page * PAGE_ROWS + n, row }))),
      want: (from, to) => rows.want(from, to),
      range: (from, to) => api.mail.range({ ...list, from, to }),
      find: (id) => api.mail.place({ ...list, of: { id } }),
      unread: (from, step) => api.mail.place({ ...list, of: { unreadFrom: from, step } }),
    }
  }, [value, rows, list])
  const { again } = rows
  if (source === undefined || value === undefined)
    return live.at === 'ready' ? { at: 'loading', again } : { ...live, again }
  return { at: 'ready', value: { source, total: value.total }, again }
}

/** `key` tells one list from another; of the same, another question (other conversations open) leaves what is there until it is answered. */
function useRows(
  key: string,
  ask: AskRows,
  concerns: (event: { folderIds: readonly number[] }) => boolean,
): { readonly live: Live<Pages>; readonly rows: PagedRows } {
  const { standing, generation } = useStanding()
  const latest = useRef(ask)
  latest.current = ask
  const [, draw] = useState(0)
  const rows = useMemo(
    () =>
      new PagedRows(
        (at, limit, signal) => latest.current(at, limit, signal),
        () => draw((n) => n + 1),
      ),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- another list is another object
    [key],
  )
  const isOpen = standing.at === 'open'
  // Listening comes before asking: what changes between the two must not be lost.
  useChanges({ changes: api.mail.changes, concerns }, rows.again)
  useEffect(() => {
    if (isOpen) rows.askAnew()
  }, [rows, ask, isOpen, generation])
  useEffect(() => () => rows.close(), [rows])
  return { live: rows.now(), rows }
}

const PAGE = 100

/** What is snoozed, in the order it comes back. */
export function useSnoozed(): Listing {
  const wanted = useRef(PAGE)
  const live = useLive('snoozed', (signal) => readSnoozed(wanted.current, signal), { changes: api.mail.changes })
  const value = live.at === 'ready' ? live.value : undefined
  const { again } = live
  const source = useMemo(
    () =>
      value === undefined
        ? undefined
        : sourceOf(value.rows, () => {
            if (!value.more || wanted.current > value.rows.length) return
            wanted.current = value.rows.length + PAGE
            again()
          }),
    [value, again],
  )
  if (live.at !== 'ready' || source === undefined) return live.at === 'ready' ? { at: 'loading', again } : live
  return { at: 'ready', value: { source, total: live.value.total }, again }
}

async function readSnoozed(wanted: number, signal: AbortSignal) {
  const rows: ListRow[] = []
  for (;;) {
    const last = rows.at(-1)
    const after = last === undefined ? null : { id: last.id, snoozedMs: last.snoozedMs ?? 0 }
    const page = await api.mail.snoozed({ after, limit: PAGE }, { signal })
    rows.push(...page.rows)
    if (!page.more || rows.length >= wanted || page.rows.length === 0)
      return { rows, total: page.total, more: page.more }
  }
}
