import { useEffect, useRef, useState, type RefObject } from 'react'

/** Where the focus goes when what opened a composer is not there any more. */
const OTHERWISE = '[role="listbox"][tabindex="0"], [role="grid"][tabindex="0"], .page button, .folders button'

/**
 * Keeps the focus where a person would look for it: in a composer that comes to the front again it is where it was, and when a composer
 * goes it is back at what opened it.
 */
export function useReturningFocus(panel: RefObject<HTMLElement | null>, isFront: boolean): void {
  const [opener] = useState(() => document.activeElement)
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
  useEffect(
    () => () => {
      if (document.activeElement !== document.body) return
      const isThere = opener instanceof HTMLElement && opener !== document.body && opener.getClientRects().length > 0
      const goal = isThere ? opener : document.querySelector<HTMLElement>(OTHERWISE)
      goal?.focus()
    },
    [opener],
  )
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
