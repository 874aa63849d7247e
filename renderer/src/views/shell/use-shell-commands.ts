import { host } from '../../bridge/client.ts'
import { useOffers } from '../../commands/offers.ts'
import { getMail } from '../../state/actions.ts'
import { useEngine } from '../../state/engine.tsx'
import { go, INBOX, type Route } from '../../state/route.ts'
import { dropToast, toasts } from '../../state/toasts.ts'
import { undoLast, undoSteps } from '../../state/undo.ts'
import { compose } from '../compose/composer.ts'
import { t } from '../../words/words.ts'

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
  const undo = toasts.use().findLast(({ action }) => action?.label === t('Undo'))
  const undoing = undo?.action
  const hasSteps = undoSteps.use().length > 0
  useOffers({
    'compose': () => compose(),
    'search': focusSearch,
    // In a browser these keys are its own: they load the page again.
    ...(host.kind === 'desktop' ? { 'get-mail': () => void getMail(accounts.length > 0) } : {}),
    // What stands in the window with a button goes first: it was the last, and may be mail that is about to leave.
    ...(undo === undefined || undoing === undefined
      ? hasSteps
        ? { undo: undoLast }
        : {}
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
    'snoozed': () => go({ view: 'snoozed', messageId: null }),
    'starred': () => go({ view: 'search', text: 'is:starred', typing: false, messageId: null }),
    ...(sent === undefined ? {} : { sent: () => go({ view: 'mail', folderId: sent.id, messageId: null }) }),
    'drafts': () => go({ view: 'drafts' }),
    'people': () => go({ view: 'people', groupId: null, contactId: null }),
    'queue': () => go({ view: 'queue', entryId: null, recipientId: null }),
    'log': () => (route.view === 'log' ? history.back() : go({ view: 'log', sessionId: null, seq: null, of: null })),
    'console': () => go({ view: 'console', id: null, from: null }),
    'lab': () => go({ view: 'lab', entryId: null }),
    'settings': () => go({ view: 'settings', page: 'accounts' }),
  })
}

const PANES = '.titlebar, .folders, .list, .reader, .page, .compose, .statusbar'
const FOCUSABLE =
  'input:not([disabled]), textarea, select, button:not([disabled]), a[href], [tabindex="0"], [contenteditable="true"]'

/** Puts the focus into the next pane: on what is chosen there, else on its first control. */
function movePane(step: 1 | -1): void {
  const panes = [...document.querySelectorAll<HTMLElement>(PANES)].filter(
    (pane) => pane.getClientRects().length > 0 && pane.querySelector(FOCUSABLE) !== null,
  )
  const at = panes.findIndex((pane) => pane.contains(document.activeElement))
  const next = panes[(at + step + panes.length) % panes.length]
  const control =
    next?.querySelector<HTMLElement>('[role="listbox"][tabindex="0"]') ??
    next?.querySelector<HTMLElement>('[aria-current="page"]') ??
    next?.querySelector<HTMLElement>(FOCUSABLE)
  control?.focus()
}
