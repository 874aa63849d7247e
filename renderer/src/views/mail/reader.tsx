import { useEffect, useMemo, useState } from 'react'
import type { MessageView } from '../../../../core/rpc/views.ts'
import { api, host } from '../../bridge/client.ts'
import { size } from '../../format/size.ts'
import { saveBytes } from '../../state/actions.ts'
import { act } from '../../state/act.ts'
import { compose } from '../compose/composer.ts'
import { useLive } from '../../state/use-live.ts'
import { Load } from '../../parts/load.tsx'
import { useOffers } from '../../commands/offers.ts'
import { go } from '../../state/route.ts'
import { look } from '../../state/look.ts'
import { useEngine } from '../../state/engine.tsx'
import { Conversation } from './conversation.tsx'
import { toggleTag } from './mail-actions.ts'
import { Message } from './message.tsx'
import { targetOf } from './link.ts'
import { LinkDialog } from './link-dialog.tsx'
import { HistoryDialog } from '../rules/history-dialog.tsx'
import { SourceDialog } from './source-dialog.tsx'
import type { Command } from './message-list.tsx'
import { t } from '../../words/words.ts'

/** A mail is read when it has been looked at for a moment, not when the arrow keys pass over it. */
const SEEN_AFTER_MS = 700

interface Props {
  readonly id: number
  readonly nowMs: number
  readonly onCommand: (command: Command, ids: readonly number[]) => void
}

/** One message: asked for, shown, and marked as read. */
export function Reader({ id, nowMs, onCommand }: Props) {
  const live = useLive(`message ${id}`, () => api.mail.get({ id }), { changes: api.mail.changes })
  const { tags } = useEngine()
  const { imagesFrom: trusted } = look.use()
  const [link, setLink] = useState<{ href: string; text: string } | null>(null)
  const [showsSource, setShowsSource] = useState(false)
  const [showsHistory, setShowsHistory] = useState(false)
  const isUnseen = live.at === 'ready' && !live.value.seen
  useEffect(() => {
    if (!isUnseen) return
    const timer = setTimeout(
      () => void act('Marking as read', () => api.mail.setSeen({ ids: [id], seen: true })),
      SEEN_AFTER_MS,
    )
    return () => clearTimeout(timer)
    // Only once a message: who marks it unread again wants it so.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [id, live.at])

  useOffers({
    'source': () => setShowsSource(true),
    'log-of-message': () => go({ view: 'log', sessionId: null, seq: null, of: { messageId: id } }),
    'trace': () => go({ view: 'trace', of: { messageId: id } }),
  })
  const parts = live.at === 'ready' ? live.value.parts : undefined
  const imageOf = useMemo(() => {
    const known = new Map<string, Promise<string | undefined>>()
    return (contentId: string) => {
      const part = parts?.find((one) => one.contentId?.replace(/^<|>$/g, '') === contentId)
      // Only pictures a browser decodes; everything else of a mail is saved, never opened.
      if (part === undefined || !/^image\/(?:png|jpe?g|gif|webp|bmp|avif)$/i.test(part.contentType))
        return Promise.resolve(undefined)
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

  const onLink = (next: { href: string; text: string }) => {
    const target = targetOf(next.href, next.text)
    // The desktop shell asks by itself before it hands an address on; only what looks wrong is shown here first.
    const isPlain = host.kind === 'desktop' && target?.scheme === 'web' && target.warnings.length === 0
    if (isPlain) window.open(target.href, '_blank', 'noopener,noreferrer')
    else setLink(next)
  }
  return (
    <Load live={live} what={t('the message')} again={live.again}>
      {(message) => (
        <>
          <Message
            message={message}
            nowMs={nowMs}
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
            onCommand={(command) => onCommand(command, [id])}
            onSave={(index) => void save(message, index)}
            onSource={() => setShowsSource(true)}
            onHistory={() => setShowsHistory(true)}
            onRest={() => void act('Getting the rest', () => api.mail.getWhole({ id }))}
            tags={tags}
            onTag={(tagId) => void toggleTag([message], tagId)}
            conversation={
              message.threadCount < 2 ? null : <Conversation id={id} count={message.threadCount} nowMs={nowMs} />
            }
          />
          <LinkDialog
            link={link}
            onClose={() => setLink(null)}
            onWrite={(address) => compose({ kind: 'new', to: address })}
          />
          {showsHistory ? <HistoryDialog messageId={id} onClose={() => setShowsHistory(false)} /> : null}
          {showsSource ? <SourceDialog id={id} onClose={() => setShowsSource(false)} /> : null}
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
  await act('Remembering the author', () =>
    api.app.setSetting({ key: 'privacy.remoteImagesFrom', value: [...from, address.toLowerCase()] }),
  )
}

async function save(message: MessageView, index: number): Promise<void> {
  const part = message.parts.find((one) => one.index === index)
  if (part === undefined) return
  await act(`Saving “${part.filename}” (${size(part.sizeBytes)})`, async () => {
    const { handle } = await api.mail.attachment({ id: message.id, index })
    saveBytes(handle, part.filename)
  })
}
