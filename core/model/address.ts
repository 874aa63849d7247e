/**
 * The addresses of an envelope (RFC 5321 §4.1.2). Text becomes a Path once, in the parser of this room; later code never
 * looks at the text again, so no two readers can disagree about who is meant.
 */

/** A domain in lower case with A-labels, or an address literal with its brackets. Made only by `parseDomain`. */
export type Domain = string & { readonly __brand: 'Domain' }

/** `local@domain` as two parts. `local` is unquoted and keeps its case (RFC 5321 §2.4). */
export interface Mailbox {
  readonly local: string
  readonly domain: Domain
}
/** RCPT TO (RFC 5321 §4.1.1.3). */
export type ForwardPath = Mailbox
/** MAIL FROM; null is the null reverse-path `<>` (RFC 5321 §4.5.5). */
export type ReversePath = Mailbox | null

/** Reverse-path and forward-paths of one transaction (RFC 5321 §2.3.1). */
export interface Envelope {
  readonly from: ReversePath
  readonly to: readonly ForwardPath[]
}

/** RFC 5321 §4.5.3.1.1: octets of a local part, as it is written. */
const LONGEST_LOCAL = 64
/** RFC 5321 §4.5.3.1.3: octets of a path with its angle brackets. */
const LONGEST_PATH = 256
/** RFC 1035 §2.3.4 leaves 253 characters for a name in text; RFC 5321 §4.5.3.1.2 would allow 255. */
const LONGEST_NAME = 253

const ASCII_NAME = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const INTERNATIONAL_NAME = /^[\p{L}\p{N}\p{M}-]+(?:\.[\p{L}\p{N}\p{M}-]+)*$/u
const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
const IPV4_LITERAL = new RegExp(`^\\[${OCTET}(?:\\.${OCTET}){3}\\]$`)
const IPV6_LITERAL = /^\[IPv6:([0-9a-f:.]{2,45})\]$/i
// eslint-disable-next-line no-control-regex -- the whole of ASCII is what is asked for
const ASCII = /^[\x00-\x7f]*$/

/** Dot-string of RFC 5321 §4.1.2, with RFC 6531 §3.3 putting every character beyond ASCII among atext. */
const DOT_STRING =
  /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\u{10ffff}]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\u{10ffff}]+)*$/u
const QUOTED_STRING = /^"(?:[ !#-[\]-~\u0080-\u{10ffff}]|\\[ -~])*"$/u
/** Characters RFC 6531 would let pass, that no two screens show alike: C1, spaces, bidi and line controls, half pairs. */
const UNSHOWABLE =
  /[\u0080-\u00a0\u061c\u1680\u2000-\u200a\u200e\u200f\u2028-\u202f\u205f\u2066-\u2069\u3000\ufeff\ufffd\p{Cs}\p{Cn}]/u

/**
 * A domain name or an address literal (RFC 5321 §4.1.2, §4.1.3) in its one form: lower case, A-labels, no final dot.
 * Undefined for anything else, a name whose last label is a number included: no such top-level domain can be.
 */
export function parseDomain(text: string): Domain | undefined {
  if (text.length > LONGEST_NAME) return undefined
  if (text.startsWith('[')) return parseLiteral(text)
  if (!ASCII.test(text)) return parseInternational(text)
  const name = text.toLowerCase()
  if (!ASCII_NAME.test(name) || isNumeric(name)) return undefined
  return name as Domain
}

function parseLiteral(text: string): Domain | undefined {
  if (IPV4_LITERAL.test(text)) return text as Domain
  const address = IPV6_LITERAL.exec(text)?.[1]
  const host = address === undefined ? undefined : hostOf(`[${address}]`)
  return host === undefined ? undefined : (`[IPv6:${host.slice(1)}` as Domain)
}

function parseInternational(text: string): Domain | undefined {
  // A form that compatibility mapping would turn into another name is not a U-label (RFC 5891 §5.2, RFC 5892 §2.2).
  if (text.normalize('NFKC') !== text.normalize('NFC') || !INTERNATIONAL_NAME.test(text)) return undefined
  return toAscii(text)
}

/** A-labels of a name; undefined where IDNA knows none. */
function toAscii(name: string): Domain | undefined {
  const host = hostOf(name)
  const isName = host !== undefined && host.length <= LONGEST_NAME && ASCII_NAME.test(host) && !isNumeric(host)
  return isName ? (host as Domain) : undefined
}

/** The URL parser is the one IDNA implementation that Node and every browser carry. */
function hostOf(host: string): string | undefined {
  try {
    return new URL(`http://${host}/`).hostname
  } catch {
    return undefined
  }
}

const isNumeric = (name: string) => /^[0-9]+$/.test(name.slice(name.lastIndexOf('.') + 1))

/** True for an address literal such as `[192.0.2.1]` or `[IPv6:2001:db8::1]`. */
export function isLiteral(domain: Domain): boolean {
  return domain.startsWith('[')
}

/**
 * `local@domain` without angle brackets, name or comment: RFC 5321's Mailbox, not RFC 5322's address. Undefined for
 * anything else; with `allowUtf8` false also for any character beyond ASCII (RFC 6531 §3.4).
 */
export function parseMailbox(text: string, allowUtf8 = true): Mailbox | undefined {
  if (text.length > LONGEST_PATH - 2 || (!allowUtf8 && !ASCII.test(text))) return undefined
  const at = text.startsWith('"') ? endOfQuotes(text) : text.indexOf('@')
  if (at < 1 || text[at] !== '@') return undefined
  const written = text.slice(0, at)
  const local = parseLocal(written)
  const domain = parseDomain(text.slice(at + 1))
  if (local === undefined || domain === undefined || octets(written) > LONGEST_LOCAL) return undefined
  // Measured again with A-labels: that is how it goes on.
  return octets(written) + 1 + domain.length > LONGEST_PATH - 2 ? undefined : { local, domain }
}

/** The local part that a dot-string or quoted string means, without its quotes; undefined when it is neither. */
function parseLocal(written: string): string | undefined {
  const isAscii = ASCII.test(written)
  if (!isAscii && UNSHOWABLE.test(written)) return undefined
  if (DOT_STRING.test(written)) return written
  if (!QUOTED_STRING.test(written)) return undefined
  return written.slice(1, -1).replaceAll(/\\(.)/g, '$1')
}

/** Index just after the quoted string `text` starts with; -1 when it has no end. */
function endOfQuotes(text: string): number {
  for (let i = 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '"') return i + 1
  }
  return -1
}

function octets(text: string): number {
  return ASCII.test(text) ? text.length : new TextEncoder().encode(text).length
}

/**
 * Splits `<path> rest` after the closing bracket, which a quoted local part may hold, too. `path` keeps its brackets;
 * undefined when `text` does not start with `<` or has no end.
 */
export function splitPath(text: string): { readonly path: string; readonly rest: string } | undefined {
  if (!text.startsWith('<')) return undefined
  let inQuotes = false
  for (let i = 1; i < text.length; i++) {
    const c = text[i]
    if (inQuotes && c === '\\') i++
    else if (c === '"') inQuotes = !inQuotes
    else if (c === '>' && !inQuotes) return { path: text.slice(0, i + 1), rest: text.slice(i + 1) }
  }
  return undefined
}

/**
 * `<local@domain>` as it stands in MAIL or RCPT, null for `<>`. A source route is checked and then forgotten, as RFC 5321
 * §4.1.1.3 asks of receivers. Undefined for anything else.
 */
export function parsePath(text: string, allowUtf8 = true): ReversePath | undefined {
  if (text === '<>') return null
  if (!text.startsWith('<') || !text.endsWith('>')) return undefined
  const inner = text.slice(1, -1)
  if (!inner.startsWith('@')) return parseMailbox(inner, allowUtf8)
  const colon = endOfRoute(inner)
  return colon === undefined ? undefined : parseMailbox(inner.slice(colon + 1), allowUtf8)
}

/** Index of the colon that ends an A-d-l `@a.example,@b.example:`; undefined when the route is malformed. */
function endOfRoute(inner: string): number | undefined {
  if (inner.length > LONGEST_PATH) return undefined
  const route = /^(?:@(?:\[[^\]]*\]|[^@,:[\]]+),)*@(?:\[[^\]]*\]|[^@,:[\]]+):/.exec(inner)?.[0]
  if (route === undefined) return undefined
  const hosts = route.slice(1, -1).split(',@')
  return hosts.every((host) => parseDomain(host) !== undefined) ? route.length - 1 : undefined
}

/** `local@domain`, quoted where the local part is no dot-string. The one way a mailbox becomes text. */
export function formatMailbox(mailbox: Mailbox): string {
  const { local, domain } = mailbox
  return DOT_STRING.test(local) ? `${local}@${domain}` : `"${local.replaceAll(/["\\]/g, '\\$&')}"@${domain}`
}

/** The path with its angle brackets; `<>` for the null reverse-path. */
export function formatPath(path: ReversePath): string {
  return path === null ? '<>' : `<${formatMailbox(path)}>`
}

/**
 * Whether two mailboxes are one. RFC 5321 §2.4 lets only the receiving host say that case does not matter in a local
 * part; for addresses of our own we are that host, and there it does not.
 */
export function sameMailbox(a: Mailbox, b: Mailbox): boolean {
  return a.domain === b.domain && (a.local === b.local || a.local.toLowerCase() === b.local.toLowerCase())
}

/** Whether this address can only travel with SMTPUTF8 (RFC 6531): its domain never needs it, for it is in A-labels. */
export function needsUtf8(mailbox: Mailbox): boolean {
  return !ASCII.test(mailbox.local)
}
