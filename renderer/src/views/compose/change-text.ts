import type { IdentityView } from '../../../../core/rpc/views.ts'
import { replaceSignature, signatureFor, withSignature } from './signature.ts'
import { htmlOfText } from './twin.ts'
import type { DraftState } from './use-draft.ts'

/** Another identity writes: its signature takes the place of the one before. */
export function writeAs(draft: DraftState, next: IdentityView, before: IdentityView | undefined): void {
  const isAnswer = draft.first.about !== undefined
  const [old, own] = [signatureFor(before, isAnswer), signatureFor(next, isAnswer)]
  draft.change({ identityId: next.id })
  const editor = draft.editor()
  if (editor !== null) {
    if (old !== '' || own !== '') replaceSignature(editor, own)
  } else draft.change({ text: withSignature(draft.written.text, old, own) })
}

/** Rich text becomes its plain twin, plain text paragraphs. */
export function toggleFormat(draft: DraftState): void {
  const { text } = draft.body()
  if (draft.written.format === 'rich') draft.change({ format: 'plain', text })
  else draft.toRich(htmlOfText(text))
}

/** Takes out what is quoted, with the line above that says whose it is. */
export function removeQuote(draft: DraftState): void {
  const editor = draft.editor()
  if (editor === null) {
    draft.change({ text: withoutQuote(draft.written.text) })
    return
  }
  const { doc } = editor.state
  const ranges: { from: number; to: number }[] = []
  doc.forEach((node, offset, index) => {
    if (node.type.name !== 'blockquote') return
    const before = index > 0 ? doc.child(index - 1) : undefined
    const isLine = before?.type.name === 'paragraph' && /[:：]\s*$/.test(before.textContent)
    ranges.push({ from: offset - (isLine ? (before?.nodeSize ?? 0) : 0), to: offset + node.nodeSize })
  })
  const chain = editor.chain()
  for (const range of ranges.toReversed()) chain.deleteRange(range)
  chain.focus().run()
}

/** Plain text without its quoted lines and the lines above them that say whose they are. */
export function withoutQuote(text: string): string {
  const lines = text.split('\n')
  const kept = lines.filter((line, at) => {
    if (line.startsWith('>')) return false
    return !(/[:：]\s*$/.test(line) && lines[at + 1]?.startsWith('>') === true)
  })
  return kept.join('\n').replace(/\n{3,}/g, '\n\n')
}
