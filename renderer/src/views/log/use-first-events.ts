import { useEffect, useState } from 'react'
import type { EventView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import type { Read } from './use-rows.ts'

/** So many events are timed and compared: a session of more is looked at as far, and that is said. */
export const FIRST_EVENTS = 100_000
/** Events read at once. */
const READ = 1000
const STEP = 20_000
const NONE: readonly EventView[] = []

/** What is timed and compared of a session. */
export interface FirstEvents {
  readonly events: readonly EventView[]
  /** They are still being read. */
  readonly isReading: boolean
  /** There are more than those. */
  readonly isCut: boolean
}

/** All events of a session, or as many as are looked at. */
export function useFirstEvents(id: number, { events, pages, total }: Read): FirstEvents {
  const [first, setFirst] = useState<{ id: number; events: readonly EventView[] }>({ id, events: NONE })
  const isLong = pages !== null
  // A session that goes on is read again as it grows, in large steps.
  const step = isLong ? Math.ceil(Math.min(total, FIRST_EVENTS) / STEP) : 0
  useEffect(() => {
    if (!isLong) return undefined
    const stop = new AbortController()
    const read = async () => {
      const found: EventView[] = []
      while (found.length < FIRST_EVENTS && !stop.signal.aborted) {
        const input = { id, fromSeq: (found.at(-1)?.seq ?? -1) + 1, limit: READ }
        const some = await api.log.events(input, { signal: stop.signal })
        found.push(...some)
        if (some.length < READ) break
      }
      if (!stop.signal.aborted) setFirst({ id, events: found })
    }
    read().catch(() => undefined) // the line broke: the next connection reads it again
    return () => stop.abort()
  }, [id, isLong, step])
  if (!isLong) return { events, isReading: false, isCut: false }
  const known = first.id === id ? first.events : NONE
  return { events: known, isReading: known.length === 0, isCut: total > FIRST_EVENTS }
}
