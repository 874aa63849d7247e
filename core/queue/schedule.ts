import type { MailOptions } from '../model/envelope-options.ts'
import type { Cause } from '../model/outcome.ts'
import { adviceOf } from '../model/explain-reply.ts'
import type { ReplyKind } from '../model/reply-advice.ts'
import type { Settings } from '../settings.ts'

/** RFC 6647 §5: most greylists open after five minutes, so the second try comes just after them. */
const GREYLIST_WAIT_MS = 300_000
/** Part of a wait that chance adds or takes, so that what was deferred together does not come back together. */
const JITTER = 0.1
/** Without a network nothing is known of the other side: look again soon, and count nothing. */
const OFFLINE_WAIT_MS = 60_000
/** However few tries a machine that is mostly asleep has made: after ten days the author is told. */
const HARD_STOP_MS = 10 * 86_400_000
/** Less time awake than this is no fair trial, and the hard stop waits for twice as long. */
const AWAKE_MS = 86_400_000

/** As sendmail's queue runner: every quarter of an hour, all days long. */
const SENDMAIL_WAIT_SECONDS = 900

/** What decides when a deferred recipient is tried again. */
export interface Deferral {
  /** Tries that counted, this one included. */
  readonly attempts: number
  /** From when its days are counted: since it could leave. */
  readonly createdMs: number
  /** It goes to the rehearsal lab, which has a schedule of its own. */
  readonly isRehearsal?: boolean
  /** A report, which nobody waits for and which cannot be returned. */
  readonly isReport: boolean
  /** Until when it was to be there, and whether it is of no use after that (RFC 2852, by-mode R) or its sender only told. */
  readonly deliverBy?: MailOptions['deliverBy'] | undefined
  /** Whether this computer has a network at all. */
  readonly hasNetwork: boolean
  readonly nowMs: number
  /** Time the engine has been online since the message came. */
  readonly onlineMs: number
  readonly why: Cause
}
export type NextStep = { readonly kind: 'retry'; readonly atMs: number } | { readonly kind: 'give-up' }

/** What failure looks like while there is no network; with one it tells of the other side. */
const UNREACHED = ['ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN', 'EADDRNOTAVAIL']

/** Whether the failure says something about us and nothing about the other side: then no try is counted. */
export function isOffline(why: Cause, hasNetwork: boolean): boolean {
  if (why.at === 'connect')
    return ['ENETUNREACH', 'ENETDOWN', 'ENONET'].includes(why.errno) || (!hasNetwork && UNREACHED.includes(why.errno))
  return !hasNetwork && why.at === 'dns' && (why.rcode === 'SERVFAIL' || why.rcode === 'TIMEOUT')
}

/** Refusals whose words do not tell a greylist from anything else. */
const UNTOLD: ReadonlySet<ReplyKind> = new Set<ReplyKind>([
  'later',
  'policy',
  'server-trouble',
  'protocol',
  'unknown-user',
])

/** Whether the reply looks like a greylist's: come back later, said to a recipient or to a whole message. */
export function isGreylist(why: Cause): boolean {
  if (why.at !== 'reply') return false
  const { code, enhanced } = why.reply
  const isEarly = ['RCPT', 'DATA', '.', 'BDAT'].includes(why.verb.toUpperCase())
  const kind = adviceOf(why.reply)?.kind
  // Where the words say what it is, the code does not matter: a full mailbox and a rate limit want a longer wait.
  if (kind === undefined || !UNTOLD.has(kind)) return isEarly && kind === 'greylisted'
  return isEarly && (code === 450 || code === 451 || (code < 500 && enhanced === '4.7.1'))
}

/** When a message is given up that was first to leave at `createdMs`. */
export function giveUpMs(it: { readonly createdMs: number; readonly isReport: boolean }, settings: Settings): number {
  const seconds = settings['retry.giveUpAfterSeconds']
  const report = settings['retry.reportGiveUpAfterSeconds']
  return it.createdMs + (it.isReport ? Math.min(seconds, report) : seconds) * 1000
}

/** When a deferred recipient is tried again, or that it is not. RFC 5321 §4.5.4.1; `random` is from 0 to 1. */
export function nextAttempt(it: Deferral, settings: Settings, random: number): NextStep {
  const { nowMs, deliverBy } = it
  // Somebody is to be told at that moment, so that is when it is looked at again.
  const deadlineMs =
    deliverBy !== undefined && (deliverBy.mode === 'return' || nowMs < deliverBy.atMs) ? deliverBy.atMs : Infinity
  const giveUpAtMs = giveUpMs(it, settings)
  const hardStopMs = Math.max(giveUpAtMs, it.createdMs + HARD_STOP_MS)
  if (nowMs >= deadlineMs) return { kind: 'give-up' }
  if (isOffline(it.why, it.hasNetwork)) {
    if (nowMs >= hardStopMs) return { kind: 'give-up' }
    const atMs = nowMs + Math.min(OFFLINE_WAIT_MS, scheduled(it, settings, random))
    return { kind: 'retry', atMs: Math.min(atMs, deadlineMs) }
  }
  const isOld = nowMs >= giveUpAtMs
  const wasTried = it.attempts >= settings['retry.minTries'] && it.onlineMs >= settings['retry.minOnlineSeconds'] * 1000
  // A machine that slept for most of its days tries on for a day of being awake, but not for ever.
  const isOver = wasTried || (nowMs >= hardStopMs && (it.onlineMs >= AWAKE_MS || nowMs >= hardStopMs + HARD_STOP_MS))
  if (isOld && isOver) return { kind: 'give-up' }
  const atMs = nowMs + scheduled(it, settings, random)
  // The last try falls on the day it is given up, not some hours after.
  return {
    kind: 'retry',
    atMs: Math.min(deadlineMs, isOld ? atMs : Math.min(atMs, Math.max(giveUpAtMs, nowMs + 1000))),
  }
}

function scheduled(it: Deferral, settings: Settings, random: number): number {
  const usualMs = ofSchedule(it, settings, random)
  if (it.isRehearsal !== true) return usualMs
  // Nobody rehearses for a quarter of an hour; what is left lying behind a lab that is off comes ever more seldom.
  return Math.min(usualMs, settings['lab.retrySeconds'] * 1000 * 2 ** Math.min(it.attempts - 1, 20))
}

function ofSchedule(it: Deferral, settings: Settings, random: number): number {
  const waits = settings['retry.profile'] === 'sendmail' ? [SENDMAIL_WAIT_SECONDS] : settings['retry.scheduleSeconds']
  const waitMs = (waits[Math.min(Math.max(it.attempts, 1), waits.length) - 1] ?? SENDMAIL_WAIT_SECONDS) * 1000
  // Before five minutes a greylist is still shut; only later is safe.
  if (it.attempts <= 1 && isGreylist(it.why) && waitMs > GREYLIST_WAIT_MS)
    return Math.round(GREYLIST_WAIT_MS * (1 + JITTER * random))
  return Math.round(waitMs * (1 - JITTER + 2 * JITTER * random))
}

/**
 * When a recipient whose message may have arrived is sent again (RFC 1047 §3): once, after a wait. The second time it is
 * not sent again; its author is told when its time is up.
 */
export function nextAfterUnknown(
  it: { readonly unknowns: number; readonly createdMs: number; readonly isReport: boolean; readonly nowMs: number },
  settings: Settings,
): number {
  const againMs = it.nowMs + settings['retry.unknownAfterSeconds'] * 1000
  return it.unknowns <= 1 ? againMs : Math.max(againMs, giveUpMs(it, settings))
}

/** Whether the author is to be told that it still waits. */
export function isWarningDue(it: { readonly createdMs: number; readonly nowMs: number }, settings: Settings): boolean {
  return it.nowMs - it.createdMs >= settings['retry.warnAfterSeconds'] * 1000
}
