import { host } from '../../bridge/client.ts'
import { useOffers } from '../../commands/offers.ts'
import { getMail } from '../../state/actions.ts'
import { useEngine } from '../../state/engine.tsx'
import { go, INBOX, type Route } from '../../state/route.ts'
import { dropToast, toasts } from '../../state/toasts.ts'
import { compose } from '../compose/composer.ts'

interface Parts {
  readonly route: Route
  readonly showKeys: () => void
  readonly findCommand: () => void
  readonly focusSearch: () => void
}

/** What the window itself can do, whatever it shows. */
export function useShellCommands({ route, showKeys, findCommand, focusSearch }: Parts): void {
  const { accounts, folders } = useEngine()
  const sent = folders.at === 'ready' ? folders.value.find(({ role }) => role === 'sent') : undefined
  const undo = toasts.use().findLast(({ action }) => action?.label === 'Undo')
  const undoing = undo?.action
  useOffers({
    'compose': () => compose(),
    'search': focusSearch,
    // In a browser these keys are its own: they load the page again.
    ...(host.kind === 'desktop' ? { 'get-mail': () => void getMail(accounts.length > 0) } : {}),
    ...(undo === undefined || undoing === undefined
      ? {}
      : {
          undo: () => {
            dropToast(undo.id)
            undoing.run()
          },
        }),
    'palette': findCommand,
    'keys': showKeys,
    'next-pane': () => movePane(1),
    'previous-pane': () => movePane(-1),
    'inbox': () => go(INBOX),
    'starred': () => go({ view: 'search', text: 'is:starred', typing: false, messageId: null }),
    ...(sent === undefined ? {} : { sent: () => go({ view: 'mail', folderId: sent.id, messageId: null }) }),
    'drafts': () => go({ view: 'drafts' }),
    'queue': () => go({ view: 'queue', entryId: null, recipientId: null }),
    'log': () => (route.view === 'log' ? history.back() : go({ view: 'log', sessionId: null, seq: null, of: null })),
    'settings': () => go({ view: 'settings', page: 'accounts' }),
  })
}

const PANES = '.titlebar, .folders, .list, .reader, .page, .compose, .statusbar'
const FOCUSABLE =
  'input:not([disabled]), textarea, select, button:not([disabled]), a[href], [tabindex="0"], [contenteditable="true"]'

/** Puts the focus into the next pane: on what is chosen there, else on its first control. */
function movePane(step: 1 | -1): void {
  const panes = [...document.querySelectorAll<HTMLElement>(PANES)].filter(
    (pane) => pane.offsetParent !== null && pane.querySelector(FOCUSABLE) !== null,
  )
  const at = panes.findIndex((pane) => pane.contains(document.activeElement))
  const next = panes[(at + step + panes.length) % panes.length]
  const control =
    next?.querySelector<HTMLElement>('[role="listbox"][tabindex="0"]') ??
    next?.querySelector<HTMLElement>('[aria-current="page"]') ??
    next?.querySelector<HTMLElement>(FOCUSABLE)
  control?.focus()
}
