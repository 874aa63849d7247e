import { whenWords } from '../../format/time.ts'
import { go } from '../../state/route.ts'
import { toast } from '../../state/toasts.ts'
import { takeBack } from './take-back.ts'

interface Sent {
  readonly entryId: number
  readonly subject: string
  readonly sendAtMs: number | null
  readonly undoUntilMs: number | null
}

/** Says that a message is in the queue, and offers to take it back as long as that can be done. */
export function tellSent({ entryId, subject, sendAtMs, undoUntilMs }: Sent): void {
  const name = `“${subject || 'Message'}”`
  const nowMs = Date.now()
  if (sendAtMs !== null || (undoUntilMs !== null && undoUntilMs > nowMs))
    toast(sendAtMs === null ? `${name} leaves in a moment.` : `${name} leaves ${whenWords(sendAtMs, nowMs)}.`, {
      icon: 'clock',
      ...(undoUntilMs === null ? {} : { untilMs: undoUntilMs }),
      action: { label: 'Undo', run: () => void takeBack(entryId) },
    })
  else
    toast(`${name} is in the queue.`, {
      icon: 'sent',
      action: { label: 'Show in queue', run: () => go({ view: 'queue', entryId, recipientId: null }) },
    })
}
