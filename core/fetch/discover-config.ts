import { isLiteral, parseDomain, type Mailbox } from '../model/address.ts'
import { parseXml, type XmlElement } from './discover-xml.ts'

/** One server as a source names it, before anybody has judged it. */
export interface FoundServer {
  readonly kind: 'imap' | 'pop3' | 'smtp'
  readonly host: string
  readonly port: number
  readonly tls: 'implicit' | 'starttls'
  /** Undefined where the source says nothing of it. */
  readonly user?: string
  /** Ways to sign in it names; undefined where it says nothing of them. */
  readonly auth?: { readonly password: boolean; readonly oauth2: boolean }
}
/** What a configuration says: servers in its own order, and what it names that is not used, in words. */
export interface FoundConfig {
  readonly name: string
  readonly servers: readonly FoundServer[]
  readonly passedOver: readonly string[]
}

const MOST_SERVERS = 20
const LONGEST_USER = 320
const LONGEST_NAME = 100

/** A host name as it is dialled, with A-labels; undefined for anything else, addresses included: they have no certificates. */
export function hostName(text: string): string | undefined {
  const host = parseDomain(text.trim().replace(/\.$/, ''))
  return host !== undefined && !isLiteral(host) && host.includes('.') ? host : undefined
}

/** Fills in what stands for the address, in the notation of the format; undefined where something else is meant to be filled in. */
export function expand(text: string, { local, domain }: Mailbox): string | undefined {
  const known: Readonly<Record<string, string>> = {
    EMAILADDRESS: `${local}@${domain}`,
    EMAILLOCALPART: local,
    EMAILDOMAIN: domain,
  }
  let isWhole = true
  const filled = text.replaceAll(/%([A-Z]+)%/g, (_, name: string) => {
    if (!Object.hasOwn(known, name)) isWhole = false
    return known[name] ?? ''
  })
  return isWhole ? filled : undefined
}

/**
 * Reads a configuration of the kind Thunderbird made common (`config-v1.1.xml`) for one address; what it does not know is passed over.
 * Servers without TLS are named as such and not used. Says in words why it is none.
 */
export function readConfig(bytes: Uint8Array, address: Mailbox): FoundConfig | string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return 'it is not in UTF-8'
  }
  const root = parseXml(text)
  if (typeof root === 'string') return root
  if (root.name !== 'clientConfig') return 'it is no clientConfig'
  const provider = root.elements.find(({ name }) => name === 'emailProvider')
  if (provider === undefined) return 'it names no provider'
  const servers: FoundServer[] = []
  const passedOver: string[] = []
  for (const element of provider.elements) {
    if (servers.length + passedOver.length >= MOST_SERVERS) break
    const kind = KINDS[`${element.name} ${element.attributes.get('type') ?? ''}`]
    if (kind === undefined) continue
    const found = readServer(kind, element, address)
    if (typeof found === 'string') passedOver.push(found)
    else servers.push(found)
  }
  const name = oneLine(textOf(provider, 'displayName') ?? textOf(provider, 'displayShortName') ?? '')
  return { name: expand(name, address) ?? '', servers, passedOver }
}

const KINDS: Readonly<Record<string, FoundServer['kind']>> = {
  'incomingServer imap': 'imap',
  'incomingServer pop3': 'pop3',
  'outgoingServer smtp': 'smtp',
}

const textOf = (of: XmlElement, name: string) => of.elements.find((one) => one.name === name)?.text.trim()

/** Words of a stranger on one line, without what could turn its direction or hide in it. */
function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .slice(0, LONGEST_NAME)
}

function readServer(kind: FoundServer['kind'], element: XmlElement, address: Mailbox): FoundServer | string {
  const what = kind === 'smtp' ? 'an SMTP server' : kind === 'imap' ? 'an IMAP server' : 'a POP3 server'
  const host = hostName(expand(textOf(element, 'hostname') ?? '', address) ?? '')
  if (host === undefined) return `${what} without a host name`
  const word = textOf(element, 'port') ?? ''
  const port = /^\d{1,5}$/.test(word) ? Number(word) : 0
  if (port < 1 || port > 65_535) return `${host} without a port`
  const socket = (textOf(element, 'socketType') ?? '').toUpperCase()
  // RFC 8314 §3: no password in the clear.
  if (socket !== 'SSL' && socket !== 'TLS' && socket !== 'STARTTLS') return `${host}:${port} without TLS`
  const named = element.elements.filter(({ name }) => name === 'authentication').map(({ text }) => text.trim())
  const ways = named.map((one) => one.toLowerCase())
  const auth = {
    password: ways.some((way) => /^(?:password-cleartext|password-encrypted|plain|secure)$/.test(way)),
    oauth2: ways.includes('oauth2'),
  }
  if (ways.length > 0 && !auth.password && !auth.oauth2)
    return `${host}:${port}, which takes no password and no OAuth 2.0`
  const user = expand(textOf(element, 'username') ?? '', address)
  const isUsable = user !== undefined && user !== '' && user.length <= LONGEST_USER && oneLine(user) === user
  return {
    kind,
    host,
    port,
    tls: socket === 'STARTTLS' ? 'starttls' : 'implicit',
    ...(isUsable && { user }),
    ...(ways.length > 0 && { auth }),
  }
}
