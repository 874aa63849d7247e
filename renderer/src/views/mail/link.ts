/** Where a link really goes, in words for the question before it is opened. */
export interface Target {
  readonly href: string
  readonly scheme: 'web' | 'mail' | 'other'
  /** The host with A-labels, as it is asked for. */
  readonly hostname: string
  /** Things about it that deserve a second look. */
  readonly warnings: readonly string[]
}

/** Reads a link's target; undefined when it leads nowhere that may be opened. */
export function targetOf(href: string, text: string): Target | undefined {
  let url: URL
  try {
    url = new URL(href)
  } catch {
    return undefined
  }
  const scheme = /^https?:$/.test(url.protocol) ? 'web' : url.protocol === 'mailto:' ? 'mail' : 'other'
  if (scheme === 'other') return undefined
  const warnings: string[] = []
  if (scheme === 'web') {
    const claimed = hostIn(text)
    if (claimed !== undefined && !sameSite(claimed, url.hostname))
      warnings.push(`The text says ${claimed}, the link goes to ${url.hostname}.`)
    if (url.hostname.split('.').some((label) => label.startsWith('xn--')))
      warnings.push('The name has letters that may look like others.')
    if (url.protocol === 'http:') warnings.push('The connection will not be encrypted.')
    if (url.username !== '') warnings.push('It carries a user name before the host.')
    if (/^[\d.]+$|^\[/.test(url.hostname)) warnings.push('It goes to a bare address, not to a name.')
  }
  return { href: url.href, scheme, hostname: url.hostname, warnings }
}

/** The host a link's text names, if the text looks like an address. */
function hostIn(text: string): string | undefined {
  const found = /^\s*(?:https?:\/\/)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})(?:[/:?#\s]|$)/iu.exec(text)?.[1]
  if (found === undefined) return undefined
  try {
    return new URL(`https://${found}`).hostname
  } catch {
    return undefined
  }
}

const sameSite = (a: string, b: string) => {
  const bare = (name: string) => name.replace(/^www\./, '')
  return bare(a) === bare(b)
}
