import { parseDate } from './date.ts'
import { fieldsNamed, readHeader, valueOf } from './headers.ts'

/** One server's note of a message that passed it (RFC 5321 §4.4). All of it is what that server, or whoever forged it, says. */
export interface ReceivedHop {
  /** What the sending side called itself; '' where nothing was said. */
  readonly from: string
  /** The name and address that the server saw it at; '' each where it does not say. */
  readonly fromHost: string
  readonly fromAddress: string
  readonly by: string
  /** The protocol, such as `ESMTPS` (RFC 3848); '' where nothing was said. */
  readonly with: string
  readonly id: string
  readonly for: string
  /** `yes` and `no` where the protocol or a comment says so. */
  readonly tls: 'yes' | 'no' | 'unknown'
  /** '' where they are not said. */
  readonly tlsVersion: string
  readonly tlsCipher: string
  /** When it says that it took the message, Unix ms; null where no date can be read. */
  readonly atMs: number | null
  /** The field as it stands, unfolded, at most its first 2,000 characters. */
  readonly raw: string
}
/** Where a message has come along, the oldest stop first. */
export interface ReceivedChain {
  readonly hops: readonly ReceivedHop[]
  /** Stops that were left out: no mail passes so many servers. */
  readonly leftOut: number
  /** What its Date field says, Unix ms; null where there is none that can be read. */
  readonly dateMs: number | null
}

/** RFC 5321 §6.3: a server must be able to pass on 100 hops; more are left out. */
const MOST_HOPS = 100
/** Of one field so much is looked at, and so much of one value is shown. */
const LONGEST_FIELD = 4000
const LONGEST_RAW = 2000
const LONGEST_VALUE = 255
const LONGEST_NAME = 1000

/** Reads the Received fields of a header. Linear in its bytes; never throws. */
export function readReceivedChain(head: Uint8Array): ReceivedChain {
  const header = readHeader(head)
  const fields = fieldsNamed(header, 'received')
  const hops = fields.slice(0, MOST_HOPS).map((field) => readReceived(valueOf(head, field)))
  const [date] = fieldsNamed(header, 'date')
  return {
    hops: hops.toReversed(),
    leftOut: Math.max(0, fields.length - MOST_HOPS),
    dateMs: date === undefined ? null : parseDate(valueOf(head, date)),
  }
}

/** Reads one Received field, unfolded. */
export function readReceived(value: string): ReceivedHop {
  const text = value.slice(0, LONGEST_FIELD)
  const { words, comments, date } = tokens(text)
  const clauses = clausesOf(words)
  const get = (name: string) => (clauses.get(name) ?? '').slice(0, LONGEST_VALUE)
  const protocol = get('with')
  const { version, cipher, isSaid } = tlsIn([...comments.map(({ text: one }) => one), get('tls'), protocol])
  const sender = commentAfter('from', words, comments)
  const { host, address } = senderIn(sender, get('from'))
  return {
    from: get('from'),
    fromHost: host,
    fromAddress: address,
    by: get('by'),
    with: protocol,
    id: get('id'),
    for: get('for').replace(/^<|>$/g, ''),
    tls: isSaid || TLS_PROTOCOL.test(protocol) ? 'yes' : CLEAR_PROTOCOL.test(protocol) ? 'no' : 'unknown',
    tlsVersion: version,
    tlsCipher: cipher,
    atMs: date === '' ? null : parseDate(date),
    raw: text.slice(0, LONGEST_RAW),
  }
}

/** RFC 3848, RFC 6531 §4.3: the S says TLS. */
const TLS_PROTOCOL = /^(?:UTF8)?(?:E?SMTPSA?|LMTPSA?)$/i
/** The same without it; what else stands there (HTTP, LMTP between parts of one server, words of their own) says nothing. */
const CLEAR_PROTOCOL = /^(?:UTF8)?E?SMTPA?$/i

interface Word {
  readonly text: string
  readonly at: number
}

/** Words, comments (RFC 5322 §3.2.2, which nest) and what follows the last semicolon outside of them. */
function tokens(text: string): { words: Word[]; comments: Word[]; date: string } {
  const words: Word[] = []
  const comments: Word[] = []
  let semicolon = -1
  for (let at = 0; at < text.length;) {
    const character = text[at] ?? ''
    if (character === '(') {
      const end = endOfComment(text, at)
      comments.push({ text: text.slice(at + 1, end - 1), at })
      at = end
    } else if (character === '"') {
      const end = endOfQuoted(text, at)
      words.push({ text: text.slice(at, end), at })
      at = end
    } else if (character === ';') semicolon = at++
    else if (/\s/.test(character)) at++
    else {
      const start = at
      while (at < text.length && !/[\s();"]/.test(text[at] ?? '')) at++
      words.push({ text: text.slice(start, at), at: start })
    }
  }
  const isBefore = (one: Word) => semicolon < 0 || one.at < semicolon
  return {
    words: words.filter(isBefore),
    comments: comments.filter(isBefore),
    date: semicolon < 0 ? '' : text.slice(semicolon + 1).trim(),
  }
}

/** Past the bracket that ends a comment; the end of the text for one that never ends. */
function endOfComment(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const character = text[at]
    if (character === '\\') at++
    else if (character === '(') depth++
    else if (character === ')' && --depth === 0) return at + 1
  }
  return text.length
}

function endOfQuoted(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return text.length
}

const CLAUSES = new Set(['from', 'by', 'via', 'with', 'id', 'for', 'tls'])

/** What follows each keyword, up to the next one. The first of a kind counts. */
function clausesOf(words: readonly Word[]): Map<string, string> {
  const found = new Map<string, string>()
  let name = ''
  for (const [n, { text }] of words.entries()) {
    const keyword = text.toLowerCase()
    // A host may be called "by"; a keyword that follows another one directly is its value.
    const isValue = name !== '' && !found.has(name) && CLAUSES.has(words[n - 1]?.text.toLowerCase() ?? '')
    if (CLAUSES.has(keyword) && !isValue && !found.has(keyword)) name = keyword
    else if (name !== '') {
      const known = found.get(name)
      // "Microsoft SMTP Server", "HTTP via Frontend": a protocol may have several words; all else is one.
      if (known === undefined) found.set(name, text)
      else if (name === 'with') found.set(name, `${known} ${text}`.slice(0, LONGEST_VALUE))
    }
  }
  return found
}

/** The comment that says from where the connection came: the first one between `from` and the next keyword. */
function commentAfter(keyword: string, words: readonly Word[], comments: readonly Word[]): string {
  const n = words.findIndex(({ text }) => text.toLowerCase() === keyword)
  const start = words[n]?.at
  if (start === undefined) return ''
  const next = words.slice(n + 2).find(({ text }) => CLAUSES.has(text.toLowerCase()))?.at ?? Infinity
  return comments.find(({ at, text }) => at > start && at < next && !/\b(?:TLS|SSL|cipher)/i.test(text))?.text ?? ''
}

const ADDRESS = /\[?(?:IPv6:)?((?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\.\d{1,3}){0,3})\]?/i

/** Name and address in a comment such as `mail.example [192.0.2.1]`, or in the name itself where it is one. */
function senderIn(comment: string, name: string): { host: string; address: string } {
  const inBrackets = /\[(?:IPv6:)?([0-9a-fA-F.:]{2,45})\]/.exec(comment)?.[1]
  const address =
    inBrackets ?? ADDRESS.exec(comment)?.[1] ?? /^\[(?:IPv6:)?([0-9a-fA-F.:]{2,45})\]$/.exec(name)?.[1] ?? ''
  const host =
    /^(?:\S+@)?([a-z0-9_](?:[a-z0-9_.-]{0,253}[a-z0-9])?)\.?(?=[\s[(]|$)/i.exec(
      comment.trim().slice(0, LONGEST_NAME),
    )?.[1] ?? ''
  return {
    host: host === address || /^(?:unknown|helo|envelope|authenticated|using|port|account)$/i.test(host) ? '' : host,
    address,
  }
}

const VERSION = /\b(TLS|SSL)\s*v?\s*([123](?:[._]\d)?)\b/i
const CIPHER = /\b(?:cipher[= ]\s*)?((?:TLS|ECDHE|DHE|RSA|AES\d*|AEAD|CHACHA20|EDH)[-_][A-Za-z0-9_-]{3,60})/

/** What comments and the `tls` clause say of TLS, as Postfix, Exim, Sendmail, Exchange and others write it. */
function tlsIn(texts: readonly string[]): { version: string; cipher: string; isSaid: boolean } {
  let version = ''
  let cipher = ''
  for (const text of texts) {
    const [, family, number] = VERSION.exec(text) ?? []
    if (version === '' && family !== undefined && number !== undefined)
      version = `${family.toUpperCase()}v${number.replace('_', '.')}`
    const [, name] = CIPHER.exec(text) ?? []
    if (cipher === '' && name !== undefined && !/^TLS[-_]?[123]/i.test(name)) cipher = name
  }
  const isSaid =
    version !== '' || cipher !== '' || texts.some((text) => /\b(?:using|over|with) (?:TLS|SSL)\b/i.test(text))
  return { version, cipher, isSaid }
}
