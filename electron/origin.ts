/** The window's pages come by a scheme of our own, never from `file:`: an origin no web page can share. */
export const SCHEME = 'app'
export const ORIGIN = `${SCHEME}://posthorn`

/** True for an address of our own pages and bytes. */
export function isOurs(address: string | undefined): boolean {
  const url = address === undefined ? null : URL.parse(address)
  return (
    url !== null && url.protocol === `${SCHEME}:` && url.host === 'posthorn' && url.username === '' && url.port === ''
  )
}
