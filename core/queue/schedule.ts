import type { Cause } from '../model/outcome.ts'
import type { Settings } from '../settings.ts'

/** RFC 6647 §5: most greylists open after five minutes, so the second try comes just after them. */
const GREYLIST_WAIT_MS = 300_000
/** Part of a wait that chance adds or takes, so that what was deferred together does not come back together. */
const JITTER = 0.1
/** Without a network nothing is known of the other side: look again soon, and count nothing. */
const OFFLINE_WAIT_MS = 60_000
/** However few tries a machine that is mostly asleep has made: after ten days the author is told. */
const HARD_STOP_MS = 10 * 86_400_000

/** What decides when a deferred recipient is tried again. */
export interface Deferral {
  /** Tries that counted, this one included. */
  readonly attempts: number
  readonly createdMs: number
  readonly nowMs: number
  /** Time the engine has been online since the message came. */
  readonly onlineMs: number
  readonly why: Cause
}
export type NextStep = { readonly kind: 'retry'; readonly atMs: number } | { readonly kind: 'give-up' }

/** Whether the failure says something about us and nothing about the other side. */
export function isOffline(why: Cause): boolean {
  return why.at === 'connect' && ['ENETUNREACH', 'ENETDOWN', 'ENONET'].includes(why.errno)
}

/** Whether the reply looks like a greylist's: come back later, said to a recipient or to a whole message. */
export function isGreylist(why: Cause): boolean {
  if (why.at !== 'reply') return false
  const { code, enhanced } = why.reply
  const isEarly = ['RCPT', 'DATA', '.', 'BDAT'].includes(why.verb.toUpperCase())
  return isEarly && (code === 450 || code === 451 || (code < 500 && enhanced === '4.7.1'))
}

/** When a deferred recipient is tried again, or that it is not. RFC 5321 §4.5.4.1; `random` is from 0 to 1. */
export function nextAttempt(it: Deferral, settings: Settings, random: number): NextStep {
  const giveUpAtMs = it.createdMs + settings['retry.giveUpAfterSeconds'] * 1000
  if (isOffline(it.why)) {
    if (it.nowMs >= Math.max(giveUpAtMs, it.createdMs + HARD_STOP_MS)) return { kind: 'give-up' }
    return { kind: 'retry', atMs: it.nowMs + Math.min(OFFLINE_WAIT_MS, scheduled(it, settings, random)) }
  }
  const isOld = it.nowMs >= giveUpAtMs
  const wasTried = it.attempts >= settings['retry.minTries'] && it.onlineMs >= settings['retry.minOnlineSeconds'] * 1000
  if (isOld && (wasTried || it.nowMs >= it.createdMs + HARD_STOP_MS)) return { kind: 'give-up' }
  const atMs = it.nowMs + scheduled(it, settings, random)
  // The last try falls on the day it is given up, not some hours after.
  return { kind: 'retry', atMs: isOld ? atMs : Math.min(atMs, Math.max(giveUpAtMs, it.nowMs + 1000)) }
}

function scheduled(it: Deferral, settings: Settings, random: number): number {
  const waits = settings['retry.scheduleSeconds']
  const waitMs = (waits[Math.min(Math.max(it.attempts, 1), waits.length) - 1] ?? 900) * 1000
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
  it: { readonly unknowns: number; readonly createdMs: number; readonly nowMs: number },
  settings: Settings,
): number {
  const againMs = it.nowMs + settings['retry.unknownAfterSeconds'] * 1000
  const giveUpAtMs = it.createdMs + settings['retry.giveUpAfterSeconds'] * 1000
  return it.unknowns <= 1 ? againMs : Math.max(againMs, giveUpAtMs)
}

/** Whether the author is to be told that it still waits. */
export function isWarningDue(it: { readonly createdMs: number; readonly nowMs: number }, settings: Settings): boolean {
  return it.nowMs - it.createdMs >= settings['retry.warnAfterSeconds'] * 1000
}
