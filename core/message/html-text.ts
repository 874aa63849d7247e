/**
 * Words of an HTML body for search and previews, not for showing: one pass over the text, no tree, so that nothing a sender
 * writes costs more than its length. What the window shows is cleaned there, by a real parser.
 */

/** Elements whose content is not for people. */
const HIDDEN = new Set(['script', 'style', 'head', 'title', 'template', 'noscript', 'svg', 'math', 'object', 'iframe'])
const BLOCKS =
  /^(?:p|div|br|hr|tr|table|ul|ol|li|dl|dt|dd|h[1-6]|pre|section|article|header|footer|address|form|figure)$/
const CELLS = /^(?:td|th|option)$/

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  ensp: ' ',
  emsp: ' ',
  thinsp: ' ',
  shy: '',
  zwnj: '',
  zwj: '',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  bull: '•',
  middot: '·',
  lsquo: '‘',
  rsquo: '’',
  sbquo: '‚',
  ldquo: '“',
  rdquo: '”',
  bdquo: '„',
  laquo: '«',
  raquo: '»',
  euro: '€',
  pound: '£',
  yen: '¥',
  cent: '¢',
  copy: '©',
  reg: '®',
  trade: '™',
  deg: '°',
  sect: '§',
  para: '¶',
  times: '×',
  divide: '÷',
  plusmn: '±',
  frac12: '½',
  szlig: 'ß',
  aelig: 'æ',
  AElig: 'Æ',
  oslash: 'ø',
  Oslash: 'Ø',
  eth: 'ð',
  thorn: 'þ',
  iexcl: '¡',
  iquest: '¿',
}
/** `&eacute;` and its like: a letter and the mark it carries. */
const MARKS: Readonly<Record<string, string>> = {
  acute: '\u0301',
  grave: '\u0300',
  circ: '\u0302',
  uml: '\u0308',
  tilde: '\u0303',
  ring: '\u030a',
  cedil: '\u0327',
  caron: '\u030c',
}

/** Where what is quoted begins and ends, until lines are put together; no text of a sender holds them. */
const QUOTE = '\u0001'
const UNQUOTE = '\u0002'
const DEEPEST_QUOTE = 9

/** The text of an HTML body, lines where blocks are, `>` before what is quoted, other white space as one space. */
export function htmlToText(html: string): string {
  const out: string[] = []
  /** The element that hides all until it ends. */
  let hiding = ''
  for (let at = 0; at < html.length;) {
    const open = html.indexOf('<', at)
    const end = open < 0 ? html.length : open
    if (hiding === '' && end > at) out.push(html.slice(at, end).replaceAll(/[\s\u0001\u0002]+/g, ' '))
    if (open < 0) break
    const tag = tagAt(html, open)
    at = tag.next
    if (tag.name === '') {
      if (hiding === '' && tag.isText) out.push('<')
      continue
    }
    if (hiding !== '') {
      if (tag.isEnd && tag.name === hiding) hiding = ''
      // An unclosed head ends where the body begins, as browsers have it.
      else if (hiding === 'head' && tag.name === 'body') hiding = ''
      continue
    }
    const isEmpty = /^(?:svg|math)$/.test(tag.name) && html[at - 2] === '/'
    if (!tag.isEnd && !isEmpty && HIDDEN.has(tag.name)) hiding = tag.name
    else if (tag.name === 'blockquote') out.push(tag.isEnd ? `${UNQUOTE}\n` : `\n${QUOTE}`)
    else if (BLOCKS.test(tag.name)) out.push('\n')
    else if (CELLS.test(tag.name)) out.push(' ')
  }
  return tidy(decodeEntities(out.join('')))
}

interface Tag {
  /** In lower case; '' for a comment, a declaration, or a `<` that begins nothing. */
  readonly name: string
  readonly isEnd: boolean
  readonly isText: boolean
  readonly next: number
}
const TAG_NAME = /<(\/?)([a-z][a-z0-9:-]{0,40})/iy

function tagAt(html: string, at: number): Tag {
  const after = (mark: string, from: number) => {
    const end = html.indexOf(mark, from)
    return end < 0 ? html.length : end + mark.length
  }
  if (html.startsWith('<!--', at)) return { name: '', isEnd: false, isText: false, next: after('-->', at + 4) }
  TAG_NAME.lastIndex = at
  const match = TAG_NAME.exec(html)
  if (match === null) {
    const isMarkup = html[at + 1] === '!' || html[at + 1] === '?' || html[at + 1] === '/'
    return { name: '', isEnd: false, isText: !isMarkup, next: isMarkup ? after('>', at) : at + 1 }
  }
  const name = (match[2] ?? '').toLowerCase()
  return { name, isEnd: match[1] === '/', isText: false, next: after('>', at + match[0].length) }
}

function decodeEntities(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,8})|#x([0-9a-f]{1,6})|([a-z]{2,8}\d{0,2}));?/gi, (whole, dec, hex, name) => {
    if (dec !== undefined) return characterOf(Number.parseInt(dec as string, 10))
    if (hex !== undefined) return characterOf(Number.parseInt(hex as string, 16))
    const known = NAMED[name as string]
    if (known !== undefined) return known
    const marked = /^([a-z])(acute|grave|circ|uml|tilde|ring|cedil|caron)$/i.exec(name as string)
    const mark = MARKS[marked?.[2] ?? '']
    return mark === undefined ? (whole as string) : `${marked?.[1] ?? ''}${mark}`.normalize('NFC')
  })
}

function characterOf(code: number): string {
  if (code === 1 || code === 2) return ' '
  return code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? '\ufffd' : String.fromCodePoint(code)
}

function tidy(text: string): string {
  let depth = 0
  const lines = text.split('\n').map((line) => {
    depth += countOf(line, QUOTE)
    const words = line.replaceAll(/[ \t\u00a0\u0001\u0002]+/g, ' ').trim()
    const marks = words === '' || depth <= 0 ? '' : `${'>'.repeat(Math.min(depth, DEEPEST_QUOTE))} `
    depth = Math.max(0, depth - countOf(line, UNQUOTE))
    return marks + words
  })
  return lines
    .filter((line, n) => line !== '' || (n > 0 && lines[n - 1] !== ''))
    .join('\n')
    .trim()
}

const countOf = (line: string, mark: string) => (line.includes(mark) ? line.split(mark).length - 1 : 0)
