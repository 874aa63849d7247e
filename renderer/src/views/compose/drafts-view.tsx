import type { DraftContent } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { dayAndClock } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { toast } from '../../state/toasts.ts'
import { useNow } from '../../state/now.ts'
import { compose, composing, draftsTouched } from './composer.ts'
import type { useDrafts } from './use-drafts.ts'
import { t } from '../../words/words.ts'

/** Throws a draft away, and offers to bring it back. One that is being written here comes to the front: it is thrown away there. */
async function discard(id: number, content: DraftContent): Promise<void> {
  const open = composing.get().open.find(({ draftId }) => draftId === id)
  if (open !== undefined) return compose({ kind: 'draft', draftId: id, content })
  const done = await act(t('Discarding'), () => api.compose.dropDraft({ id }))
  if (done === undefined) return
  draftsTouched.set((n) => n + 1)
  const bringBack = async () => {
    await act(t('Bringing it back'), () => api.compose.saveDraft({ id: null, content, isClosing: true }))
    draftsTouched.set((n) => n + 1)
  }
  toast(t('The draft was discarded.'), {
    icon: 'trash',
    action: { label: t('Undo'), run: () => void bringBack() },
  })
}

/** Messages that were begun and not sent. */
export function DraftsView({ drafts }: { readonly drafts: ReturnType<typeof useDrafts> }) {
  const nowMs = useNow(60_000)
  return (
    <main className="page drafts" aria-label={t('Drafts')}>
      <header className="pane-head">
        <h1>{t('Drafts')}</h1>
      </header>
      <Load live={drafts} what={t('the drafts')} again={drafts.again}>
        {(list) =>
          list.length === 0 ? (
            <Empty
              icon="draft"
              title={t('No draft')}
              actions={
                <Button icon="draft" onClick={() => compose()}>
                  {t('New message')}
                </Button>
              }
            >
              {t('What you begin to write is kept here by itself until it is sent.')}
            </Empty>
          ) : (
            <ul className="draft-list">
              {list.map(({ id, content, changedMs }) => (
                <li key={id}>
                  <button type="button" onClick={() => compose({ kind: 'draft', draftId: id, content })}>
                    <span className="subject clip">{visible(content.subject) || t('(no subject)')}</span>
                    <span className="to clip">
                      {content.to === '' ? t('to nobody yet') : t('to {to}', { to: visible(content.to) })}
                    </span>
                    <span className="text clip">{visible(content.text.slice(0, 200).replace(/\s+/g, ' '))}</span>
                    {content.attachments.length === 0 ? null : <Icon name="clip" label={t('has attachments')} />}
                    <time>{dayAndClock(changedMs, nowMs)}</time>
                  </button>
                  <IconButton
                    icon="trash"
                    label={t('Discard the draft {subject}', { subject: visible(content.subject) || t('(no subject)') })}
                    onClick={() => void discard(id, content)}
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Load>
    </main>
  )
}
