import type { Editor } from '@tiptap/core'
import { useEditorState } from '@tiptap/react'
import { useState } from 'react'
import { isMac } from '../../commands/chord.ts'
import { IconButton } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import type { IconName } from '../../parts/icons.ts'
import { t } from '../../words/words.ts'

interface Props {
  readonly editor: Editor
  readonly onPicture: () => void
}

const key = (letter: string) => (isMac ? `⌘${letter}` : `Ctrl ${letter}`)

/** How the text at the cursor looks, and what can be made of it. */
export function FormatBar({ editor, onPicture }: Props) {
  const [linking, setLinking] = useState(false)
  const on = useEditorState({
    editor,
    selector: ({ editor: now }) => ({
      block: now.isActive('heading') ? `h${String(now.getAttributes('heading')['level'])}` : 'p',
      bold: now.isActive('bold'),
      italic: now.isActive('italic'),
      underline: now.isActive('underline'),
      bulletList: now.isActive('bulletList'),
      orderedList: now.isActive('orderedList'),
      blockquote: now.isActive('blockquote'),
      code: now.isActive('code') || now.isActive('codeBlock'),
      link: now.isActive('link'),
    }),
  })
  const button = (
    icon: IconName,
    label: string,
    pressed: boolean,
    run: () => void,
    keys?: string,
    optional = false,
  ) => (
    <IconButton
      icon={icon}
      label={label}
      aria-pressed={pressed}
      className={optional ? 'opt' : ''}
      {...(keys === undefined ? {} : { keys })}
      // The cursor stays where it is.
      onMouseDown={(event) => event.preventDefault()}
      onClick={run}
    />
  )
  const chain = () => editor.chain().focus()
  return (
    <div className="format" role="toolbar" aria-label={t('Formatting')}>
      <select
        className="select bare"
        aria-label={t('Kind of paragraph')}
        value={on.block}
        onChange={({ target: { value } }) => {
          const level = ({ h1: 1, h2: 2, h3: 3 } as const)[value as 'h1']
          if (level === undefined) chain().setParagraph().run()
          else chain().setHeading({ level }).run()
        }}
      >
        <option value="p">{t('Paragraph')}</option>
        <option value="h1">{t('Large heading')}</option>
        <option value="h2">{t('Heading')}</option>
        <option value="h3">{t('Small heading')}</option>
      </select>
      <span className="bar-gap" />
      {button('bold', t('Bold'), on.bold, () => void chain().toggleBold().run(), key('B'))}
      {button('italic', t('Italic'), on.italic, () => void chain().toggleItalic().run(), key('I'))}
      {button('underline', t('Underline'), on.underline, () => void chain().toggleUnderline().run(), key('U'))}
      <span className="bar-gap" />
      {button('list', t('List'), on.bulletList, () => void chain().toggleBulletList().run())}
      {button('list-n', t('Numbered list'), on.orderedList, () => void chain().toggleOrderedList().run())}
      {button('quote', t('Quote'), on.blockquote, () => void chain().toggleBlockquote().run())}
      {button('code', t('Code'), on.code, () =>
        editor.state.selection.empty ? void chain().toggleCodeBlock().run() : void chain().toggleCode().run(),
      )}
      <span className="bar-gap" />
      {button('link', t('Link'), on.link, () => setLinking(true))}
      <IconButton icon="image" label={t('Picture in the text')} onClick={onPicture} />
      {linking ? <LinkDialog editor={editor} onClose={() => setLinking(false)} /> : null}
    </div>
  )
}

function LinkDialog({ editor, onClose }: { readonly editor: Editor; readonly onClose: () => void }) {
  const before = String(editor.getAttributes('link')['href'] ?? '')
  const [href, setHref] = useState(before)
  const target = hrefOf(href)
  return (
    <FormDialog
      title={before === '' ? t('Make a link') : t('Change the link')}
      action={href.trim() === '' ? t('Take the link off') : t('Link')}
      isReady={href.trim() === '' ? before !== '' : target !== undefined}
      onClose={() => {
        onClose()
        // After the dialog has given the focus back.
        requestAnimationFrame(() => editor.commands.focus())
      }}
      onSave={() => {
        const chain = editor.chain().extendMarkRange('link')
        if (target === undefined) chain.unsetLink().run()
        else if (editor.state.selection.empty && before === '')
          editor
            .chain()
            .insertContent({ type: 'text', text: href.trim(), marks: [{ type: 'link', attrs: { href: target } }] })
            .run()
        else chain.setLink({ href: target }).run()
        return Promise.resolve()
      }}
    >
      <Field
        label={t('Leads to')}
        value={href}
        inputMode="url"
        spellCheck={false}
        maxLength={2000}
        onChange={setHref}
      />
    </FormDialog>
  )
}

/** Where a link leads, as somebody typed it; undefined for what leads nowhere. */
export function hrefOf(typed: string): string | undefined {
  const text = typed.trim()
  if (/^(?:https?:\/\/|mailto:|tel:)[^\s]+$/i.test(text)) return text
  if (/^[^\s@/]+@[^\s@/]+\.[^\s@/]+$/.test(text)) return `mailto:${text}`
  return /^[^\s:/]+\.[^\s:/]{2,}(?:[:/?#][^\s]*)?$/.test(text) ? `https://${text}` : undefined
}
