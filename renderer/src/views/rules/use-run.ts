import { useCallback, useEffect, useRef, useState } from 'react'
import type { RuleDoneView, RuleRunPage as Page } from '../../../../core/rpc/rules-contract.ts'
import { wordsOf } from '../../bridge/client.ts'

/** A run of rules, or a trial: how far it is, and the messages that a rule fitted. */
export type Run =
  | { readonly at: 'idle' }
  | { readonly at: 'running' | 'ended'; readonly page: Page; readonly messages: readonly RuleDoneView[] }
  | { readonly at: 'failed'; readonly message: string }

/** Follows a run to its end; another one, or leaving, stops it. */
export function useRun() {
  const [state, setState] = useState<Run>({ at: 'idle' })
  const stop = useRef<AbortController>(undefined)
  useEffect(() => () => stop.current?.abort(), [])
  const run = useCallback(async (start: (signal: AbortSignal) => Promise<AsyncIterable<Page>>): Promise<void> => {
    stop.current?.abort()
    const mine = new AbortController()
    stop.current = mine
    const messages: RuleDoneView[] = []
    try {
      for await (const page of await start(mine.signal)) {
        messages.push(...page.messages)
        if (!mine.signal.aborted)
          setState({ at: page.ended ? 'ended' : 'running', page, messages: messages.slice(0, 1000) })
      }
    } catch (error) {
      if (!mine.signal.aborted) setState({ at: 'failed', message: wordsOf(error) })
    }
  }, [])
  const end = useCallback(() => {
    stop.current?.abort()
    setState((now) => (now.at === 'running' ? { ...now, at: 'ended' } : now))
  }, [])
  return { progress: state, run, stop: end }
}
