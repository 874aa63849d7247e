import type { Editor } from '@tiptap/core'
import { useRef, useState, type Ref } from 'react'
import { spokenLocale, t } from '../../words/words.ts'
import { FormatBar } from './format-bar.tsx'
import type { Pictures } from './pictures.ts'
import { RichEditor } from './rich-editor.tsx'
import type { DraftState } from './use-draft.ts'

interface Props {
  readonly draft: DraftState
  readonly pictures: Pictures
  readonly textInput: Ref<HTMLTextAreaElement>
}

/** True of a file that can stand in the text. */
const isPicture = (file: File) => /^image\/(?:png|jpe?g|gif|webp)$/.test(file.type)

/** The text: with looks and the bar for them, or plain. */
export function TextPane({ draft, pictures, textInput }: Props) {
  const [editor, setEditor] = useState<Editor | null>(null)
  const picker = useRef<HTMLInputElement>(null)
  const { written } = draft
  if (written.format === 'plain')
    return (
      <textarea
        ref={textInput}
        className="edit"
        aria-label={t('Message text')}
        dir="auto"
        lang={spokenLocale()}
        spellCheck
        value={written.text}
        onChange={(event) => draft.change({ text: event.target.value })}
        onPaste={(event) => {
          const files = [...event.clipboardData.files]
          if (files.length > 0) draft.attach(files.map((file) => ({ file })))
        }}
      />
    )
  /** Pictures stand where they were put, other files go beside the text. */
  const take = (files: readonly File[], at: number | null) => {
    const named = files.map((file) => (isPicture(file) ? { file, contentId: pictures.add(file) } : { file }))
    draft.attach(named)
    const nodes = named.flatMap(({ file, contentId }) =>
      contentId === undefined ? [] : [{ type: 'picture', attrs: { cid: contentId, alt: file.name } }],
    )
    if (nodes.length === 0 || editor === null) return
    const chain = editor.chain()
    if (at === null) chain.focus().insertContent(nodes).run()
    else chain.insertContentAt(at, nodes).focus().run()
  }
  return (
    <>
      {editor === null ? (
        <div className="format" />
      ) : (
        <FormatBar editor={editor} onPicture={() => picker.current?.click()} />
      )}
      <RichEditor
        html={draft.body().html ?? ''}
        urlOf={pictures.urlOf}
        onReady={(next) => {
          draft.setEditor(next)
          setEditor(next)
        }}
        onChange={draft.touch}
        onFiles={take}
      />
      <input
        ref={picker}
        type="file"
        multiple
        accept="image/png,image/jpeg,image/gif,image/webp"
        className="sr"
        tabIndex={-1}
        aria-label={t('Pictures for the text')}
        onChange={(event) => {
          take([...(event.target.files ?? [])], null)
          event.target.value = ''
        }}
      />
    </>
  )
}
