import { useEffect, useRef, useState } from 'react'
import type { EventView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { useLive } from '../../state/use-live.ts'

const PAGE = 1000

/**
 * The events of a session, read on from the last known one whenever it changes. A transcript only ever grows, so what
 * was read stays as it is.
 */
export function useDialogue(id: number) {
  const known = useRef<{ id: number; events: readonly EventView[] }>({ id, events: [] })
  if (known.current.id !== id) known.current = { id, events: [] }
  const [shown, setShown] = useState(known.current)
  const live = useLive(
    `dialogue ${id}`,
    async (signal) => {
      const head = await api.log.session({ id }, { signal })
      for (;;) {
        const fromSeq = (known.current.events.at(-1)?.seq ?? -1) + 1
        const more = await api.log.events({ id, fromSeq, limit: PAGE }, { signal })
        if (signal.aborted || known.current.id !== id) break
        if (more.length > 0) known.current = { id, events: [...known.current.events, ...more] }
        setShown(known.current)
        if (more.length < PAGE) break
      }
      return head
    },
    { changes: api.log.changes, concerns: ({ ids }) => ids.includes(id) },
  )
  useEffect(() => setShown(known.current), [id])
  return { head: live, events: shown.id === id ? shown.events : NONE }
}

const NONE: readonly EventView[] = []
