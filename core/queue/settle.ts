import { never } from '../base/never.ts'
import type { Clock } from '../base/clock.ts'
import type { Settled } from '../model/delivery.ts'
import type { Cause, Outcome } from '../model/outcome.ts'
import type { Settings } from '../settings.ts'
import type { Kept, Settlement, Started } from '../store/queue-change.ts'
import { listRecipients, onlineMs, type QueueEntry } from '../store/queue.ts'
import type { Store } from '../store/types.ts'
import { delayReport, failureReport, isReported, type Reported } from './report.ts'
import { isOffline, isWarningDue, nextAfterUnknown, nextAttempt } from './schedule.ts'
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
}

/** What is to be written for outcomes of one job, in one operation with the reports they cause. */
export interface Verdict {
  readonly settled: readonly Settlement[]
  readonly kept: readonly Kept[]
  readonly warning: Kept | null
}

/** Judges outcomes: what is final, what is tried when, and who is told. */
export async function judge(
  entry: QueueEntry,
  outcomes: readonly { readonly started: Started; readonly outcome: Outcome }[],
  context: SettleContext,
): Promise<Verdict> {
  const settings = context.settings()
  const nowMs = context.clock.nowMs()
  const failed: Reported[] = []
  const waiting: Reported[] = []
  const settled = outcomes.map(({ started, outcome }) => {
    const settlement = toSettlement(entry, started, outcome, nowMs, settings, context)
    const { recipient } = started
    if (settlement.state === 'bounced') failed.push({ recipient, why: settlement.cause })
    else if (settlement.state !== 'delivered')
      waiting.push({ recipient, why: settlement.cause, retryUntilMs: giveUpMs(entry, settings) })
    return settlement
  })
  const report = { store: context.store, nowMs }
  const failure = await failureReport(entry, failed, report)
  const isWarning =
    waiting.length > 0 && entry.warnedMs === null && isReported(entry) && isWarningDue({ ...entry, nowMs }, settings)
  const warning = isWarning
    ? await delayReport(entry, withOthers(entry, waiting, settings, context), report)
    : undefined
  return { settled, kept: failure ? [failure] : [], warning: warning ?? null }
}

const giveUpMs = (entry: QueueEntry, settings: Settings) =>
  entry.createdMs + settings['retry.giveUpAfterSeconds'] * 1000

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
    .map((recipient) => ({ recipient, why: recipient.lastCause, retryUntilMs: giveUpMs(entry, settings) }))
  return [...waiting, ...others]
}

function toSettlement(
  entry: QueueEntry,
  { recipient, attemptId }: Started,
  outcome: Outcome,
  nowMs: number,
  settings: Settings,
  context: SettleContext,
): Settlement {
  const base = { recipientId: recipient.id, attemptId, counts: true, nextAttemptMs: null, lastReply: null, mx: null }
  switch (outcome.kind) {
    case 'delivered':
      return { ...base, state: 'delivered', cause: null, lastReply: formatReply(outcome.reply), mx: outcome.mx || null }
    case 'bounced':
      return { ...base, state: 'bounced', cause: outcome.why, ...wordsOf(outcome.why) }
    case 'held':
      return { ...base, state: 'held', cause: outcome.why, ...wordsOf(outcome.why) }
    case 'deferred': {
      const counts = !isOffline(outcome.why)
      const attempts = recipient.attempts + (counts ? 1 : 0)
      const online = onlineMs(context.store.read) + context.uncountedOnlineMs() - entry.onlineAtMs
      const deferral = { attempts, createdMs: entry.createdMs, nowMs, onlineMs: online, why: outcome.why }
      const next = nextAttempt(deferral, settings, context.random())
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
      const unknowns = recipient.unknowns + 1
      const nextAttemptMs = nextAfterUnknown({ unknowns, createdMs: entry.createdMs, nowMs }, settings)
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
): { readonly started: Started; readonly outcome: Outcome }[] {
  return settled.flatMap(({ recipientId, outcome }) => {
    const started = open.get(recipientId)
    return started && open.delete(recipientId) ? [{ started, outcome }] : []
  })
}
