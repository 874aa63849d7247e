import type { Editor } from '@tiptap/core'
import { EditorContent, useEditor } from '@tiptap/react'
import { useEffect, useRef } from 'react'
import { spokenLocale, t } from '../../words/words.ts'
import { cleanForWriting } from './clean-paste.ts'
import { isForComposer } from './use-writing-commands.ts'
import { htmlForEditor } from './editor-html.ts'
import { extensionsOf, type PictureUrl } from './schema.ts'

interface Props {
  /** What it begins with. */
  readonly html: string
  /** It is from this editor: each space of it was typed. */
  readonly isOwn: boolean
  /** The language of the text; null: the one of the window. */
  readonly language: string | null
  readonly urlOf: PictureUrl
  readonly onReady: (editor: Editor | null) => void
  readonly onChange: () => void
  /** Files that were pasted or dropped into the text; `at` is where. */
  readonly onFiles: (files: readonly File[], at: number | null) => void
}

/** The text with its looks. It holds its state itself; who needs it asks the editor. */
export function RichEditor({ html, isOwn, language, urlOf, onReady, onChange, onFiles }: Props) {
  const held = useRef({ onReady, onChange, onFiles })
  held.current = { onReady, onChange, onFiles }
  const editor = useEditor({
    extensions: extensionsOf(urlOf),
    content: htmlForEditor(html),
    parseOptions: { preserveWhitespace: isOwn ? 'full' : false },
    // Its own style sheet would be refused by the policy of the page.
    injectCSS: false,
    immediatelyRender: true,
    shouldRerenderOnTransaction: false,
    editorProps: {
      attributes: {
        'role': 'textbox',
        'aria-multiline': 'true',
        'aria-label': t('Message text'),
        'spellcheck': 'true',
        'lang': language ?? spokenLocale(),
        'dir': 'auto',
        'class': 'rich',
      },
      transformPastedHTML: (pasted) => htmlForEditor(cleanForWriting(pasted)),
      handleKeyDown: (_view, event) => isForComposer(event),
      handleDOMEvents: {
        // The editor would take Escape for itself; it closes the composer.
        keydown: (_view, event) => event.key === 'Escape' && !event.isComposing,
      },
      handlePaste: (_view, event) => {
        const files = [...(event.clipboardData?.files ?? [])]
        // Text that was copied with a picture of itself is text.
        if (files.length === 0 || event.clipboardData?.types.includes('text/html') === true) return false
        held.current.onFiles(files, null)
        return true
      },
      handleDrop: (view, event) => {
        const files = [...(event.dataTransfer?.files ?? [])]
        if (files.length === 0) return false
        event.preventDefault()
        event.stopPropagation()
        held.current.onFiles(files, view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos ?? null)
        return true
      },
    },
    onUpdate: () => held.current.onChange(),
  })
  useEffect(() => {
    held.current.onReady(editor)
    return () => held.current.onReady(null)
  }, [editor])
  useEffect(() => {
    // The spelling of what stands there is looked at anew when it changes.
    editor.view.dom.lang = language ?? spokenLocale()
  }, [editor, language])
  return <EditorContent editor={editor} className="edit" />
}
