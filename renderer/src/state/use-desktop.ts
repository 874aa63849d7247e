import { useEffect } from 'react'
import type { Ask } from '../../../core/rpc/shell-contract.ts'
import { COMMANDS, isCommandId } from '../../../core/model/command-table.ts'
import { wordsOf } from '../bridge/client.ts'
import { lone, shell } from '../bridge/shell.ts'
import { offerOf, useOffered, useOffers, type Offers } from '../commands/offers.ts'
import { composeFrom } from '../views/compose/answer.ts'
import { closeComposers, compose, emptyDraft, writing } from '../views/compose/composer.ts'
import { importing } from '../views/transfer/importing.ts'
import { t } from '../words/words.ts'
import { act } from './act.ts'
import { go, useRoute } from './route.ts'
import { toast } from './toasts.ts'
import { useStanding } from './use-live.ts'

/**
 * What a window does with its desktop: it does what menus, notifications and other programs ask, says what it can do now, and offers
 * windows of their own. In a browser it does nothing.
 */
export function useDesktop(): void {
  const { standing, generation } = useStanding()
  const isOpen = standing.at === 'open'
  useOffers(useWindowOffers())
  useEffect(() => {
    const desktop = shell
    if (desktop === undefined || !isOpen) return undefined
    const stop = new AbortController()
    const follow = async () => {
      try {
        for await (const ask of await desktop.asks(undefined, { signal: stop.signal })) answer(ask)
      } catch {
        // The line broke: the next connection asks again.
      }
    }
    void follow()
    return () => stop.abort()
  }, [isOpen, generation])

  const version = useOffered()
  useEffect(() => {
    const desktop = shell
    if (desktop === undefined || !isOpen) return undefined
    // Views come and go together: what they offer is told once.
    const timer = setTimeout(() => {
      const commands = Object.keys(COMMANDS).filter((id) => isCommandId(id) && offerOf(id) !== undefined)
      void desktop.offers({ commands }).catch(() => undefined)
    }, 0)
    return () => clearTimeout(timer)
  }, [version, isOpen, generation])

  useEffect(() => {
    const say = () => void shell?.network({ online: navigator.onLine }).catch(() => undefined)
    window.addEventListener('online', say)
    return () => window.removeEventListener('online', say)
  }, [])
}

/** Windows of their own, where the desktop has them. */
function useWindowOffers(): Offers {
  const route = useRoute()
  const desktop = shell
  if (desktop === undefined || lone !== undefined) return {}
  const open = (what: Parameters<typeof desktop.open>[0]) => void act(t('Opening a window'), () => desktop.open(what))
  const messageId = 'messageId' in route ? route.messageId : null
  return {
    'compose-window': () => open({ kind: 'compose', draftId: null }),
    'log-window': () => open({ kind: 'log', sessionId: route.view === 'log' ? route.sessionId : null }),
    ...(messageId === null ? {} : { 'message-window': () => open({ kind: 'message', id: messageId }) }),
  }
}

function answer(ask: Ask): void {
  switch (ask.what) {
    case 'run':
      if (isCommandId(ask.id)) offerOf(ask.id)?.()
      return
    case 'compose': {
      const { to, cc, bcc, subject, text, inReplyTo } = ask.mail
      return compose({ kind: 'answer', content: { ...emptyDraft(to), cc, bcc, subject, text, inReplyTo } })
    }
    case 'reply':
      return void composeFrom('reply', ask.id)
    case 'show':
      location.hash = ask.hash
      return
    case 'import':
      importing.set(ask.path)
      return go({ view: 'settings', page: 'transfer' })
    case 'keep':
      return void keepWritten()
  }
}

/** What is written here becomes a draft before the window ends. A main window goes on with it when it opens again. */
async function keepWritten(): Promise<void> {
  await writing.keep?.()
  if (lone?.kind === 'compose') closeComposers()
  await shell?.kept().catch(() => undefined)
}

/** Makes Posthorn the program that opens links to write to somebody, and says how that went. */
export async function writeMailHere(): Promise<void> {
  if (shell === undefined) return
  try {
    const { writesMail } = await shell.writeMailHere()
    if (writesMail === true) toast(t('Links to write to somebody open in Posthorn now.'), { icon: 'ok' })
    else toast(t('The system asks you itself which program writes mail: look into its settings.'), { icon: 'info' })
  } catch (error) {
    toast(wordsOf(error), { icon: 'alert', level: 'danger' })
  }
}

/** The folder or file that somebody chooses in the system's own dialog; undefined where there is none, or they thought better. */
export async function choosePath(kind: 'folder' | 'file' | 'new-file', name = ''): Promise<string | undefined> {
  const chosen = await shell?.choose({ kind, ...(name === '' ? {} : { name }) })
  return chosen?.paths[0]
}
