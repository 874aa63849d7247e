import { useEffect, useRef, useState } from 'react'
import type { EventView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { useLive } from '../../state/use-live.ts'

const PAGE = 1000
const NONE: readonly EventView[] = []

/** A session of the console as it stands, and what was said in it, read on from the last known line. */
export function useConsole(id: number) {
  const known = useRef<{ id: number; events: readonly EventView[] }>({ id, events: [] })
  if (known.current.id !== id) known.current = { id, events: [] }
  const [shown, setShown] = useState(known.current)
  const live = useLive(
    `console ${id}`,
    async (signal) => {
      // The state first: what was said by then is read behind it, and never a state without its last line.
      const view = await api.console.get({ id }, { signal })
      for (;;) {
        const fromSeq = (known.current.events.at(-1)?.seq ?? -1) + 1
        const more = await api.console.events({ id, fromSeq, limit: PAGE }, { signal })
        if (signal.aborted || known.current.id !== id) break
        if (more.length > 0) known.current = { id, events: [...known.current.events, ...more] }
        setShown(known.current)
        if (more.length < PAGE) break
      }
      return view
    },
    { changes: api.console.changes, concerns: ({ ids }) => ids.includes(id) },
  )
  useEffect(() => setShown(known.current), [id])
  return { live, events: shown.id === id ? shown.events : NONE }
}
