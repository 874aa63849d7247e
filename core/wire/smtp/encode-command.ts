import { never } from '../../base/never.ts'
import type { Mailbox, ReversePath } from '../../model/address.ts'

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
    }
  | { readonly verb: 'RCPT'; readonly to: Mailbox }

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
  const line = new TextEncoder().encode(`${textOf(command)}\r\n`)
  const inner = line.subarray(0, -2)
  if (inner.some((byte) => byte < 0x20 || byte === 0x7f))
    throw new Error(`encode the command ${command.verb}: a control character in its arguments`)
  return line
}

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
      return `RCPT TO:${formatPath(command.to)}`
    case 'MAIL': {
      const parts = [`MAIL FROM:${command.from === null ? '<>' : formatPath(command.from)}`]
      if (command.sizeBytes !== undefined) parts.push(`SIZE=${checkSize(command.sizeBytes)}`)
      if (command.is8bit) parts.push('BODY=8BITMIME')
      if (command.isUtf8) parts.push('SMTPUTF8')
      return parts.join(' ')
    }
    default:
      return never(command, 'SMTP command')
  }
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
