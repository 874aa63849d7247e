import { formatMailbox, parseMailbox, type Mailbox } from '../model/address.ts'
import type { SendingFacts } from './rule-mail.ts'
import { mailboxesOf, type OwnAddresses } from './rule-own.ts'

/** Whether something may be sent, and if not, why not. */
export type May<T> = { readonly to: T } | { readonly why: string }

/** Mail that went through so many servers goes in a circle. */
const MOST_HOPS = 30
const DAY_MS = 86_400_000

/** RFC 3834 §2: addresses of programs, which nobody reads. */
const ROBOT =
  /^(?:mailer-daemon|postmaster|listserv|majordomo|mailman|no-?_?reply|do-?not-?reply|bounces?|owner-.*|.*-(?:owner|request|relay|bounces?))(?:[+=].*)?$/i

/** What mail that may be old must not cause. */
export function isTooOld(receivedMs: number, nowMs: number, maxAgeDays: number): boolean {
  return nowMs - receivedMs > maxAgeDays * DAY_MS
}

/**
 * Whether a message may be answered by itself, and where to (RFC 3834 §2, §4): never what a program, a list or a report sent, never
 * the null reverse-path, and only what names one's own address. The answer goes to the reverse-path, to the author only where the server
 * that keeps the mail has not written that down.
 */
export function mayAnswer(mail: SendingFacts, own: OwnAddresses): May<Mailbox> {
  if (mail.autoSubmitted !== 'no') return { why: `a program sent it (Auto-Submitted: ${mail.autoSubmitted})` }
  if (mail.isList) return { why: 'it came by a mailing list' }
  if (/^(?:bulk|list|junk)$/.test(mail.precedence)) return { why: `it is a circular (Precedence: ${mail.precedence})` }
  if (/\b(?:all|autoreply|oof)\b/.test(mail.suppress)) return { why: 'its sender wants no automatic answers' }
  if (mail.isReport) return { why: 'it is a report' }
  if (mail.returnPath === '') return { why: 'it came with the null reverse-path' }
  const [author, ...others] = mail.from
  if (mail.returnPath === null && (author === undefined || others.length > 0))
    return { why: 'it does not say where an answer would go' }
  const to = parseMailbox(mail.returnPath ?? author ?? '')
  if (to === undefined) return { why: 'its sender has no address that can be written to' }
  if (ROBOT.test(to.local)) return { why: `nobody reads answers at ${formatMailbox(to)}` }
  if (own.isOwn(to) || mailboxesOf(mail.from).some((one) => own.isOwn(one))) return { why: 'it is your own mail' }
  if (!mailboxesOf(mail.addressees).some((one) => own.isOwn(one)))
    return { why: 'none of your addresses stands in To or Cc' }
  return { to }
}

/** How our Received field of a redirected message says whose rule that was. */
export const byRuleOf = (by: Mailbox) => `(by a rule of ${formatMailbox(by)})`

/**
 * Whether a message may be sent on, and to which of these addresses: never back to oneself, and not once it has been here and was sent
 * on before. `isNew`: as a new message of ours, whose failing would be told of, so that reports can't begin anything anew.
 */
export function maySendOn(
  mail: SendingFacts,
  by: Mailbox,
  own: OwnAddresses,
  to: readonly Mailbox[],
  isNew: boolean,
): May<readonly Mailbox[]> {
  if (mail.autoSubmitted === 'auto-replied') return { why: 'it is an automatic answer' }
  if (isNew && (mail.isReport || mail.returnPath === '')) return { why: 'it is a report' }
  if (mailboxesOf(mail.loops).some((one) => own.isOwn(one))) return { why: 'it was sent on from here before (X-Loop)' }
  if (mail.received.some((one) => one.includes(byRuleOf(by))))
    return { why: 'it was sent on from here before (Received)' }
  if (mail.received.length > MOST_HOPS) return { why: `it has been through ${mail.received.length} servers` }
  const others = to.filter((one) => !own.isOwn(one))
  return others.length === 0 ? { why: 'it would come back to yourself' } : { to: others }
}
