import type { DraftContent } from '../../../../core/rpc/views.ts'
import type { Start } from './composer.ts'
import { htmlForEditor } from './editor-html.ts'
import { htmlOfText } from './twin.ts'
import type { DraftState } from './use-draft.ts'

/** Puts the cursor where writing begins: into the text of an answer, into To of all else. */
export function startWriting(
  draft: DraftState,
  start: Start,
  toInput: HTMLInputElement | null,
  textInput: HTMLTextAreaElement | null,
): void {
  if (start.kind !== 'answer' || draft.first.to === '') return toInput?.focus()
  const editor = draft.editor()
  const isEnd = start.cursor === 'end'
  if (editor !== null) {
    // The editor's own way to focus waits for a frame, in which the first letters would go to its start.
    editor.view.focus()
    editor.commands.setTextSelection(isEnd ? endOfText(editor.state.doc) : 0)
    editor.commands.scrollIntoView()
    return
  }
  textInput?.focus()
  const at = isEnd ? (draft.first.text.split(/^-- $/m, 1)[0] ?? '').trimEnd().length + 2 : 0
  textInput?.setSelectionRange(at, at)
  if (!isEnd) textInput?.scrollTo(0, 0)
}

/** Before the signature, where there is one. */
function endOfText(doc: {
  childCount: number
  child(at: number): { nodeSize: number; type: { name: string } }
  content: { size: number }
}): number {
  const last = doc.childCount === 0 ? undefined : doc.child(doc.childCount - 1)
  return last?.type.name === 'signature' ? doc.content.size - last.nodeSize - 1 : doc.content.size - 1
}

/** Puts a template into the message: its text where the cursor is, the rest where nothing stands yet. */
export function insertTemplate(draft: DraftState, template: DraftContent): void {
  const { written } = draft
  if (written.subject.trim() === '' && template.subject !== '') draft.change({ subject: template.subject })
  for (const name of ['to', 'cc', 'bcc'] as const)
    if (template[name] !== '' && written.lines[name].list.length === 0) void draft.commit(name, template[name])
  const editor = draft.editor()
  if (editor !== null)
    editor
      .chain()
      .focus()
      .insertContent(htmlForEditor(template.html ?? htmlOfText(template.text)))
      .run()
  else draft.change({ text: written.text.trim() === '' ? template.text : `${template.text}\n${written.text}` })
}

/** Names everybody of To and Cc in Bcc, so that nobody sees the others. */
export function nameAllInBcc(draft: DraftState): void {
  const { to, cc, bcc } = draft.written.lines
  const list = [...bcc.list, ...to.list, ...cc.list]
  const none = { list: [], typed: '' }
  draft.change({ lines: { ...draft.written.lines, to: none, cc: none, bcc: { list, typed: bcc.typed } } })
}
