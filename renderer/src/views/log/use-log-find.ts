import { useCallback, useEffect, useRef, useState } from 'react'
import type { LogHit } from '../../../../core/rpc/log-contract.ts'
import { api, faultOf, wordsOf } from '../../bridge/client.ts'

const PAGE = 100
/** Typing is searched after so long a rest. */
const REST_MS = 180

export interface LogFound {
  readonly hits: readonly LogHit[]
  readonly isRunning: boolean
  readonly more: boolean
  /** What is wrong with the query, and where. */
  readonly problem: { readonly text: string; readonly offset: number | null; readonly length: number } | null
}
const NOTHING: LogFound = { hits: [], isRunning: false, more: false, problem: null }

const SOON: LogFound = { ...NOTHING, isRunning: true }

/** Sessions that a query finds, as they are found; none while nothing is asked. Another query stops the one before. */
export function useLogFind(text: string): LogFound & { readonly loadMore: () => void } {
  const [state, setState] = useState({ text: '', found: NOTHING })
  const stop = useRef<AbortController>(undefined)
  const run = useCallback(async (query: string, known: readonly LogHit[]) => {
    stop.current?.abort()
    const mine = new AbortController()
    stop.current = mine
    const before = known.at(-1)?.session.id
    let hits = known
    const say = (patch: Partial<LogFound>) => {
      if (mine.signal.aborted) return
      setState((now) => ({ text: query, found: { ...(now.text === query ? now.found : NOTHING), hits, ...patch } }))
    }
    say({ isRunning: true, problem: null })
    try {
      const input = { text: query, limit: PAGE, ...(before === undefined ? {} : { before }) }
      for await (const page of await api.log.find(input, { signal: mine.signal })) {
        hits = [...hits, ...page.hits]
        say(page.ended ? { isRunning: false, more: page.more } : {})
      }
      say({ isRunning: false })
    } catch (error) {
      const fault = faultOf(error, 'search.invalid')
      say({
        isRunning: false,
        more: false,
        problem: { text: fault?.reason ?? wordsOf(error), offset: fault?.offset ?? null, length: fault?.length ?? 0 },
      })
    }
  }, [])
  useEffect(() => {
    stop.current?.abort()
    if (text === '') return undefined
    const rest = setTimeout(() => void run(text, []), REST_MS)
    return () => clearTimeout(rest)
  }, [text, run])
  useEffect(() => () => stop.current?.abort(), [])
  const found = text === '' ? NOTHING : state.text === text ? state.found : SOON
  const { hits, isRunning, more } = found
  const loadMore = useCallback(() => {
    if (more && !isRunning) void run(text, hits)
  }, [more, isRunning, run, text, hits])
  return { ...found, loadMore }
}
