import { whenWords } from '../../format/time.ts'
import { go } from '../../state/route.ts'
import { toast } from '../../state/toasts.ts'
import { t } from '../../words/words.ts'
import { takeBack } from './take-back.ts'

interface Sent {
  readonly entryId: number
  readonly subject: string
  readonly sendAtMs: number | null
  readonly undoUntilMs: number | null
}

/** Says that a message is in the queue, and offers to take it back as long as that can be done. */
export function tellSent({ entryId, subject, sendAtMs, undoUntilMs }: Sent): void {
  const name = subject || t('Message')
  const nowMs = Date.now()
  const when = sendAtMs === null ? '' : whenWords(sendAtMs, nowMs)
  if (sendAtMs !== null || (undoUntilMs !== null && undoUntilMs > nowMs))
    toast(when === '' ? t('“{name}” leaves in a moment.', { name }) : t('“{name}” leaves {when}.', { name, when }), {
      icon: 'clock',
      ...(undoUntilMs === null ? {} : { untilMs: undoUntilMs }),
      action: { label: t('Undo'), run: () => void takeBack(entryId) },
    })
  else
    toast(t('“{name}” is in the queue.', { name }), {
      icon: 'sent',
      action: { label: t('Show in queue'), run: () => go({ view: 'queue', entryId, recipientId: null }) },
    })
}
