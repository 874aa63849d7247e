import { useCallback, useEffect, useReducer, useRef, useState } from 'react'
import type { EventView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { useLive } from '../../state/use-live.ts'
import { rested } from '../../state/rested.ts'
import { EventPages, PAGE } from './event-pages.ts'

/** Longer sessions are not held whole: their events come as they are looked at, and nothing in them is folded. */
const MOST_WHOLE = 5000
/** Events read at once. */
const READ = 1000
/** A session of so many events is read on so often and no more: nobody reads faster. */
const MANY = 500
const REST_MS = 200

/** What is known of a session that is being read. */
interface Known {
  readonly id: number
  /** From the first on, as far as they were read; of a long session none. */
  readonly events: readonly EventView[]
  readonly pages: EventPages | null
  readonly total: number
}
const nothing = (id: number): Known => ({ id, events: NONE, pages: null, total: 0 })
const NONE: readonly EventView[] = []

/**
 * A session with its events, read on whenever it changes. A transcript only ever grows, so what was read stays as it is. `pages` is
 * for a long session: then `look` says which events are looked at, and they come.
 */
export function useDialogue(id: number) {
  const known = useRef<Known>(nothing(id))
  if (known.current.id !== id) known.current = nothing(id)
  const [shown, setShown] = useState(known.current)
  const [, came] = useReducer((n: number) => n + 1, 0)
  const links = useRef<{ key: string; links: Awaited<ReturnType<typeof api.log.session>>['links'] }>({
    key: '',
    links: [],
  })
  const rest = useRef(rested(REST_MS))
  const live = useLive(
    `dialogue ${id}`,
    async (signal) => {
      if (known.current.total > MANY) await rest.current(signal)
      const { session, events: total } = await api.log.extent({ id }, { signal })
      // What it had to do with is found by reading all of it: again only when it may have changed.
      const key = `${id} ${session.state} ${session.messages}`
      if (links.current.key !== key) links.current = { key, links: (await api.log.session({ id }, { signal })).links }
      if (total > MOST_WHOLE) {
        known.current = { id, events: NONE, pages: known.current.pages ?? new EventPages(), total }
        setShown(known.current)
        return { session, links: links.current.links }
      }
      for (;;) {
        const fromSeq = (known.current.events.at(-1)?.seq ?? -1) + 1
        const more = fromSeq >= total ? [] : await api.log.events({ id, fromSeq, limit: READ }, { signal })
        if (signal.aborted || known.current.id !== id) break
        if (more.length > 0) known.current = { id, events: [...known.current.events, ...more], pages: null, total }
        if (more.length < READ) break
      }
      setShown(known.current)
      return { session, links: links.current.links }
    },
    { changes: api.log.changes, concerns: ({ ids }) => ids.includes(id) },
  )
  useEffect(() => setShown(known.current), [id])
  const mine = shown.id === id ? shown : nothing(id)
  const { pages, total } = mine
  const look = useCallback(
    (fromSeq: number, toSeq: number) => {
      for (const page of pages?.missing(fromSeq, toSeq, total) ?? [])
        api.log.events({ id, fromSeq: page * PAGE, limit: PAGE }).then(
          (events) => {
            pages?.put(page, events)
            came()
          },
          () => pages?.failed(page),
        )
    },
    [id, pages, total],
  )
  return { head: live, events: mine.events, pages, total: pages === null ? mine.events.length : total, look }
}
