/** The window itself: our own files, no network of any kind (mail's images come through the engine). */
const WINDOW = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self'`,
  `img-src 'self' data: blob:`,
  `font-src 'self'`,
  `connect-src 'none'`,
  `frame-src 'self'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
]

/** The page a mail is shown in. It has a policy of its own: one inherited from the window would take the mail's styles. */
const FRAME = [
  `default-src 'none'`,
  `style-src 'unsafe-inline'`,
  `img-src data: app://posthorn/bytes/`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'self'`,
  `sandbox allow-same-origin`,
]

/** Bytes of a mail, whatever they claim to be: they can neither run nor load anything. */
const BYTES = [`default-src 'none'`, `sandbox`]

/** The Content-Security-Policy of a path of our origin. */
export function contentPolicyOf(path: string): string {
  if (path === '/frame.html') return FRAME.join('; ')
  if (path.startsWith('/bytes/')) return BYTES.join('; ')
  return WINDOW.join('; ')
}
