import { useEffect, useMemo, useState } from 'react'
import type { AttachmentView, MessageView } from '../../../../core/rpc/views.ts'
import { api, host } from '../../bridge/client.ts'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { saveBytes } from '../../state/actions.ts'
import { useEngine } from '../../state/engine.tsx'
import { look } from '../../state/look.ts'
import { useLive } from '../../state/use-live.ts'
import { isPicture } from './looked-at.ts'
import { PreviewDialog } from './preview-dialog.tsx'
import { Message } from './message.tsx'
import type { Command } from './message-list.tsx'
import { t } from '../../words/words.ts'

/** A mail is read when it has been looked at for a moment, not when the arrow keys pass over it. */
const SEEN_AFTER_MS = 700

interface Props {
  readonly id: number
  readonly nowMs: number
  /** One of several in a conversation. */
  readonly isOne: boolean
  readonly canMove: boolean
  readonly onFold: () => void
  readonly onView: (view: MessageView) => void
  /** Somebody turned to this one: answers go to it. */
  readonly onCurrent: () => void
  readonly onLink: (link: { href: string; text: string }) => void
  readonly onCommand: (command: Command) => void
}

/** One message: asked for, shown, and marked as read. */
export function OpenMessage({ id, nowMs, isOne, canMove, onFold, onView, onCurrent, onLink, onCommand }: Props) {
  const live = useLive(`message ${id}`, () => api.mail.get({ id }), { changes: api.mail.changes })
  const about = useLive(`about ${id}`, () => api.mail.about({ id }))
  const { tags } = useEngine()
  const { imagesFrom: trusted } = look.use()
  const [preview, setPreview] = useState<AttachmentView | null>(null)
  const view = live.at === 'ready' ? live.value : undefined
  const isUnseen = view !== undefined && !view.seen
  useEffect(() => {
    if (!isUnseen) return
    const timer = setTimeout(
      () => void act(t('Marking as read'), () => api.mail.setSeen({ ids: [id], seen: true })),
      SEEN_AFTER_MS,
    )
    return () => clearTimeout(timer)
    // Only once a message: who marks it unread again wants it so.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [id, live.at])
  useEffect(() => {
    if (view !== undefined) onView(view)
    // eslint-disable-next-line react-hooks/exhaustive-deps -- told once for each answer
  }, [view])

  const parts = view?.parts
  const imageOf = useMemo(() => {
    const known = new Map<string, Promise<string | undefined>>()
    return (contentId: string) => {
      const part = parts?.find((one) => one.contentId?.replace(/^<|>$/g, '') === contentId)
      // Only pictures a browser decodes; everything else of a mail is saved, never opened.
      if (part === undefined || !isPicture(part.contentType)) return Promise.resolve(undefined)
      const url =
        known.get(contentId) ??
        api.mail.attachment({ id, index: part.index }).then(
          ({ handle }) => host.bytesUrl(handle),
          () => undefined,
        )
      known.set(contentId, url)
      return url
    }
  }, [id, parts])

  return (
    <Load live={live} what={t('the message')} again={live.again}>
      {(message) => (
        <>
          <Message
            message={message}
            about={about.at === 'ready' ? about.value : undefined}
            nowMs={nowMs}
            isOne={isOne}
            canMove={canMove}
            tags={tags}
            imageOf={imageOf}
            remoteOf={(url) =>
              api.mail.remoteImage({ id, url }).then(
                ({ handle }) => host.bytesUrl(handle),
                () => undefined,
              )
            }
            isTrusted={isTrusted(message.from[0]?.address ?? '', trusted)}
            onTrust={() => void trust(message.from[0]?.address ?? '', trusted)}
            onLink={onLink}
            onFold={onFold}
            onCurrent={onCurrent}
            onCommand={onCommand}
            onSave={(index) => void save(message, index)}
            onPreview={setPreview}
            onAsked={about.again}
            onRest={() => void act(t('Getting the rest'), () => api.mail.getWhole({ id }))}
          />
          {preview === null ? null : (
            <PreviewDialog
              messageId={id}
              parts={message.parts}
              part={preview}
              onPart={setPreview}
              onSave={(index) => void save(message, index)}
              onLink={onLink}
              onClose={() => setPreview(null)}
            />
          )}
        </>
      )}
    </Load>
  )
}

/** Whether pictures of an author are loaded at once: by the whole address, or by its domain. */
function isTrusted(address: string, from: readonly string[]): boolean {
  const known = address.toLowerCase()
  return (
    known !== '' &&
    from.some((one) => one.toLowerCase() === known || (one.startsWith('@') && known.endsWith(one.toLowerCase())))
  )
}

async function trust(address: string, from: readonly string[]): Promise<void> {
  if (address === '' || isTrusted(address, from)) return
  await act(t('Remembering the author'), () =>
    api.app.setSetting({ key: 'privacy.remoteImagesFrom', value: [...from, address.toLowerCase()] }),
  )
}

async function save(message: MessageView, index: number): Promise<void> {
  const part = message.parts.find((one) => one.index === index)
  if (part === undefined) return
  await act(t('Saving “{filename}”', { filename: part.filename }), async () => {
    const { handle } = await api.mail.attachment({ id: message.id, index })
    saveBytes(handle, part.filename)
  })
}
