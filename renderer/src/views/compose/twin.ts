/** A piece of rich text as the editor gives it: a node with its children, or words with their marks. */
export interface RichNode {
  readonly type?: string | undefined
  readonly text?: string | undefined
  readonly attrs?: Attributes | undefined
  readonly marks?: readonly Mark[] | undefined
  readonly content?: readonly RichNode[] | undefined
}
type Attributes = Readonly<Record<string, unknown>>
interface Mark {
  readonly type: string
  readonly attrs?: Attributes | undefined
}

/** How words are set off where there are no looks, as people do it by hand. */
const SIGNS: Readonly<Record<string, string>> = { bold: '*', italic: '/', underline: '_', code: '`' }
const CODE_INDENT = '    '

/** The plain twin of a rich text: everything it says, in lines. */
export function twinOf(document: RichNode): string {
  return blocks(document.content ?? []).replace(/\n+$/, '')
}

/** True where nothing would be lost without looks: paragraphs, line breaks and quotes. Such a message goes as plain text. */
export function isPlain(document: RichNode): boolean {
  return (document.content ?? []).every((block) => {
    if (block.type === 'blockquote' || block.type === 'signature') return isPlain(block)
    if (block.type !== 'paragraph') return false
    return (block.content ?? []).every(
      (inline) => inline.type === 'hardBreak' || (inline.text !== undefined && isBare(inline)),
    )
  })
}

/** A link that is its own words needs no looks. */
const isBare = (inline: RichNode) =>
  (inline.marks ?? []).every((mark) => mark.type === 'link' && isSelf(inline.text ?? '', hrefOf(mark)))
const hrefOf = (mark: Mark) => String(mark.attrs?.['href'] ?? '')
const isSelf = (text: string, href: string) =>
  [href, href.replace(/^mailto:/, ''), href.replace(/^https?:\/\//, ''), `${href}/`].some(
    (one) => one.replace(/\/$/, '') === text.trim().replace(/\/$/, ''),
  )

function blocks(list: readonly RichNode[]): string {
  let out = ''
  for (const [at, node] of list.entries()) {
    const text = block(node)
    if (at === 0) out = text
    // A quote stands right below the line that says whose it is.
    else out += `${node.type === 'blockquote' && list[at - 1]?.type === 'paragraph' ? '\n' : '\n\n'}${text}`
  }
  return out
}

function block(node: RichNode): string {
  const children = node.content ?? []
  switch (node.type) {
    case 'heading': {
      const text = inlines(children)
      const line = node.attrs?.['level'] === 1 ? '=' : '-'
      // Two dashes alone begin a signature.
      return `${text}\n${line.repeat(Math.max(3, Math.min(60, text.length)))}`
    }
    case 'blockquote':
      return blocks(children)
        .split('\n')
        .map((line) => (line.startsWith('>') ? `>${line}` : line === '' ? '>' : `> ${line}`))
        .join('\n')
    case 'codeBlock':
      return inlines(children)
        .split('\n')
        .map((line) => CODE_INDENT + line)
        .join('\n')
    case 'bulletList':
      return children.map((item) => listItem(item, '- ')).join('\n')
    case 'orderedList': {
      const first = Number(node.attrs?.['start'] ?? 1)
      return children.map((item, at) => listItem(item, `${first + at}. `)).join('\n')
    }
    case 'signature':
      // RFC 3676 §4.3: the line that parts it from the text.
      return `-- \n${blocks(children)}`
    case 'horizontalRule':
      return '----------'
    default:
      return inlines(children)
  }
}

function listItem({ content = [] }: RichNode, sign: string): string {
  const isTight = content.every(({ type }) => type !== 'codeBlock')
  const lines = (isTight ? content.map(block).join('\n') : blocks(content)).split('\n')
  return lines.map((line, at) => (at === 0 ? sign : ' '.repeat(line === '' ? 0 : sign.length)) + line).join('\n')
}

function inlines(list: readonly RichNode[]): string {
  let out = ''
  let open: string[] = []
  for (const [at, node] of list.entries()) {
    const wanted = Object.keys(SIGNS).filter((name) => (node.marks ?? []).some(({ type }) => type === name))
    const kept = open.findIndex((name, n) => wanted[n] !== name)
    const end = kept < 0 ? open.length : kept
    // Marks end in the opposite order.
    for (const name of open.slice(end).toReversed()) out += SIGNS[name] ?? ''
    for (const name of wanted.slice(end)) out += SIGNS[name] ?? ''
    open = wanted
    if (node.type === 'hardBreak') out += '\n'
    else if (node.type === 'picture') out += `[${String(node.attrs?.['alt'] ?? '')}]`
    else out += node.text ?? ''
    const link = node.marks?.find(({ type }) => type === 'link')
    const next = list[at + 1]?.marks?.find(({ type }) => type === 'link')
    if (
      link !== undefined &&
      (next === undefined || hrefOf(next) !== hrefOf(link)) &&
      !isSelf(node.text ?? '', hrefOf(link))
    )
      out += ` <${hrefOf(link)}>`
  }
  for (const name of open.toReversed()) out += SIGNS[name] ?? ''
  return out
}

/** Quotes within quotes; marks beyond that stand as they are, for a page of strangers' making may have any number. */
const MOST_QUOTES = 50

/** Plain text as HTML for the editor: blank lines part paragraphs, `>` is a quote. */
export function htmlOfText(text: string, depth = 0): string {
  const lines = text.replaceAll(/\r\n?/g, '\n').split('\n')
  let html = ''
  let at = 0
  let said: string[] = []
  const flush = () => {
    if (said.length > 0)
      html += said
        .join('\n')
        .split('\n\n')
        .map((one) => `<p>${escaped(one).replaceAll('\n', '<br>')}</p>`)
        .join('')
    said = []
  }
  while (at < lines.length) {
    const line = lines[at] ?? ''
    if (!line.startsWith('>') || depth >= MOST_QUOTES) {
      said.push(line)
      at += 1
      continue
    }
    flush()
    const quoted: string[] = []
    while (lines[at]?.startsWith('>') === true) quoted.push((lines[at++] ?? '').replace(/^> ?/, ''))
    html += `<blockquote>${htmlOfText(quoted.join('\n'), depth + 1)}</blockquote>`
    // The blank line behind a quote parts it from what follows, and is no line of its own.
    if (lines[at] === '' && at + 1 < lines.length) at += 1
  }
  flush()
  return html
}

/** Text as it stands in HTML. Spaces that would fall together stay. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('  ', ' \u00a0')
}
