import { useEffect } from 'react'
import { api } from '../../bridge/client.ts'
import { shared } from '../../state/store.ts'
import { useLive } from '../../state/use-live.ts'
import type { Format } from './written.ts'

/** How messages are begun and looked at, as somebody has set it. */
export interface Terms {
  readonly format: Format
  readonly answer: 'above' | 'below' | 'alone'
  readonly review: boolean
}
/** The terms now. */
export const terms = shared<Terms>({ format: 'rich', answer: 'above', review: true })

const changes = { changes: api.app.changes }

/** Keeps the terms as the settings have them. */
export function useTerms(): void {
  const settings = useLive('compose settings', () => api.app.settings(), changes)
  const list = settings.at === 'ready' ? settings.value : undefined
  useEffect(() => {
    if (list === undefined) return
    const of = (key: string) => list.find((setting) => setting.key === key)?.value
    const answer = of('compose.answer')
    terms.set({
      format: of('compose.format') === 'plain' ? 'plain' : 'rich',
      answer: answer === 'below' || answer === 'alone' ? answer : 'above',
      review: of('compose.review') !== false,
    })
  }, [list])
}
