import { useEffect } from 'react'
import { shared } from '../../state/store.ts'
import type * as RichPane from './rich-pane.tsx'

type Rich = typeof RichPane
/** The editor for text with looks; a reason why it could not be had. */
const rich = shared<Rich | 'failed' | null>(null)
let loading: Promise<void> | undefined

/** Loads the editor, once; after a failure anew. */
export function loadRich(): void {
  loading ??= import('./rich-pane.tsx').then(
    (found) => rich.set(found),
    () => {
      loading = undefined
      rich.set('failed')
    },
  )
}

/** The editor, which is loaded where somebody writes. */
export function useRich(): Rich | 'failed' | null {
  const found = rich.use()
  useEffect(loadRich, [])
  return found
}

/** Has the editor at hand before anybody writes: it is loaded when the window has nothing else to do. */
export function useRichAhead(): void {
  useEffect(() => {
    const wanted = requestIdleCallback(loadRich, { timeout: 4000 })
    return () => cancelIdleCallback(wanted)
  }, [])
}
