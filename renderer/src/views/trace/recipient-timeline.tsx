import { api } from '../../bridge/client.ts'
import { Load } from '../../parts/load.tsx'
import { useChanges, useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'
import { Timeline } from './timeline.tsx'

const queueChanges = { changes: api.queue.changes }

/** The way of one recipient, as it stands now. */
export function RecipientTimeline({ recipientId, nowMs }: { readonly recipientId: number; readonly nowMs: number }) {
  const live = useLive(`trace ${recipientId}`, () => api.trace.recipient({ recipientId }), queueChanges)
  const sessions =
    live.at === 'ready'
      ? live.value.parts.flatMap((part) => (part.kind === 'try' ? part.steps.map(({ sessionId }) => sessionId) : []))
      : []
  const isTrying = live.at === 'ready' && live.value.state === 'trying'
  // What is said in its sessions, and while one is being opened whatever is said at all.
  const logChanges = {
    changes: api.log.changes,
    concerns: ({ ids }: { readonly ids: readonly number[] }) => isTrying || ids.some((id) => sessions.includes(id)),
  }
  useChanges(logChanges, live.again)
  return (
    <Load live={live} what={t('the way of this message')} again={live.again}>
      {(trace) => <Timeline trace={trace} nowMs={nowMs} />}
    </Load>
  )
}
