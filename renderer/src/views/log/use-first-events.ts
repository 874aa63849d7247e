import { useEffect, useState } from 'react'
import type { EventView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import type { Read } from './use-rows.ts'

/** Of a long session so many events are timed and compared. */
export const FIRST_EVENTS = 5000
/** Events read at once. */
const READ = 1000
const NONE: readonly EventView[] = []

/** All events of a session, or the first of a long one. */
export function useFirstEvents(id: number, { events, pages }: Pick<Read, 'events' | 'pages'>): readonly EventView[] {
  const [first, setFirst] = useState<{ id: number; events: readonly EventView[] }>({ id, events: NONE })
  const isLong = pages !== null
  useEffect(() => {
    if (!isLong) return undefined
    const stop = new AbortController()
    const read = async () => {
      const found: EventView[] = []
      while (found.length < FIRST_EVENTS) {
        const input = { id, fromSeq: (found.at(-1)?.seq ?? -1) + 1, limit: READ }
        const some = await api.log.events(input, { signal: stop.signal })
        found.push(...some)
        if (some.length < READ) break
      }
      if (!stop.signal.aborted) setFirst({ id, events: found })
    }
    read().catch(() => undefined) // the line broke: the next connection reads it again
    return () => stop.abort()
  }, [id, isLong])
  if (!isLong) return events
  return first.id === id ? first.events : NONE
}
