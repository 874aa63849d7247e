import { never } from '../base/never.ts'
import type { Clock } from '../base/clock.ts'
import type { Settled } from '../model/delivery.ts'
import type { AttemptFacts, Cause, Outcome } from '../model/outcome.ts'
import { isLabDomain } from '../model/lab.ts'
import type { Settings } from '../settings.ts'
import type { Kept, Settlement, Started } from '../store/queue-change.ts'
import { getBlob } from '../store/blob.ts'
import { getRecipient, listRecipients, onlineMs, type QueueEntry } from '../store/queue.ts'
import { hasPending, listUntold } from '../store/queue-tell.ts'
import type { Store } from '../store/types.ts'
import {
  delayReport,
  failureReport,
  isReported,
  lateReport,
  successReport,
  type Arrived,
  type Reported,
} from './report.ts'
import { giveUpMs, isOffline, isWarningDue, nextAfterUnknown, nextAttempt, type Deferral } from './schedule.ts'
import { formatReply } from './why.ts'

/** What turning outcomes into rows needs. */
export interface SettleContext {
  readonly store: Pick<Store, 'read' | 'openBody' | 'readBody'>
  readonly settings: () => Settings
  readonly clock: Clock
  /** From 0 to 1. */
  readonly random: () => number
  /** Online time not yet stored (ms). */
  readonly uncountedOnlineMs: () => number
  /** Whether this computer has a network: without one, silence says nothing of the other side. */
  readonly hasNetwork: () => boolean
}

/** What is to be written for outcomes of one job, in one operation with the reports they cause. */
export interface Verdict {
  readonly settled: readonly Settlement[]
  readonly kept: readonly Kept[]
  readonly warning: Kept | null
  readonly late: Kept | null
}

/** Judges outcomes: what is final, what is tried when, and who is told. */
export async function judge(
  entry: QueueEntry,
  outcomes: readonly { readonly started: Started; readonly outcome: Outcome; readonly facts?: AttemptFacts }[],
  context: SettleContext,
): Promise<Verdict> {
  // Nobody is to hear of it: nearly all mail ends like this.
  if (outcomes.every(isQuietSuccess)) return { settled: outcomes.map(toDelivered), kept: [], warning: null, late: null }
  const { store } = context
  const settings = context.settings()
  const now: Now = {
    ms: context.clock.nowMs(),
    settings,
    hasNetwork: context.hasNetwork(),
    // Read only where somebody asks: what is delivered never does.
    onlineMs: () => onlineMs(store.read) + context.uncountedOnlineMs() - entry.onlineAtMs,
    // One chance for all: those of one message that wait for the same server go on together.
    random: context.random(),
  }
  const failed: Reported[] = []
  const waiting: Reported[] = []
  const arrived: Arrived[] = []
  const settled = outcomes.map(({ started, outcome, facts }) => {
    const { recipient } = started
    const bare = toSettlement(entry, started, ifDamaged(outcome, entry, store), now)
    const settlement = facts === undefined ? bare : { ...bare, facts }
    if (outcome.kind === 'delivered') arrived.push({ recipient, outcome })
    else if (settlement.state === 'bounced') failed.push({ recipient, why: settlement.cause })
    else {
      const { cancelAsked = false, cancelReport = false } = getRecipient(store.read, recipient.id) ?? {}
      if (cancelAsked && cancelReport) {
        failed.push({ recipient, why: CANCELLED })
        return { ...settlement, isCancelTold: true as const }
      }
      if (!cancelAsked) waiting.push({ recipient, why: settlement.cause, retryUntilMs: retryUntil(entry, settings) })
    }
    return settlement
  })
  const report = { store, nowMs: now.ms }
  const mine = outcomes.map(({ started }) => started.recipient.id)
  // Several that fail one after the other make one report: whoever ends last has it made.
  const isLast = failed.length === 0 || !isAmongOthers(entry, mine, now.ms, store)
  const failedIds = new Set(isLast ? [] : failed.map(({ recipient }) => recipient.id))
  const kept = [
    isLast ? await failureReport(entry, failed, report) : undefined,
    await successReport(entry, arrived, report),
  ]
  const isWaiting = waiting.length > 0 && isReported(entry)
  const isWarning =
    isWaiting && entry.warnedMs === null && isWarningDue({ createdMs: sinceMs(entry), nowMs: now.ms }, settings)
  const isLate = isWaiting && entry.deliverByToldMs === null && isAfterNotice(entry, now.ms)
  const others = isWarning || isLate ? withOthers(entry, waiting, settings, context) : []
  const warning = isWarning ? await delayReport(entry, others, report) : undefined
  const late = isLate ? await lateReport(entry, others, report) : undefined
  // Two at once would say the same.
  const isTwice = warning !== undefined && late !== undefined
  return {
    settled: settled.map((one) => (failedIds.has(one.recipientId) ? { ...one, isUntold: true } : one)),
    kept: kept.filter((one) => one !== undefined),
    warning: isTwice ? null : (warning ?? null),
    late: late ?? null,
  }
}

type Ended = Parameters<typeof judge>[1][number]
type Delivered = Ended & { readonly outcome: Extract<Outcome, { kind: 'delivered' }> }

/** Whether it arrived, and its sender did not ask to hear of anything. */
function isQuietSuccess(one: Ended): one is Delivered {
  return one.outcome.kind === 'delivered' && one.started.recipient.options.notify === undefined
}

function toDelivered({ started, outcome, facts }: Delivered): Settlement {
  return {
    recipientId: started.recipient.id,
    attemptId: started.attemptId,
    state: 'delivered',
    counts: true,
    nextAttemptMs: null,
    lastReply: formatReply(outcome.reply),
    cause: null,
    mx: outcome.mx || null,
    ...(facts && { facts }),
  }
}

/** Whether others of its recipients are being tried, or wait to be told of. */
function isAmongOthers(
  entry: QueueEntry,
  mine: readonly number[],
  nowMs: number,
  { read }: SettleContext['store'],
): boolean {
  return hasPending(read, entry.id, nowMs, mine) || listUntold(read, entry.id).length > 0
}

/** What all outcomes of one job are judged by. */
interface Now {
  readonly ms: number
  readonly settings: Settings
  readonly hasNetwork: boolean
  /** Time the engine has been online since the message came. */
  readonly onlineMs: () => number
  readonly random: number
}

/** RFC 3463 §3.8: what a person undid is no fault of anybody's server. */
export const CANCELLED: Cause = {
  at: 'local',
  reason: 'it was cancelled before it was delivered',
  reply: { code: 554, enhanced: '5.7.0', lines: ['cancelled before delivery'] },
}
const DAMAGED: Cause = {
  at: 'local',
  reason: 'the stored message fails its checksum and cannot be sent; what is left of it is kept',
  reply: { code: 554, enhanced: '5.3.0', lines: ['the stored message fails its checksum'] },
}

/** Bytes that failed their checksum are no better at the next try: whoever wrote them is told now. */
function ifDamaged(outcome: Outcome, entry: QueueEntry, { read }: SettleContext['store']): Outcome {
  if (outcome.kind !== 'deferred' || outcome.why.at !== 'local') return outcome
  const isQuarantined = getBlob(read, entry.view.blobId)?.state === 'quarantined'
  return isQuarantined ? { kind: 'bounced', to: outcome.to, why: DAMAGED } : outcome
}

/** From when on an entry could leave: its days are counted from there. */
export function sinceMs({ createdMs, undoUntilMs, options }: QueueEntry): number {
  return Math.max(createdMs, undoUntilMs ?? 0, options.holdUntilMs ?? 0)
}

/** Whether it is a report, or has no sender a report could go to. */
export const isReportEntry = ({ from, origin }: QueueEntry) => from === null || origin === 'report'

function isAfterNotice({ options: { deliverBy } }: QueueEntry, nowMs: number): boolean {
  return deliverBy !== undefined && deliverBy.mode === 'notify' && nowMs >= deliverBy.atMs
}

/** Whether a message was to be there by now, and is to be returned otherwise (RFC 2852 §4.1). */
export function isTooLate({ options: { deliverBy } }: QueueEntry, nowMs: number): boolean {
  return deliverBy !== undefined && deliverBy.mode === 'return' && nowMs >= deliverBy.atMs
}

function retryUntil(entry: QueueEntry, settings: Settings): number {
  const until = giveUpMs({ createdMs: sinceMs(entry), isReport: isReportEntry(entry) }, settings)
  const { deliverBy } = entry.options
  return deliverBy?.mode === 'return' ? Math.min(until, deliverBy.atMs) : until
}

/** The one warning of an entry names all of its recipients that were tried and wait, not only those of this try. */
function withOthers(
  entry: QueueEntry,
  waiting: readonly Reported[],
  settings: Settings,
  { store }: SettleContext,
): readonly Reported[] {
  const named = new Set(waiting.map(({ recipient }) => recipient.id))
  const others = listRecipients(store.read, entry.id)
    .filter((one) => (one.state === 'deferred' || one.state === 'unknown') && !named.has(one.id))
    .map((recipient) => ({ recipient, why: recipient.lastCause, retryUntilMs: retryUntil(entry, settings) }))
  return [...waiting, ...others]
}

function toSettlement(entry: QueueEntry, { recipient, attemptId }: Started, outcome: Outcome, now: Now): Settlement {
  const base = { recipientId: recipient.id, attemptId, counts: true, nextAttemptMs: null, lastReply: null, mx: null }
  switch (outcome.kind) {
    case 'delivered':
      return toDelivered({ started: { recipient, attemptId }, outcome })
    case 'bounced':
      return { ...base, state: 'bounced', cause: outcome.why, ...wordsOf(outcome.why) }
    case 'held':
      // A rule that holds it is no try of anybody.
      return { ...base, state: 'held', counts: outcome.why.at !== 'rule', cause: outcome.why, ...wordsOf(outcome.why) }
    case 'deferred': {
      const { ms: nowMs, hasNetwork, settings } = now
      const counts = !isOffline(outcome.why, hasNetwork)
      const { deliverBy } = entry.options
      const deferral: Deferral = {
        attempts: recipient.attempts + (counts ? 1 : 0),
        createdMs: sinceMs(entry),
        nowMs,
        onlineMs: now.onlineMs(),
        why: outcome.why,
        isReport: isReportEntry(entry),
        isRehearsal: isLabDomain(recipient.to.domain, settings['lab.domain']),
        hasNetwork,
        deliverBy,
      }
      const next = nextAttempt(deferral, settings, now.random)
      if (next.kind === 'retry')
        return {
          ...base,
          state: 'deferred',
          counts,
          nextAttemptMs: next.atMs,
          cause: outcome.why,
          ...wordsOf(outcome.why),
        }
      const cause: Cause = { at: 'expired', queuedMs: nowMs - entry.createdMs, last: withoutHistory(outcome.why) }
      return { ...base, state: 'bounced', counts, cause, ...wordsOf(outcome.why) }
    }
    case 'unknown': {
      const it = { unknowns: recipient.unknowns + 1, createdMs: sinceMs(entry), isReport: isReportEntry(entry) }
      const nextAttemptMs = nextAfterUnknown({ ...it, nowMs: now.ms }, now.settings)
      return { ...base, state: 'unknown', nextAttemptMs, cause: null, mx: outcome.mx || null }
    }
    default:
      return never(outcome, 'outcome')
  }
}

/** An expiry names the last failure, never another expiry. */
const withoutHistory = (why: Cause): Cause => (why.at === 'expired' && why.last ? why.last : why)

/** The server's own words and its name, where a server spoke. */
function wordsOf(why: Cause): { lastReply: string | null; mx: string | null } {
  return {
    lastReply: 'reply' in why ? formatReply(why.reply) : null,
    mx: 'mx' in why && why.mx !== '' ? why.mx : null,
  }
}

/** Pairs what the relay says with what was begun; what was never begun, or has been settled, is left out. */
export function pair(
  open: Map<number, Started>,
  settled: readonly Settled[],
): { readonly started: Started; readonly outcome: Outcome; readonly facts?: AttemptFacts }[] {
  return settled.flatMap(({ recipientId, outcome, facts }) => {
    const started = open.get(recipientId)
    return started && open.delete(recipientId) ? [{ started, outcome, ...(facts && { facts }) }] : []
  })
}
