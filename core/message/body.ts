import { textOf } from './content.ts'
import { htmlToText } from './html-text.ts'
import type { Part } from './structure.ts'

/** The pieces a body is made of, in order. A piece may have both forms: the alternatives a sender wrote. */
export interface Piece {
  readonly text: Part | undefined
  readonly html: Part | undefined
}
/** The leaves of a message: what is read and what is attached. */
export interface Content {
  readonly pieces: Piece[]
  readonly attachments: Part[]
}

/** Sorts the leaves of the tree into what is read and what is attached. */
export function contentOf(root: Part): Content {
  const content: Content = { pieces: [], attachments: [] }
  collect(root, content, false)
  return content
}

function collect(part: Part, into: Content, isRelated: boolean): void {
  if (part.type === 'multipart/alternative' && part.isMultipart) {
    const inner: Content = { pieces: [], attachments: into.attachments }
    for (const child of part.children) collect(child, inner, isRelated)
    const text = inner.pieces.findLast((piece) => piece.text !== undefined && piece.html === undefined)?.text
    const both = inner.pieces.findLast((piece) => piece.html !== undefined)
    if (text !== undefined || both !== undefined) into.pieces.push({ text: text ?? both?.text, html: both?.html })
    return
  }
  if (part.isMultipart) {
    part.children.forEach((child, n) => collect(child, into, part.type === 'multipart/related' && n > 0))
    return
  }
  const isText = part.type === 'text/plain' || part.type === 'text/html'
  const isResource = isRelated && part.contentId !== ''
  if (!isText || isResource || part.disposition === 'attachment') {
    // A multipart without a boundary that can be used has no parts: what is there is shown as text.
    if (part.type.startsWith('multipart/') && part.disposition !== 'attachment' && part.children.length === 0)
      into.pieces.push({ text: { ...part, type: 'text/plain' }, html: undefined })
    else into.attachments.push(part)
  } else if (part.type === 'text/html') into.pieces.push({ text: undefined, html: part })
  else into.pieces.push({ text: part, html: undefined })
}

const escapeHtml = (text: string) =>
  text.replaceAll(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c)

/** Both forms of the body; null where the sender wrote nothing in that form. */
export function bodies(raw: Uint8Array, pieces: readonly Piece[]): { text: string | null; html: string | null } {
  const hasText = pieces.some((piece) => piece.text !== undefined)
  const hasHtml = pieces.some((piece) => piece.html !== undefined)
  const text: string[] = []
  const html: string[] = []
  for (const piece of pieces) {
    const plain = piece.text === undefined ? undefined : textOf(raw, piece.text)
    const rich = piece.html === undefined ? undefined : textOf(raw, piece.html)
    if (hasText) text.push(plain ?? htmlToText(rich ?? ''))
    if (hasHtml) html.push(rich ?? `<pre style="white-space: pre-wrap">${escapeHtml(plain ?? '')}</pre>`)
  }
  // An empty body is no body: a message that is only an attachment has none.
  return { text: text.join('\n') || null, html: html.join('\n') || null }
}
