import { useEffect, useRef, type RefObject } from 'react'

/** Puts the focus back where it was when a composer comes to the front again. */
export function useReturningFocus(panel: RefObject<HTMLElement | null>, isFront: boolean): void {
  const last = useRef<HTMLElement | null>(null)
  useEffect(() => {
    const node = panel.current
    if (node === null) return undefined
    const note = (event: FocusEvent) => {
      if (event.target instanceof HTMLElement && event.target.closest('.titlebar, .compose-dock') === null)
        last.current = event.target
    }
    node.addEventListener('focusin', note)
    return () => node.removeEventListener('focusin', note)
  }, [panel])
  const wasFront = useRef(isFront)
  useEffect(() => {
    if (isFront && !wasFront.current) {
      const goal =
        last.current?.isConnected === true ? last.current : panel.current?.querySelector<HTMLElement>('input')
      goal?.focus()
    }
    wasFront.current = isFront
  }, [panel, isFront])
}
