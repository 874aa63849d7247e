import { useState } from 'react'
import type { QueueEntryView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { useLive, type Live } from '../../state/use-live.ts'

/** Entries one call gives. */
const PAGE = 200

/** What a list of the queue shows of it. */
export interface QueuePart {
  /** What is open before what is done, each newest first. */
  readonly entries: readonly QueueEntryView[]
  /** There are more than these. */
  readonly hasMore: boolean
}

/** The first `pages` of what is listed, each from where the one before ended. */
async function readPart(pages: number): Promise<QueuePart> {
  // An entry that is done meanwhile moves, and may come a second time.
  const entries = new Map<number, QueueEntryView>()
  for (let after: number | undefined; entries.size < pages * PAGE;) {
    const page = await api.queue.list({ limit: PAGE, after })
    for (const entry of page) if (!entries.has(entry.id)) entries.set(entry.id, entry)
    const last = page.at(-1)?.id
    if (last === undefined || last === after) return { entries: [...entries.values()], hasMore: false }
    after = last
  }
  return { entries: [...entries.values()], hasMore: true }
}

/** The queue as far as somebody has read it; `more` reads on. */
export function useQueue(): Live<QueuePart> & { readonly again: () => void; readonly more: () => void } {
  const [pages, setPages] = useState(1)
  const live = useLive(`queue ${pages}`, () => readPart(pages), { changes: api.queue.changes })
  const [kept, setKept] = useState<QueuePart>()
  if (live.at === 'ready' && live.value !== kept) setKept(live.value)
  // What was read stays while more is read.
  const shown = live.at === 'loading' && kept !== undefined ? { ...live, at: 'ready' as const, value: kept } : live
  return { ...shown, more: () => setPages(kept === undefined ? 1 : Math.floor(kept.entries.length / PAGE) + 1) }
}

/** The entry a way into the queue names, wherever the list ends; null where none is named or it is gone. */
export function useNamedEntry(id: number | null, listed: QueuePart | undefined): QueueEntryView | null {
  const found = listed?.entries.find((one) => one.id === id)
  const isAsked = id !== null && listed !== undefined && found === undefined
  const live = useLive(
    `entry ${isAsked ? id : ''}`,
    async () => (isAsked ? api.queue.get({ id }) : null),
    isAsked ? { changes: api.queue.changes, concerns: ({ ids }: { ids: number[] }) => ids.includes(id) } : undefined,
  )
  return found ?? (isAsked && live.at === 'ready' ? live.value : null)
}
