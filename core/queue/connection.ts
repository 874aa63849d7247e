import { Fault, reasonOf } from '../base/fault.ts'
import type { MailOptions, RecipientOptions } from '../model/envelope-options.ts'
import type { Deliver, Job, Settled } from '../model/delivery.ts'
import type { Cause, Outcome, Route } from '../model/outcome.ts'
import type { InBody, Started } from '../store/queue-change.ts'
import type { QueueEntry, QueueRecipient } from '../store/queue.ts'
import type { DueRecipient } from '../store/queue-due.ts'
import { Ahead, type Work } from './ahead.ts'
import type { Begun, Ended } from './attempts.ts'
import { waitingIn, type Lane } from './lanes.ts'
import { isGreylist } from './schedule.ts'
import { pair } from './settle.ts'

/** Jobs begun ahead of the connections of a lane, so that they don't wait for a commit more between two messages. */
const LEAST_AHEAD = 4
const MOST_AHEAD = 64
/** A connection that others wait for ends after so many. */
const FAIR_JOBS = 20

/** A recipient as far as its route asks. */
export type RouteQuestion = Pick<DueRecipient, 'from' | 'domain' | 'attempts' | 'way'>

/** What a connection needs of the queue. */
export interface ConnectionContext {
  readonly deliver: Deliver
  readonly log: (words: string) => void
  /** Oldest waiting recipients of the lane by job, no more jobs than are asked for and its pace allows; [] when none. */
  take(lane: Lane, most: number): readonly DueRecipient[][]
  /** Where a recipient goes now, and why. */
  routeOf(one: RouteQuestion): Route
  /** Commits phase `dialling`. */
  begin(taken: readonly DueRecipient[]): Promise<Begun>
  /** A session stands. */
  onConnected(lane: Lane, isOwnNetwork: boolean): void
  /** A message was promised to the lane's destination, or will not come after all. */
  promise(lane: Lane, by: 1 | -1): void
  /** Commits phase `body` at the server `mx`, of a message that counts towards the pace where it `isFirst`. */
  inBody(lane: Lane, recipientIds: readonly number[], mx: string, isFirst: boolean): Promise<void>
  /** Whether messages to the lane's destination are counted by anybody. */
  isCounted(lane: Lane): boolean
  /** Commits outcomes and what they cause, and phase `body` of what goes out next on that connection; tries until it is done. */
  settle(
    lane: Lane,
    entry: QueueEntry,
    ended: readonly Ended[],
    sessionId: number | undefined,
    next?: InBody,
  ): Promise<void>
  /** Tells which messages are sent soon. */
  readAhead(entries: readonly QueueEntry[]): void
  /** Gives back what was begun and not tried. */
  giveBack(started: readonly Started[]): Promise<void>
  /** Messages one connection of the lane may carry. */
  mostJobs(lane: Lane): number
  /** True while no more work may be begun. */
  isStopping(): boolean
  /** True once the program ends: what is broken off then was no attempt. */
  isClosing(): boolean
  othersWait(lane: Lane): boolean
}

/** Begins up to `most` jobs of a lane in one commit. */
async function beginJobs(lane: Lane, most: number, context: ConnectionContext): Promise<Work[]> {
  const taken = context.take(lane, most)
  if (taken.length === 0) return []
  const { entries, started } = await context.begin(taken.flat())
  context.readAhead(entries)
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const startedById = new Map(started.map((one) => [one.recipient.id, one]))
  const works = taken.flatMap((due) => {
    const mine = due.flatMap(({ id }) => startedById.get(id) ?? [])
    const entry = byId.get(due[0]?.entryId ?? 0)
    return entry && mine.length > 0 ? byHost(mine).map((some) => toWork(entry, some, context)) : []
  })
  for (const _ of works) context.promise(lane, 1)
  return works
}

/** The server this recipient's message may have been given to before: it goes to no other one. */
const onlyHostOf = ({ unknowns, mx }: QueueRecipient) => (unknowns > 0 && mx !== null ? mx : '')

/** Recipients of one entry, apart where they must go to different servers. */
function byHost(started: readonly Started[]): readonly (readonly Started[])[] {
  const apart = new Map<string, Started[]>()
  for (const one of started) {
    const key = onlyHostOf(one.recipient)
    const known = apart.get(key)
    if (known) known.push(one)
    else apart.set(key, [one])
  }
  return [...apart.values()]
}

/** The server these go to, or are to be tried at first: RFC 6647 §4.1, a greylist lets in who asked that very server before. */
function sameHostOf([first]: readonly Started[]): Job['sameHost'] {
  if (first === undefined || first.recipient.mx === null) return undefined
  const { mx, lastCause, unknowns } = first.recipient
  if (unknowns > 0) return { mx, isOnly: true }
  return lastCause !== null && isGreylist(lastCause) ? { mx, isOnly: false } : undefined
}

const isSaid = (options: MailOptions | RecipientOptions) => Object.keys(options).length > 0

function toWork(entry: QueueEntry, started: readonly Started[], { routeOf }: Pick<ConnectionContext, 'routeOf'>): Work {
  const { id: entryId, from, view, is8bit, needsUtf8, options } = entry
  const recipients = started.map(({ recipient, attemptId }) => {
    const { id: recipientId, to, attempts, way } = recipient
    const route = routeOf({ from, domain: to.domain, attempts, way })
    const asked = isSaid(recipient.options) ? { options: recipient.options } : {}
    return { recipientId, attemptId, to, ...asked, ...whyOf(route) }
  })
  const sameHost = sameHostOf(started)
  const job: Job = {
    entryId,
    from,
    view,
    is8bit,
    needsUtf8,
    ...(isSaid(options) && { options }),
    ...(sameHost && { sameHost }),
    recipients,
  }
  return {
    entry,
    job,
    open: new Map(started.map((one) => [one.recipient.id, one])),
    inBody: new Set(),
    earlyMx: undefined,
    isHanded: false,
  }
}

const whyOf = (route: Route) => ('why' in route && route.why !== undefined ? { routeWhy: route.why } : {})

/** Serves a lane with one connection of the relay until it has nothing more for it. Never throws. */
export async function serveLane(lane: Lane, context: ConnectionContext, signal: AbortSignal): Promise<void> {
  const { route } = lane
  if (route.kind === 'local') return
  const ahead = (lane.ahead ??= new Ahead())
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
  const letGo = (begun: Work) => {
    given.delete(begun.job)
    if (!begun.isHanded) context.promise(lane, -1)
  }
  const mayGoOn = () =>
    !context.isStopping() && jobs < context.mostJobs(lane) && (jobs < FAIR_JOBS || !context.othersWait(lane))
  let coming: Work | undefined
  /**
   * The next job, whose phase `body` is committed in one operation with the outcome before it: a commit less for each message on
   * a busy connection. Only where nobody counts messages, and after a success: a server that makes us wait would leave more of
   * them unknown by a crash.
   */
  const giveEarly = (): Work | undefined => {
    const job = coming === undefined && mayGoOn() && !context.isCounted(lane) ? give() : undefined
    return (coming = job && given.get(job))
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
        async beforeBody(job, recipientIds, mx) {
          const begun = given.get(job)
          for (const id of recipientIds) begun?.inBody.add(id)
          if (begun?.earlyMx === mx && !begun.isHanded) return void (begun.isHanded = true)
          const isFirst = begun?.isHanded === false
          if (begun) begun.isHanded = true
          await context.inBody(lane, recipientIds, mx, isFirst)
        },
        async onOutcome(job, settled, sessionId) {
          const begun = given.get(job)
          if (!begun) throw new Fault('conflict', `settle entry ${job.entryId}: it is not being tried`, jobConflict)
          const last = settled.at(-1)?.outcome
          const isDelivered = settled.every(({ outcome }) => outcome.kind === 'delivered')
          const mx = isDelivered && last?.kind === 'delivered' ? last.mx : undefined
          const next = mx === undefined ? undefined : giveEarly()
          const inBody = next && mx !== undefined ? { recipientIds: [...next.open.keys()], mx } : undefined
          await context.settle(lane, begun.entry, pair(begun.open, settled), sessionId, inBody)
          if (next) next.earlyMx = mx
          if (begun.open.size === 0) letGo(begun)
        },
        async next() {
          if (coming !== undefined && !context.isStopping()) {
            const { job } = coming
            coming = undefined
            return job
          }
          if (!mayGoOn()) return undefined
          // What was begun may have gone to another connection.
          while (!context.isStopping() && ahead.length === 0 && (ahead.isFilling || mayTake(lane))) await fillUp()
          const job = context.isStopping() ? undefined : give()
          // The rest comes while this one is on the wire.
          if (job && ahead.length < lane.connections && mayTake(lane)) fillUp().catch(() => {}) // the next call meets the fault itself
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
    if (coming) {
      given.delete(coming.job)
      untried.push(coming)
    }
    for (const begun of given.values()) {
      await endUnsettled(lane, begun, fault, context)
      letGo(begun)
    }
    for (const _ of untried) context.promise(lane, -1)
    await context.giveBack(untried.flatMap(({ open }) => [...open.values()]))
  }
}
const jobConflict = { what: 'job', reason: 'not being tried' }

/** Whether the lane has more, and its pace allows it: a lane without room rests. */
const mayTake = (lane: Lane) => waitingIn(lane) > 0 && !lane.isFull

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
