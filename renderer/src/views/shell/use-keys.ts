import { useEffect, useRef } from 'react'
import { host } from '../../bridge/client.ts'
import { getMail } from '../../state/actions.ts'
import { go, INBOX, useRoute, type Route } from '../../state/route.ts'
import { dropToast, toasts } from '../../state/toasts.ts'
import { compose } from '../compose/composer.ts'

interface Handlers {
  readonly showKeys: () => void
  readonly focusSearch: () => void
  readonly hasAccounts: boolean
}

/** True where letters are typed: no key of ours acts there. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}

/** The window's keys. Letters act only outside of fields and dialogs (WCAG 2.1.4). */
export function useKeys(handlers: Handlers): void {
  const route = useRoute()
  const latest = useRef({ handlers, route })
  latest.current = { handlers, route }
  useEffect(() => {
    let afterG = false
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return
      const { handlers: on, route: at } = latest.current
      const mod = event.ctrlKey || event.metaKey
      const done = (run: () => void) => {
        event.preventDefault()
        run()
      }
      if (event.key === 'F12') return done(() => openLog(at, event.shiftKey))
      if (event.key === 'F5' && host.kind === 'desktop') return done(() => void getMail(on.hasAccounts))
      if (mod && event.key.toLowerCase() === 'k') return done(on.focusSearch)
      if (mod && event.key === ',') return done(() => go({ view: 'settings', page: 'accounts' }))
      if (mod && event.key.toLowerCase() === 'n') return done(() => compose())
      const inDialog =
        event.target instanceof Element && event.target.closest('[role="dialog"], [role="alertdialog"]') !== null
      if (isTyping(event.target) || inDialog) return
      const undo = toasts.get().findLast(({ action }) => action?.label === 'Undo')
      if (mod && event.key === 'z' && undo?.action !== undefined) {
        dropToast(undo.id)
        return done(undo.action.run)
      }
      if (mod || event.altKey) return
      const wasG = afterG
      afterG = event.key === 'g'
      if (wasG && event.key === 'i') return done(() => go(INBOX))
      if (wasG && event.key === 'q') return done(() => go({ view: 'queue', entryId: null, recipientId: null }))
      if (event.key === '?') return done(on.showKeys)
      if (event.key === '/') return done(on.focusSearch)
      if (event.key === 'n' || event.key === 'c') return done(() => compose())
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}

/** F12 opens the log and leaves it again; with Shift it shows the sessions of the open message. */
function openLog(at: Route, ofThis: boolean): void {
  const messageId = at.view === 'mail' || at.view === 'search' ? at.messageId : null
  if (ofThis && messageId !== null) return go({ view: 'log', sessionId: null, seq: null, of: { messageId } })
  if (at.view === 'log') history.back()
  else go({ view: 'log', sessionId: null, seq: null, of: null })
}
