import { never } from '../base/never.ts'
import { randomId } from '../base/random-id.ts'
import { buildDsn, type DsnAction, type DsnRecipient } from '../message/dsn.ts'
import { readFields } from '../message/read.ts'
import { formatMailbox } from '../model/address.ts'
import type { Notify } from '../model/envelope-options.ts'
import { adviceOf } from '../model/explain-reply.ts'
import type { Cause, Outcome } from '../model/outcome.ts'
import type { Kept } from '../store/queue-change.ts'
import type { QueueEntry, QueueRecipient } from '../store/queue.ts'
import type { Store } from '../store/types.ts'
import { deadLetter } from './dead-letter.ts'
import { headerOf, isAutomatic, originalOf } from './returned-message.ts'
import { duration, explain, type Explanation } from './why.ts'

/** A recipient to report about. */
export interface Reported {
  readonly recipient: QueueRecipient
  readonly why: Cause | null
  readonly retryUntilMs?: number
}
/** A recipient whose mail was taken, and by whom. */
export interface Arrived {
  readonly recipient: QueueRecipient
  readonly outcome: Extract<Outcome, { kind: 'delivered' }>
}

/** What a report needs besides the recipients. */
export interface ReportContext {
  readonly store: Pick<Store, 'openBody' | 'readBody'>
  readonly nowMs: number
}

/**
 * Whether a sender is told of this entry. Never of a message that has no reverse-path, RFC 5321 §4.5.5: two mail systems would go
 * on telling each other. And never of one that did not begin here: its reverse-path is somebody elsewhere, perhaps made up, and no
 * report of ours leaves this machine.
 */
export function isReported(entry: QueueEntry): boolean {
  switch (entry.origin) {
    case 'window':
    case 'submission':
    case 'sendmail':
      return entry.from !== null
    case 'report':
    case 'rule':
      return false
    default:
      return never(entry.origin, 'origin')
  }
}

/** Whether RCPT asked to hear of this; where it said nothing, of failures and delays (RFC 3461 §4.1). */
function wants({ options }: QueueRecipient, what: 'success' | 'failure' | 'delay'): boolean {
  const notify: Notify = options.notify ?? ['failure', 'delay']
  return notify !== 'never' && notify.includes(what)
}

/**
 * What recipients that failed leave behind: a report in the sender's Inbox. A message whose sender can't be told goes to the dead
 * letters of the person who runs Posthorn, whole. Undefined when nobody wants to hear of it.
 */
export async function failureReport(
  entry: QueueEntry,
  failed: readonly Reported[],
  context: ReportContext,
): Promise<Kept | undefined> {
  if (failed.length === 0) return undefined
  const told = failed.map((one) => toDsnRecipient(one, 'failed', context.nowMs))
  if (!isReported(entry)) return deadLetter(entry, told, context)
  const wanted = told.filter((_, n) => failed[n] && wants(failed[n].recipient, 'failure'))
  return wanted.length === 0 ? undefined : report(entry, wanted, context)
}

/**
 * A report that recipients still wait. Undefined for mail that no person waits for (lists, bulk and automatic mail), unless it was
 * asked for, and where nobody wants to hear of it.
 */
export async function delayReport(
  entry: QueueEntry,
  waiting: readonly Reported[],
  context: ReportContext,
): Promise<Kept | undefined> {
  const wanted = waiting.filter(({ recipient }) => wants(recipient, 'delay'))
  if (!isReported(entry) || wanted.length === 0) return undefined
  const isAsked = wanted.some(({ recipient }) => recipient.options.notify !== undefined)
  if (!isAsked && isAutomatic((await originalOf(entry, context.store, 'headers')).bytes)) return undefined
  return lateReport(entry, wanted, context)
}

/** The same without asking whether anybody wants it, for who set a time (RFC 2852 §4.1.4). */
export async function lateReport(
  entry: QueueEntry,
  waiting: readonly Reported[],
  context: ReportContext,
): Promise<Kept | undefined> {
  const heard = waiting.filter(({ recipient }) => recipient.options.notify !== 'never')
  if (!isReported(entry) || heard.length === 0) return undefined
  return report(
    entry,
    heard.map((one) => toDsnRecipient(one, 'delayed', context.nowMs)),
    context,
  )
}

/**
 * A report that recipients have the message (`delivered`: a mailbox here), or that a server has it which sends no reports of its
 * own (`relayed`, RFC 3461 §5.2.2). Undefined when nobody asked, or the next server has taken over the wish.
 */
export async function successReport(
  entry: QueueEntry,
  arrived: readonly Arrived[],
  context: ReportContext,
): Promise<Kept | undefined> {
  const wanted = arrived.filter(({ recipient, outcome }) => wants(recipient, 'success') && outcome.dsn !== 'passed-on')
  if (!isReported(entry) || wanted.length === 0) return undefined
  return report(
    entry,
    wanted.map((one) => toArrivedRecipient(one, context.nowMs)),
    context,
  )
}

async function report(
  entry: QueueEntry,
  recipients: readonly DsnRecipient[],
  { store, nowMs }: ReportContext,
): Promise<Kept | undefined> {
  const { from, options } = entry
  if (from === null) return undefined
  const hasFailed = recipients.some(({ action }) => action === 'failed')
  // RET speaks of failures only; all other reports carry the header (RFC 3461 §4.3, §5.2.7).
  const original = await originalOf(entry, store, hasFailed && options.ret !== 'headers' ? 'message' : 'headers')
  const raw = buildDsn({
    reportingDomain: from.domain,
    to: from,
    subject: entry.subject,
    messageId: entry.messageId,
    ...(options.envid === undefined ? {} : { envid: options.envid }),
    arrivalMs: entry.createdMs,
    nowMs,
    uniqueId: randomId(),
    recipients,
    original: original.kind === 'message' ? original : { kind: 'headers', bytes: headerOf(original.bytes) },
  })
  // Of our own making: it tells us nothing that we would have to look up.
  const { isReport: _, ...fields } = readFields(raw)
  const message = { body: { raw }, prefix: '', removed: [], fields, receivedMs: nowMs, seen: false }
  return { owner: 'sender', role: 'inbox', message }
}

const UNKNOWN: Explanation = {
  words: 'It was sent, and the connection broke off before the server confirmed it. It may have arrived.',
  status: '4.4.2',
}

function common(recipient: QueueRecipient, action: DsnAction, nowMs: number) {
  const { to, firstTo, options } = recipient
  const first = firstTo === null ? undefined : { type: 'rfc822', address: formatMailbox(firstTo) }
  const original = options.orcpt ?? first
  return { to, action, lastAttemptMs: nowMs, ...(original === undefined ? {} : { original }) }
}

function toDsnRecipient(
  { recipient, why, retryUntilMs }: Reported,
  action: 'failed' | 'delayed',
  nowMs: number,
): DsnRecipient {
  const { words, status, remoteMta, reply } = why === null ? UNKNOWN : explain(why, action === 'failed')
  const until =
    retryUntilMs === undefined || retryUntilMs <= nowMs
      ? ''
      : ` It is tried for ${duration(retryUntilMs - nowMs)} more.`
  const remote = remoteMta ?? recipient.mx ?? undefined
  return {
    ...common(recipient, action, nowMs),
    status,
    words: `${words}${adviceWords(why)}${action === 'delayed' ? until : ''}`,
    ...(remote === undefined ? {} : { remoteMta: remote }),
    ...(reply === undefined ? {} : { reply }),
    ...(retryUntilMs === undefined ? {} : { willRetryUntilMs: retryUntilMs }),
  }
}

/** What the dictionary makes of a server's words, where it knows them. */
function adviceWords(why: Cause | null): string {
  const cause = why?.at === 'expired' ? why.last : why
  const advice = cause && 'reply' in cause && cause.reply ? adviceOf(cause.reply) : undefined
  if (advice === undefined || cause?.at === 'local' || advice.kind === 'later') return ''
  return ` ${advice.meaning} ${advice.next}`
}

function toArrivedRecipient({ recipient, outcome }: Arrived, nowMs: number): DsnRecipient {
  const { mx, reply, dsn } = outcome
  const isHere = mx === '' && dsn !== 'relayed'
  const words = isHere
    ? 'It is in the mailbox.'
    : mx === ''
      ? 'That address stands for addresses elsewhere, and it was sent on to them.'
      : `${mx} has taken it.`
  return {
    ...common(recipient, isHere ? 'delivered' : 'relayed', nowMs),
    status: reply.enhanced ?? '2.0.0',
    words,
    ...(mx === '' ? {} : { remoteMta: mx, reply }),
  }
}
