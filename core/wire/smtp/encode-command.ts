import { never } from '../../base/never.ts'
import type { Mailbox, ReversePath } from '../../model/address.ts'
import type { RecipientOptions } from '../../model/envelope-options.ts'
import { encodeXtext } from './xtext.ts'

/** A command a client can send, its arguments still apart. */
export type ClientCommand =
  | { readonly verb: 'EHLO' | 'HELO'; readonly name: string }
  | { readonly verb: 'STARTTLS' | 'DATA' | 'RSET' | 'QUIT' }
  | {
      readonly verb: 'MAIL'
      readonly from: ReversePath
      /** RFC 1870 §3; left out where the server does not offer SIZE. */
      readonly sizeBytes?: number
      /** RFC 6152 §3. */
      readonly is8bit?: boolean
      /** RFC 6531 §3.4. */
      readonly isUtf8?: boolean
      /** RFC 3461 §4.3 and §4.4. */
      readonly ret?: 'full' | 'headers'
      readonly envid?: string
      /** RFC 8689 §2. */
      readonly requireTls?: true
      /** RFC 2852 §4.1.2. */
      readonly deliverBy?: { readonly seconds: number; readonly mode: 'return' | 'notify'; readonly trace: boolean }
    }
  /** RFC 3461 §4.1 and §4.2. */
  | ({ readonly verb: 'RCPT'; readonly to: Mailbox } & RecipientOptions)
  /** RFC 4954 §4, `initial` in base64, `=` for an empty one. */
  | { readonly verb: 'AUTH'; readonly mechanism: string; readonly initial?: string }
  /** An answer within AUTH: a line of base64, or `*` to break it off. */
  | { readonly verb: 'answer'; readonly text: string }
  /** RFC 3030 §2. */
  | { readonly verb: 'BDAT'; readonly bytes: number; readonly isLast: boolean }

const LITERAL = /^\[(?:IPv6:[0-9a-fA-F:.]{2,45}|\d{1,3}(?:\.\d{1,3}){3})\]$/i
const DOMAIN = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/
/** Dot-string, RFC 5321 §4.1.2, with the letters RFC 6531 §3.3 adds. */
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\u{A0}-\\u{10FFFF}-]+"
const DOT_STRING = new RegExp(`^${ATOM}(?:\\.${ATOM})*$`, 'u')
/** What can stand between quotes: any printable character; quote and backslash escaped. */
// eslint-disable-next-line no-control-regex
const QUOTABLE = /^[^\u0000-\u001f\u007f]*$/u

/**
 * The one place where a command of ours becomes bytes. Every argument is checked against its grammar, whatever was checked
 * before, and the line at last: nothing in an address can become a second command. Throws on a value no parser of ours
 * would have let through.
 */
export function encodeCommand(command: ClientCommand): Uint8Array {
  const line = utf8.encode(`${textOf(command)}\r\n`)
  for (let at = 0; at < line.length - 2; at++) {
    const byte = line[at] as number
    if (byte < 0x20 || byte === 0x7f)
      throw new Error(`encode the command ${command.verb}: a control character in its arguments`)
  }
  return line
}
const utf8 = new TextEncoder()

function textOf(command: ClientCommand): string {
  switch (command.verb) {
    case 'EHLO':
    case 'HELO':
      return `${command.verb} ${checkDomain(command.name)}`
    case 'STARTTLS':
    case 'DATA':
    case 'RSET':
    case 'QUIT':
      return command.verb
    case 'RCPT':
      return [`RCPT TO:${formatPath(command.to)}`, ...recipientParameters(command)].join(' ')
    case 'MAIL': {
      const parts = [`MAIL FROM:${command.from === null ? '<>' : formatPath(command.from)}`]
      if (command.sizeBytes !== undefined) parts.push(`SIZE=${checkSize(command.sizeBytes)}`)
      if (command.is8bit) parts.push('BODY=8BITMIME')
      if (command.isUtf8) parts.push('SMTPUTF8')
      return [...parts, ...mailParameters(command)].join(' ')
    }
    case 'AUTH':
      if (!/^[A-Z0-9_-]{1,20}$/.test(command.mechanism)) throw new Error('encode AUTH: no mechanism has that name')
      return command.initial === undefined
        ? `AUTH ${command.mechanism}`
        : `AUTH ${command.mechanism} ${checkBase64(command.initial)}`
    case 'answer':
      return command.text === '*' ? '*' : checkBase64(command.text)
    case 'BDAT':
      return `BDAT ${checkSize(command.bytes)}${command.isLast ? ' LAST' : ''}`
    default:
      return never(command, 'SMTP command')
  }
}

/** Half-open ranges of a command's line that must never be stored: what is said to sign in. */
export function secretsOf(command: ClientCommand, line: Uint8Array): readonly (readonly [number, number])[] {
  if (command.verb === 'answer') return command.text === '*' ? [] : [[0, line.length]]
  if (command.verb !== 'AUTH' || command.initial === undefined) return []
  return [[`AUTH ${command.mechanism} `.length, line.length]]
}

/** RFC 3461 §4.4 and §4.2, as they are written. */
const LONGEST_ENVID = 100
const LONGEST_ORCPT = 500

function mailParameters({ ret, envid, requireTls, deliverBy }: Extract<ClientCommand, { verb: 'MAIL' }>): string[] {
  const parts: string[] = []
  if (ret !== undefined) parts.push(`RET=${ret === 'full' ? 'FULL' : 'HDRS'}`)
  const written = envid === undefined ? '' : encodeXtext(envid)
  if (written !== '' && written.length <= LONGEST_ENVID) parts.push(`ENVID=${written}`)
  if (requireTls) parts.push('REQUIRETLS')
  if (deliverBy !== undefined) {
    const { seconds, mode, trace } = deliverBy
    if (!Number.isSafeInteger(seconds) || Math.abs(seconds) > 999_999_999)
      throw new Error(`encode BY: ${seconds} is no number of seconds`)
    parts.push(`BY=${seconds};${mode === 'return' ? 'R' : 'N'}${trace ? 'T' : ''}`)
  }
  return parts
}

function recipientParameters({ notify, orcpt }: RecipientOptions): string[] {
  const parts: string[] = []
  if (notify === 'never') parts.push('NOTIFY=NEVER')
  else if (notify !== undefined && notify.length > 0) parts.push(`NOTIFY=${notify.join(',').toUpperCase()}`)
  if (orcpt !== undefined) {
    const written = `${checkType(orcpt.type)};${isAscii(orcpt.address) ? encodeXtext(orcpt.address) : encodeUtf8Address(orcpt.address)}`
    const typed = isAscii(orcpt.address) ? written : written.replace(/^[^;]*/, 'utf-8') // RFC 6533 §3
    if (typed.length <= LONGEST_ORCPT) parts.push(`ORCPT=${typed}`)
  }
  return parts
}

const isAscii = (text: string) => /^[ -~]*$/.test(text)

/** utf-8-addr-xtext (RFC 6533 §3): it passes through servers that know no UTF-8. */
function encodeUtf8Address(address: string): string {
  return [...address]
    .map((one) =>
      /^[!-*,-<>-[\]-~]$/.test(one) ? one : `\\x{${one.codePointAt(0)?.toString(16).toUpperCase().padStart(2, '0')}}`,
    )
    .join('')
}

function checkType(type: string): string {
  if (/^[A-Za-z0-9-]{1,63}$/.test(type)) return type
  throw new Error(`encode ORCPT: ${JSON.stringify(type)} is no type of address`)
}

function checkBase64(text: string): string {
  if (text.length <= 65_536 && (text === '=' || /^[A-Za-z0-9+/]*={0,2}$/.test(text))) return text
  throw new Error('encode an answer of AUTH: it is no base64')
}

function checkDomain(name: string): string {
  if (name.length <= 255 && (LITERAL.test(name) || DOMAIN.test(name))) return name
  throw new Error(`encode a command: ${JSON.stringify(name)} is no domain`)
}

function checkSize(sizeBytes: number): number {
  if (Number.isSafeInteger(sizeBytes) && sizeBytes >= 0) return sizeBytes
  throw new Error(`encode a command: ${sizeBytes} is no size`)
}

function formatPath(mailbox: Mailbox): string {
  return `<${formatLocal(mailbox.local)}@${checkDomain(mailbox.domain)}>`
}

/** Local part as RFC 5321 §4.1.2 writes it, in quotes only where it needs them. */
function formatLocal(local: string): string {
  if (DOT_STRING.test(local)) return local
  if (!QUOTABLE.test(local)) throw new Error(`encode a command: ${JSON.stringify(local)} is no local part`)
  return `"${local.replaceAll(/["\\]/g, '\\$&')}"`
}
