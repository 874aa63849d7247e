import { useEffect } from 'react'
import { lone } from '../../bridge/shell.ts'
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
/** Between the windows of one engine: a window that goes when its message is sent leaves the undo to another. */
type Said = { readonly what: 'sent'; readonly sent: Sent } | { readonly what: 'told'; readonly entryId: number }

const CHANNEL = 'posthorn.sent'
/** A window that is there answers well within that. */
const ANSWER_WITHIN_MS = 700
/** So long a toast that only tells stands where the window goes with it. */
const TELLS_MS = 3500

/** Until when a window of its own stays, for what it tells; a moment that is past where it may go. */
let staysUntil: Promise<number> = Promise.resolve(0)
/** Until when this window is needed after its message was sent (Unix ms). */
export const neededUntil = (): Promise<number> => staysUntil

/** Says that a message is in the queue, and offers to take it back as long as that can be done: here, or in the main window. */
export function tellSent(sent: Sent): void {
  if (lone?.kind !== 'compose') return show(sent)
  staysUntil = tellElsewhere(sent).then((isTold) => {
    if (isTold) return 0
    show(sent)
    return Math.max(sent.undoUntilMs ?? 0, Date.now() + TELLS_MS)
  })
}

/** True where another window tells it. */
function tellElsewhere(sent: Sent): Promise<boolean> {
  const channel = new BroadcastChannel(CHANNEL)
  return new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), ANSWER_WITHIN_MS)
    channel.addEventListener('message', ({ data }: MessageEvent<Said>) => {
      if (data.what !== 'told' || data.entryId !== sent.entryId) return
      clearTimeout(timer)
      resolve(true)
    })
    channel.postMessage({ what: 'sent', sent } satisfies Said)
  }).finally(() => channel.close())
}

/** Tells what was sent by windows that have gone. */
export function useSentElsewhere(isHere: boolean): void {
  useEffect(() => {
    if (!isHere) return undefined
    const channel = new BroadcastChannel(CHANNEL)
    channel.addEventListener('message', ({ data }: MessageEvent<Said>) => {
      if (data.what !== 'sent') return
      channel.postMessage({ what: 'told', entryId: data.sent.entryId } satisfies Said)
      show(data.sent)
    })
    return () => channel.close()
  }, [isHere])
}

function show({ entryId, subject, sendAtMs, undoUntilMs }: Sent): void {
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
