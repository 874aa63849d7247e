import { textOf } from './content.ts'
import { unflow } from './flowed.ts'
import { htmlToText } from './html-text.ts'
import type { Notes } from './notes.ts'
import { CAPS } from './reading-caps.ts'
import type { Part } from './structure.ts'
import { takeUuencoded, type InlineFile } from './uuencode.ts'

/** The pieces a body is made of, in order. A piece may have both forms, the alternatives a sender wrote, and a form several parts. */
export interface Piece {
  readonly text: readonly Part[]
  /** HTML, and plain texts that stand among it. */
  readonly html: readonly Part[]
}
/** The leaves of a message: what is read and what is attached. */
export interface Content {
  readonly pieces: Piece[]
  readonly attachments: Part[]
}

/** Forms of a text that no reader here shows and nobody would call a file. */
const OTHER_FORMS = /^text\/(?:x-amp-html|watch-html|enriched|richtext)$/

/** What is true of a part by where it stands. */
interface Place {
  /** Brought along by another part (RFC 2387). */
  readonly isRelated: boolean
  /** One of several forms of a text, or its beginning: a name makes no file of it. */
  readonly isForm: boolean
}

/** Sorts the leaves of the tree into what is read and what is attached. */
export function contentOf(root: Part): Content {
  const content: Content = { pieces: [], attachments: [] }
  collect(root, content, { isRelated: false, isForm: false })
  return content
}

const isNamed = (part: Part) => part.dispositionParameters.has('filename') || part.typeParameters.has('name')

function collect(part: Part, into: Content, { isRelated, isForm }: Place): void {
  if (part.isMultipart && part.children.length > 0) {
    if (part.type === 'multipart/alternative') return collectForms(part, into, isRelated)
    const start = part.type === 'multipart/related' ? rootOf(part) : undefined
    for (const [n, child] of part.children.entries())
      collect(child, into, {
        isRelated: start !== undefined && child !== start,
        isForm: isForm && (start === undefined ? n === 0 : child === start),
      })
    return
  }
  const isText = part.type === 'text/plain' || part.type === 'text/html'
  const isResource = isRelated && part.contentId !== ''
  // A text with a name that comes after others is a file somebody put in.
  const isFile = part.disposition === 'attachment' || (isNamed(part) && !isForm && into.pieces.length > 0)
  if (!isText || isResource || isFile) {
    // A multipart whose parts can't be found: what is there is shown as text.
    if (part.type.startsWith('multipart/') && part.disposition !== 'attachment')
      into.pieces.push({ text: [{ ...part, type: 'text/plain' }], html: [] })
    else into.attachments.push(part)
  } else if (part.type === 'text/html') into.pieces.push({ text: [], html: [part] })
  else into.pieces.push({ text: [part], html: [] })
}

/** The best form of one text, and what else was put in among the forms. Apple Mail cuts the rich one at each picture. */
function collectForms(part: Part, into: Content, isRelated: boolean): void {
  const attachments: Part[] = []
  const forms = part.children.map((child) => {
    const inner: Content = { pieces: [], attachments }
    collect(child, inner, { isRelated, isForm: true })
    return inner.pieces
  })
  const hasHtml = (pieces: readonly Piece[]) => pieces.some((piece) => piece.html.length > 0)
  const plain = forms.findLast((pieces) => pieces.length > 0 && !hasHtml(pieces))
  const rich = forms.findLast(hasHtml)
  const text = (plain ?? rich ?? []).flatMap((piece) => piece.text)
  const html = (rich ?? []).flatMap((piece) => (piece.html.length > 0 ? piece.html : piece.text))
  if (plain !== undefined || rich !== undefined) into.pieces.push({ text, html })
  const isOther = (one: Part) => OTHER_FORMS.test(one.type) && !isNamed(one) && one.disposition !== 'attachment'
  const isRead = plain !== undefined || rich !== undefined
  into.attachments.push(...attachments.filter((one) => !(isRead && isOther(one))))
}

/** The part the others of a multipart/related belong to: the one it names, else the first (RFC 2387 §3.2). */
function rootOf(part: Part): Part | undefined {
  const start = part.typeParameters.get('start')?.replace(/^<|>$/g, '')
  return part.children.find((child) => start !== undefined && child.contentId === start) ?? part.children[0]
}

const escapeHtml = (text: string) =>
  text.replaceAll(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c)

const preformatted = (text: string) => `<pre style="white-space: pre-wrap">${escapeHtml(text)}</pre>`

/** Both forms of the body, null where the sender wrote nothing in that form, and the files written into the text. */
export interface Bodies {
  readonly text: string | null
  readonly html: string | null
  readonly files: readonly InlineFile[]
}

/** Reads the body. What is odd about its charsets goes to `notes`. */
export function bodies(raw: Uint8Array, pieces: readonly Piece[], notes?: Notes): Bodies {
  const hasText = pieces.some((piece) => piece.text.length > 0)
  const hasHtml = pieces.some((piece) => piece.html.length > 0)
  const text: string[] = []
  const html: string[] = []
  const files: InlineFile[] = []
  for (const piece of pieces) {
    const plain = piece.text.map((part) => plainOf(raw, part, files, notes))
    const rich = piece.html.map((part) =>
      part.type === 'text/html'
        ? clipped(decoded(raw, part, notes), notes)
        : preformatted(plainOf(raw, part, [], undefined)),
    )
    if (hasText) text.push(...(plain.length > 0 ? plain : rich.map(htmlToText)))
    if (hasHtml) html.push(...(rich.length > 0 ? rich : plain.map(preformatted)))
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
