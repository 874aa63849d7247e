import { useId, useState, type Ref } from 'react'
import { useEngine } from '../../state/engine.tsx'
import { Button } from '../../parts/button.tsx'
import { spokenLocale, t } from '../../words/words.ts'
import { AddresseeField } from './addressee-field.tsx'
import { FromRow } from './from-row.tsx'
import type { DraftState } from './use-draft.ts'
import type { Line } from './written.ts'

interface Props {
  readonly draft: DraftState
  /** Of what is written; null: the one of the window. */
  readonly language: string | null
  readonly toInput: Ref<HTMLInputElement>
  readonly onIdentity: (id: number) => void
}

/** Who writes, to whom, and about what. */
export function AddresseeRows({ draft, language, toInput, onIdentity }: Props) {
  const { identities } = useEngine()
  const subjectId = useId()
  const { written, first } = draft
  const [shown, setShown] = useState({ cc: first.cc !== '', bcc: first.bcc !== '' })
  const isShown = (name: 'cc' | 'bcc') => shown[name] || written.lines[name].list.length > 0
  const line = (name: Line, label: string, end?: React.ReactNode) => (
    <AddresseeField
      label={label}
      value={written.lines[name].list}
      typed={written.lines[name].typed}
      onTyped={(typed) => draft.changeLine(name, { typed })}
      onCommit={(typed) => void draft.commit(name, typed)}
      onRemove={(at) => draft.changeLine(name, { list: written.lines[name].list.filter((_, index) => index !== at) })}
      end={end}
      {...(name === 'to' ? { inputRef: toInput } : {})}
    />
  )
  const more = (name: 'cc' | 'bcc', label: string) =>
    isShown(name) ? null : (
      <Button kind="plain" onClick={() => setShown({ ...shown, [name]: true })}>
        {label}
      </Button>
    )
  return (
    <div className="rows">
      <FromRow identities={identities} value={written.identityId} onChange={onIdentity} />
      {line(
        'to',
        t('To'),
        <>
          {more('cc', t('Cc'))}
          {more('bcc', t('Bcc'))}
        </>,
      )}
      {isShown('cc') ? line('cc', t('Cc')) : null}
      {isShown('bcc') ? line('bcc', t('Bcc')) : null}
      {written.hasReplyTo ? line('replyTo', t('Reply to')) : null}
      <div className="row subject">
        <label className="label" htmlFor={subjectId}>
          {t('Subject')}
        </label>
        <input
          id={subjectId}
          lang={language ?? spokenLocale()}
          dir="auto"
          value={written.subject}
          maxLength={900}
          onChange={(event) => draft.change({ subject: event.target.value })}
        />
      </div>
    </div>
  )
}
