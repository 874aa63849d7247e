import { useState } from 'react'
import { LARGEST_WRITTEN_BYTES, sentSize } from '../../../../core/model/sent-size.ts'
import { size } from '../../format/size.ts'
import { visible } from '../../format/wire-text.ts'
import { Field } from '../../parts/field.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { t } from '../../words/words.ts'
import type { Limits } from './use-limits.ts'
import type { Attached } from './written.ts'

interface Props {
  readonly attached: readonly Attached[]
  /** What the servers take that it would go to; undefined while nobody knows. */
  readonly limits: Limits | undefined
  readonly onDetach: (key: number) => void
  readonly onRename: (key: number, filename: string) => void
}

/** What many servers take at most. */
const MANY_TAKE_BYTES = 20 * 1024 * 1024

/** The files that go along, with how far each has come. Pictures in the text stand there. */
export function AttachmentBar({ attached, limits, onDetach, onRename }: Props) {
  const [naming, setNaming] = useState<Attached | null>(null)
  const files = attached.filter(({ contentId }) => contentId === undefined)
  if (files.length === 0) return null
  const { words, isTooMuch } = sizeWords(
    sentSize(
      0,
      attached.filter((one) => one.problem === null),
    ),
    limits,
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
      <span className={isTooMuch ? 'warn num sum' : 'faint num sum'} role="status">
        {isTooMuch ? <Icon name="alert" /> : null}
        {words}
      </span>
      {naming === null ? null : (
        <Rename one={naming} onName={(name) => onRename(naming.key, name)} onClose={() => setNaming(null)} />
      )}
    </div>
  )
}

/** How large it is on its way, beside what is known of who would take it. */
function sizeWords(bytes: number, limits: Limits | undefined): { readonly words: string; readonly isTooMuch: boolean } {
  const [least] = limits?.servers ?? []
  const own = limits?.ownBytes ?? LARGEST_WRITTEN_BYTES
  if (bytes > own)
    return { words: t('{size} as sent; the most is {most}', { size: size(bytes), most: size(own) }), isTooMuch: true }
  if (least !== undefined && bytes > least.largestBytes)
    return {
      words: t('{size} as sent; {host} takes no more than {most}', {
        size: size(bytes),
        host: visible(least.host),
        most: size(least.largestBytes),
      }),
      isTooMuch: true,
    }
  if (least !== undefined)
    return {
      words: t('{size} as sent, of {most} at most', { size: size(bytes), most: size(least.largestBytes) }),
      isTooMuch: false,
    }
  return bytes > MANY_TAKE_BYTES
    ? { words: t('{size} as sent, more than many servers take', { size: size(bytes) }), isTooMuch: true }
    : { words: t('{size} as sent', { size: size(bytes) }), isTooMuch: false }
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
