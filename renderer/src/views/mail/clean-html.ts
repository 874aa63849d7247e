import DOMPurify, { type Config } from 'dompurify'

/** A mail's HTML with nothing left that runs, sends or fetches. */
export interface CleanMail {
  readonly styles: readonly string[]
  readonly body: DocumentFragment
  readonly bodyStyle: string
  /** Pictures that would have been fetched from the network. */
  readonly remoteImages: number
  /** Hosts of those that can be loaded when somebody asks for it, each once. */
  readonly remoteHosts: readonly string[]
  /** Of these, the ones no eye can see: they tell the sender that the mail was opened. */
  readonly trackers: number
  /** Whom those would have told, each once. */
  readonly trackerHosts: readonly string[]
  /** What the author quotes, which can be folded. */
  readonly quotes: number
  /** Content-IDs of pictures that came with the mail. */
  readonly contentIds: ReadonlySet<string>
  /** True when the mail sets colours of its own, so it needs the white paper it was made for. */
  readonly hasColours: boolean
}

const CONFIG = {
  USE_PROFILES: { html: true },
  WHOLE_DOCUMENT: true,
  RETURN_DOM: true,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  FORBID_TAGS: ['form', 'input', 'button', 'select', 'option', 'optgroup', 'textarea', 'fieldset', 'label', 'datalist']
    .concat(['output', 'meter', 'progress', 'audio', 'video', 'source', 'track', 'picture', 'map', 'area', 'dialog'])
    .concat([
      'details',
      'summary',
      'menu',
      'meta',
      'link',
      'base',
      'iframe',
      'frame',
      'object',
      'embed',
      'template',
      'slot',
    ]),
  FORBID_ATTR: [
    'srcset',
    'ping',
    'action',
    'formaction',
    'poster',
    'autofocus',
    'tabindex',
    'contenteditable',
    'usemap',
    'id',
  ],
  // Every attribute value passes here, so what has no scheme at all must pass, too.
  ALLOWED_URI_REGEXP:
    /^(?:(?:https?|mailto|tel|cid):|data:image\/(?:png|jpe?g|gif|webp|bmp);|[^a-z]|[a-z+.-]+(?:[^a-z+.:-]|$))/i,
} satisfies Config

/** CSS without anything that loads: the frame's own policy refuses that too, this keeps it from being tried. */
export function cleanCss(css: string): string {
  return withoutLoadingRules(withoutComments(css)).replace(
    /(?:url|image|image-set|-webkit-image-set|cross-fade|element|src)\s*\([^)]*\)?/gi,
    'none',
  )
}

// By hand, for a regular expression begins anew at each mark: of 240 kB of them without an end that took seconds.
function withoutComments(css: string): string {
  const kept: string[] = []
  for (let at = 0; ;) {
    const begin = css.indexOf('/*', at)
    const end = begin < 0 ? -1 : css.indexOf('*/', begin + 2)
    if (end < 0) return [...kept, css.slice(at)].join('')
    kept.push(css.slice(at, begin))
    at = end + 2
  }
}

/** Without rules that load, up to their semicolon or the end of their block. */
function withoutLoadingRules(css: string): string {
  const kept: string[] = []
  const marks = /[;{]/g
  let from = 0
  // The next of each, looked for once.
  let mark = -1
  let shut = -1
  for (const { index, 0: name } of css.matchAll(/@(?:import|font-face|namespace)/gi)) {
    if (index < from) continue
    if (mark < index) {
      marks.lastIndex = index + name.length
      mark = marks.exec(css)?.index ?? Infinity
    }
    if (css[mark] === '{' && shut < mark) shut = css.indexOf('}', mark)
    if (css[mark] === '{' && shut < 0) shut = Infinity
    const end = css[mark] === '{' ? shut : mark
    if (end === Infinity) continue
    kept.push(css.slice(from, index))
    from = end + 1
  }
  return [...kept, css.slice(from)].join('')
}

const isRemote = (url: string) => /^\s*(?:https?:|\/\/|ftp:)/i.test(url)
const isInvisible = (image: Element) =>
  ['width', 'height'].some((side) => /^\s*[01](?:px)?\s*$/.test(image.getAttribute(side) ?? '')) ||
  /(?:^|;)\s*(?:width|height)\s*:\s*[01]px|display\s*:\s*none/i.test(image.getAttribute('style') ?? '')

/** Whom a picture would be asked of; undefined where nobody may be. */
function hostOf(src: string): string | undefined {
  const url = /^\s*https:/i.test(src) && URL.canParse(src.trim()) ? new URL(src.trim()) : undefined
  return url === undefined || url.hostname === '' ? undefined : url.hostname
}

/** Cleans a mail's HTML. `open` makes links and pictures of the mail into what the window shows. */
export function cleanHtml(html: string): CleanMail {
  const contentIds = new Set<string>()
  let remoteImages = 0
  let trackers = 0
  const trackerHosts = new Set<string>()
  const hosts = new Set<string>()
  const root = DOMPurify.sanitize(html, CONFIG) as unknown as HTMLElement

  for (const image of root.querySelectorAll('img')) {
    const src = image.getAttribute('src') ?? ''
    image.removeAttribute('src')
    if (isInvisible(image) && !/^(?:cid|data):/i.test(src)) {
      trackers += 1
      const host = URL.canParse(src.trim()) ? new URL(src.trim()).hostname : ''
      if (host !== '') trackerHosts.add(host)
      image.remove()
    } else if (/^cid:/i.test(src)) {
      const contentId = decode(src.slice(4))
      contentIds.add(contentId)
      image.dataset['cid'] = contentId
    } else if (/^data:/i.test(src)) image.setAttribute('src', src)
    else {
      // DOMPurify lets http(s) through so that it can be counted here; what is left has no address at all, but for a note
      // of it where the engine may be asked for the picture.
      if (isRemote(src)) remoteImages += 1
      const host = hostOf(src)
      if (host !== undefined) hosts.add(host)
      image.dataset['remote'] = host === undefined ? '' : src.trim()
    }
  }
  for (const element of root.querySelectorAll('[background]')) {
    if (isRemote(element.getAttribute('background') ?? '')) remoteImages += 1
    element.removeAttribute('background')
  }
  for (const element of root.querySelectorAll<HTMLElement>('[style]')) {
    const style = element.getAttribute('style') ?? ''
    if (/url\s*\(\s*['"]?\s*(?:https?:|\/\/)/i.test(style)) remoteImages += 1
    element.setAttribute('style', cleanCss(style))
  }
  for (const link of root.querySelectorAll('a')) {
    link.removeAttribute('target')
    link.setAttribute('rel', 'noopener noreferrer nofollow')
  }
  const styles = [...root.querySelectorAll('style')].map((style) => {
    const css = cleanCss(style.textContent)
    style.remove()
    return css
  })
  const body = root.querySelector('body') ?? root
  const bodyStyle = [
    body.getAttribute('style') ?? '',
    colour('background-color', body.getAttribute('bgcolor')),
    colour('color', body.getAttribute('text')),
  ]
    .filter((part) => part !== '')
    .join(';')
  const quotes = markQuotes(body)
  const fragment = document.createDocumentFragment()
  fragment.append(...body.childNodes)
  const holder = root.querySelector('[bgcolor], [color], font[color]')
  const css = [
    ...styles,
    bodyStyle,
    ...[...fragment.querySelectorAll('[style]')].map((e) => e.getAttribute('style') ?? ''),
  ]
  const hasColours =
    holder !== null ||
    fragment.querySelector('[bgcolor], [color]') !== null ||
    css.some((one) => /(?:^|[;{\s-])(?:color|background(?:-color)?)\s*:/i.test(one))
  return {
    styles,
    body: fragment,
    bodyStyle,
    remoteImages,
    remoteHosts: [...hosts],
    trackers,
    trackerHosts: [...trackerHosts],
    quotes,
    contentIds,
    hasColours,
  }
}

/** How mail programs mark what an answer quotes. */
const QUOTES =
  'blockquote[type="cite" i], .gmail_quote, .gmail_quote_container, .yahoo_quoted, .protonmail_quote, .moz-cite'
/** A shorter quotation is no trouble to anybody. */
const LEAST_QUOTED = 200

/** Marks the quotations that can be folded: long ones that stand behind words of the author's own. Returns how many. */
function markQuotes(body: Element): number {
  let found = 0
  for (const quote of body.querySelectorAll<HTMLElement>(QUOTES)) {
    if ((quote.parentElement?.closest('[data-quote]') ?? null) !== null) continue
    if ((quote.textContent ?? '').trim().length < LEAST_QUOTED) continue
    const before = document.createRange()
    before.setStart(body, 0)
    before.setEndBefore(quote)
    if (before.toString().trim() === '') continue
    quote.dataset['quote'] = ''
    found += 1
  }
  return found
}

const colour = (property: string, value: string | null) =>
  value !== null && /^#?[\w]{3,20}$/.test(value) ? `${property}:${value}` : ''

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
