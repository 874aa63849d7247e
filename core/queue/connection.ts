import { Fault, reasonOf } from '../base/fault.ts'
import type { Deliver, Job, Settled } from '../model/delivery.ts'
import type { Cause, Outcome } from '../model/outcome.ts'
import type { Started } from '../store/queue-change.ts'
import type { DueRecipient, QueueEntry } from '../store/queue.ts'
import type { Work } from './ahead.ts'
import type { Begun, Ended } from './attempts.ts'
import type { Lane } from './lanes.ts'
import { pair } from './settle.ts'

/** Jobs begun ahead of the connections of a lane, so that they don't wait for a commit more between two messages. */
const LEAST_AHEAD = 8
const MOST_AHEAD = 64
/** Messages on one connection: servers commonly stop at 100. */
const MOST_JOBS = 100
/** A connection that others wait for ends after so many. */
const FAIR_JOBS = 20

/** What a connection needs of the queue. */
export interface ConnectionContext {
  readonly deliver: Deliver
  readonly log: (words: string) => void
  /** Oldest waiting recipients of the lane, one transaction's worth; [] when none. */
  take(lane: Lane): DueRecipient[]
  /** Commits phase `dialling`. */
  begin(taken: readonly DueRecipient[]): Promise<Begun>
  /** A session stands. */
  onConnected(lane: Lane, isOwnNetwork: boolean): void
  /** Commits phase `body`. */
  inBody(recipientIds: readonly number[]): Promise<void>
  /** Commits outcomes and what they cause; tries until it is done. */
  settle(lane: Lane, entry: QueueEntry, ended: readonly Ended[], sessionId: number | undefined): Promise<void>
  /** Tells which messages are sent soon. */
  readAhead(entries: readonly QueueEntry[]): void
  /** Gives back what was begun and not tried. */
  giveBack(started: readonly Started[]): Promise<void>
  /** True while no more work may be begun. */
  isStopping(): boolean
  /** True once the program ends: what is broken off then was no attempt. */
  isClosing(): boolean
  othersWait(lane: Lane): boolean
}

/** Begins up to `most` jobs of a lane in one commit. */
async function beginJobs(lane: Lane, most: number, context: ConnectionContext): Promise<Work[]> {
  const taken: DueRecipient[][] = []
  while (taken.length < most) {
    const some = context.take(lane)
    if (some.length === 0) break
    taken.push(some)
  }
  if (taken.length === 0) return []
  const { entries, started } = await context.begin(taken.flat())
  context.readAhead(entries)
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const startedById = new Map(started.map((one) => [one.recipient.id, one]))
  return taken.flatMap((due) => {
    const mine = due.flatMap(({ id }) => startedById.get(id) ?? [])
    const entry = byId.get(due[0]?.entryId ?? 0)
    return entry && mine.length > 0 ? [toWork(entry, mine)] : []
  })
}

function toWork(entry: QueueEntry, started: readonly Started[]): Work {
  const recipients = started.map(({ recipient, attemptId }) => ({
    recipientId: recipient.id,
    attemptId,
    to: recipient.to,
  }))
  const { id: entryId, from, view, is8bit, needsUtf8 } = entry
  const job: Job = { entryId, from, view, is8bit, needsUtf8, recipients }
  return { entry, job, open: new Map(started.map((one) => [one.recipient.id, one])), inBody: new Set() }
}

/** Serves a lane with one connection of the relay until it has nothing more for it. Never throws. */
export async function serveLane(lane: Lane, context: ConnectionContext, signal: AbortSignal): Promise<void> {
  const { route, ahead } = lane
  if (route.kind === 'local') return
  const given = new Map<Job, Work>()
  const fill = (most: number) => ahead.fill(() => beginJobs(lane, most, context))
  const fillUp = () => fill(Math.min(Math.max(2 * lane.connections, LEAST_AHEAD), MOST_AHEAD))
  let jobs = 0
  let fault: unknown
  const give = (): Job | undefined => {
    const begun = ahead.take()
    if (!begun) return undefined
    given.set(begun.job, begun)
    jobs++
    return begun.job
  }
  ahead.users++
  try {
    if (ahead.length === 0) await fill(1)
    const first = context.isStopping() ? undefined : give() // the program may have ended during the commit
    if (!first) return
    await context.deliver(
      {
        route,
        first,
        onConnected: (isOwnNetwork) => context.onConnected(lane, isOwnNetwork),
        async beforeBody(job, recipientIds) {
          const begun = given.get(job)
          for (const id of recipientIds) begun?.inBody.add(id)
          await context.inBody(recipientIds)
        },
        async onOutcome(job, settled, sessionId) {
          const begun = given.get(job)
          if (!begun) throw new Fault('conflict', `settle entry ${job.entryId}: it is not being tried`, jobConflict)
          await context.settle(lane, begun.entry, pair(begun.open, settled), sessionId)
          if (begun.open.size === 0) given.delete(job)
        },
        async next() {
          if (jobs >= MOST_JOBS || (jobs >= FAIR_JOBS && context.othersWait(lane))) return undefined
          // What was begun may have gone to another connection.
          while (!context.isStopping() && ahead.length === 0 && (ahead.isFilling || lane.entries.size > 0))
            await fillUp()
          const job = context.isStopping() ? undefined : give()
          // The rest comes while this one is on the wire.
          if (job && ahead.length < lane.connections && lane.entries.size > 0) fillUp().catch(() => {}) // the next call meets the fault itself
          return job
        },
      },
      signal,
    )
  } catch (error) {
    fault = error
    if (!context.isClosing()) context.log(`deliver to ${lane.key}: ${reasonOf(error)}`)
  } finally {
    if (ahead.users === 1) await ahead.settled()
    ahead.users--
    const untried = ahead.users === 0 || context.isStopping() ? ahead.takeOut() : []
    for (const begun of given.values()) await endUnsettled(lane, begun, fault, context)
    await context.giveBack(untried)
  }
}
const jobConflict = { what: 'job', reason: 'not being tried' }

/** The relay ended without a word on these. What may have gone out is unknown; the rest was never tried, or not by us. */
async function endUnsettled(lane: Lane, begun: Work, fault: unknown, context: ConnectionContext): Promise<void> {
  const open = [...begun.open.values()]
  const untried = context.isClosing() ? open.filter(({ recipient }) => !begun.inBody.has(recipient.id)) : []
  await context.giveBack(untried)
  for (const { recipient } of untried) begun.open.delete(recipient.id)
  const reason = fault === undefined ? 'the attempt ended early' : reasonOf(fault)
  const reply = { code: 451, enhanced: '4.3.0', lines: [reason] }
  const why: Cause = { at: 'local', reason, reply }
  const settled = [...begun.open.values()].map(({ recipient: { id, to } }): Settled => {
    const outcome: Outcome = begun.inBody.has(id) ? { kind: 'unknown', to, mx: '' } : { kind: 'deferred', to, why }
    return { recipientId: id, outcome }
  })
  if (settled.length > 0) await context.settle(lane, begun.entry, pair(begun.open, settled), undefined)
}
