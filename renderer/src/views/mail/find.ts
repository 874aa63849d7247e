/** Finding words in what is read, across its plain texts and its frames, by the CSS Custom Highlight API. */

/** Elements that part text from text. */
const BLOCK =
  'address,article,aside,blockquote,br,caption,dd,div,dl,dt,figure,footer,h1,h2,h3,h4,h5,h6,header,hr,li,main,ol,p,pre,section,table,tbody,td,tfoot,th,thead,tr,ul'
/** More are not counted. */
export const MOST_FOUND = 1000

/** What is found as one: its range, and the document it is in. */
export type Found = Range

/** One character without case and accents; of what has another length then, its lower case or itself. */
function fold(character: string): string {
  const bare = character.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
  return bare.length === character.length ? bare : character
}

/** A text as it is compared: as long as before. */
export function foldText(text: string): string {
  // eslint-disable-next-line no-control-regex -- all of ASCII
  return /^[\x00-\x7f]*$/.test(text) ? text.toLowerCase() : Array.from(text, fold).join('')
}

/** Where the words stand in an element, in order; white space in them is any. */
export function findIn(root: Element, words: string): Found[] {
  const wanted = foldText(words).trim().replaceAll(/\s+/g, ' ')
  if (wanted === '') return []
  const page = root.ownerDocument
  const walker = page.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  const nodes: { readonly node: Text; readonly from: number }[] = []
  let text = ''
  let block: Element | null | undefined
  for (let node = walker.nextNode() as Text | null; node !== null; node = walker.nextNode() as Text | null) {
    const parent = node.parentElement
    if (parent === null || parent.closest('style,script,.sr,[hidden],[data-folded]') !== null) continue
    const here = parent.closest(BLOCK)
    // Words of two paragraphs are no phrase.
    if (block !== undefined && here !== block) text += '\n'
    block = here
    nodes.push({ node, from: text.length })
    text += node.data
  }
  const folded = foldText(text).replaceAll(/[^\S\n]/g, ' ')
  const found: Found[] = []
  for (
    let at = folded.indexOf(wanted);
    at >= 0 && found.length < MOST_FOUND;
    at = folded.indexOf(wanted, at + wanted.length)
  ) {
    const range = page.createRange()
    const [start, end] = [placeOf(nodes, at), placeOf(nodes, at + wanted.length - 1)]
    if (start === undefined || end === undefined) continue
    range.setStart(start.node, start.offset)
    range.setEnd(end.node, end.offset + 1)
    found.push(range)
  }
  return found
}

function placeOf(nodes: readonly { readonly node: Text; readonly from: number }[], at: number) {
  let low = 0
  let high = nodes.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((nodes[middle]?.from ?? 0) <= at) low = middle
    else high = middle - 1
  }
  const found = nodes[low]
  if (found === undefined) return undefined
  const offset = at - found.from
  return offset < found.node.length ? { node: found.node, offset } : undefined
}

type Painter = Window & typeof globalThis
const NAMES = ['found', 'found-now'] as const

/** Paints what was found in all of its documents, and the one that is looked at now. */
export function paint(found: readonly Found[], now: Found | undefined, pages: readonly Document[]): void {
  for (const page of pages) {
    const view = page.defaultView as Painter | null
    if (view === null) continue
    const here = found.filter((range) => range.startContainer.ownerDocument === page)
    for (const name of NAMES) view.CSS.highlights.delete(name)
    if (here.length > 0) view.CSS.highlights.set('found', new view.Highlight(...here))
    if (now !== undefined && here.includes(now)) {
      const highlight = new view.Highlight(now)
      highlight.priority = 1
      view.CSS.highlights.set('found-now', highlight)
    }
  }
}

/** How far down a range is in the window, also one within a frame. */
export function topOf(range: Found): number {
  const frame = range.startContainer.ownerDocument?.defaultView?.frameElement
  const offset = frame?.getBoundingClientRect().top ?? 0
  return offset + range.getBoundingClientRect().top
}
