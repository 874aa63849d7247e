import type { Editor } from '@tiptap/core'
import { useRef, useState } from 'react'
import { t } from '../../words/words.ts'
import { FormatBar } from './format-bar.tsx'
import type { Pictures } from './pictures.ts'
import { RichEditor } from './rich-editor.tsx'
import { htmlOfEditor } from './schema.ts'
import type { DraftState } from './use-draft.ts'

interface Props {
  readonly draft: DraftState
  readonly language: string | null
  readonly pictures: Pictures
  /** The text can be written. */
  readonly onReady: () => void
}

/** True of a file that can stand in the text. */
const isPicture = (file: File) => /^image\/(?:png|jpe?g|gif|webp)$/.test(file.type)

/** The text with looks, and the bar for them. It comes in a file of its own: the editor is large, and most of a window reads. */
export function RichPane({ draft, language, pictures, onReady }: Props) {
  const [editor, setEditor] = useState<Editor | null>(null)
  const picker = useRef<HTMLInputElement>(null)
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
        isOwn={draft.isKept}
        language={language}
        urlOf={pictures.urlOf}
        onReady={(next) => {
          draft.setEditor(next === null ? null : { editor: next, html: () => htmlOfEditor(next) })
          setEditor(next)
          if (next !== null) onReady()
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
