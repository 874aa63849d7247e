import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { generationNow, standingNow, watchStanding, wordsOf } from '../bridge/client.ts'
import type { Standing } from '../bridge/connection.ts'

/** What a view knows of a thing it asked for. While it asks again, the last answer stays. */
export type Live<T> =
  | { readonly at: 'loading' }
  | { readonly at: 'failed'; readonly message: string }
  | { readonly at: 'ready'; readonly value: T }

/** A stream of changes: each event means "ask again", if `concerns` says so. */
export interface Watched<E> {
  readonly changes: (
    input: undefined,
    options: { signal: AbortSignal },
  ) => Promise<AsyncIterable<E> & AsyncIterator<E, unknown, unknown>>
  readonly concerns?: (event: E) => boolean
}

/** The standing with the engine, and the number of the connection. */
export function useStanding(): { standing: Standing; generation: number } {
  const standing = useSyncExternalStore(watchStanding, standingNow, standingNow)
  const generation = useSyncExternalStore(watchStanding, generationNow, generationNow)
  return { standing, generation }
}

/** Runs `onEvent` on each event of a change stream, for as long as the view is there and the engine answers. */
export function useChanges<E>(watched: Watched<E> | undefined, onEvent: () => void): void {
  const { standing, generation } = useStanding()
  const latest = useRef({ watched, onEvent })
  latest.current = { watched, onEvent }
  const changes = watched?.changes
  const isOpen = standing.at === 'open'
  useEffect(() => {
    if (changes === undefined || !isOpen) return
    const stop = new AbortController()
    const follow = async () => {
      try {
        for await (const event of await changes(undefined, { signal: stop.signal })) {
          if (stop.signal.aborted) return
          if (latest.current.watched?.concerns?.(event) ?? true) latest.current.onEvent()
        }
      } catch {
        // The line broke: the next connection starts this again and asks everything anew.
      }
    }
    void follow()
    return () => stop.abort()
  }, [changes, isOpen, generation])
}

/**
 * Asks the engine and asks again on each change it names, and on each new connection. `key` tells one question from
 * another; a view never patches an answer. `again` asks at once.
 */
export function useLive<T, E = unknown>(
  key: string,
  ask: (signal: AbortSignal) => Promise<T>,
  watched?: Watched<E>,
): Live<T> & { readonly again: () => void } {
  const { standing, generation } = useStanding()
  const [state, setState] = useState<{ key: string; live: Live<T> }>({ key, live: { at: 'loading' } })
  const latest = useRef(ask)
  latest.current = ask
  const running = useRef<{ stop: AbortController; again: boolean } | undefined>(undefined)
  const isOpen = standing.at === 'open'

  const run = useCallback(() => {
    if (running.current !== undefined) {
      // One question at a time: changes that come meanwhile make one more.
      running.current.again = true
      return
    }
    const mine = { stop: new AbortController(), again: false }
    running.current = mine
    const settle = (live: Live<T> | undefined) => {
      if (running.current !== mine) return
      running.current = undefined
      if (live !== undefined) setState({ key, live })
      if (mine.again) run()
    }
    latest.current(mine.stop.signal).then(
      (value) => settle({ at: 'ready', value }),
      (error: unknown) => settle(standingNow().at === 'open' ? { at: 'failed', message: wordsOf(error) } : undefined),
    )
  }, [key])

  // Listening comes before asking: what changes between the two must not be lost.
  useChanges(watched, run)
  useEffect(() => {
    if (isOpen) run()
    return () => {
      running.current?.stop.abort()
      running.current = undefined
    }
  }, [run, isOpen, generation])

  const live: Live<T> = state.key === key ? state.live : { at: 'loading' }
  return { ...live, again: run }
}
