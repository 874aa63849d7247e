import { useEffect } from 'react'
import { api } from '../../bridge/client.ts'
import { toast } from '../../state/toasts.ts'
import { t } from '../../words/words.ts'
import { compose, composing } from './composer.ts'

const KEY = 'posthorn.writing'
const LOCK_WITHIN_MS = 3000
/** Says that a window writes a draft; the lock ends with the window, however it ends. */
const lockOf = (draftId: number) => `posthorn.draft.${draftId}`

/** Notes that a draft is being written here. Returns how to say that it no longer is. */
export function noteWriting(draftId: number): () => void {
  localStorage.setItem(KEY, `${draftId}`)
  let release = () => {}
  void navigator.locks?.request(lockOf(draftId), () => new Promise<void>((resolve) => (release = resolve)))
  return () => {
    release()
    if (localStorage.getItem(KEY) === `${draftId}`) localStorage.removeItem(KEY)
  }
}

/** Opens the draft again that was being written when a window ended without closing it. */
export function useRecovery(): void {
  useEffect(() => {
    const draftId = Number(localStorage.getItem(KEY) ?? '')
    if (!Number.isSafeInteger(draftId) || draftId < 1 || composing.get() !== null || !navigator.locks) return
    // A window that has just ended may hold it for a moment still; another one that writes it keeps it.
    const lock = { signal: AbortSignal.timeout(LOCK_WITHIN_MS) }
    const recovered = navigator.locks.request(lockOf(draftId), lock, async () => {
      const drafts = await api.compose.drafts()
      localStorage.removeItem(KEY)
      const found = drafts.find(({ id }) => id === draftId)
      if (found === undefined || composing.get() !== null) return
      compose({ kind: 'draft', draftId, content: found.content })
      toast(t('The window was closed while you wrote this. Here it is again.'), { icon: 'draft' })
    })
    recovered.catch(() => undefined)
  }, [])
}
