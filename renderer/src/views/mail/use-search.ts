import { useCallback, useEffect, useRef, useState } from 'react'
import type { IndexingView, SearchHit } from '../../../../core/rpc/search-contract.ts'
import { api, faultOf, wordsOf } from '../../bridge/client.ts'
import { useChanges, useStanding } from '../../state/use-live.ts'

const PAGE = 200

/** What a search has found so far. While it runs anew, what it found before stays. */
export interface Found {
  readonly at: 'loading' | 'ready' | 'failed'
  readonly rows: readonly SearchHit[]
  /** More can be had. */
  readonly more: boolean
  readonly isRunning: boolean
  readonly indexing: IndexingView | null
  /** What is wrong, and where in the query, where that is the trouble. */
  readonly problem: { readonly text: string; readonly offset: number | null; readonly length: number } | null
}

const NOTHING: Found = { at: 'loading', rows: [], more: false, isRunning: true, indexing: null, problem: null }
const mailChanges = { changes: api.mail.changes }

/** Runs a search and shows what it finds as it is found; it stops when another takes its place. */
export function useSearch(text: string, isTyping: boolean): Found & { loadMore: () => void; again: () => void } {
  const { standing, generation } = useStanding()
  const isOpen = standing.at === 'open'
  const [found, setFound] = useState(NOTHING)
  const [turn, setTurn] = useState(0)
  const wanted = useRef(PAGE)
  const again = useCallback(() => setTurn((n) => n + 1), [])
  useChanges(mailChanges, again)

  useEffect(() => {
    if (!isOpen) return
    const stop = new AbortController()
    void run(text, isTyping, wanted.current, stop.signal, setFound)
    return () => stop.abort()
  }, [text, isTyping, turn, isOpen, generation])

  const loadMore = useCallback(() => {
    if (found.isRunning || !found.more) return
    wanted.current = found.rows.length + PAGE
    again()
  }, [found, again])
  return { ...found, loadMore, again }
}

async function run(
  text: string,
  typing: boolean,
  wanted: number,
  signal: AbortSignal,
  set: (change: (before: Found) => Found) => void,
): Promise<void> {
  const rows: SearchHit[] = []
  const show = (patch: Partial<Found>) => {
    if (!signal.aborted) set((before) => ({ ...before, ...patch }))
  }
  show({ isRunning: true })
  try {
    const limit = Math.min(1000, wanted)
    for await (const page of await api.mail.search({ text, limit, typing }, { signal })) {
      if (signal.aborted) return
      rows.push(...page.hits)
      for (const snippet of page.snippets) {
        const at = rows.findIndex(({ id }) => id === snippet.id)
        const row = rows[at]
        if (row !== undefined) rows[at] = { ...row, snippet }
      }
      show({
        at: 'ready',
        rows: [...rows],
        indexing: page.indexing,
        problem: null,
        ...(page.ended ? { isRunning: false, more: page.more && limit < 1000 } : {}),
      })
    }
    show({ isRunning: false })
  } catch (error) {
    const fault = faultOf(error, 'search.invalid')
    show({
      at: fault === undefined ? 'failed' : 'ready',
      ...(fault === undefined ? {} : { rows: [] }),
      isRunning: false,
      more: false,
      problem: {
        text: fault?.reason ?? wordsOf(error),
        offset: fault?.offset ?? null,
        length: fault?.length ?? 0,
      },
    })
  }
}
