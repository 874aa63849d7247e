import type { Editor } from '@tiptap/core'
import type { IdentityView } from '../../../../core/rpc/views.ts'
import { escaped } from './twin.ts'

type Signer = Pick<IdentityView, 'signature' | 'signsAnswers'>

/** What stands below a message of an identity; '' for nothing. */
export function signatureFor(identity: Signer | undefined, isAnswer: boolean): string {
  return identity === undefined || (isAnswer && !identity.signsAnswers) ? '' : identity.signature
}

/** A signature as plain text has it (RFC 3676 §4.3). */
export const signatureText = (signature: string) => (signature === '' ? '' : `\n-- \n${signature}`)

/** A signature as rich text has it. */
export function signatureHtml(signature: string): string {
  if (signature === '') return ''
  return `<div data-signature=""><p>${escaped(signature).replaceAll('\n', '<br>')}</p></div>`
}

/** Plain text with another signature in the place of the one that stands below it. */
export function withSignature(text: string, before: string, next: string): string {
  const end = signatureText(before)
  const bare = before !== '' && text.endsWith(end) ? text.slice(0, -end.length) : text
  return before === '' || bare !== text ? bare + signatureText(next) : text
}

/** Puts another signature into rich text, in the place of the one that stands there or at the end. */
export function replaceSignature(editor: Editor, next: string): void {
  const { doc } = editor.state
  let at: { from: number; to: number } | undefined
  doc.forEach((node, offset) => {
    if (node.type.name === 'signature') at = { from: offset, to: offset + node.nodeSize }
  })
  const html = signatureHtml(next)
  if (at === undefined && html === '') return
  if (html === '' && at !== undefined) editor.commands.deleteRange(at)
  else editor.commands.insertContentAt(at ?? doc.content.size, html)
}
