import { useMemo, useState } from 'react'
import type { EventView } from '../../../../core/rpc/views.ts'
import { dialogueRows, type DialogueRow } from './dialogue-rows.ts'
import type { EventPages } from './event-pages.ts'

/** The rows of a dialogue by their place, of however many events. */
export interface Rows {
  readonly count: number
  /** Undefined while its event is on its way. */
  readonly at: (index: number) => DialogueRow | undefined
  /** The number of a row's first event. */
  readonly seqAt: (index: number) => number
  /** The row that shows an event. */
  readonly indexOf: (seq: number) => number
  readonly toggle: (id: string) => void
  /** Another one when other rows may stand at the same places. */
  readonly shape: unknown
}

/** What was read of a session. */
export interface Read {
  readonly events: readonly EventView[]
  readonly pages: EventPages | null
  readonly total: number
}

const NONE_OPEN: ReadonlySet<string> = new Set()
const known = new WeakMap<EventView, DialogueRow>()

/** The row of an event that stands alone, made once: what has not changed is not drawn anew. */
function rowOf(event: EventView): DialogueRow | undefined {
  const row = known.get(event) ?? dialogueRows([event], NONE_OPEN, 'excerpt')[0]
  if (row !== undefined) known.set(event, row)
  return row
}

/** Rows of a session: folded ones of a short one; of a long one a row an event. */
export function useRows({ events, pages, total }: Read): Rows {
  const [open, setOpen] = useState<ReadonlySet<string>>(NONE_OPEN)
  const rows = useMemo(() => dialogueRows(events, open), [events, open])
  const toggle = (id: string) =>
    setOpen((before) => {
      const after = new Set(before)
      if (!after.delete(id)) after.add(id)
      return after
    })
  if (pages !== null)
    return {
      count: total,
      at: (index) => {
        const event = pages.get(index)
        return event === undefined ? undefined : rowOf(event)
      },
      seqAt: (index) => index,
      indexOf: (seq) => Math.min(seq, total - 1),
      toggle,
      shape: pages,
    }
  return {
    count: rows.length,
    at: (index) => rows[index],
    seqAt: (index) => rows[index]?.seq ?? total,
    indexOf: (seq) => rows.findLastIndex((row) => row.seq <= seq),
    toggle,
    shape: open,
  }
}
