import { useEffect, useMemo, useRef, useState } from 'react'
import { size } from '../../format/size.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { cleanHtml, type CleanMail } from './clean-html.ts'
import { t } from '../../words/words.ts'

interface Props {
  readonly html: string
  /** The address of a picture that came with the mail, or undefined when there is none of that Content-ID. */
  readonly imageOf: (contentId: string) => Promise<string | undefined>
  /** The address of a picture of the web, fetched by the engine; undefined where it can't be had. */
  readonly remoteOf: (url: string) => Promise<string | undefined>
  /** Whose mail this is; '' where nobody says. */
  readonly author: string
  /** Its author's pictures are loaded at once. */
  readonly isTrusted: boolean
  readonly onTrust: () => void
  readonly onLink: (link: { href: string; text: string }) => void
  /** Somebody clicked in it. */
  readonly onTouch: () => void
}

/** Of a longer mail the beginning is shown until somebody asks for all: cleaning and laying out ten megabytes takes seconds. */
const LONGEST_HTML = 256 * 1024

/** No mail is taller than this on the page: beyond it the frame scrolls by itself. */
const TALLEST_PX = 40_000

/** The colours and fonts of the window, for a mail that brings none. */
function paper(hasColours: boolean): string {
  const style = getComputedStyle(document.documentElement)
  const of = (name: string) => style.getPropertyValue(name).trim()
  const ink = hasColours
    ? 'color-scheme: light; color: #171c23; background: #ffffff;'
    : `color-scheme: ${of('color-scheme') || 'light'}; color: ${of('--text')}; background: transparent;`
  return `
    html { ${ink} }
    body { display: flow-root; margin: 0; padding: ${hasColours ? '16px' : '0'}; overflow-wrap: anywhere; font: 15px/1.6 ${of('--font-ui')}; }
    a { color: ${hasColours ? '#7a5600' : of('--accent-text')}; cursor: pointer; }
    img { max-width: 100%; height: auto; }
    img[data-remote] { outline: 1px dashed #818b98; min-width: 16px; min-height: 16px; }
    table { max-width: 100%; }
    td, th { overflow-wrap: break-word; }
    pre { white-space: pre-wrap; }
    blockquote { margin: 0.8em 0; padding-left: 12px; border-left: 2px solid ${hasColours ? '#cbd1d9' : of('--border-strong')}; }
    body > :first-child { margin-top: 0; }
    [data-quote][data-folded] { display: none !important; }
    button[data-unfold] { all: unset; box-sizing: border-box; display: block; width: fit-content; min-height: 24px; margin: 8px 0; padding: 2px 8px; cursor: pointer;
      border-radius: 6px; font: 12px/20px ${of('--font-ui')}; color: ${hasColours ? '#525c69' : of('--text-quiet')}; background: ${hasColours ? '#f1f3f6' : of('--surface-sunk')}; }
    button[data-unfold]:focus-visible { outline: 2px solid ${hasColours ? '#7a5600' : of('--focus')}; }
    ::highlight(found) { background: #ffe08a; color: #171c23; }
    ::highlight(found-now) { background: #ff9a3d; color: #171c23; }
    :root { overflow-x: auto; overflow-y: hidden; }
  `
}

/**
 * A mail's own HTML. It is cleaned in the window and its nodes are put into an empty page of the host that has a policy
 * of its own; that page may run no script at all, so clicks are heard from out here.
 */
export function MailFrame({ html, imageOf, remoteOf, author, isTrusted, onTrust, onLink, onTouch }: Props) {
  const frame = useRef<HTMLIFrameElement>(null)
  const [loaded, setLoaded] = useState(0)
  const [height, setHeight] = useState(80)
  const [showsAll, setShowsAll] = useState(false)
  const isCut = html.length > LONGEST_HTML && !showsAll
  const clean = useMemo(() => cleanHtml(isCut ? beginningOf(html) : html), [html, isCut])
  const [asked, setAsked] = useState(false)
  const loads = isTrusted || asked
  const latest = useRef({ imageOf, remoteOf, onLink, onTouch })
  latest.current = { imageOf, remoteOf, onLink, onTouch }

  useEffect(() => {
    const page = frame.current?.contentDocument
    if (loaded === 0 || !page?.body) return
    const stop = new AbortController()
    fill(page, clean, latest.current.imageOf, stop.signal)
    page.addEventListener(
      'click',
      (event) => {
        const target = event.target as Element | null
        latest.current.onTouch()
        const unfold = target?.closest?.('button[data-unfold]')
        if (unfold) {
          unfold.nextElementSibling?.removeAttribute('data-folded')
          unfold.remove()
        }
        const anchor = target?.closest?.('a[href]')
        // No click in a mail does anything by itself.
        event.preventDefault()
        if (anchor) latest.current.onLink({ href: anchor.getAttribute('href') ?? '', text: anchor.textContent })
      },
      { signal: stop.signal },
    )
    // A key pressed in the mail is meant for the window; what the window has no use for scrolls and copies here.
    page.addEventListener(
      'keydown',
      (event) => {
        const { key, ctrlKey, metaKey, altKey, shiftKey } = event
        if (key === 'Tab') return
        const same = { key, ctrlKey, metaKey, altKey, shiftKey, bubbles: true, cancelable: true }
        if (frame.current?.dispatchEvent(new KeyboardEvent('keydown', same)) === false) event.preventDefault()
      },
      { signal: stop.signal },
    )
    // Light, dark, or paper: the mail's page knows nothing of the window's theme but what it is told.
    const dress = () => {
      const sheet = page.head.firstElementChild
      if (sheet !== null) sheet.textContent = paper(clean.hasColours)
    }
    const themes = new MutationObserver(dress)
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', dress, { signal: stop.signal })
    const measure = () => setHeight(Math.min(TALLEST_PX, Math.max(40, Math.ceil(page.body.scrollHeight))))
    const observer = new ResizeObserver(measure)
    observer.observe(page.body)
    measure()
    return () => {
      stop.abort()
      observer.disconnect()
      themes.disconnect()
    }
  }, [clean, loaded])

  useEffect(() => {
    const page = frame.current?.contentDocument
    if (loaded === 0 || !loads || !page?.body) return undefined
    const stop = new AbortController()
    void loadRemote(page, latest.current.remoteOf, stop.signal)
    return () => stop.abort()
  }, [clean, loaded, loads])

  return (
    <>
      <RemoteNote clean={clean} loads={loads} author={author} onLoad={() => setAsked(true)} onTrust={onTrust} />
      <iframe
        ref={frame}
        className="mail-frame"
        data-paper={clean.hasColours || undefined}
        title={t('Message text')}
        sandbox="allow-same-origin"
        src="frame.html"
        style={{ height }}
        onLoad={() => setLoaded((n) => n + 1)}
      />
      {isCut ? (
        <div className="banner" role="status">
          <Icon name="file" />
          <span className="grow">
            {t('This message is long: {size}. Its beginning is shown.', { size: size(html.length) })}
          </span>
          <Button kind="plain" onClick={() => setShowsAll(true)}>
            {t('Show all of it')}
          </Button>
        </div>
      ) : null}
    </>
  )
}

/** The beginning of a long mail, up to the end of a tag. */
function beginningOf(html: string): string {
  const end = html.lastIndexOf('>', LONGEST_HTML)
  return html.slice(0, end > 0 ? end + 1 : LONGEST_HTML)
}

/** Folds what the author quotes behind a button; the page itself runs nothing, its clicks are heard from out here. */
function foldQuotes(page: Document): void {
  for (const quote of page.querySelectorAll<HTMLElement>('[data-quote]')) {
    const button = page.createElement('button')
    button.type = 'button'
    button.dataset['unfold'] = ''
    button.textContent = t('Show quoted text')
    quote.dataset['folded'] = ''
    quote.before(button)
  }
}

function fill(page: Document, clean: CleanMail, imageOf: Props['imageOf'], signal: AbortSignal) {
  const sheets = [paper(clean.hasColours), ...clean.styles].map((css) => {
    const sheet = page.createElement('style')
    sheet.textContent = css
    return sheet
  })
  page.head.replaceChildren(...sheets)
  page.body.setAttribute('style', clean.bodyStyle)
  page.body.replaceChildren(page.importNode(clean.body, true))
  foldQuotes(page)
  for (const image of page.querySelectorAll<HTMLImageElement>('img[data-cid]'))
    void imageOf(image.dataset['cid'] ?? '').then((url) => {
      if (!signal.aborted && url !== undefined) image.src = url
    })
}

/** Pictures of the web, a few at a time: each tells its host that the message is read. */
async function loadRemote(page: Document, remoteOf: Props['remoteOf'], signal: AbortSignal): Promise<void> {
  const images = [...page.querySelectorAll<HTMLImageElement>('img[data-remote^="https:" i]')]
  const next = async (): Promise<void> => {
    const image = images.shift()
    if (image === undefined || signal.aborted) return
    const url = await remoteOf(image.dataset['remote'] ?? '')
    if (signal.aborted) return
    if (url !== undefined) {
      image.src = url
      delete image.dataset['remote']
    }
    return next()
  }
  await Promise.all(Array.from({ length: 4 }, next))
}

interface NoteProps {
  readonly clean: CleanMail
  readonly loads: boolean
  readonly author: string
  readonly onLoad: () => void
  readonly onTrust: () => void
}

/** What was not loaded, and who would hear of it if it were. */
function RemoteNote({ clean, loads, author, onLoad, onTrust }: NoteProps) {
  const { remoteImages: images, trackers, remoteHosts: hosts, trackerHosts } = clean
  if (images === 0 && trackers === 0) return null
  const count = hosts.length
  return (
    <div className="banner remote" role="status">
      <Icon name="image-off" />
      <span className="grow">
        {images === 0
          ? null
          : loads
            ? t('{images, plural, one {# remote picture asked for.} other {# remote pictures asked for.}}', { images })
            : t('{images, plural, one {# remote picture not loaded.} other {# remote pictures not loaded.}}', {
                images,
              })}{' '}
        {trackers === 0
          ? null
          : t('{trackers, plural, one {# tracking pixel removed.} other {# tracking pixels removed.}}', {
              trackers,
            })}{' '}
        {!loads
          ? t('Nobody was told that you read this.')
          : count === 0
            ? null
            : t(
                '{count, plural, one {# host was told that somebody reads this, and no more.} other {# hosts were told that somebody reads this, and no more.}}',
                { count },
              )}
        {count === 0 && trackerHosts.length === 0 ? null : (
          <details className="hosts">
            <summary>{loads ? t('Who was told') : t('Who would be told')}</summary>
            <ul>
              {hosts.map((host) => (
                <li key={host} className="mono">
                  {visible(host)}
                </li>
              ))}
              {trackerHosts.map((host) => (
                <li key={`pixel ${host}`}>
                  <span className="mono">{visible(host)}</span>{' '}
                  <span className="quiet">{t('(only by a tracking pixel: never told)')}</span>
                </li>
              ))}
            </ul>
          </details>
        )}
      </span>
      {loads || count === 0 ? null : (
        <span className="acts">
          <Button kind="plain" onClick={onLoad}>
            {t('Load pictures')}
          </Button>
          {author === '' ? null : (
            <Button kind="plain" onClick={onTrust}>
              {t('Always from {author}', { author: visible(author) })}
            </Button>
          )}
        </span>
      )}
    </div>
  )
}
