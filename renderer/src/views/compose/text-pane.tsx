import type { Ref } from 'react'
import { Button } from '../../parts/button.tsx'
import { spokenLocale, t } from '../../words/words.ts'
import { toggleFormat } from './change-text.ts'
import type { Pictures } from './pictures.ts'
import type { DraftState } from './use-draft.ts'
import { loadRich, useRich } from './use-rich.ts'

interface Props {
  readonly draft: DraftState
  /** Of the text; null: the one of the window. */
  readonly language: string | null
  readonly pictures: Pictures
  readonly textInput: Ref<HTMLTextAreaElement>
  /** Rich text can be written. */
  readonly onRich: () => void
}

/** The text: with looks and the bar for them, or plain. */
export function TextPane(props: Props) {
  return props.draft.written.format === 'plain' ? <PlainPane {...props} /> : <RichText {...props} />
}

function PlainPane({ draft, language, textInput }: Props) {
  const { written } = draft
  return (
    <textarea
      ref={textInput}
      className="edit"
      aria-label={t('Message text')}
      dir="auto"
      lang={language ?? spokenLocale()}
      spellCheck
      value={written.text}
      onChange={(event) => draft.change({ text: event.target.value })}
      onPaste={(event) => {
        const files = [...event.clipboardData.files]
        if (files.length > 0) draft.attach(files.map((file) => ({ file })))
      }}
    />
  )
}

function RichText({ draft, language, pictures, onRich }: Props) {
  const rich = useRich()
  if (rich === null)
    return (
      <>
        <div className="format" />
        <div className="edit" role="status" aria-label={t('Opening the editor')} />
      </>
    )
  if (rich === 'failed')
    return (
      <div className="edit" role="alert">
        <p>{t('The editor could not be loaded.')}</p>
        <p className="row-actions">
          <Button onClick={loadRich}>{t('Try again')}</Button>
          <Button kind="plain" onClick={() => toggleFormat(draft)}>
            {t('Write plain text')}
          </Button>
        </p>
      </div>
    )
  return <rich.RichPane draft={draft} language={language} pictures={pictures} onReady={onRich} />
}
