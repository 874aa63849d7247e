import { useState } from 'react'
import { size } from '../../format/size.ts'
import { visible } from '../../format/wire-text.ts'
import { Field } from '../../parts/field.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { t } from '../../words/words.ts'
import type { Attached } from './written.ts'

interface Props {
  readonly attached: readonly Attached[]
  readonly onDetach: (key: number) => void
  readonly onRename: (key: number, filename: string) => void
}

/** Base64 makes three bytes four, and a line end every 76 characters. */
const AS_SENT = 1.37
/** What many servers take at most. */
const MANY_TAKE_BYTES = 20 * 1024 * 1024

/** The files that go along, with how far each has come. Pictures in the text stand there. */
export function AttachmentBar({ attached, onDetach, onRename }: Props) {
  const [naming, setNaming] = useState<Attached | null>(null)
  const files = attached.filter(({ contentId }) => contentId === undefined)
  if (files.length === 0) return null
  const sum = Math.ceil(
    attached.reduce((bytes, one) => bytes + (one.problem === null ? one.sizeBytes : 0), 0) * AS_SENT,
  )
  return (
    <div className="attach" role="group" aria-label={t('Attachments')}>
      <ul>
        {files.map((one) => (
          <li key={one.key} className="file" data-problem={one.problem === null ? undefined : true}>
            <Icon name={one.problem !== null ? 'alert' : one.contentType.startsWith('image/') ? 'image' : 'file'} />
            <button
              type="button"
              className="name clip"
              title={t('Rename {filename}', { filename: visible(one.filename) })}
              onClick={() => setNaming(one)}
            >
              <bdi>{visible(one.filename)}</bdi>
            </button>
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
      <span className={sum > MANY_TAKE_BYTES ? 'warn num' : 'faint num'}>
        {sum > MANY_TAKE_BYTES
          ? t('{size} as sent, more than many servers take', { size: size(sum) })
          : t('{size} as sent', { size: size(sum) })}
      </span>
      {naming === null ? null : (
        <Rename one={naming} onName={(name) => onRename(naming.key, name)} onClose={() => setNaming(null)} />
      )}
    </div>
  )
}

function Rename({ one, onName, onClose }: { one: Attached; onName: (name: string) => void; onClose: () => void }) {
  const [name, setName] = useState(one.filename)
  return (
    <FormDialog
      title={t('Rename the file')}
      action={t('Rename')}
      isReady={name.trim() !== ''}
      onClose={onClose}
      onSave={() => Promise.resolve(onName(name.trim()))}
    >
      <Field label={t('Name in the message')} value={name} maxLength={200} spellCheck={false} onChange={setName} />
    </FormDialog>
  )
}
