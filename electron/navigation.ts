import { ORIGIN, isOurs } from './origin.ts'

/** Pages alone: what a link to write to somebody names is written here. */
const EXTERNAL = new Set(['https:', 'http:'])

/** The window stays on its one page, which finds its way by the fragment; all else is denied. */
export function mayNavigate(address: string): boolean {
  return isOurs(address) && URL.parse(address)?.pathname === '/'
}

/** A frame of the window holds the page that mail is shown in and nothing else. */
export function mayNavigateFrame(address: string): boolean {
  return address === `${ORIGIN}/frame.html` || address === 'about:blank'
}

/** What may be saved is what the engine or our own page made: bytes by handle, and texts that the page put together. */
export function mayDownload(address: string): boolean {
  if (address.startsWith('blob:')) return isOurs(address.slice('blob:'.length))
  return isOurs(address) && URL.parse(address)?.pathname.startsWith('/bytes/') === true
}

/**
 * The address that may be handed to another program, in the parser's own spelling, once the user has agreed. Undefined
 * for every other scheme: `file:`, `smb:` and the like start programs or leak credentials.
 */
export function parseExternal(address: string): string | undefined {
  const url = URL.parse(address)
  if (url === null || !EXTERNAL.has(url.protocol)) return undefined
  if (url.username !== '' || url.password !== '') return undefined // `https://bank.example@evil.example/` deceives
  return url.href
}
