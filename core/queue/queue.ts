import type { Changes } from '../base/changes.ts'
import type { Cancel, Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import type { Domain, ReversePath } from '../model/address.ts'
import type { Deliver } from '../model/delivery.ts'
import type { MessageFields } from '../model/message-fields.ts'
import type { Cause, Outcome, Route } from '../model/outcome.ts'
import type { Settings } from '../settings.ts'
import type { Kept, Started } from '../store/queue-change.ts'
import {
  countDue,
  getRecipient,
  listDue,
  listDueOfEntry,
  nextDueMs,
  type DueCursor,
  type DueRecipient,
  type QueueEntry,
} from '../store/queue.ts'
import type { Store } from '../store/types.ts'
import { serveLane, type ConnectionContext } from './connection.ts'
import { Lanes, type Lane } from './lanes.ts'
import { deliverLocally, type ResolveLocal } from './local.ts'
import { OnlineTime } from './online-time.ts'
import { isOffline } from './schedule.ts'
import { judge, type SettleContext } from './settle.ts'

/** Connections to other servers at once, all in all. */
const MOST_CONNECTIONS = 10
/** Connections to one destination at once: it starts with one and earns the others. */
const MOST_A_LANE = 5
/** Rows read before others have their turn of the event loop. */
const ROWS_A_SLICE = 200
/** Due recipients kept in memory; more are read when half of them are done. */
const MOST_HELD = 100_000
/** A look at everything that is due, whatever the timers think; heals what a jumping clock has done. */
const LOOK_AGAIN_MS = 300_000
/** Longest rest of a destination where nobody answers: a dial that times out costs the most. */
const LONGEST_REST_MS = 900_000
const SHORT_REST_MS = 120_000
/** What giving back takes at most, once every connection was broken off. */
const LONGEST_GIVING_BACK_MS = 5000
const START: DueCursor = { ms: Number.MIN_SAFE_INTEGER, id: 0 }

/** What the queue is wired to. */
export interface QueueContext {
  readonly store: Store
  readonly settings: () => Settings
  readonly clock: Clock
  /** From 0 to 1; chance spreads the tries. */
  readonly random: () => number
  readonly deliver: Deliver
  readonly isLocal: (domain: Domain) => boolean
  readonly resolveLocal: ResolveLocal
  /** Asked at each try: a route that was changed counts for what waits already. */
  readonly routeFor: (from: ReversePath, domain: Domain) => Exclude<Route, { kind: 'local' }>
  /** What is known of a message by its bytes, for the index of a mailbox. */
  readonly describe: (raw: Uint8Array) => MessageFields | Promise<MessageFields>
  /** Ids of entries that changed. */
  readonly changes: Changes<number>
  /** Folders that got a message. */
  readonly onFolders: (folderIds: readonly number[]) => void
  readonly log: (words: string) => void
}

/** What waits and when it is tried. */
export interface Queue {
  /** New work from `submit`: tried now, unless the queue is paused or runs at intervals. */
  add(due: readonly DueRecipient[]): void
  /** Something changed from outside, such as a setting or the network: looks at all that is due. */
  wake(): void
  /** Tries an entry, or everything, now. Returns how many recipients that are. */
  retry(entryId: number | null): Promise<number>
  cancel(entryId: number): Promise<number>
  /** False when that recipient's arrival is not unknown. */
  decide(recipientId: number, decision: 'resend' | 'arrived'): Promise<boolean>
  /** Resolves when nothing is being tried. */
  idle(): Promise<void>
  /** Takes no more work, waits for transactions under way up to `waitMs`, then ends their connections. */
  close(waitMs?: number): Promise<void>
}

/** Recovers what a crash left half done, and starts trying what is due. */
export async function startQueue(context: QueueContext): Promise<Queue> {
  const settings = context.settings()
  await context.store.write('queue.recover', {
    unknownAfterMs: settings['retry.unknownAfterSeconds'] * 1000,
    giveUpAfterMs: settings['retry.giveUpAfterSeconds'] * 1000,
  })
  const queue = new RunningQueue(context)
  queue.wake()
  return queue
}

class RunningQueue implements Queue {
  readonly #context: QueueContext
  readonly #lanes = new Lanes()
  readonly #online: OnlineTime
  readonly #connection: ConnectionContext
  readonly #settle: SettleContext
  readonly #abort = new AbortController()
  #connections = 0
  #localLanes = 0
  #isClosing = false
  /** How far the due recipients have been read. */
  #cursor = START
  #scan: Promise<void> | undefined
  #scanAgain = false
  /** Reading stopped before its end, for enough is held. */
  #isFull = false
  /** Timer mode: when the interval's next run is. */
  #nextRunMs: number
  #lookAgainMs = 0
  #cancelTimer: Cancel = () => {}
  #arming: NodeJS.Immediate | undefined
  #onIdle: (() => void)[] = []

  constructor(context: QueueContext) {
    this.#context = context
    this.#nextRunMs = context.clock.nowMs()
    this.#online = new OnlineTime(context.clock, (addMs) => context.store.write('queue.countOnline', { addMs }))
    const { store, clock, random } = context
    this.#settle = {
      store,
      clock,
      random,
      settings: context.settings,
      uncountedOnlineMs: () => this.#online.uncountedMs(),
    }
    this.#connection = {
      deliver: context.deliver,
      log: context.log,
      take: (lane) => this.#take(lane),
      begin: (taken) => this.#begin(taken),
      inBody: (recipientIds) => store.write('queue.beforeBody', { recipientIds }),
      settle: (lane, entry, outcomes, sessionId) => this.#settleJob(lane, entry, outcomes, sessionId),
      giveBack: (started, due) => this.#giveBack(started, due),
      isStopping: () => this.#isStopping(),
      isClosing: () => this.#isClosing,
      othersWait: (lane) =>
        this.#connections >= MOST_CONNECTIONS && this.#lanes.othersWait(lane, this.#context.clock.nowMs()),
    }
  }

  add(due: readonly DueRecipient[]): void {
    if (this.#isStopping() || due.length === 0) return
    this.#context.changes.emit(...new Set(due.map(({ entryId }) => entryId)))
    const atOnce = this.#context.settings()['queue.mode'] === 'at-once'
    // Mail for this computer does not leave it: it has nothing to wait for.
    for (const one of due) if (atOnce || this.#context.isLocal(one.domain)) this.#lanes.add(one, this.#routeOf(one))
    this.#pump()
    this.#arm()
  }

  wake(): void {
    if (this.#isClosing) return
    this.#cursor = START
    this.#lookAgainMs = this.#context.clock.nowMs() + LOOK_AGAIN_MS
    this.#onTimer()
  }

  async retry(entryId: number | null): Promise<number> {
    const { store, clock } = this.#context
    let recipients = entryId === null ? countDue(store.read, clock.nowMs()) : 0
    if (entryId !== null) recipients = (await store.write('queue.retryEntry', { entryId })).recipients
    else {
      for (let moved = 1; moved > 0;) {
        moved = (await store.write('queue.retrySome', { limit: 1000 })).recipients
        recipients += moved
      }
    }
    this.#lanes.endRests()
    if (entryId === null) {
      this.#cursor = START
      await this.#scanDue()
    } else {
      this.#context.changes.emit(entryId)
      for (const one of listDueOfEntry(store.read, entryId, clock.nowMs())) this.#lanes.add(one, this.#routeOf(one))
    }
    this.#pump()
    this.#arm()
    return recipients
  }

  async cancel(entryId: number): Promise<number> {
    const { recipients } = await this.#context.store.write('queue.cancel', { entryId })
    this.#context.changes.emit(entryId)
    return recipients
  }

  async decide(recipientId: number, decision: 'resend' | 'arrived'): Promise<boolean> {
    const { store, changes } = this.#context
    const isDone = await store.write('queue.decide', { recipientId, decision })
    const entryId = getRecipient(store.read, recipientId)?.entryId
    if (!isDone || entryId === undefined) return false
    changes.emit(entryId)
    this.#addEntry(entryId)
    return true
  }

  #addEntry(entryId: number): void {
    if (this.#isStopping()) return
    const { store, clock } = this.#context
    for (const one of listDueOfEntry(store.read, entryId, clock.nowMs())) this.#lanes.add(one, this.#routeOf(one))
    this.#pump()
  }

  idle(): Promise<void> {
    if (this.#connections === 0 && this.#localLanes === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }

  async close(waitMs = 5000): Promise<void> {
    this.#isClosing = true
    this.#cancelTimer()
    const { clock } = this.#context
    const patience = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
    await this.#scan?.catch(() => {}) // said when it was seen
    await Promise.race([this.idle(), patience(waitMs)])
    this.#abort.abort()
    // What was broken off is given back; a connection that does not hear of it is left to the next start.
    await Promise.race([this.idle(), patience(LONGEST_GIVING_BACK_MS)])
    await this.#online.close().catch((error: unknown) => this.#context.log(`store the online time: ${reasonOf(error)}`))
  }

  #isStopping(): boolean {
    return this.#isClosing || this.#context.settings()['queue.paused']
  }

  #routeOf({ from, domain }: DueRecipient): Route {
    return this.#context.isLocal(domain) ? { kind: 'local' } : this.#context.routeFor(from, domain)
  }

  /** Sets the timer anew, once for all that happens in this turn of the event loop. */
  #arm(): void {
    this.#arming ??= setImmediate(() => {
      this.#arming = undefined
      this.#armNow()
    })
  }

  /** One timer serves all: the next that is due, the end of a rest, the next interval. */
  #armNow(): void {
    this.#cancelTimer()
    if (this.#isStopping()) return
    const { clock, store, settings } = this.#context
    const nowMs = clock.nowMs()
    const next = settings()['queue.mode'] === 'interval' ? this.#nextRunMs : nextDueMs(store.read, this.#cursor.ms)
    const rest = this.#lanes.nextRestMs(nowMs)
    const times = [next, rest].filter((ms) => ms !== undefined)
    this.#online.run(times.length > 0 || this.#connections > 0)
    if (times.length === 0) return
    const waitMs = Math.min(Math.min(...times) - nowMs, LOOK_AGAIN_MS)
    this.#cancelTimer = clock.after(Math.max(waitMs, 0), () => this.#onTimer())
  }

  #onTimer(): void {
    if (this.#isStopping()) return
    const nowMs = this.#context.clock.nowMs()
    this.#lanes.prune(nowMs)
    const settings = this.#context.settings()
    if (settings['queue.mode'] === 'interval') {
      const intervalMs = settings['queue.intervalSeconds'] * 1000
      // A shorter interval that was set meanwhile counts at once.
      if (nowMs < this.#nextRunMs && this.#nextRunMs - nowMs <= intervalMs) {
        this.#pump()
        return this.#arm()
      }
      this.#nextRunMs = nowMs + intervalMs
      this.#cursor = START
    } else if (nowMs >= this.#lookAgainMs) {
      this.#cursor = START
      this.#lookAgainMs = nowMs + LOOK_AGAIN_MS
    }
    this.#scanDue().then(
      () => {
        this.#pump()
        this.#arm()
      },
      (error: unknown) => {
        this.#context.log(`read what is due: ${reasonOf(error)}`)
        if (!this.#isClosing) this.#cancelTimer = this.#context.clock.after(1000, () => this.#onTimer())
      },
    )
  }

  /** Reads all that is due now into the lanes, in slices; calls while it runs make it run once more. */
  #scanDue(): Promise<void> {
    if (this.#scan) {
      this.#scanAgain = true
      return this.#scan
    }
    this.#scan = (async () => {
      do {
        this.#scanAgain = false
        await this.#readDue()
      } while (this.#scanAgain && !this.#isClosing)
    })().finally(() => (this.#scan = undefined))
    return this.#scan
  }

  async #readDue(): Promise<void> {
    const { store, clock } = this.#context
    const nowMs = clock.nowMs()
    for (;;) {
      this.#isFull = this.#lanes.held >= MOST_HELD
      if (this.#isClosing || this.#isFull) return
      const due = listDue(store.read, nowMs, this.#cursor, ROWS_A_SLICE)
      for (const one of due) this.#lanes.add(one, this.#routeOf(one))
      const last = due.at(-1)
      if (last && due.length === ROWS_A_SLICE) this.#cursor = { ms: last.nextAttemptMs, id: last.id }
      else {
        if (nowMs > this.#cursor.ms) this.#cursor = { ms: nowMs, id: Number.MAX_SAFE_INTEGER }
        return
      }
      this.#pump()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Starts connections while there is work and room for them. */
  #pump(): void {
    while (!this.#isStopping()) {
      const lane = this.#lanes.next(this.#context.clock.nowMs())
      if (!lane) return
      if (lane.route.kind === 'local') {
        this.#serve(
          lane,
          () => this.#serveLocal(lane),
          () => {},
        )
        continue
      }
      if (this.#connections >= MOST_CONNECTIONS) return
      this.#connections++
      const work = () => serveLane(lane, this.#connection, this.#abort.signal)
      this.#serve(lane, work, () => this.#connections--)
    }
  }

  #serve(lane: Lane, work: () => Promise<void>, onEnd: () => void): void {
    const isLocal = lane.route.kind === 'local'
    lane.connections++
    if (isLocal) this.#localLanes++
    this.#lanes.refresh(lane)
    const ended = () => {
      lane.connections--
      if (isLocal) this.#localLanes--
      onEnd()
      this.#lanes.refresh(lane)
      if (this.#isFull && this.#lanes.held < MOST_HELD / 2) this.#onTimer()
      else this.#pump()
      this.#arm()
      if (this.#connections === 0 && this.#localLanes === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
    }
    work().then(ended, (error: unknown) => {
      this.#context.log(`serve ${lane.key}: ${reasonOf(error)}`)
      ended()
    })
  }

  /** The next recipients of a lane whose route is still the lane's; others move to theirs. */
  #take(lane: Lane): DueRecipient[] {
    for (;;) {
      const taken = this.#lanes.take(lane)
      const first = taken[0]
      if (!first) return []
      // Recipients of one entry in one lane have one sender; by a direct route they have one domain, too.
      const stay = taken.filter((one) => this.#staysIn(lane, one))
      for (const one of taken) if (!stay.includes(one)) this.#lanes.putBack(one, this.#routeOf(one))
      if (stay.length > 0) return stay
    }
  }

  #staysIn(lane: Lane, due: DueRecipient): boolean {
    const route = this.#routeOf(due)
    if (route.kind === 'smarthost' && lane.route.kind === 'smarthost') return route.routeId === lane.route.routeId
    if (route.kind === 'direct' && lane.route.kind === 'direct') return route.domain === lane.route.domain
    return route.kind === lane.route.kind
  }

  async #begin(taken: readonly DueRecipient[]) {
    try {
      const begun = await this.#context.store.write('queue.startAttempt', { recipientIds: taken.map(({ id }) => id) })
      const started = new Set(begun.started.map(({ recipient }) => recipient.id))
      for (const { id } of taken) if (!started.has(id)) this.#lanes.forget(id) // cancelled meanwhile
      this.#context.changes.emit(...begun.entries.map(({ id }) => id))
      return { entries: begun.entries, started: await this.#withoutSpent(begun.entries, begun.started) }
    } catch (error) {
      // Not begun: they wait in the store as before, and the next look finds them.
      for (const { id } of taken) this.#lanes.forget(id)
      this.#lookAgainMs = 0
      throw error
    }
  }

  /** Ends those whose time is up after two sendings without an answer: a third could be a third copy. */
  async #withoutSpent(entries: readonly QueueEntry[], started: readonly Started[]): Promise<readonly Started[]> {
    const spent = started.filter(({ recipient }) => recipient.unknowns >= 2)
    if (spent.length === 0) return started
    const nowMs = this.#context.clock.nowMs()
    for (const entry of entries) {
      const why: Cause = { at: 'expired', queuedMs: nowMs - entry.createdMs }
      const outcomes = spent
        .filter(({ recipient }) => recipient.entryId === entry.id)
        .map((one) => ({ started: one, outcome: { kind: 'bounced', to: one.recipient.to, why } as const }))
      await this.#settleJob(undefined, entry, outcomes, undefined)
    }
    return started.filter((one) => !spent.includes(one))
  }

  async #giveBack(started: readonly Started[], due: readonly DueRecipient[]): Promise<void> {
    if (started.length === 0) return
    const ids = started.map(({ recipient, attemptId }) => ({ recipientId: recipient.id, attemptId }))
    await this.#untilStored(() => this.#context.store.write('queue.release', { started: ids }))
    for (const { recipientId } of ids) this.#lanes.forget(recipientId)
    // Read anew, for one may have been cancelled meanwhile.
    const entryIds = new Set(due.map(({ entryId }) => entryId))
    this.#context.changes.emit(...entryIds)
    for (const entryId of entryIds) this.#addEntry(entryId)
  }

  async #settleJob(
    lane: Lane | undefined,
    entry: QueueEntry,
    outcomes: readonly { readonly started: Started; readonly outcome: Outcome }[],
    sessionId: number | undefined,
    local: readonly Kept[] = [],
  ): Promise<void> {
    if (outcomes.length === 0) return
    const { store, changes, onFolders } = this.#context
    const verdict = await judge(entry, outcomes, this.#settle)
    const { folderIds } = await this.#untilStored(() =>
      store.write('queue.settle', {
        entryId: entry.id,
        sessionId: sessionId ?? null,
        settled: verdict.settled,
        kept: [...verdict.kept, ...local],
        warning: verdict.warning,
      }),
    )
    for (const { recipientId, nextAttemptMs } of verdict.settled) {
      this.#lanes.forget(recipientId)
      if (nextAttemptMs !== null && nextAttemptMs <= this.#cursor.ms) this.#cursor = { ms: nextAttemptMs - 1, id: 0 }
    }
    const nextMs = verdict.settled.map((one) => one.nextAttemptMs)
    if (lane)
      this.#pace(
        lane,
        outcomes.map(({ outcome }) => outcome),
        nextMs,
      )
    changes.emit(entry.id)
    if (folderIds.length > 0) onFolders(folderIds)
    this.#arm()
  }

  /** A lane earns connections by success; where nobody answers, it rests until the one that found out is due again. */
  #pace(lane: Lane, outcomes: readonly Outcome[], nextMs: readonly (number | null)[]): void {
    if (outcomes.some(({ kind }) => kind === 'delivered')) {
      lane.limit = Math.min(lane.limit + 1, MOST_A_LANE)
      lane.restUntilMs = 0
      this.#lanes.refresh(lane)
      this.#pump()
      return
    }
    const dead = outcomes.flatMap((one) => (one.kind === 'deferred' && isDeadHost(one.why) ? [one.why] : []))
    if (dead.length === 0) return
    lane.limit = 1
    const isSilent = dead.some((why) => why.at === 'connect' && why.errno === 'ETIMEDOUT')
    const restMs = isSilent ? LONGEST_REST_MS : SHORT_REST_MS
    const soonest = Math.min(...nextMs.filter((ms) => ms !== null), this.#context.clock.nowMs() + restMs)
    lane.restUntilMs = soonest
  }

  /** An outcome that is known must be kept: a full disk is waited for, and the connection with it. */
  async #untilStored<T>(write: () => Promise<T>): Promise<T> {
    for (let waitMs = 1000; ; waitMs = Math.min(waitMs * 2, 30_000)) {
      try {
        return await write()
      } catch (error) {
        // At the end the rows stay as they are: the next start finds them being tried, and recovers.
        if (this.#isClosing) throw error
        this.#context.log(`store an outcome: ${reasonOf(error)}; trying again`)
        await new Promise<void>((resolve) => this.#context.clock.after(waitMs, resolve))
      }
    }
  }

  async #serveLocal(lane: Lane): Promise<void> {
    const { store, clock, describe, resolveLocal } = this.#context
    while (!this.#isStopping()) {
      const taken = this.#take(lane)
      if (taken.length === 0) return
      const { entries, started } = await this.#begin(taken)
      const entry = entries[0]
      if (!entry) continue
      try {
        const fields = await describe(await store.readBody(entry.view))
        const to = started.map(({ recipient }) => recipient.to)
        const { outcomes, kept } = deliverLocally(entry, to, resolveLocal, fields, clock.nowMs())
        const paired = started.flatMap((one, i) => {
          const outcome = outcomes[i]
          return outcome ? [{ started: one, outcome }] : []
        })
        await this.#settleJob(lane, entry, paired, undefined, kept)
      } catch (error) {
        if (this.#isClosing) throw error
        await this.#settleJob(
          lane,
          entry,
          started.map((one) => deferredHere(one, error)),
          undefined,
        )
      }
    }
  }
}

/** Whether the host could not be talked to at all, so that its next message would fare no better. */
function isDeadHost(why: Cause): boolean {
  if (isOffline(why)) return true
  return (
    why.at === 'connect' || why.at === 'greeting' || (why.at === 'dns' && ['SERVFAIL', 'TIMEOUT'].includes(why.rcode))
  )
}

function deferredHere(started: Started, error: unknown): { started: Started; outcome: Outcome } {
  const reply = { code: 451, enhanced: '4.3.0', lines: ['local delivery failed'] }
  const why: Cause = { at: 'local', reason: reasonOf(error), reply }
  return { started, outcome: { kind: 'deferred', to: started.recipient.to, why } }
}
