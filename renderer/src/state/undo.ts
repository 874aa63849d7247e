import type { IconName } from '../parts/icons.ts'
import { t } from '../words/words.ts'
import { shared } from './store.ts'
import { toast } from './toasts.ts'

/** A thing that was done and can be taken back. */
interface Step {
  readonly id: number
  readonly run: () => Promise<unknown>
}

/** What was done longer ago is not taken back by a key. */
const MOST_STEPS = 100
let last = 0

/** What can be taken back now, the latest last. */
export const undoSteps = shared<readonly Step[]>([])

/**
 * Remembers how to take back what was just done. With `text` a line says that it was done and offers it; without one the window shows
 * by itself what was done.
 */
export function undoable(
  run: () => Promise<unknown>,
  shown?: { readonly text: string; readonly icon: IconName },
): void {
  last += 1
  const step = { id: last, run }
  undoSteps.set((before) => [...before.slice(1 - MOST_STEPS), step])
  if (shown === undefined) return
  toast(shown.text, { icon: shown.icon, action: { label: t('Undo'), run: () => takeBack(step) } })
}

/** Takes back the latest. */
export function undoLast(): void {
  const step = undoSteps.get().at(-1)
  if (step !== undefined) takeBack(step)
}

function takeBack(step: Step): void {
  // Its line may be clicked after the key has done it.
  if (!undoSteps.get().includes(step)) return
  undoSteps.set((before) => before.filter((one) => one !== step))
  void step.run()
}
