import { size } from '../../format/size.ts'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import type { Attached } from './use-draft.ts'
import { t } from '../../words/words.ts'

interface Props {
  readonly attached: readonly Attached[]
  readonly onDetach: (key: number) => void
}

/** The files that go along, with how far each has come. */
export function AttachmentBar({ attached, onDetach }: Props) {
  if (attached.length === 0) return null
  const sum = attached.reduce((bytes, one) => bytes + (one.problem === null ? one.sizeBytes : 0), 0)
  return (
    <div className="attach" role="group" aria-label={t('Attachments')}>
      <ul>
        {attached.map((one) => (
          <li key={one.key} className="file" data-problem={one.problem === null ? undefined : true}>
            <Icon name={one.problem !== null ? 'alert' : one.contentType.startsWith('image/') ? 'image' : 'file'} />
            <bdi className="clip">{visible(one.filename)}</bdi>
            <span className="faint">
              {one.problem === null ? size(one.sizeBytes) : t('not taken: {problem}', { problem: one.problem })}
            </span>
            <button
              type="button"
              aria-label={t('Remove {filename}', { filename: visible(one.filename) })}
              onClick={() => onDetach(one.key)}
            >
              <Icon name="x" />
            </button>
            {one.handle !== null || one.problem !== null ? null : (
              <progress
                value={one.progress}
                max={1}
                aria-label={t('{filename} on its way', { filename: visible(one.filename) })}
              />
            )}
          </li>
        ))}
      </ul>
      {/* Base64 makes three bytes four, and a line end every 76 characters. */}
      <span className="faint num">{t('{size} as sent', { size: size(Math.ceil(sum * 1.37)) })}</span>
    </div>
  )
}
