/** What differs from host to host, as sources of a Content-Security-Policy. */
export interface PageSources {
  /** Where images of a mail come from: the engine, below `/bytes/`. */
  readonly images: string
  /** What the window may connect to; its mail comes through the engine, so it needs no network. */
  readonly connect: string
}

/** Every page and file goes with these: no guessing of types, no trace of where a link was followed. */
export const PAGE_HEADERS = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' } as const

/** Bytes of a mail, whatever they claim to be: they can neither run nor load anything. */
const BYTES = ["default-src 'none'", 'sandbox']

/** The window itself: our own files and nothing else. */
const windowPolicy = ({ connect }: PageSources) => [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  `connect-src ${connect}`,
  "frame-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
]

/** The page a mail is shown in. It has a policy of its own: one inherited from the window would take the mail's styles. */
const framePolicy = ({ images }: PageSources) => [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  `img-src data: ${images}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  'sandbox allow-same-origin',
]

/** The Content-Security-Policy of a path (ARCHITECTURE.md, "The mail frame"). */
export function contentPolicyOf(path: string, at: PageSources): string {
  const policy = path === '/frame.html' ? framePolicy(at) : path.startsWith('/bytes/') ? BYTES : windowPolicy(at)
  return policy.join('; ')
}

/** Headers of a mail's bytes. Whatever the mail says they are, a browser only ever shows them as an image or saves them. */
export function bytesHeaders(filename: string): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/octet-stream',
    'content-disposition': formatDisposition(filename),
    'content-security-policy': BYTES.join('; '),
    'cache-control': 'no-store',
  }
}

/** RFC 6266 §4.3 with the encoding of RFC 8187: any name is carried, none can end the header. */
export function formatDisposition(filename: string): string {
  const encoded = encodeURIComponent(filename.toWellFormed()).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  )
  return `attachment; filename*=UTF-8''${encoded}`
}
