import { api } from '../../bridge/client.ts'
import { dayAndClock } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { useNow } from '../../state/now.ts'
import { composing, compose } from './composer.ts'
import type { useDrafts } from './use-drafts.ts'

/** Messages that were begun and not sent. */
export function DraftsView({ drafts }: { readonly drafts: ReturnType<typeof useDrafts> }) {
  const nowMs = useNow(60_000)
  const open = composing.use()
  return (
    <main className="page drafts" aria-label="Drafts">
      <header className="pane-head">
        <h1>Drafts</h1>
      </header>
      <Load live={drafts} what="the drafts" again={drafts.again}>
        {(list) =>
          list.length === 0 ? (
            <Empty
              icon="draft"
              title="No draft"
              actions={
                <Button icon="draft" onClick={() => compose()}>
                  New message
                </Button>
              }
            >
              What you begin to write is kept here by itself until it is sent.
            </Empty>
          ) : (
            <ul className="draft-list">
              {list.map(({ id, content, changedMs }) => (
                <li key={id}>
                  <button
                    type="button"
                    disabled={open?.start.kind === 'draft' && open.start.draftId === id}
                    onClick={() => compose({ kind: 'draft', draftId: id, content })}
                  >
                    <span className="subject clip">{visible(content.subject) || '(no subject)'}</span>
                    <span className="to clip">{content.to === '' ? 'to nobody yet' : `to ${visible(content.to)}`}</span>
                    <span className="text clip">{visible(content.text.slice(0, 200).replace(/\s+/g, ' '))}</span>
                    {content.attachments.length === 0 ? null : <Icon name="clip" label="has attachments" />}
                    <time>{dayAndClock(changedMs, nowMs)}</time>
                  </button>
                  <IconButton
                    icon="trash"
                    label={`Discard the draft ${visible(content.subject) || '(no subject)'}`}
                    onClick={() => void act('Discarding', () => api.compose.dropDraft({ id })).then(drafts.again)}
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
