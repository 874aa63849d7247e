import { useEffect, useRef } from 'react'

/** Puts the focus into the view that is shown: on its list, else on the view itself, where the next Tab goes on. */
export function focusView(): void {
  const list = document.querySelector<HTMLElement>('.panes .list [role="listbox"][tabindex="0"]')
  const pane = document.querySelector<HTMLElement>('.panes > main, .panes > .list, .panes main')
  if (list !== null) list.focus({ preventScroll: true })
  else if (pane !== null) {
    pane.tabIndex = -1
    pane.focus({ preventScroll: true })
  }
}

/** A view that is new takes the focus, where what had it has gone with the view before. */
export function useViewFocus(view: string): void {
  const shown = useRef(view)
  useEffect(() => {
    if (shown.current === view) return
    shown.current = view
    const frame = requestAnimationFrame(() => {
      const { activeElement } = document
      if (activeElement === null || activeElement === document.body) focusView()
    })
    return () => cancelAnimationFrame(frame)
  }, [view])
}
