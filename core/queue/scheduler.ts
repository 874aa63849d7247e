import { reasonOf } from '../base/fault.ts'
import type { Route } from '../model/outcome.ts'
import type { InBody, Kept, Started } from '../store/queue-change.ts'
import { listDueOfEntry, type DueRecipient } from '../store/queue-due.ts'
import type { QueueEntry } from '../store/queue.ts'
import { Alarm, HALT_MS } from './alarm.ts'
import { Attempts, type Ended } from './attempts.ts'
import { serveLane, type ConnectionContext, type RouteQuestion } from './connection.ts'
import { Destinations, type Destination } from './destinations.ts'
import { DueReader } from './due-reader.ts'
import { followClock, resume, type InterruptedQueue } from './interruptions.ts'
import { Jobs } from './jobs.ts'
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
/** Connections begun in one turn of the event loop: each reads its first rows, and eighty of them would hold up all else. */
const BEGUN_AT_ONCE = 8
/** What giving back takes at most, once every connection was broken off. */
const LONGEST_GIVING_BACK_MS = 5000

/** When each destination is served, and by how many connections. */
export class Scheduler {
  readonly destinations: Destinations
  readonly #context: QueueContext
  readonly #lanes: Lanes
  readonly #reader: DueReader
  readonly #attempts: Attempts
  readonly #jobs: Jobs
  readonly #online: OnlineTime
  readonly #watch: Watch
  readonly #alarm: Alarm
  readonly #connection: ConnectionContext
  readonly #abort = new AbortController()
  /** Connections that run, by kind; local delivery counts as one. */
  readonly #running: Record<LaneKind, number> = { elsewhere: 0, ownNetwork: 0, local: 0 }
  #isClosing = false
  #pumping: NodeJS.Immediate | undefined
  #onIdle: (() => void)[] = []

  constructor(context: QueueContext) {
    const { store, clock, settings } = context
    this.#context = context
    this.destinations = new Destinations({ read: store.read, clock, settings })
    this.#lanes = new Lanes((key, route) => this.destinations.termsOf(key, route))
    this.#online = new OnlineTime(clock, (addMs) => store.write('queue.countOnline', { addMs }))
    this.#watch = new Watch({
      clock,
      network: context.network ?? (() => ({ isUp: true, name: '' })),
      onClockSet: (byMs) => followClock(byMs, this.#interrupted()),
      onResume: (what) => resume(what, this.#interrupted()),
    })
    this.#reader = new DueReader({
      store,
      clock,
      onDue: (due) => this.take(due),
      isFull: () => this.#isClosing || this.#isFull(1),
    })
    this.#alarm = new Alarm({
      ...context,
      isStopping: () => this.isStopping(),
      // What did not fit in is not waited for: its time has come, and it is read once there is room.
      nextDueMs: () => (this.#reader.isCutShort ? undefined : this.#reader.nextMs()),
      nextRestMs: (nowMs) => this.#lanes.nextRestMs(nowMs),
      onArmed: (isTimed) => {
        const waits = isTimed || this.#running.elsewhere + this.#running.ownNetwork > 0
        this.#online.run(waits)
        this.#watch.run(waits)
      },
      onRing: () => this.#onRing(),
    })
    this.#attempts = new Attempts({
      ...context,
      uncountedOnlineMs: () => this.#online.uncountedMs(),
      hasNetwork: () => this.#watch.hasNetwork,
      isClosing: () => this.#isClosing,
    })
    this.#jobs = new Jobs({
      ...context,
      lanes: this.#lanes,
      attempts: this.#attempts,
      roomOf: (lane) => this.destinations.room(this.#destinationOf(lane)),
      refresh: (lane) => this.#refresh(lane),
      routeOf: (one) => this.#routeOf(one),
      expect: (ms) => this.expect(ms),
      onFault: () => this.#alarm.halt(HALT_MS),
    })
    this.#connection = {
      deliver: context.deliver,
      log: context.log,
      take: (lane, most) => this.#jobs.take(lane, most),
      routeOf: (one) => this.#routeOf(one),
      begin: (taken) => this.#jobs.begin(taken),
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
    this.#alarm.arm()
    if (this.isStopping()) return
    const now = due.filter(({ nextAttemptMs }) => nextAttemptMs <= nowMs)
    const atOnce = this.#context.settings()['queue.mode'] === 'at-once'
    // Mail for this computer does not leave it: it has nothing to wait for.
    this.take(atOnce ? now : now.filter(({ domain }) => this.#context.isLocal(domain)))
  }

  /** Something changed from outside: looks at all that is due. */
  wake(): void {
    const { log } = this.#context
    if (this.isStopping()) this.giveBackAhead().catch((error: unknown) => log(`give back: ${reasonOf(error)}`))
    this.destinations.reread()
    for (const lane of this.#lanes.all()) this.#refresh(lane)
    this.#reader.startOver()
    this.#alarm.looked()
    this.#onRing()
  }

  /** One run, a moment later: the host knows of a sleep or another network before this is noticed here. */
  resume(what: 'sleep' | 'network'): void {
    if (what === 'sleep') this.#watch.sleepIsKnown()
    resume(what, this.#interrupted())
  }

  /** Takes due recipients into their lanes and serves them. */
  take(due: readonly DueRecipient[]): void {
    const nowMs = this.#context.clock.nowMs()
    // While nothing is sent nothing is taken in: all of it is read again when sending goes on.
    for (const one of this.isStopping() ? [] : due)
      if (!this.#jobs.isBarred(one.entryId)) this.#lanes.add(one, this.#routeOf(one), nowMs)
    this.#pump()
    this.#alarm.arm()
  }

  /** The same for what somebody wants tried now: nobody's rest stands in its way, only the pace does. */
  takeNow(due: readonly DueRecipient[]): void {
    for (const one of due) {
      const known = this.destinations.find(laneKey(this.#routeOf(one)))
      if (known) this.destinations.endRest(known)
    }
    this.#alarm.setOffline(false)
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
    this.#alarm.setOffline(false)
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
    this.#alarm.arm()
  }

  /**
   * Runs a change of an entry's recipients while none of them is begun: what was begun ahead is given back first. What is due of it
   * after that is taken in again.
   */
  async withoutAhead<T>(entryId: number, change: () => Promise<T>): Promise<T> {
    const { store, clock, changes } = this.#context
    this.#jobs.bar(entryId, true)
    try {
      await this.giveBackAhead(entryId)
      return await change()
    } finally {
      this.#jobs.bar(entryId, false)
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
    this.#alarm.stop()
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
    if (kind === 'elsewhere' && this.#alarm.isOffline) return false
    return this.#running[kind] < mostConnections(kind, this.#context.settings())
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

  #onRing(): void {
    if (this.isStopping()) return
    this.#watch.check()
    const due = this.#alarm.ring()
    if (due.kind === 'nothing') return this.#alarm.arm()
    if (due.kind === 'turns') return this.take([])
    if (due.isAll) this.#reader.startOver()
    this.#reader.read().then(
      () => this.take([]), // one whose rest is over has its turn, though there may be no room for more
      (error: unknown) => {
        this.#context.log(`read what is due: ${reasonOf(error)}`)
        this.#alarm.halt(HALT_MS)
      },
    )
  }

  /** Starts connections while there is work and room for them, a few at a time. */
  #pump(): void {
    const { clock } = this.#context
    for (let begun = 0; !this.isStopping() && !this.#alarm.isHalted; begun++) {
      if (begun === BEGUN_AT_ONCE) return this.#pumpSoon()
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

  #pumpSoon(): void {
    this.#pumping ??= setImmediate(() => {
      this.#pumping = undefined
      this.#pump()
    })
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
    if (this.#reader.isCutShort && !this.#isFull(0.5)) this.#onRing()
    this.take([])
    if (!this.#isBusy()) for (const resolve of this.#onIdle.splice(0)) resolve()
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
    const outcomes = ended.map(({ outcome }) => outcome)
    if (lane.kind !== 'local')
      this.destinations.onOutcomes(
        this.#destinationOf(lane),
        outcomes,
        settled.map((one) => one.nextAttemptMs),
      )
    const hasNetwork = this.#watch.hasNetwork
    if (!hasNetwork && outcomes.some((one) => one.kind === 'deferred' && isOffline(one.why, hasNetwork)))
      this.#alarm.setOffline(true)
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
      take: () => this.#jobs.take(lane, 1)[0],
      begin: (taken) => this.#jobs.begin(taken),
      settle: (entry, ended, kept) => this.#settle(lane, entry, ended, undefined, kept),
      add: (due) => this.add(due),
      isStopping: () => this.isStopping(),
      isClosing: () => this.#isClosing,
    }
    return route.kind === 'local' ? serveLocal(this.#context, context) : serveHold(route, context)
  }

  /** What a set clock, a sleep or another network asks of the queue. */
  #interrupted(): InterruptedQueue {
    return {
      ...this.#context,
      destinations: this.destinations,
      alarm: this.#alarm,
      isStopping: () => this.isStopping(),
      wake: () => this.wake(),
      startOver: () => {
        for (const lane of this.#lanes.all()) this.#refresh(lane)
        this.#reader.startOver()
      },
    }
  }
}
