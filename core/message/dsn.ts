import { type ForwardPath, formatMailbox, needsUtf8 } from '../model/address.ts'
import type { Reply } from '../model/reply.ts'
import { encodeWords } from './headers.ts'

/** One recipient of a report, in words for a person and in the fields of RFC 3464 §2.3. */
export interface DsnRecipient {
  readonly to: ForwardPath
  readonly action: 'failed' | 'delayed'
  /** RFC 3463 code, `x.y.z`. */
  readonly status: string
  /** What happened and what to do, in sentences. */
  readonly words: string
  /** The host that said so; undefined when no host did. */
  readonly remoteMta?: string
  /** The exact reply of that host. */
  readonly reply?: Reply
  readonly lastAttemptMs?: number
  readonly willRetryUntilMs?: number
}

/** What a report is made of. */
export interface Dsn {
  /** Whose mail system reports: the author's domain, never the machine's name. */
  readonly reportingDomain: string
  /** Where the report goes: the reverse-path of the message. */
  readonly to: ForwardPath
  readonly subject: string
  readonly messageId: string
  readonly arrivalMs: number
  readonly nowMs: number
  /** A name nobody can guess, for Message-ID and boundary. */
  readonly uniqueId: string
  readonly recipients: readonly DsnRecipient[]
  readonly original: { readonly kind: 'message' | 'headers'; readonly bytes: Uint8Array }
}

/**
 * A multipart/report (RFC 3462, RFC 3464) with its words first, then the facts, then the message or its header. Addresses
 * beyond ASCII make it the internationalised kind (RFC 6533); it never leaves this machine, so 8-bit bytes may stand in it.
 */
export function buildDsn(dsn: Dsn): Buffer {
  const isInternational = dsn.recipients.some((one) => needsUtf8(one.to)) || needsUtf8(dsn.to)
  const boundary = `posthorn-report-${dsn.uniqueId}`
  const failed = dsn.recipients.some((one) => one.action === 'failed')
  const title = failed ? 'Not delivered' : 'Still waiting'
  const { statusType, originalType } = partTypes(isInternational, dsn.original)
  const head = [
    `From: "Posthorn mail system" <postmaster@${dsn.reportingDomain}>`,
    `To: ${isInternational ? formatMailbox(dsn.to) : asciiAddress(dsn.to)}`,
    `Subject: ${encodeWords(dsn.subject === '' ? title : `${title}: ${dsn.subject}`)}`,
    `Date: ${formatDate(dsn.nowMs)}`,
    `Message-ID: <${dsn.uniqueId}@${dsn.reportingDomain}>`,
    ...(isMessageId(dsn.messageId) ? [`In-Reply-To: ${dsn.messageId}`, `References: ${dsn.messageId}`] : []),
    'Auto-Submitted: auto-replied', // RFC 3834 §5: nobody's vacation program answers it
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="${boundary}"`,
  ]
  const before = [
    ...head,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    ...words(dsn, failed),
    '',
    `--${boundary}`,
    `Content-Type: ${statusType}`,
    ...(isInternational ? ['Content-Transfer-Encoding: 8bit'] : []),
    '',
    ...status(dsn, isInternational),
    `--${boundary}`,
    `Content-Type: ${originalType}`,
    ...(isAscii(dsn.original.bytes) ? [] : ['Content-Transfer-Encoding: 8bit']),
    '',
    '',
  ]
  return Buffer.concat([Buffer.from(before.join('\r\n')), dsn.original.bytes, Buffer.from(`\r\n--${boundary}--\r\n`)])
}

/** Original parts with raw UTF-8 in their header are the `global` kinds (RFC 6533 §4, §5). */
function partTypes(isInternational: boolean, original: Dsn['original']) {
  const statusType = isInternational ? 'message/global-delivery-status' : 'message/delivery-status'
  if (original.kind === 'message') return { statusType, originalType: 'message/rfc822' }
  const originalType = isAscii(original.bytes) ? 'text/rfc822-headers' : 'message/global-headers'
  return { statusType, originalType }
}

const isAscii = (bytes: Uint8Array) => bytes.every((byte) => byte < 0x80)
/** message/delivery-status is 7-bit (RFC 3464 §2.1); the human part has the words whole. */
const asciiOnly = (text: string) => text.replace(/[^ -~]/g, '?')
const isMessageId = (text: string) => /^<[!-~]{1,900}>$/.test(text)
const asciiAddress = (to: ForwardPath) => oneLine(formatMailbox(to))

/** The first part: who, which server, its words, what to do. */
function words(dsn: Dsn, failed: boolean): string[] {
  const about = dsn.subject === '' ? 'Your message' : `Your message "${oneLine(dsn.subject)}"`
  const written = `of ${formatDate(dsn.arrivalMs)}`
  const many = dsn.recipients.length > 1
  const opening = failed
    ? `${about} ${written} could not be delivered to ${many ? 'these addresses' : 'this address'}:`
    : `${about} ${written} has not reached ${many ? 'these addresses' : 'this address'} yet. Nothing needs to be done: it is tried again and again by itself.`
  const each = dsn.recipients.flatMap((one) => [
    '',
    `  ${oneLine(formatMailbox(one.to))}`,
    ...wrap(one.words).map((line) => `    ${line}`),
    ...(one.reply
      ? [
          '',
          ...replyLines(one.reply)
            .flatMap(pieces)
            .map((line) => `    | ${line}`),
        ]
      : []),
  ])
  const rest = failed
    ? dsn.original.kind === 'message'
      ? 'The message is attached below.'
      : 'The header of the message is attached below; the message itself is in your Sent folder or in the program that sent it.'
    : ''
  return [...wrap(opening), ...each, ...(rest ? ['', ...wrap(rest)] : [])]
}

/** The second part (RFC 3464 §2.2, §2.3). */
function status(dsn: Dsn, isInternational: boolean): string[] {
  const lines = [`Reporting-MTA: dns; ${dsn.reportingDomain}`, `Arrival-Date: ${formatDate(dsn.arrivalMs)}`, '']
  for (const one of dsn.recipients) {
    const address = oneLine(formatMailbox(one.to))
    lines.push(
      `Final-Recipient: ${isInternational && needsUtf8(one.to) ? 'utf-8' : 'rfc822'}; ${address}`,
      `Action: ${one.action}`,
      `Status: ${one.status}`,
    )
    if (one.remoteMta !== undefined) lines.push(`Remote-MTA: dns; ${oneLine(one.remoteMta)}`)
    if (one.reply) lines.push(...fold(`Diagnostic-Code: smtp; ${asciiOnly(replyLines(one.reply).join(' '))}`))
    if (one.lastAttemptMs !== undefined) lines.push(`Last-Attempt-Date: ${formatDate(one.lastAttemptMs)}`)
    if (one.action === 'delayed' && one.willRetryUntilMs !== undefined)
      lines.push(`Will-Retry-Until: ${formatDate(one.willRetryUntilMs)}`)
    lines.push('')
  }
  return lines
}

/** The reply as it stood on the wire, its lines made harmless: it is the other side's text. */
export function replyLines(reply: Reply): string[] {
  const last = reply.lines.length - 1
  return reply.lines.slice(0, 128).map((line, i) => {
    const mark = i === last ? ' ' : '-'
    return oneLine(`${reply.code}${mark}${reply.enhanced === undefined ? '' : `${reply.enhanced} `}${line}`).trimEnd()
  })
}

/** Without controls, bidi marks and line ends, at most 1,000 characters. */
function oneLine(text: string): string {
  return text
    .slice(0, 1000)
    .replace(/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, ' ')
    .toWellFormed()
}

/** Lines of at most 72 characters, broken between words, and within a word that is longer than any line may be. */
function wrap(text: string, width = 72): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of oneLine(text).split(' ').flatMap(pieces)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** Pieces that stay under 998 octets (RFC 5322 §2.1.1) with four to a character. */
function pieces(text: string): string[] {
  return text.match(/.{1,240}/gu) ?? [text]
}

/** Folds a field between words (RFC 5322 §2.2.3). */
function fold(field: string): string[] {
  return wrap(field, 76).map((line, i) => (i === 0 ? line : ` ${line}`))
}

/** A date-time of RFC 5322 §3.3 in UTC: reports must not tell which time zone their reader is in. */
export function formatDate(ms: number): string {
  return new Date(ms).toUTCString().replace('GMT', '+0000')
}
