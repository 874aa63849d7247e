import { api } from '../../bridge/client.ts'
import { t } from '../../words/words.ts'
import { act } from '../../state/act.ts'
import { compose, draftsTouched } from './composer.ts'

/** Takes back what was just sent and opens it again to be written on. */
export async function takeBack(entryId: number): Promise<void> {
  const back = await act(t('Taking it back'), () => api.queue.undo({ id: entryId, by: 'window' }))
  if (back === undefined) return
  draftsTouched.set((n) => n + 1)
  compose({ kind: 'draft', draftId: back.draftId, content: back.content })
}
