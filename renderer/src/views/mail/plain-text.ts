/** A piece of a plain text: words, or a link. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string }

/** Lines that belong together: said by the author, quoted (with the depth of the quotation), or the signature. */
export interface Block {
  readonly kind: 'said' | 'quoted' | 'signature'
  readonly depth: number
  readonly lines: readonly string[]
}

const QUOTE = /^((?:> ?)+)/

/** A plain text in blocks. The signature begins at the line `-- ` (RFC 3676 §4.3). */
export function blocksOf(text: string): Block[] {
  const blocks: { kind: Block['kind']; depth: number; lines: string[] }[] = []
  let inSignature = false
  for (const line of text.replace(/\r\n?/g, '\n').replace(/\n+$/, '').split('\n')) {
    const quote = QUOTE.exec(line)?.[1] ?? ''
    const depth = quote.replaceAll(' ', '').length
    if (depth === 0 && line === '-- ') {
      inSignature = true
      blocks.push({ kind: 'signature', depth: 0, lines: [] })
      continue
    }
    const kind = depth > 0 ? 'quoted' : inSignature ? 'signature' : 'said'
    const last = blocks.at(-1)
    const said = line.slice(quote.length)
    if (last?.kind === kind && last.depth === depth) last.lines.push(said)
    else blocks.push({ kind, depth, lines: [said] })
  }
  return blocks
}

/** Nothing invisible and nothing that turns the line around is part of a link: one must see where it leads. */
const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"'`{}|\\^\p{Cc}\p{Cf}]{2,2000}|\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+/giu

/** A line in words and links. Punctuation that ends a sentence is no part of a link. */
export function piecesOf(line: string): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const match of line.matchAll(LINK)) {
    let text = match[0].replace(/[.,;:!?…]+$/, '')
    if (text.endsWith(')') && !text.includes('(')) text = text.slice(0, -1)
    if (match.index > from) pieces.push({ kind: 'text', text: line.slice(from, match.index) })
    const href = /^https?:/i.test(text) ? text : /^www\./i.test(text) ? `https://${text}` : `mailto:${text}`
    pieces.push({ kind: 'link', text, href })
    from = match.index + text.length
  }
  if (from < line.length) pieces.push({ kind: 'text', text: line.slice(from) })
  return pieces
}
