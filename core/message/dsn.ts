import { type ForwardPath, formatMailbox, needsUtf8 } from '../model/address.ts'
import type { Reply } from '../model/reply.ts'
import { asciiOnly, fold, formatDate, harmless, replyLines, wrap } from './dsn-text.ts'
import { encodeWords, readHeader } from './headers.ts'

/** What became of a recipient, as RFC 3464 §2.3.3 names it. */
export type DsnAction = 'failed' | 'delayed' | 'delivered' | 'relayed'

/** One recipient of a report, in words for a person and in the fields of RFC 3464 §2.3. */
export interface DsnRecipient {
  readonly to: ForwardPath
  /** What the sender first wrote (RFC 3461 §4.2), decoded from xtext. */
  readonly original?: { readonly type: string; readonly address: string }
  readonly action: DsnAction
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
  /** The sender's own name for the transaction (RFC 3461 §4.4), decoded from xtext. */
  readonly envid?: string
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
  const isInternational =
    needsUtf8(dsn.to) ||
    dsn.recipients.some(({ to, original = { address: '' } }) => needsUtf8(to) || !isAsciiText(original.address))
  const boundary = `posthorn-report-${dsn.uniqueId}`
  const title = TITLES[worst(dsn)]
  const { statusType, originalType } = partTypes(isInternational, dsn.original)
  const head = [
    'Return-Path: <>', // RFC 5321 §4.5.5: a report is never answered by a report
    `From: "Posthorn mail system" <postmaster@${dsn.reportingDomain}>`,
    `To: ${harmless(formatMailbox(dsn.to))}`,
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
    ...words(dsn),
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

const TITLES: Readonly<Record<DsnAction, string>> = {
  failed: 'Not delivered',
  delayed: 'Still waiting',
  relayed: 'Handed on',
  delivered: 'Delivered',
}
const WORST_FIRST: readonly DsnAction[] = ['failed', 'delayed', 'relayed', 'delivered']
const worst = (dsn: Dsn): DsnAction =>
  WORST_FIRST.find((action) => dsn.recipients.some((one) => one.action === action)) ?? 'failed'

/** Original parts with raw UTF-8 in their header are the `global` kinds (RFC 6533 §4, §5). */
function partTypes(isInternational: boolean, { kind, bytes }: Dsn['original']) {
  const statusType = isInternational ? 'message/global-delivery-status' : 'message/delivery-status'
  const isGlobal = !isAscii(bytes.subarray(0, readHeader(bytes).end))
  if (kind === 'message') return { statusType, originalType: isGlobal ? 'message/global' : 'message/rfc822' }
  return { statusType, originalType: isGlobal ? 'message/global-headers' : 'text/rfc822-headers' }
}

/** A whole reply: more than 128 lines of 1,000 characters are not kept (RFC 5321 §4.5.3.1.5 has 512 octets a line). */
const LONGEST_REPLY = 128 * 1000
const isAsciiText = (text: string) => asciiOnly(text) === text
const isAscii = (bytes: Uint8Array) => bytes.every((byte) => byte < 0x80)
const isMessageId = (text: string) => /^<[!-~]{1,900}>$/.test(text)

/** The sentence that opens a report. */
function opening(dsn: Dsn): string {
  const about = dsn.subject === '' ? 'Your message' : `Your message "${harmless(dsn.subject)}"`
  const what = `${about} of ${formatDate(dsn.arrivalMs)}`
  const whom = dsn.recipients.length > 1 ? 'these addresses' : 'this address'
  switch (worst(dsn)) {
    case 'failed':
      return `${what} could not be delivered to ${whom}:`
    case 'delayed':
      return `${what} has not reached ${whom} yet. Nothing needs to be done: it is tried again and again by itself.`
    case 'relayed':
      return `${what} was handed on for ${whom}. No further report of it is to be expected:`
    case 'delivered':
      return `${what} was delivered to ${whom}:`
  }
}

/** The first part: who, which server, its words, what to do. */
function words(dsn: Dsn): string[] {
  const each = dsn.recipients.flatMap((one) => [
    '',
    `  ${harmless(formatMailbox(one.to))}`,
    ...wrap(one.words).map((line) => `    ${line}`),
    ...(one.reply ? ['', ...replyLines(one.reply).map((line) => `    | ${line}`)] : []),
  ])
  const rest =
    worst(dsn) !== 'failed'
      ? ''
      : dsn.original.kind === 'message'
        ? 'The message is attached below.'
        : 'The header of the message is attached below; the message itself is in your Sent folder or in the program that sent it.'
  return [...wrap(opening(dsn)), ...each, ...(rest ? ['', ...wrap(rest)] : [])]
}

/** The second part (RFC 3464 §2.2, §2.3). */
function status(dsn: Dsn, isInternational: boolean): string[] {
  // message/delivery-status is 7-bit (RFC 3464 §2.1); the human part has the words whole.
  const shown = (text: string, longest?: number) =>
    isInternational ? harmless(text, longest) : asciiOnly(harmless(text, longest))
  const lines = [
    `Reporting-MTA: dns; ${dsn.reportingDomain}`,
    ...(dsn.envid === undefined ? [] : fold(`Original-Envelope-Id: ${asciiOnly(harmless(dsn.envid))}`)),
    `Arrival-Date: ${formatDate(dsn.arrivalMs)}`,
    '',
  ]
  for (const one of dsn.recipients) {
    if (one.original !== undefined) {
      const field = `Original-Recipient: ${asciiOnly(harmless(one.original.type, 40))}; ${shown(one.original.address)}`
      // Blanks in a quoted local part must not be lost where a line ends.
      lines.push(...(field.length <= 240 ? [field] : fold(field)))
    }
    lines.push(
      `Final-Recipient: ${isInternational && needsUtf8(one.to) ? 'utf-8' : 'rfc822'}; ${shown(formatMailbox(one.to))}`,
      `Action: ${one.action}`,
      `Status: ${one.status}`,
    )
    if (one.remoteMta !== undefined) lines.push(...fold(`Remote-MTA: dns; ${asciiOnly(harmless(one.remoteMta))}`))
    if (one.reply)
      lines.push(...fold(`Diagnostic-Code: smtp; ${shown(replyLines(one.reply).join(' '), LONGEST_REPLY)}`))
    if (one.lastAttemptMs !== undefined) lines.push(`Last-Attempt-Date: ${formatDate(one.lastAttemptMs)}`)
    if (one.action === 'delayed' && one.willRetryUntilMs !== undefined)
      lines.push(`Will-Retry-Until: ${formatDate(one.willRetryUntilMs)}`)
    lines.push('')
  }
  return lines
}
