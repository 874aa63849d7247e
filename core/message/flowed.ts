/** Joins flowed lines of one quote depth (RFC 3676 §4.2); a signature mark (`-- `) never flows. */
export function unflow(text: string, deletesSpace: boolean): string {
  const out: string[] = []
  let open: { depth: number; pieces: string[] } | undefined
  const shut = () => {
    if (open !== undefined) out.push(quoted(open.depth, open.pieces.join('')))
    open = undefined
  }
  for (const line of text.split('\n')) {
    let depth = 0
    while (line[depth] === '>') depth++
    let content = line.slice(depth)
    if (content.startsWith(' ')) content = content.slice(1) // space-stuffing
    const isSignature = content === '-- '
    if (open !== undefined && (open.depth !== depth || isSignature)) shut()
    const flows = content.endsWith(' ') && !isSignature
    const piece = flows && deletesSpace ? content.slice(0, -1) : content
    if (open === undefined) open = { depth, pieces: [piece] }
    else open.pieces.push(piece)
    if (!flows) shut()
  }
  shut()
  return out.join('\n')
}

const quoted = (depth: number, text: string) => (depth === 0 ? text : `${'>'.repeat(depth)} ${text}`)

/** RFC 3676 §4.2 has lines of at most 78 characters; 72 leave room for two more levels of quoting. */
const WIDTH = 72
const SIGNATURE = '-- '
/** A paragraph that is quoted deeper is not wrapped: each of its lines would begin with all the marks again. */
const MOST_DEPTH = 30

/**
 * Text as format=flowed (RFC 3676 §4): paragraphs, which have no line breaks, wrapped where a reader joins them again, and stuffed
 * with a space where a line would be taken for something else. `>` at the beginning of a line is a quote. Lines end in LF.
 */
export function flow(text: string): string {
  return text
    .split('\n')
    .map((line) => flowParagraph(line))
    .join('\n')
}

function flowParagraph(line: string): string {
  let at = 0
  let depth = 0
  for (; line[at] === '>'; depth++) at += line[at + 1] === ' ' ? 2 : 1
  const written = line.slice(at)
  const start = '>'.repeat(depth)
  if (written === SIGNATURE) return depth === 0 ? SIGNATURE : `${start} ${SIGNATURE}`
  // A space at the end would join this line with the next, which the writer has parted (§4.2).
  let end = written.length
  while (written[end - 1] === ' ') end--
  const content = written.slice(0, end)
  if (depth > MOST_DEPTH) return stuffed(content, start)
  return wrapped(content, WIDTH - (depth === 0 ? 0 : depth + 1))
    .map((piece) => stuffed(piece, start))
    .join('\n')
}

/** Cuts after spaces, so that each line but the last one ends in one. */
function wrapped(content: string, width: number): string[] {
  if (content.length <= width) return [content]
  const lines: string[] = []
  let now = ''
  for (const word of content.match(/ *[^ ]+ */g) ?? []) {
    // `-- ` on a line of its own would begin a signature.
    if (now !== '' && now.length + word.trimEnd().length > width && now !== SIGNATURE) {
      lines.push(now)
      now = ''
    }
    now += word
  }
  return [...lines, now]
}

function stuffed(piece: string, start: string): string {
  if (start !== '') return piece === '' ? start : `${start} ${piece}`
  return /^(?: |>|From )/.test(piece) ? ` ${piece}` : piece
}
