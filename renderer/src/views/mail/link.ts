import { t } from '../../words/words.ts'

/** Where a link really goes, in words for the question before it is opened. */
export interface Target {
  readonly href: string
  readonly scheme: 'web' | 'mail' | 'other'
  /** The host with A-labels, as it is asked for. */
  readonly hostname: string
  /** The same in its own letters, where those are others and can't be taken for each other. */
  readonly readable: string | null
  /** Things about it that deserve a second look. */
  readonly warnings: readonly string[]
}

/** Reads a link's target; undefined when it leads nowhere that may be opened: only web and mail addresses may. */
export function targetOf(href: string, text: string): Target | undefined {
  let url: URL
  try {
    url = new URL(href)
  } catch {
    return undefined
  }
  const scheme = /^https?:$/.test(url.protocol) ? 'web' : url.protocol === 'mailto:' ? 'mail' : 'other'
  if (scheme === 'other') return undefined
  if (scheme === 'mail') return { href: url.href, scheme, hostname: '', readable: null, warnings: [] }
  const warnings: string[] = []
  const { hostname } = url
  const claimed = hostIn(text)
  if (claimed !== undefined && !sameSite(claimed, hostname))
    warnings.push(
      isUnder(claimed, hostname)
        ? t('The text says {claimed}, but that is only the beginning of a name of {owner}.', {
            claimed,
            owner: lastLabels(hostname),
          })
        : t('The text says {claimed}, the link goes to {hostname}.', { claimed, hostname }),
    )
  const readable = hostname.split('.').some((label) => label.startsWith('xn--')) ? decodeHost(hostname) : null
  const lookalike = readable === null ? null : looksLike(readable)
  if (lookalike !== null) warnings.push(t('Its letters can be taken for those of {lookalike}.', { lookalike }))
  else if (readable !== null && isMixed(readable)) warnings.push(t('The name mixes letters of several scripts.'))
  else if (readable !== null) warnings.push(t('The name has letters that may look like others.'))
  if (url.protocol === 'http:') warnings.push(t('The connection will not be encrypted.'))
  if (url.username !== '' || url.password !== '') warnings.push(t('It carries a user name before the host.'))
  if (/^[\d.]+$|^\[/.test(hostname)) warnings.push(t('It goes to a bare address, not to a name.'))
  if (url.port !== '') warnings.push(t('It goes to an unusual port, {port}.', { port: url.port }))
  return { href: url.href, scheme, hostname, readable, warnings }
}

/** The host a link's text names, if the text looks like an address. */
function hostIn(text: string): string | undefined {
  const bare = text.replaceAll(/[\u200B-\u200F\u2028-\u202E\u2060-\u2069\u00AD\uFEFF]/g, '')
  const found = /^\s*(?:https?:\/\/)?(?:[^\s/@]*@)?((?:[\p{L}\p{N}\p{M}-]+\.)+\p{L}{2,})(?:[/:?#\s]|$)/iu.exec(
    bare,
  )?.[1]
  if (found === undefined) return undefined
  try {
    return new URL(`https://${found}`).hostname
  } catch {
    return undefined
  }
}

const bare = (name: string) => name.replace(/^www\./, '')
const sameSite = (a: string, b: string) => bare(a) === bare(b)
/** `bank.example.evil.example` says `bank.example` to whoever reads only the beginning. */
const isUnder = (claimed: string, hostname: string) => bare(hostname).startsWith(`${bare(claimed)}.`)
const lastLabels = (hostname: string) => hostname.split('.').slice(-2).join('.')

/** Letters of other scripts that look like Latin ones; those that are used to forge names. */
// prettier-ignore
const LOOKALIKES: Readonly<Record<string, string>> = {
  а: 'a', в: 'b', с: 'c', ԁ: 'd', е: 'e', һ: 'h', і: 'i', ј: 'j', к: 'k', ӏ: 'l', м: 'm', п: 'n', о: 'o', р: 'p', ԛ: 'q', г: 'r',
  ѕ: 's', т: 't', у: 'y', ѵ: 'v', ԝ: 'w', х: 'x', ν: 'v', ο: 'o', ρ: 'p', α: 'a', ι: 'i', κ: 'k', υ: 'u', τ: 't', ε: 'e', η: 'n',
  ɑ: 'a', ɡ: 'g', ı: 'i', ӕ: 'ae', ո: 'n', օ: 'o', ս: 'u', ց: 'g', հ: 'h',
}

/** The name in plain letters that a name looks like, where it does from end to end. */
function looksLike(readable: string): string | null {
  const plain = Array.from(readable, (c) => LOOKALIKES[c] ?? c).join('')
  return plain !== readable && /^[a-z0-9.-]+$/.test(plain) ? plain : null
}

/** Whether one label has letters of more than one script; Japanese and Korean are written in several. */
function isMixed(readable: string): boolean {
  return readable.split('.').some((label) => {
    const scripts = SCRIPTS.filter((script) => script.test(label)).length
    return scripts > 1
  })
}
const SCRIPTS = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Arabic}/u,
  /\p{Script=Hebrew}/u,
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u,
]

/** A host name with its U-labels (RFC 5890 §2.3.2.1). */
function decodeHost(hostname: string): string {
  return hostname
    .split('.')
    .map((label) => (label.startsWith('xn--') ? (decodePunycode(label.slice(4)) ?? label) : label))
    .join('.')
}

/** Decodes what follows `xn--` (RFC 3492 §6.2); undefined where it can't be. */
function decodePunycode(text: string): string | undefined {
  const output: number[] = []
  const dash = text.lastIndexOf('-')
  for (const c of dash < 0 ? '' : text.slice(0, dash)) output.push(c.codePointAt(0) ?? 0)
  let n = 128
  let i = 0
  let bias = 72
  for (let at = dash < 0 ? 0 : dash + 1; at < text.length;) {
    const before = i
    for (let weight = 1, k = 36; ; k += 36) {
      const code = text.charCodeAt(at++)
      const digit = code >= 97 && code <= 122 ? code - 97 : code >= 48 && code <= 57 ? code - 22 : -1
      if (digit < 0) return undefined
      i += digit * weight
      const least = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias
      if (digit < least) break
      weight *= 36 - least
    }
    const length = output.length + 1
    let delta = before === 0 ? Math.floor((i - before) / 700) : Math.floor((i - before) / 2)
    delta += Math.floor(delta / length)
    let k = 0
    for (; delta > 455; k += 36) delta = Math.floor(delta / 35)
    bias = k + Math.floor((36 * delta) / (delta + 38))
    n += Math.floor(i / length)
    i %= length
    if (n > 0x10_ffff || output.length > 63) return undefined
    output.splice(i++, 0, n)
  }
  return String.fromCodePoint(...output)
}
