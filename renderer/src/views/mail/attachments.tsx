import type { AttachmentView } from '../../../../core/rpc/views.ts'
import { size } from '../../format/size.ts'
import { visible } from '../../format/wire-text.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { previewOf } from './looked-at.ts'
import { t } from '../../words/words.ts'

interface Props {
  readonly parts: readonly AttachmentView[]
  readonly onSave: (index: number) => void
  readonly onPreview: (part: AttachmentView) => void
}

/** Pure: the files of a message. */
export function Attachments({ parts, onSave, onPreview }: Props) {
  if (parts.length === 0) return null
  return (
    <div
      className="files"
      role="group"
      aria-label={t('{count, plural, one {# attachment} other {# attachments}}', { count: parts.length })}
    >
      {parts.map((part) => {
        const kind = previewOf(part)
        const words = (
          <>
            <Icon name={/^image\//i.test(part.contentType) ? 'image' : 'file'} />
            <span>
              <span className="sr">{kind === undefined ? t('Save') : t('Look at')} </span>
              <bdi className="n clip">{visible(part.filename)}</bdi> <span className="z">{size(part.sizeBytes)}</span>
            </span>
          </>
        )
        return kind === undefined ? (
          <button key={part.index} type="button" className="filecard" onClick={() => onSave(part.index)}>
            {words}
          </button>
        ) : (
          <span key={part.index} className="filecard pair">
            <button type="button" onClick={() => onPreview(part)}>
              {words}
            </button>
            <IconButton
              icon="download"
              label={t('Save {filename}', { filename: visible(part.filename) })}
              onClick={() => onSave(part.index)}
            />
          </span>
        )
      })}
      {parts.length < 2 ? null : (
        <Button
          kind="plain"
          icon="download"
          className="files-all"
          onClick={() => parts.forEach((part) => onSave(part.index))}
        >
          {t('Save all')}
        </Button>
      )}
    </div>
  )
}
