import { useState } from 'react'
import type { AttachmentView } from '../../../../core/rpc/views.ts'
import { api, host } from '../../bridge/client.ts'
import { size } from '../../format/size.ts'
import { visible, wireText } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Load } from '../../parts/load.tsx'
import { useLive } from '../../state/use-live.ts'
import { previewOf } from './looked-at.ts'
import { PdfPreview } from './pdf-preview.tsx'
import { t } from '../../words/words.ts'

interface Props {
  readonly messageId: number
  readonly parts: readonly AttachmentView[]
  readonly part: AttachmentView
  readonly onPart: (part: AttachmentView) => void
  readonly onSave: (index: number) => void
  readonly onLink: (link: { href: string; text: string }) => void
  readonly onClose: () => void
}

/** An attachment looked at without opening it: a picture, a PDF, or the beginning of a text. */
export function PreviewDialog({ messageId, parts, part, onPart, onSave, onLink, onClose }: Props) {
  const some = parts.filter((one) => previewOf(one) !== undefined)
  const at = some.findIndex(({ index }) => index === part.index)
  // Round and round: a button that is disabled under the finger loses the focus.
  const go = (by: 1 | -1) => {
    const next = some[(at + by + some.length) % some.length]
    if (next !== undefined) onPart(next)
  }
  return (
    <Dialog title={visible(part.filename)} isOpen wide onClose={onClose}>
      <div className="preview">
        {previewOf(part) === 'picture' ? (
          <Picture key={part.index} messageId={messageId} part={part} />
        ) : previewOf(part) === 'pdf' ? (
          <PdfPreview key={part.index} messageId={messageId} part={part} onLink={onLink} />
        ) : (
          <Text key={part.index} messageId={messageId} part={part} />
        )}
      </div>
      <footer>
        <span className="grow quiet">
          {visible(part.contentType)}, {size(part.sizeBytes)}
        </span>
        {some.length < 2 ? null : (
          <>
            <Button kind="plain" icon="left" onClick={() => go(-1)}>
              {t('Previous')}
            </Button>
            <Button kind="plain" icon="right" onClick={() => go(1)}>
              {t('Next')}
            </Button>
          </>
        )}
        <Button icon="download" onClick={() => onSave(part.index)}>
          {t('Save')}
        </Button>
      </footer>
    </Dialog>
  )
}

function Picture({ messageId, part }: Pick<Props, 'messageId' | 'part'>) {
  const live = useLive(`picture ${messageId} ${part.index}`, () =>
    api.mail.attachment({ id: messageId, index: part.index }),
  )
  const [isBroken, setBroken] = useState(false)
  if (isBroken) return <p className="quiet">{t('This picture cannot be shown; it may be damaged.')}</p>
  return (
    <Load live={live} what={t('the picture')} again={live.again}>
      {({ handle }) => <img src={host.bytesUrl(handle)} alt={visible(part.filename)} onError={() => setBroken(true)} />}
    </Load>
  )
}

function Text({ messageId, part }: Pick<Props, 'messageId' | 'part'>) {
  const live = useLive(`text ${messageId} ${part.index}`, () =>
    api.mail.attachmentText({ id: messageId, index: part.index }),
  )
  return (
    <Load live={live} what={t('the text')} again={live.again}>
      {({ text, isCut }) => (
        <>
          {/* Focusable, so that the keyboard can scroll it. */}
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
          <pre className="source mono" tabIndex={0} aria-label={visible(part.filename)}>
            <bdi>{text.replaceAll('\r\n', '\n').split('\n').map(wireText).join('\n')}</bdi>
          </pre>
          {isCut ? <p className="quiet">{t('Only the beginning is shown; the file holds all of it.')}</p> : null}
        </>
      )}
    </Load>
  )
}
