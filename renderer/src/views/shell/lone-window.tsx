import { useEffect, useRef } from 'react'
import { api } from '../../bridge/client.ts'
import { Empty } from '../../parts/empty.tsx'
import type { Lone } from '../../bridge/shell.ts'
import { useKeys } from '../../commands/use-keys.ts'
import { useOffers } from '../../commands/offers.ts'
import { act } from '../../state/act.ts'
import { useLook } from '../../state/look.ts'
import { useNow } from '../../state/now.ts'
import { useRoute } from '../../state/route.ts'
import { useDesktop } from '../../state/use-desktop.ts'
import { composeFrom, type Manner } from '../compose/answer.ts'
import { compose, composing } from '../compose/composer.ts'
import { ComposePanel } from '../compose/compose-panel.tsx'
import { neededUntil } from '../compose/tell-sent.ts'
import { LogView } from '../log/log-view.tsx'
import { Reader } from '../mail/reader.tsx'
import { t } from '../../words/words.ts'

/** A window that shows one thing: a message, the protocol log, or a message that is written. */
export function LoneWindow({ lone }: { readonly lone: Lone }) {
  useLook()
  useKeys()
  useDesktop()
  switch (lone.kind) {
    case 'message':
      return <MessageWindow id={lone.id} />
    case 'compose':
      return <ComposeWindow draftId={lone.draftId} />
    case 'log':
      return <LogWindow />
  }
}

function LogWindow() {
  const route = useRoute()
  useTitle(t('Protocol log'))
  return (
    <div className="window lone-window">
      <div className="panes" data-view="log">
        {route.view === 'log' ? <LogView route={route} /> : null}
      </div>
    </div>
  )
}

/** What is done with the message as it is in the list; it goes with its window when it leaves its folder. */
function MessageWindow({ id }: { readonly id: number }) {
  const nowMs = useNow(60_000)
  const away = (wanted: string, run: () => Promise<unknown>) => () =>
    void act(wanted, run).then((done) => (done === undefined ? undefined : window.close()))
  const answers = (['reply', 'reply-all', 'forward', 'edit-as-new'] as const satisfies readonly Manner[]).map(
    (manner) => [manner, () => void composeFrom(manner, id)] as const,
  )
  const acts: Readonly<Record<string, () => void>> = {
    ...Object.fromEntries(answers),
    'archive': away(t('Archiving'), () => api.mail.move({ ids: [id], to: { role: 'archive' } })),
    'delete': away(t('Deleting'), () => api.mail.move({ ids: [id], to: { role: 'trash' } })),
    'junk': away(t('Moving'), () => api.mail.move({ ids: [id], to: { role: 'junk' } })),
    'toggle-seen': () =>
      void act(t('Marking'), async () => {
        const { seen } = await api.mail.get({ id })
        return api.mail.setSeen({ ids: [id], seen: !seen })
      }),
    'toggle-star': () =>
      void act(t('Starring'), async () => {
        const { starred } = await api.mail.get({ id })
        return api.mail.setStarred({ ids: [id], starred: !starred })
      }),
  }
  useOffers(acts)
  useTitle(t('Message'))
  return (
    <div className="window lone-window">
      <main className="reader" aria-label={t('Message')}>
        <Reader id={id} nowMs={nowMs} lacks={['move', 'snooze']} onCommand={(command) => acts[command]?.()} />
      </main>
      <ComposePanel />
    </div>
  )
}

function ComposeWindow({ draftId }: { readonly draftId: number | null }) {
  const { open } = composing.use()
  const hasBegun = useRef(false)
  const first = open[0]
  useEffect(() => {
    void act(t('Opening the draft'), async () => {
      const draft = draftId === null ? undefined : (await api.compose.drafts()).find(({ id }) => id === draftId)
      compose(draft === undefined ? { kind: 'new' } : { kind: 'draft', draftId: draft.id, content: draft.content })
    })
  }, [draftId])
  const keptId = first?.draftId ?? null
  useEffect(() => {
    // A page that is loaded again goes on with what is written in it.
    if (keptId !== null) history.replaceState(null, '', `?window=compose&id=${keptId}${location.hash}`)
  }, [keptId])
  const isOver = first === undefined
  useEffect(() => {
    if (!isOver) {
      hasBegun.current = true
      return undefined
    }
    if (!hasBegun.current) return undefined
    // Sent, discarded, or kept as a draft: the window has nothing more to show, but perhaps how to take it back.
    let timer: ReturnType<typeof setTimeout> | undefined
    void neededUntil().then((untilMs) => {
      timer = setTimeout(() => window.close(), Math.max(0, untilMs - Date.now()))
    })
    return () => clearTimeout(timer)
  }, [isOver])
  const name = first?.subject.trim() || t('New message')
  useTitle(name)
  return (
    <main className="window lone-window" data-kind="compose" aria-label={name}>
      {isOver && hasBegun.current ? (
        <Empty isPage icon="sent" title={t('It is done')}>
          {t('This window closes by itself.')}
        </Empty>
      ) : null}
      <ComposePanel />
    </main>
  )
}

function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} – Posthorn`
  }, [title])
}
