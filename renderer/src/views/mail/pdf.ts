import type * as PdfJs from 'pdfjs-dist'

/** A larger file is saved and opened elsewhere. */
export const MOST_PDF_BYTES = 64 * 1024 * 1024
/** More pages are not shown. */
export const MOST_PAGES = 500
/** Of a page more links are none. */
const MOST_LINKS = 300
/** A picture of more pixels is left out of its page, and no page is drawn larger. */
const MOST_PIXELS = 32 * 1024 * 1024
/** Opening, or drawing one page, that takes longer has something against us. */
const LONGEST_MS = 20_000

/** What is wrong with a file, or with the password that was given for it. */
export type PdfTrouble = 'damaged' | 'slow' | 'locked' | 'wrong-password'

/** Thrown where a file can't be shown. */
export class PdfError extends Error {
  readonly trouble: PdfTrouble
  constructor(trouble: PdfTrouble) {
    super(trouble)
    this.trouble = trouble
  }
}

/** A place of a page that leads somewhere: to an address, or to another page. Left and top are shares of the page. */
export interface PdfLink {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly to: { readonly href: string; readonly text: string } | { readonly page: number }
}

/** A file that is open. Whatever it is made of is read and drawn in threads of its own, which end when it is closed. */
export interface OpenPdf {
  readonly pages: number
  /** Width and height of a page in points. */
  size(page: number): Promise<{ readonly width: number; readonly height: number }>
  /** Draws a page so many times its size. Throws `PdfError` where that takes too long; the file is closed then. */
  draw(page: number, scale: number, canvas: HTMLCanvasElement, signal: AbortSignal): Promise<void>
  /** Lays the page's words, which cannot be seen, over where they are drawn, to be selected and read aloud. */
  write(page: number, scale: number, layer: HTMLElement, signal: AbortSignal): Promise<void>
  links(page: number): Promise<readonly PdfLink[]>
  close(): void
}

/**
 * Opens a PDF. Nothing in it runs: its scripts are never handed to anything that could, its forms are pictures, and what it needs
 * besides its own bytes (fonts that everybody has, tables of Asian characters) comes from our own files. Throws `PdfError`.
 */
export async function openPdf(bytes: Uint8Array, password: string | undefined, signal: AbortSignal): Promise<OpenPdf> {
  const [pdfjs, { default: Reading }, { default: Drawing }] = await Promise.all([
    import('pdfjs-dist/legacy/build/pdf.mjs'),
    import('pdfjs-dist/legacy/build/pdf.worker.min.mjs?worker'),
    import('pdfjs-dist/legacy/build/pdf.renderer.min.mjs?worker'),
  ])
  signal.throwIfAborted()
  const threads = [new Reading(), new Drawing()] as const
  const files = new URL('pdf/', document.baseURI).href
  pdfjs.GlobalWorkerOptions.rendererPorts = [threads[1]]
  const worker = pdfjs.PDFWorker.create({ port: threads[0], verbosity: pdfjs.VerbosityLevel.ERRORS })
  const task = pdfjs.getDocument({
    data: bytes,
    worker,
    password,
    verbosity: pdfjs.VerbosityLevel.ERRORS,
    cMapUrl: `${files}cmaps/`,
    standardFontDataUrl: `${files}fonts/`,
    wasmUrl: `${files}decoders/`,
    useWorkerFetch: true,
    // The window's policy lets nothing be compiled; for the two kinds of pictures that need a decoder there is one in JavaScript.
    useWasm: false,
    // What a system has tells who somebody is, and a missing one looks different everywhere.
    useSystemFonts: false,
    enableXfa: false,
    maxImageSize: MOST_PIXELS,
    canvasMaxAreaInBytes: MOST_PIXELS * 4,
  })
  const close = () => {
    void task.destroy().catch(() => undefined)
    for (const thread of threads) thread.terminate()
  }
  task.onPassword = () => {
    throw new PdfError(password === undefined ? 'locked' : 'wrong-password')
  }
  try {
    return toOpen(await inTime(task.promise, signal), pdfjs, close)
  } catch (error) {
    close()
    if (error instanceof PdfError) throw error
    if (error instanceof pdfjs.PasswordException)
      throw new PdfError(password === undefined ? 'locked' : 'wrong-password')
    throw new PdfError('damaged')
  }
}

/** What `promise` gives, unless it takes too long or nobody waits any more. */
async function inTime<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const ending = Promise.withResolvers<never>()
  const stop = () => ending.reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  timer = setTimeout(() => ending.reject(new PdfError('slow')), LONGEST_MS)
  try {
    return await Promise.race([promise, ending.promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

function toOpen(file: PdfJs.PDFDocumentProxy, pdfjs: typeof PdfJs, close: () => void): OpenPdf {
  const asked = new AbortController()
  const of = (page: number) => inTime(file.getPage(page), asked.signal)
  return {
    pages: file.numPages,
    async size(page) {
      const { width, height } = (await of(page)).getViewport({ scale: 1 })
      return { width, height }
    },
    async draw(page, scale, canvas, signal) {
      const one = await of(page)
      const { width, height } = one.getViewport({ scale: 1 })
      const viewport = one.getViewport({ scale: Math.min(scale, Math.sqrt(MOST_PIXELS / Math.max(1, width * height))) })
      canvas.width = Math.max(1, Math.floor(viewport.width))
      canvas.height = Math.max(1, Math.floor(viewport.height))
      const run = one.render({ canvas, viewport, annotationMode: pdfjs.AnnotationMode.ENABLE })
      const stop = () => run.cancel()
      signal.addEventListener('abort', stop, { once: true })
      try {
        await inTime(run.promise, signal)
      } catch (error) {
        if (error instanceof PdfError) close()
        throw error
      } finally {
        signal.removeEventListener('abort', stop)
        one.cleanup()
      }
    },
    async write(page, scale, layer, signal) {
      const one = await of(page)
      const viewport = one.getViewport({ scale })
      layer.style.setProperty('--total-scale-factor', String(scale * one.userUnit))
      const text = new pdfjs.TextLayer({ textContentSource: one.streamTextContent(), container: layer, viewport })
      const stop = () => text.cancel()
      signal.addEventListener('abort', stop, { once: true })
      await inTime(text.render(), signal).finally(() => signal.removeEventListener('abort', stop))
    },
    async links(page) {
      return linksOf(file, await of(page))
    },
    close() {
      asked.abort()
      close()
    },
  }
}

interface Annotation {
  readonly subtype?: unknown
  readonly rect?: unknown
  readonly url?: unknown
  readonly dest?: unknown
}

async function linksOf(file: PdfJs.PDFDocumentProxy, page: PdfJs.PDFPageProxy): Promise<readonly PdfLink[]> {
  const all = (await page.getAnnotations({ intent: 'display' })) as readonly Annotation[]
  const viewport = page.getViewport({ scale: 1 })
  const words = all.length === 0 ? [] : (await page.getTextContent()).items
  const links: PdfLink[] = []
  for (const { subtype, rect, url, dest } of all) {
    if (links.length === MOST_LINKS) break
    if (subtype !== 'Link' || !isRect(rect)) continue
    const to = typeof url === 'string' ? { href: url, text: wordsIn(rect, words) } : await pageOf(file, dest)
    if (to === undefined) continue
    const [x1, y1] = pointOf(viewport.convertToViewportPoint(rect[0], rect[1]))
    const [x2, y2] = pointOf(viewport.convertToViewportPoint(rect[2], rect[3]))
    links.push({
      left: Math.min(x1, x2) / viewport.width,
      top: Math.min(y1, y2) / viewport.height,
      width: Math.abs(x2 - x1) / viewport.width,
      height: Math.abs(y2 - y1) / viewport.height,
      to,
    })
  }
  return links
}

const isRect = (value: unknown): value is [number, number, number, number] =>
  Array.isArray(value) && value.length === 4 && value.every((one) => Number.isFinite(one))

const pointOf = ([x, y]: readonly unknown[]) => [Number(x), Number(y)] as const

type Words = Awaited<ReturnType<PdfJs.PDFPageProxy['getTextContent']>>['items']

/** What the page writes where a link lies: a text that names another place than the link is told of. */
function wordsIn([x1, y1, x2, y2]: readonly [number, number, number, number], words: Words): string {
  let text = ''
  for (const word of words) {
    if (!('transform' in word)) continue
    const [x, y] = [Number(word.transform[4]), Number(word.transform[5])]
    const isInside =
      x >= Math.min(x1, x2) - 2 && x <= Math.max(x1, x2) && y >= Math.min(y1, y2) - 2 && y <= Math.max(y1, y2)
    if (isInside) text += word.str
    if (text.length > 200) break
  }
  return text
}

/** The page that a destination within the file names, where it names one. */
async function pageOf(file: PdfJs.PDFDocumentProxy, dest: unknown): Promise<{ readonly page: number } | undefined> {
  try {
    const target: unknown = typeof dest === 'string' ? await file.getDestination(dest) : dest
    const first: unknown = Array.isArray(target) ? target[0] : undefined
    if (typeof first === 'number') return first >= 0 && first < file.numPages ? { page: first + 1 } : undefined
    if (typeof first !== 'object' || first === null) return undefined
    return { page: (await file.getPageIndex(first as Parameters<typeof file.getPageIndex>[0])) + 1 }
  } catch {
    return undefined // It names a page that is not there.
  }
}
