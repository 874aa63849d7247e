import type { Cancel } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import type { Route } from '../model/outcome.ts'
import type { InBody, Kept, Started } from '../store/queue-change.ts'
import { listDueByIds, listDueOfEntry, type DueRecipient } from '../store/queue-due.ts'
import type { QueueEntry } from '../store/queue.ts'
import { Attempts, type Begun, type Ended } from './attempts.ts'
import { serveLane, type ConnectionContext, type RouteQuestion } from './connection.ts'
import { Destinations, type Destination } from './destinations.ts'
import { DueReader } from './due-reader.ts'
import { laneKey, Lanes, type Lane, type LaneKind } from './lanes.ts'
import { serveHold, serveLocal, type LocalLaneContext } from './local-lane.ts'
import { OnlineTime } from './online-time.ts'
import { mostConnections } from './pace.ts'
import type { QueueContext } from './queue.ts'
import { isOffline } from './schedule.ts'
import { Watch } from './watch.ts'

/** Due recipients kept in memory, by their ids; more are read when half of them are done. */
const MOST_HELD = 500_000
/** The same for destinations, of which each takes as much as a hundred recipients of one. */
const MOST_LANES = 10_000
/** Rows read at once on the way into a try. */
const MOST_TAKEN = 200
/** A look at everything that is due, whatever the timers think; heals what a jumping clock has done. */
const LOOK_AGAIN_MS = 300_000
/** When a try can't even be begun, such as on a full disk, nothing is begun for so long. */
const HALT_MS = 5000
/** Without a network nothing goes out; it is asked for that often, and at once when one appears. */
const OFFLINE_MS = 60_000
/** After sleep or on a new network there is one run, a moment later: the network has just come up, for all machines there. */
const RESUME_MS = { least: 2000, most: 10_000 }
/** Who could not be reached on the old network is tried on the new one within so long. */
const SPREAD_MS = 60_000
/** What giving back takes at most, once every connection was broken off. */
const LONGEST_GIVING_BACK_MS = 5000

/** When each destination is served, and by how many connections. */
export class Scheduler {
  readonly destinations: Destinations
  readonly #context: QueueContext
  readonly #lanes: Lanes
  readonly #reader: DueReader
  readonly #attempts: Attempts
  readonly #online: OnlineTime
  readonly #watch: Watch
  readonly #connection: ConnectionContext
  readonly #abort = new AbortController()
  /** Connections that run, by kind; local delivery counts as one. */
  readonly #running: Record<LaneKind, number> = { elsewhere: 0, ownNetwork: 0, local: 0 }
  /** Entries somebody is changing: none of their recipients is begun meanwhile. */
  readonly #barred = new Map<number, number>()
  #isClosing = false
  /** Nothing is begun before that time (Unix ms). */
  #haltUntilMs = 0
  /** There is no network: no server out there is dialled before that time (Unix ms). */
  #offlineUntilMs = 0
  /** When the next run is, where mail leaves at intervals. */
  #nextRunMs: number
  #lookAgainMs = 0
  #cancelTimer: Cancel = () => {}
  #arming: NodeJS.Immediate | undefined
  #onIdle: (() => void)[] = []

  constructor(context: QueueContext) {
    const { store, clock, settings } = context
    this.#context = context
    this.#nextRunMs = clock.nowMs()
    this.destinations = new Destinations({ read: store.read, clock, settings })
    this.#lanes = new Lanes((key, route) => this.destinations.termsOf(key, route))
    this.#online = new OnlineTime(clock, (addMs) => store.write('queue.countOnline', { addMs }))
    this.#watch = new Watch({
      clock,
      network: context.network ?? (() => ({ isUp: true, name: '' })),
      onClockSet: (byMs) => this.#onClockSet(byMs),
      onResume: (what) => this.#onResume(what),
    })
    this.#reader = new DueReader({
      store,
      clock,
      onDue: (due) => this.take(due),
      isFull: () => this.#isClosing || this.#isFull(1),
    })
    this.#attempts = new Attempts({
      ...context,
      uncountedOnlineMs: () => this.#online.uncountedMs(),
      hasNetwork: () => this.#watch.hasNetwork,
      isClosing: () => this.#isClosing,
    })
    this.#connection = {
      deliver: context.deliver,
      log: context.log,
      take: (lane, most) => this.#takeJobs(lane, most),
      routeOf: (one) => this.#routeOf(one),
      begin: (taken) => this.#begin(taken),
      onConnected: (lane, isOwnNetwork) => this.#onConnected(lane, isOwnNetwork),
      promise: (lane, by) => {
        if (by > 0) this.destinations.promise(this.#destinationOf(lane))
        else this.destinations.giveBack(this.#destinationOf(lane))
      },
      inBody: (lane, recipientIds, mx, isFirst) => this.#inBody(lane, recipientIds, mx, isFirst),
      isCounted: (lane) => this.destinations.isCounted(this.#destinationOf(lane)),
      settle: (lane, entry, ended, sessionId, next) => this.#settle(lane, entry, ended, sessionId, [], next),
      readAhead: (entries) => store.readAhead(entries.map(({ view }) => view)),
      giveBack: (started) => this.#giveBack(started),
      mostJobs: (lane) => this.destinations.paceOf(this.#destinationOf(lane)).perConnection,
      isStopping: () => this.isStopping(),
      isClosing: () => this.#isClosing,
      othersWait: (lane) => !this.#hasRoom(lane.kind) && this.#lanes.othersWait(lane, clock.nowMs()),
    }
  }

  /** Lanes and places looked at so far: what scheduling has cost. */
  get steps(): number {
    return this.#lanes.steps
  }

  /** Destinations with mail in memory. */
  lanes(): Iterable<Lane> {
    return this.#lanes.all()
  }

  /** New work: tried now, unless the queue is paused or runs at intervals. */
  add(due: readonly DueRecipient[]): void {
    if (due.length === 0) return
    this.#context.changes.emit(...new Set(due.map(({ entryId }) => entryId)))
    const nowMs = this.#context.clock.nowMs()
    for (const { nextAttemptMs } of due) if (nextAttemptMs > nowMs) this.#reader.expect(nextAttemptMs)
    this.#arm()
    if (this.isStopping()) return
    const now = due.filter(({ nextAttemptMs }) => nextAttemptMs <= nowMs)
    const atOnce = this.#context.settings()['queue.mode'] === 'at-once'
    // Mail for this computer does not leave it: it has nothing to wait for.
    this.take(atOnce ? now : now.filter(({ domain }) => this.#context.isLocal(domain)))
  }

  /** Something changed from outside: looks at all that is due. */
  wake(): void {
    const { clock, log } = this.#context
    if (this.isStopping()) this.giveBackAhead().catch((error: unknown) => log(`give back: ${reasonOf(error)}`))
    this.destinations.reread()
    for (const lane of this.#lanes.all()) this.#refresh(lane)
    this.#reader.startOver()
    this.#lookAgainMs = clock.nowMs() + LOOK_AGAIN_MS
    this.#onTimer()
  }

  /** Takes due recipients into their lanes and serves them. */
  take(due: readonly DueRecipient[]): void {
    const nowMs = this.#context.clock.nowMs()
    // While nothing is sent nothing is taken in: all of it is read again when sending goes on.
    for (const one of this.isStopping() ? [] : due)
      if (!this.#barred.has(one.entryId)) this.#lanes.add(one, this.#routeOf(one), nowMs)
    this.#pump()
    this.#arm()
  }

  /** The same for what somebody wants tried now: nobody's rest stands in its way, only the pace does. */
  takeNow(due: readonly DueRecipient[]): void {
    for (const one of due) {
      const known = this.destinations.find(laneKey(this.#routeOf(one)))
      if (known) this.destinations.endRest(known)
    }
    this.#offlineUntilMs = 0
    this.take(due)
    for (const one of due) {
      const lane = this.#lanes.get(laneKey(this.#routeOf(one)))
      if (lane) this.#refresh(lane)
    }
    this.take([])
  }

  /** Tries everything that is due now; with a `domain` only that one's rest is over. */
  async tryAll(domain?: string): Promise<void> {
    const { log } = this.#context
    this.#offlineUntilMs = 0
    for (const lane of this.#lanes.all()) {
      if (domain !== undefined && lane.key !== `direct ${domain}`) continue
      this.destinations.endRest(this.#destinationOf(lane))
      this.#refresh(lane)
    }
    if (domain === undefined) this.destinations.endRests()
    this.#reader.startOver()
    await this.#reader.read().catch((error: unknown) => log(`read what is due: ${reasonOf(error)}`))
    this.take([])
  }

  /** Tells of rows that are due later than now. */
  expect(ms: number): void {
    this.#reader.expect(ms)
    this.#arm()
  }

  /**
   * Runs a change of an entry's recipients while none of them is begun: what was begun ahead is given back first. What is due of it
   * after that is taken in again.
   */
  async withoutAhead<T>(entryId: number, change: () => Promise<T>): Promise<T> {
    const { store, clock, changes } = this.#context
    this.#barred.set(entryId, (this.#barred.get(entryId) ?? 0) + 1)
    try {
      await this.giveBackAhead(entryId)
      return await change()
    } finally {
      const left = (this.#barred.get(entryId) ?? 1) - 1
      if (left === 0) this.#barred.delete(entryId)
      else this.#barred.set(entryId, left)
      changes.emit(entryId)
      const due = listDueOfEntry(store.read, entryId, Number.MAX_SAFE_INTEGER)
      const nowMs = clock.nowMs()
      for (const { nextAttemptMs } of due) if (nextAttemptMs > nowMs) this.#reader.expect(nextAttemptMs)
      this.take(due.filter(({ nextAttemptMs }) => nextAttemptMs <= nowMs))
    }
  }

  /** Gives back what was begun and waits for a connection, of one entry or all. */
  async giveBackAhead(entryId?: number): Promise<void> {
    // A copy: lanes come and go while this waits.
    const served = [...this.#lanes.served()]
    for (const lane of served) {
      const { ahead } = lane
      if (!ahead) continue
      await ahead.settled()
      const works = ahead.takeOut(entryId)
      for (const _ of works) this.destinations.giveBack(this.#destinationOf(lane))
      await this.#giveBack(works.flatMap(({ open }) => [...open.values()]))
    }
  }

  isStopping(): boolean {
    return this.#isClosing || this.#context.settings()['queue.paused']
  }

  idle(): Promise<void> {
    if (!this.#isBusy()) return Promise.resolve()
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }

  async close(waitMs = 5000): Promise<void> {
    this.#isClosing = true
    this.#cancelTimer()
    this.#watch.run(false)
    const { clock } = this.#context
    const patience = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
    await this.#reader.settled()
    await Promise.race([this.idle(), patience(waitMs)])
    this.#abort.abort()
    // What was broken off is given back; a connection that does not hear of it is left to the next start.
    await Promise.race([this.idle(), patience(LONGEST_GIVING_BACK_MS)])
    await this.#attempts.close()
    await this.#online.close().catch((error: unknown) => this.#context.log(`store the online time: ${reasonOf(error)}`))
  }

  #isBusy(): boolean {
    return Object.values(this.#running).some((running) => running > 0)
  }

  /** Whether so large a part of what memory may hold is held. */
  #isFull(part: number): boolean {
    const mostHeld = this.#context.mostHeld ?? MOST_HELD
    return this.#lanes.held >= mostHeld * part || this.#lanes.size >= MOST_LANES * part
  }

  #hasRoom(kind: LaneKind): boolean {
    const { settings, clock } = this.#context
    if (kind === 'elsewhere' && clock.nowMs() < this.#offlineUntilMs) return false
    return this.#running[kind] < mostConnections(kind, settings())
  }

  #destinationOf(lane: Lane): Destination {
    return this.destinations.of(lane.key, lane.route)
  }

  /** Sorts a lane anew by what its destination allows. */
  #refresh(lane: Lane): void {
    const known = this.destinations.find(lane.key)
    if (!known) return
    const terms = this.destinations.terms(known)
    // Connections that run already change sides with their lane.
    this.#running[lane.kind] -= lane.connections
    this.#running[terms.kind] += lane.connections
    this.#lanes.setTerms(lane, terms, this.#context.clock.nowMs())
  }

  #routeOf({ from, domain, attempts, way }: RouteQuestion): Route {
    const { isLocal, routeFor } = this.#context
    return isLocal(domain) ? { kind: 'local' } : routeFor(from, domain, attempts, way)
  }

  /** Sets the timer anew, once for all that happens in this turn of the event loop. */
  #arm(): void {
    this.#arming ??= setImmediate(() => {
      this.#arming = undefined
      try {
        this.#armNow()
      } catch (error) {
        // A damaged database: what can be read of the mail is shown all the same, and this is asked again now and then.
        this.#context.log(`ask when the queue is due: ${reasonOf(error)}`)
        this.#cancelTimer = this.#context.clock.after(HALT_MS, () => this.#onTimer())
      }
    })
  }

  /** One timer serves all: the next that is due, the end of a rest, the next interval. */
  #armNow(): void {
    this.#cancelTimer()
    if (this.isStopping()) return
    const { clock, settings } = this.#context
    const nowMs = clock.nowMs()
    // What did not fit in is not waited for: its time has come, and it is read once there is room.
    const nextDueMs = this.#reader.isCutShort ? undefined : this.#reader.nextMs()
    const next = settings()['queue.mode'] === 'interval' ? this.#nextRunMs : nextDueMs
    const offlineMs = this.#offlineUntilMs > nowMs ? this.#offlineUntilMs : undefined
    const times = [next, offlineMs, this.#lanes.nextRestMs(nowMs)].filter((ms) => ms !== undefined)
    if (this.#haltUntilMs > nowMs) times.splice(0, Infinity, this.#haltUntilMs)
    const waits = times.length > 0 || this.#running.elsewhere + this.#running.ownNetwork > 0
    this.#online.run(waits)
    this.#watch.run(waits)
    if (times.length === 0) return
    const waitMs = Math.min(Math.min(...times) - nowMs, LOOK_AGAIN_MS)
    this.#cancelTimer = clock.after(Math.max(waitMs, 0), () => this.#onTimer())
  }

  #onTimer(): void {
    if (this.isStopping()) return
    const { clock, settings, log } = this.#context
    this.#watch.check()
    const nowMs = clock.nowMs()
    if (nowMs < this.#haltUntilMs) return this.#arm()
    const { 'queue.mode': mode, 'queue.intervalSeconds': intervalSeconds } = settings()
    const isBetweenRuns = nowMs < this.#nextRunMs && this.#nextRunMs - nowMs <= intervalSeconds * 1000
    if (mode === 'interval' && isBetweenRuns) return this.take([])
    this.#nextRunMs = nowMs + intervalSeconds * 1000
    if (mode === 'interval' || nowMs >= this.#lookAgainMs) {
      this.#reader.startOver()
      this.#lookAgainMs = nowMs + LOOK_AGAIN_MS
    }
    this.#reader.read().then(
      () => this.take([]), // one whose rest is over has its turn, though there may be no room for more
      (error: unknown) => {
        log(`read what is due: ${reasonOf(error)}`)
        this.#halt(HALT_MS)
      },
    )
  }

  /** Begins nothing for a while, and then looks at everything again. */
  #halt(ms: number): void {
    this.#haltUntilMs = this.#context.clock.nowMs() + ms
    this.#lookAgainMs = 0
    this.#arm()
  }

  /** Starts connections while there is work and room for them. */
  #pump(): void {
    const { clock } = this.#context
    while (!this.isStopping() && clock.nowMs() >= this.#haltUntilMs) {
      const nowMs = clock.nowMs()
      const lane = this.#lanes.next(nowMs, (kind) => this.#hasRoom(kind))
      if (!lane) return
      const destination = this.#destinationOf(lane)
      if (this.destinations.room(destination) === 0) {
        this.#refresh(lane)
        continue
      }
      if (lane.kind !== 'local') this.destinations.onConnecting(destination)
      this.#lanes.connect(lane, 1, nowMs)
      this.#running[lane.kind]++
      this.#refresh(lane)
      void this.#serve(lane)
        .catch((error: unknown) => this.#context.log(`serve ${lane.key}: ${reasonOf(error)}`))
        .then(() => this.#onServed(lane))
    }
  }

  /** The pace of a destination follows where its server is. */
  #onConnected(lane: Lane, isOwnNetwork: boolean): void {
    if (lane.kind === 'local') return
    this.destinations.onConnected(this.#destinationOf(lane), isOwnNetwork)
    this.#refresh(lane)
    this.#pump()
  }

  #onServed(lane: Lane): void {
    this.#running[lane.kind]--
    this.#lanes.connect(lane, -1, this.#context.clock.nowMs())
    if (this.#reader.isCutShort && !this.#isFull(0.5)) this.#onTimer()
    this.take([])
    if (!this.#isBusy()) for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  /**
   * The next jobs of a lane, as its recipients stand now: who does not wait any more is forgotten, and whose route is another by now
   * moves there.
   */
  #takeJobs(lane: Lane, most: number): DueRecipient[][] {
    const { store, clock } = this.#context
    const nowMs = clock.nowMs()
    const destination = this.#destinationOf(lane)
    for (;;) {
      const room = Math.min(most, this.destinations.room(destination))
      if (room === 0) {
        this.#refresh(lane)
        lane.isFull = true
        return []
      }
      const taken = this.#lanes.take(lane, room, MOST_TAKEN, nowMs)
      if (taken.length === 0) return []
      const rows = new Map(listDueByIds(store.read, taken.flat()).map((one) => [one.id, one]))
      const jobs = taken.map((ids) => ids.flatMap((id) => this.#stillIn(lane, id, rows.get(id), nowMs)))
      const left = jobs.filter((job) => job.length > 0)
      if (left.length > 0) return left
    }
  }

  #stillIn(lane: Lane, id: number, due: DueRecipient | undefined, nowMs: number): DueRecipient[] {
    if (due === undefined || this.#barred.has(due.entryId) || due.nextAttemptMs > nowMs) {
      this.#lanes.forget(id)
      if (due !== undefined) this.#reader.expect(due.nextAttemptMs)
      return []
    }
    const route = this.#routeOf(due)
    if (laneKey(route) === lane.key) return [due]
    this.#lanes.putBack(due, route, nowMs)
    return []
  }

  async #begin(taken: readonly DueRecipient[]): Promise<Begun> {
    try {
      const begun = await this.#attempts.begin(taken)
      const started = new Set(begun.started.map(({ recipient }) => recipient.id))
      for (const { id } of taken) if (!started.has(id)) this.#lanes.forget(id)
      if (begun.laterMs !== undefined) this.expect(begun.laterMs)
      return begun
    } catch (error) {
      // They wait in the store as before.
      for (const { id } of taken) this.#lanes.forget(id)
      this.#halt(HALT_MS)
      throw error
    }
  }

  async #inBody(lane: Lane, recipientIds: readonly number[], mx: string, isFirst: boolean): Promise<void> {
    const { store } = this.#context
    const destination = this.#destinationOf(lane)
    const isCounted = isFirst && this.destinations.isCounted(destination)
    if (isFirst) this.destinations.hand(destination)
    await store.write('queue.beforeBody', { recipientIds, mx, ...(isCounted && { paced: destination.name }) })
  }

  async #settle(
    lane: Lane,
    entry: QueueEntry,
    ended: readonly Ended[],
    sessionId: number | undefined,
    local: readonly Kept[] = [],
    next?: InBody,
  ): Promise<void> {
    const settled = await this.#attempts.settle(entry, ended, sessionId, local, next)
    for (const { recipientId, nextAttemptMs } of settled) {
      this.#lanes.forget(recipientId)
      if (nextAttemptMs !== null) this.#reader.expect(nextAttemptMs)
    }
    const { clock } = this.#context
    const outcomes = ended.map(({ outcome }) => outcome)
    if (lane.kind !== 'local')
      this.destinations.onOutcomes(
        this.#destinationOf(lane),
        outcomes,
        settled.map((one) => one.nextAttemptMs),
      )
    const hasNetwork = this.#watch.hasNetwork
    if (!hasNetwork && outcomes.some((one) => one.kind === 'deferred' && isOffline(one.why, hasNetwork)))
      this.#offlineUntilMs = clock.nowMs() + OFFLINE_MS
    this.#refresh(lane)
    this.take([])
  }

  async #giveBack(started: readonly Started[]): Promise<void> {
    if (started.length === 0) return
    await this.#attempts.release(started)
    for (const { recipient } of started) this.#lanes.forget(recipient.id)
    if (this.isStopping()) return
    // Read anew, for one may have been cancelled meanwhile.
    const { store, clock } = this.#context
    const entryIds = new Set(started.map(({ recipient }) => recipient.entryId))
    for (const entryId of entryIds) this.take(listDueOfEntry(store.read, entryId, clock.nowMs()))
  }

  #serve(lane: Lane): Promise<void> {
    const { route } = lane
    if (route.kind !== 'local' && route.kind !== 'hold') return serveLane(lane, this.#connection, this.#abort.signal)
    const context: LocalLaneContext = {
      take: () => this.#takeJobs(lane, 1)[0],
      begin: (taken) => this.#begin(taken),
      settle: (entry, ended, kept) => this.#settle(lane, entry, ended, undefined, kept),
      add: (due) => this.add(due),
      isStopping: () => this.isStopping(),
      isClosing: () => this.#isClosing,
    }
    return route.kind === 'local' ? serveLocal(this.#context, context) : serveHold(route, context)
  }

  /** The schedule keeps its distances, whatever the clock says now. */
  #onClockSet(byMs: number): void {
    const { log, store, clock } = this.#context
    log(
      `the clock was set ${byMs < 0 ? 'back' : 'forward'} by ${Math.round(Math.abs(byMs) / 1000)} seconds: the queue follows`,
    )
    this.#offlineUntilMs = 0
    this.#haltUntilMs = 0
    this.#nextRunMs = clock.nowMs()
    this.destinations.forgetTimes()
    const walk = async () => {
      for (let afterId: number | null = 0; afterId !== null;)
        afterId = (await store.write('queue.shiftClock', { byMs, afterId })).nextId
    }
    walk().then(
      () => this.wake(),
      (error: unknown) => log(`set the queue by the clock: ${reasonOf(error)}`),
    )
  }

  /** One run, a moment later, of all that came due meanwhile and of all that could not be reached before. */
  #onResume(what: 'sleep' | 'network'): void {
    const { log, random, store, clock } = this.#context
    if (this.isStopping()) return
    const waitMs = Math.round(RESUME_MS.least + random() * (RESUME_MS.most - RESUME_MS.least))
    log(what === 'sleep' ? 'the computer was asleep: the queue runs again' : 'another network: the queue runs again')
    this.#offlineUntilMs = 0
    this.#context.onRetry?.()
    this.destinations.forgetTimes()
    if (clock.nowMs() < this.#haltUntilMs) return
    this.#halt(waitMs)
    const walk = async () => {
      const seed = Math.floor(random() * 1000)
      for (
        let after: { readonly ms: number; readonly id: number } | null = { ms: clock.nowMs(), id: 0 };
        after !== null;
      )
        after = (await store.write('queue.retryUnreached', { after, spreadMs: SPREAD_MS, seed })).next
      for (const lane of this.#lanes.all()) this.#refresh(lane)
      this.#reader.startOver()
      this.#arm()
    }
    walk().catch((error: unknown) => log(`run the queue again: ${reasonOf(error)}`))
  }
}
