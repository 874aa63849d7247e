import type { Cause, Outcome } from '../model/outcome.ts'
import type { Lane } from './lanes.ts'
import { isOffline } from './schedule.ts'

/** Connections to one destination at once: it starts with one and earns the others. */
const MOST_A_LANE = 5
/** The same in a network of one's own, where nobody takes it for a flood; as many as Postfix opens to anybody. */
const MOST_IN_OWN_NETWORK = 20
/** Longest rest of a destination where nobody answers: a dial that times out costs the most. */
const SILENT_REST_MS = 900_000
const REST_MS = 120_000

/**
 * A lane earns connections by success. Where nobody answers it rests, no longer than until the recipient that found out is
 * due again (`nextMs`, Unix ms).
 */
export function pace(
  lane: Lane,
  outcomes: readonly Outcome[],
  nextMs: readonly (number | null)[],
  nowMs: number,
): void {
  if (outcomes.some(({ kind }) => kind === 'delivered')) {
    lane.limit = Math.min(lane.limit + 1, lane.isOwnNetwork ? MOST_IN_OWN_NETWORK : MOST_A_LANE)
    lane.restUntilMs = 0
    return
  }
  const dead = outcomes.flatMap((one) => (one.kind === 'deferred' && isDeadHost(one.why) ? [one.why] : []))
  if (dead.length === 0) return
  const isSilent = dead.some((why) => why.at === 'connect' && why.errno === 'ETIMEDOUT')
  lane.limit = 1
  lane.restUntilMs = Math.min(nowMs + (isSilent ? SILENT_REST_MS : REST_MS), ...nextMs.filter((ms) => ms !== null))
}

/** Whether the host could not be talked to at all, so that its next message would fare no better. */
function isDeadHost(why: Cause): boolean {
  if (isOffline(why) || why.at === 'connect' || why.at === 'greeting') return true
  return why.at === 'dns' && (why.rcode === 'SERVFAIL' || why.rcode === 'TIMEOUT')
}
