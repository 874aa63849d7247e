import { textOf } from './content.ts'
import { unflow } from './flowed.ts'
import { htmlToText } from './html-text.ts'
import type { Notes } from './notes.ts'
import { CAPS } from './reading-caps.ts'
import type { Part } from './structure.ts'
import { takeUuencoded, type InlineFile } from './uuencode.ts'

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

/** Forms of a text that no reader here shows and nobody would call a file. */
const OTHER_FORMS = /^text\/(?:x-amp-html|watch-html|enriched|richtext)$/

/** Sorts the leaves of the tree into what is read and what is attached. */
export function contentOf(root: Part): Content {
  const content: Content = { pieces: [], attachments: [] }
  collect(root, content, false)
  return content
}

const isNamed = (part: Part) => part.dispositionParameters.has('filename') || part.typeParameters.has('name')

function collect(part: Part, into: Content, isRelated: boolean): void {
  if (part.isMultipart && part.children.length > 0) {
    if (part.type === 'multipart/alternative') collectForms(part, into, isRelated)
    else {
      const start = part.type === 'multipart/related' ? rootOf(part) : undefined
      for (const child of part.children) collect(child, into, start !== undefined && child !== start)
    }
    return
  }
  const isText = part.type === 'text/plain' || part.type === 'text/html'
  const isResource = isRelated && part.contentId !== ''
  // A text with a name that comes after others is a file somebody put in.
  const isFile = part.disposition === 'attachment' || (isNamed(part) && into.pieces.length > 0)
  if (!isText || isResource || isFile) {
    // A multipart whose parts can't be found: what is there is shown as text.
    if (part.type.startsWith('multipart/') && part.disposition !== 'attachment')
      into.pieces.push({ text: { ...part, type: 'text/plain' }, html: undefined })
    else into.attachments.push(part)
  } else if (part.type === 'text/html') into.pieces.push({ text: undefined, html: part })
  else into.pieces.push({ text: part, html: undefined })
}

/** The best form of one text, and what else was put in among the forms. */
function collectForms(part: Part, into: Content, isRelated: boolean): void {
  const inner: Content = { pieces: [], attachments: [] }
  for (const child of part.children) collect(child, inner, isRelated)
  const text = inner.pieces.findLast((piece) => piece.text !== undefined && piece.html === undefined)?.text
  const both = inner.pieces.findLast((piece) => piece.html !== undefined)
  const isRead = text !== undefined || both !== undefined
  if (isRead) into.pieces.push({ text: text ?? both?.text, html: both?.html })
  const isForm = (one: Part) => OTHER_FORMS.test(one.type) && !isNamed(one) && one.disposition !== 'attachment'
  into.attachments.push(...inner.attachments.filter((one) => !(isRead && isForm(one))))
}

/** The part the others of a multipart/related belong to: the one it names, else the first (RFC 2387 §3.2). */
function rootOf(part: Part): Part | undefined {
  const start = part.typeParameters.get('start')?.replace(/^<|>$/g, '')
  return part.children.find((child) => start !== undefined && child.contentId === start) ?? part.children[0]
}

const escapeHtml = (text: string) =>
  text.replaceAll(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c)

/** Both forms of the body, null where the sender wrote nothing in that form, and the files written into the text. */
export interface Bodies {
  readonly text: string | null
  readonly html: string | null
  readonly files: readonly InlineFile[]
}

/** Reads the body. What is odd about its charsets goes to `notes`. */
export function bodies(raw: Uint8Array, pieces: readonly Piece[], notes?: Notes): Bodies {
  const hasText = pieces.some((piece) => piece.text !== undefined)
  const hasHtml = pieces.some((piece) => piece.html !== undefined)
  const text: string[] = []
  const html: string[] = []
  const files: InlineFile[] = []
  for (const piece of pieces) {
    const plain = piece.text === undefined ? undefined : plainOf(raw, piece.text, files, notes)
    const rich = piece.html === undefined ? undefined : clipped(decoded(raw, piece.html, notes), notes)
    if (hasText) text.push(plain ?? htmlToText(rich ?? ''))
    if (hasHtml) html.push(rich ?? `<pre style="white-space: pre-wrap">${escapeHtml(plain ?? '')}</pre>`)
  }
  // An empty body is no body: a message that is only an attachment has none.
  return { text: text.join('\n') || null, html: html.join('\n') || null, files }
}

function decoded(raw: Uint8Array, part: Part, notes: Notes | undefined): string {
  const { text, problem } = textOf(raw, part)
  if (problem !== null) notes?.odd(`${part.type}: ${problem}`)
  return text
}

/** So much of a text as is shown. */
function clipped(text: string, notes: Notes | undefined): string {
  if (text.length <= CAPS.textCharacters) return text
  notes?.cut(`only the first ${CAPS.textCharacters} characters of the text are shown`)
  return text.slice(0, CAPS.textCharacters)
}

/** A plain text without the files in it; format=flowed is put back together (RFC 3676 §4.2). */
function plainOf(raw: Uint8Array, part: Part, files: InlineFile[], notes: Notes | undefined): string {
  const taken = takeUuencoded(decoded(raw, part, notes))
  files.push(...taken.files)
  const isFlowed = part.type === 'text/plain' && part.typeParameters.get('format')?.toLowerCase() === 'flowed'
  const text = clipped(taken.text, notes)
  return isFlowed ? unflow(text, part.typeParameters.get('delsp')?.toLowerCase() === 'yes') : text
}
