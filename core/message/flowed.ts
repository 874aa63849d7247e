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
