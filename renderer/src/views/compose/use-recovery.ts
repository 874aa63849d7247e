import { useEffect } from 'react'
import { api } from '../../bridge/client.ts'
import { toast } from '../../state/toasts.ts'
import { t } from '../../words/words.ts'
import { compose } from './composer.ts'

const KEY = 'posthorn.writing.'
const LOCK_WITHIN_MS = 3000
/** Says that a window writes a draft; the lock ends with the window, however it ends. */
const lockOf = (draftId: number) => `posthorn.draft.${draftId}`

/** Notes that a draft is being written here. Returns how to say that it no longer is. */
export function noteWriting(draftId: number): () => void {
  let isOver = false
  let release = () => {}
  const note = () => isOver || localStorage.setItem(`${KEY}${draftId}`, '1')
  note()
  // The window that has handed it over takes its own note away until then.
  const held = () =>
    new Promise<void>((resolve) => {
      release = resolve
      note()
      if (isOver) resolve()
    })
  void navigator.locks?.request(lockOf(draftId), held)
  return () => {
    isOver = true
    localStorage.removeItem(`${KEY}${draftId}`)
    release()
  }
}

/** The drafts that were being written when windows ended without closing them, or that others write now. */
function noted(): number[] {
  const ids = Object.keys(localStorage).flatMap((key) => (key.startsWith(KEY) ? [Number(key.slice(KEY.length))] : []))
  return ids.filter((id) => Number.isSafeInteger(id) && id > 0).toSorted((a, b) => a - b)
}

/** Opens the drafts again that were being written when a window ended without closing them, all but the last one folded. */
export function useRecovery(isHere: boolean): void {
  useEffect(() => {
    if (!isHere || !navigator.locks) return
    const recover = async (draftId: number): Promise<boolean> => {
      // A window that has just ended may hold it for a moment still; another one that writes it keeps it.
      const lock = { signal: AbortSignal.timeout(LOCK_WITHIN_MS) }
      return navigator.locks.request(lockOf(draftId), lock, async () => {
        const found = (await api.compose.drafts()).find(({ id }) => id === draftId)
        if (found === undefined) localStorage.removeItem(`${KEY}${draftId}`)
        else compose({ kind: 'draft', draftId, content: found.content })
        return found !== undefined
      })
    }
    void Promise.all(noted().map((id) => recover(id).catch(() => false))).then((all) => {
      const count = all.filter(Boolean).length
      if (count > 0)
        toast(
          t(
            '{count, plural, one {The window was closed while you wrote this. Here it is again.} other {The window was closed while you wrote # messages. Here they are again.}}',
            { count },
          ),
          { icon: 'draft' },
        )
    })
  }, [isHere])
}
