import { shell } from '../../bridge/shell.ts'
import { act } from '../../state/act.ts'
import { toast } from '../../state/toasts.ts'
import { t } from '../../words/words.ts'
import type { DraftState } from './use-draft.ts'

/** Hands a message over to a window of its own, which goes on with its draft. `onGone`: it is not written here any more. */
export async function openInOwnWindow(draft: DraftState, onGone: () => void): Promise<void> {
  if (draft.written.attached.some(({ handle, problem }) => handle === null && problem === null)) {
    toast(t('An attachment is still on its way. Try again in a moment.'), { icon: 'clip' })
    return
  }
  await act(t('Opening a window'), async () => {
    const draftId = await draft.keepForAnother()
    if (shell !== undefined) await shell.open({ kind: 'compose', draftId })
    else if (!openPopUp(draftId)) {
      toast(t('The browser did not open a window. Allow this page to open some, and try again.'), { icon: 'alert' })
      return undefined
    }
    draft.handOver()
    onGone()
    return true
  })
}

/** The session of this page goes along, so there is no `noopener`: it is our own page. */
function openPopUp(draftId: number): boolean {
  const size = 'popup,width=820,height=700'
  return window.open(`/?window=compose&id=${draftId}`, `posthorn-draft-${draftId}`, size) !== null
}
