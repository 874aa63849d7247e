import type { Line } from '../net/line-speed.ts'
import type { Pop3Rules } from '../store/pop3-account.ts'
import type { Planned } from './pop3-plan.ts'

/** What is more than a screenful, or more than this altogether, keeps somebody waiting. */
const SCREENFUL = 20
const LONG_BYTES = 4_000_000
/** A line that gives less is slow: a letter of 2 MB takes a quarter of a minute. */
const SLOW_BYTES_PER_SECOND = 128 * 1024
/** So long it is watched before anything is said of it: TCP takes some round trips to find its speed. */
const WATCHED_MS = 1000
/**
 * While a line is watched, so much is asked for at first, and then so many times as much as has come: none of it can be taken back, and
 * each time more is asked for costs a round trip. A line that shows to be slow after a second is held up by three more.
 */
const AHEAD_BYTES = 64 * 1024
const AHEAD_TIMES = 3
/** What a message of unknown size counts. */
const USUAL_BYTES = 16 * 1024

/** What a message counts for a line. */
export const bytesOf = ({ sizeBytes }: Planned): number => sizeBytes ?? USUAL_BYTES

/** Whether so many messages take long enough that their headers are worth having first. */
export function isLong(wanted: readonly Planned[]): boolean {
  return wanted.length > SCREENFUL || wanted.reduce((sum, one) => sum + bytesOf(one), 0) > LONG_BYTES
}

/** When headers come before messages: from the start, once the line shows to be slow, or not at all. */
export function headersWhen(
  rule: Pop3Rules['headersFirst'],
  hasTop: boolean,
  wanted: readonly Planned[],
): 'now' | 'when-slow' | 'never' {
  if (rule === 'never' || !hasTop || !isLong(wanted)) return 'never'
  return rule === 'always' ? 'now' : 'when-slow'
}

/** Whether a line has shown to be slow. */
export function isSlow({ bytes, waitedMs }: Line): boolean {
  return waitedMs >= WATCHED_MS && (bytes * 1000) / waitedMs < SLOW_BYTES_PER_SECOND
}

/** Whether another message may be asked for on a line that is watched: as on a new connection of TCP, what comes opens it. */
export function mayAsk(underWayBytes: number, cameBytes: number, next: Planned): boolean {
  return underWayBytes === 0 || underWayBytes + bytesOf(next) <= Math.max(AHEAD_BYTES, AHEAD_TIMES * cameBytes)
}
