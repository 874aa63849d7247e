import type { Changes } from '../base/changes.ts'
import type { Cancel, Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import type { Domain, ReversePath } from '../model/address.ts'
import type { Deliver } from '../model/delivery.ts'
import type { MessageFields } from '../model/message-fields.ts'
import type { Route } from '../model/outcome.ts'
import type { Settings } from '../settings.ts'
import { countDue, getRecipient, listDueOfEntry, type DueRecipient, type QueueEntry } from '../store/queue.ts'
import type { Kept, Started } from '../store/queue-change.ts'
import type { Store } from '../store/types.ts'
import { Attempts, type Begun, type Ended } from './attempts.ts'
import { serveLane, type ConnectionContext } from './connection.ts'
import { DueReader } from './due-reader.ts'
import { laneKey, Lanes, type Lane } from './lanes.ts'
import { deferredHere, deliverLocally, type ResolveLocal } from './local.ts'
import { OnlineTime } from './online-time.ts'
import { pace } from './pace.ts'

/** Connections at once, all in all: to servers out there, and in a network of one's own. */
const MOST_CONNECTIONS = { elsewhere: 10, ownNetwork: 40, local: Infinity }
/** Due recipients kept in memory; more are read when half of them are done. */
const MOST_HELD = 100_000
/** A look at everything that is due, whatever the timers think; heals what a jumping clock has done. */
const LOOK_AGAIN_MS = 300_000
/** When a try can't even be begun, such as on a full disk, nothing is begun for so long. */
const HALT_MS = 5000
/** What giving back takes at most, once every connection was broken off. */
const LONGEST_GIVING_BACK_MS = 5000

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
  readonly #reader: DueReader
  readonly #attempts: Attempts
  readonly #online: OnlineTime
  readonly #connection: ConnectionContext
  readonly #abort = new AbortController()
  /** Connections that run, by kind; local delivery counts as one. */
  readonly #running = { elsewhere: 0, ownNetwork: 0, local: 0 }
  #isClosing = false
  /** Nothing is begun before that time (Unix ms). */
  #haltUntilMs = 0
  /** When the next run is, where mail leaves at intervals. */
  #nextRunMs: number
  #lookAgainMs = 0
  #cancelTimer: Cancel = () => {}
  #arming: NodeJS.Immediate | undefined
  #onIdle: (() => void)[] = []

  constructor(context: QueueContext) {
    const { store, clock } = context
    this.#context = context
    this.#nextRunMs = clock.nowMs()
    this.#online = new OnlineTime(clock, (addMs) => store.write('queue.countOnline', { addMs }))
    this.#reader = new DueReader({
      store,
      clock,
      onDue: (due) => this.#take(due),
      isFull: () => this.#isClosing || this.#lanes.held >= MOST_HELD,
    })
    this.#attempts = new Attempts({
      ...context,
      uncountedOnlineMs: () => this.#online.uncountedMs(),
      isClosing: () => this.#isClosing,
    })
    this.#connection = {
      deliver: context.deliver,
      log: context.log,
      take: (lane) => this.#takeJob(lane),
      begin: (taken) => this.#begin(taken),
      onConnected: (lane, isOwnNetwork) => this.#onConnected(lane, isOwnNetwork),
      inBody: (recipientIds) => store.write('queue.beforeBody', { recipientIds }),
      settle: (lane, entry, ended, sessionId) => this.#settle(lane, entry, ended, sessionId),
      readAhead: (entries) => store.readAhead(entries.map(({ view }) => view)),
      giveBack: (started) => this.#giveBack(started),
      isStopping: () => this.#isStopping(),
      isClosing: () => this.#isClosing,
      othersWait: (lane) => !this.#hasRoom(lane) && this.#lanes.othersWait(lane, clock.nowMs()),
    }
  }

  add(due: readonly DueRecipient[]): void {
    if (due.length === 0) return
    this.#context.changes.emit(...new Set(due.map(({ entryId }) => entryId)))
    if (this.#isStopping()) return
    const atOnce = this.#context.settings()['queue.mode'] === 'at-once'
    // Mail for this computer does not leave it: it has nothing to wait for.
    this.#take(atOnce ? due : due.filter(({ domain }) => this.#context.isLocal(domain)))
  }

  wake(): void {
    if (this.#isStopping())
      this.#giveBackAhead().catch((error: unknown) => this.#context.log(`give back: ${reasonOf(error)}`))
    this.#reader.startOver()
    this.#lookAgainMs = this.#context.clock.nowMs() + LOOK_AGAIN_MS
    this.#onTimer()
  }

  async retry(entryId: number | null): Promise<number> {
    const { store, clock, changes } = this.#context
    let recipients = entryId === null ? countDue(store.read, clock.nowMs()) : 0
    for (let moved = 1; moved > 0 && entryId === null;) {
      moved = (await store.write('queue.retrySome', { limit: 1000 })).recipients
      recipients += moved
    }
    if (entryId !== null) recipients = (await store.write('queue.retryEntry', { entryId })).recipients
    this.#lanes.endRests()
    if (entryId === null) {
      this.#reader.startOver()
      await this.#reader.read()
      this.#take([])
    } else {
      changes.emit(entryId)
      this.#take(listDueOfEntry(store.read, entryId, clock.nowMs()))
    }
    return recipients
  }

  async cancel(entryId: number): Promise<number> {
    const { recipients } = await this.#context.store.write('queue.cancel', { entryId })
    this.#context.changes.emit(entryId)
    await this.#giveBackAhead(entryId) // these end here and now: none of them was dialled for
    return recipients
  }

  async decide(recipientId: number, decision: 'resend' | 'arrived'): Promise<boolean> {
    const { store, clock, changes } = this.#context
    const isDone = await store.write('queue.decide', { recipientId, decision })
    const entryId = getRecipient(store.read, recipientId)?.entryId
    if (!isDone || entryId === undefined) return false
    changes.emit(entryId)
    this.#take(listDueOfEntry(store.read, entryId, clock.nowMs()))
    return true
  }

  idle(): Promise<void> {
    if (!this.#isBusy()) return Promise.resolve()
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }

  async close(waitMs = 5000): Promise<void> {
    this.#isClosing = true
    this.#cancelTimer()
    const { clock } = this.#context
    const patience = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
    await this.#reader.settled()
    await Promise.race([this.idle(), patience(waitMs)])
    this.#abort.abort()
    // What was broken off is given back; a connection that does not hear of it is left to the next start.
    await Promise.race([this.idle(), patience(LONGEST_GIVING_BACK_MS)])
    await this.#online.close().catch((error: unknown) => this.#context.log(`store the online time: ${reasonOf(error)}`))
  }

  #isBusy(): boolean {
    return Object.values(this.#running).some((running) => running > 0)
  }

  #hasRoom(lane: Lane): boolean {
    const kind = kindOf(lane)
    return this.#running[kind] < MOST_CONNECTIONS[kind]
  }

  #isStopping(): boolean {
    return this.#isClosing || this.#context.settings()['queue.paused']
  }

  #routeOf({ from, domain }: DueRecipient): Route {
    return this.#context.isLocal(domain) ? { kind: 'local' } : this.#context.routeFor(from, domain)
  }

  /** Takes due recipients into their lanes and serves them. */
  #take(due: readonly DueRecipient[]): void {
    for (const one of due) this.#lanes.add(one, this.#routeOf(one))
    this.#pump()
    this.#arm()
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
    if (this.#isStopping()) return
    const { clock, settings } = this.#context
    const nowMs = clock.nowMs()
    // What did not fit in is not waited for: its time has come, and it is read once there is room.
    const nextDueMs = this.#reader.isCutShort ? undefined : this.#reader.nextMs()
    const next = settings()['queue.mode'] === 'interval' ? this.#nextRunMs : nextDueMs
    const times = [next, this.#lanes.nextRestMs(nowMs)].filter((ms) => ms !== undefined)
    if (this.#haltUntilMs > nowMs) times.splice(0, Infinity, this.#haltUntilMs)
    this.#online.run(times.length > 0 || this.#running.elsewhere + this.#running.ownNetwork > 0)
    if (times.length === 0) return
    const waitMs = Math.min(Math.min(...times) - nowMs, LOOK_AGAIN_MS)
    this.#cancelTimer = clock.after(Math.max(waitMs, 0), () => this.#onTimer())
  }

  #onTimer(): void {
    if (this.#isStopping()) return
    const { clock, settings, log } = this.#context
    const nowMs = clock.nowMs()
    this.#lanes.prune(nowMs)
    const { 'queue.mode': mode, 'queue.intervalSeconds': intervalSeconds } = settings()
    const isBetweenRuns = nowMs < this.#nextRunMs && this.#nextRunMs - nowMs <= intervalSeconds * 1000
    if (mode === 'interval' && isBetweenRuns) return this.#take([])
    this.#nextRunMs = nowMs + intervalSeconds * 1000
    if (mode === 'interval' || nowMs >= this.#lookAgainMs) {
      this.#reader.startOver()
      this.#lookAgainMs = nowMs + LOOK_AGAIN_MS
    }
    this.#reader.read().then(
      () => this.#take([]), // one whose rest is over has its turn, though there may be no room for more
      (error: unknown) => {
        log(`read what is due: ${reasonOf(error)}`)
        this.#halt()
      },
    )
  }

  /** Begins nothing for a while, and then looks at everything again. */
  #halt(): void {
    this.#haltUntilMs = this.#context.clock.nowMs() + HALT_MS
    this.#lookAgainMs = 0
    this.#arm()
  }

  /** Starts connections while there is work and room for them. */
  #pump(): void {
    const { clock } = this.#context
    while (!this.#isStopping() && clock.nowMs() >= this.#haltUntilMs) {
      const lane = this.#lanes.next(clock.nowMs(), (one) => this.#hasRoom(one))
      if (!lane) return
      lane.connections++
      this.#running[kindOf(lane)]++
      this.#lanes.refresh(lane)
      const work =
        lane.route.kind === 'local' ? this.#serveLocal(lane) : serveLane(lane, this.#connection, this.#abort.signal)
      void work
        .catch((error: unknown) => this.#context.log(`serve ${lane.key}: ${reasonOf(error)}`))
        .then(() => this.#onServed(lane))
    }
  }

  /** The pace of a destination follows where its server is; connections that run already change sides. */
  #onConnected(lane: Lane, isOwnNetwork: boolean): void {
    if (lane.isOwnNetwork === isOwnNetwork) return
    this.#running[kindOf(lane)] -= lane.connections
    lane.isOwnNetwork = isOwnNetwork
    this.#running[kindOf(lane)] += lane.connections
    this.#pump()
  }

  #onServed(lane: Lane): void {
    lane.connections--
    this.#running[kindOf(lane)]--
    this.#lanes.refresh(lane)
    if (this.#reader.isCutShort && this.#lanes.held < MOST_HELD / 2) this.#onTimer()
    this.#take([])
    if (!this.#isBusy()) for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  /** The next recipients of a lane whose route is still the lane's; others move to theirs. */
  #takeJob(lane: Lane): DueRecipient[] {
    for (;;) {
      const taken = this.#lanes.take(lane)
      if (taken.length === 0) return []
      const stay: DueRecipient[] = []
      for (const one of taken) {
        const route = this.#routeOf(one)
        if (laneKey(route) === lane.key) stay.push(one)
        else this.#lanes.putBack(one, route)
      }
      if (stay.length > 0) return stay
    }
  }

  async #begin(taken: readonly DueRecipient[]): Promise<Begun> {
    try {
      const begun = await this.#attempts.begin(taken)
      const started = new Set(begun.started.map(({ recipient }) => recipient.id))
      for (const { id } of taken) if (!started.has(id)) this.#lanes.forget(id)
      return begun
    } catch (error) {
      // They wait in the store as before.
      for (const { id } of taken) this.#lanes.forget(id)
      this.#halt()
      throw error
    }
  }

  async #settle(
    lane: Lane,
    entry: QueueEntry,
    ended: readonly Ended[],
    sessionId: number | undefined,
    local: readonly Kept[] = [],
  ): Promise<void> {
    const settled = await this.#attempts.settle(entry, ended, sessionId, local)
    for (const { recipientId, nextAttemptMs } of settled) {
      this.#lanes.forget(recipientId)
      if (nextAttemptMs !== null) this.#reader.expect(nextAttemptMs)
    }
    const outcomes = ended.map(({ outcome }) => outcome)
    const nextMs = settled.map((one) => one.nextAttemptMs)
    pace(lane, outcomes, nextMs, this.#context.clock.nowMs())
    this.#lanes.refresh(lane)
    this.#take([])
  }

  /** Gives back what was begun and waits for a connection, of one entry or all. */
  async #giveBackAhead(entryId?: number): Promise<void> {
    for (const ahead of this.#lanes.ahead()) {
      await ahead.settled()
      await this.#giveBack(ahead.takeOut(entryId))
    }
  }

  async #giveBack(started: readonly Started[]): Promise<void> {
    if (started.length === 0) return
    await this.#attempts.release(started)
    for (const { recipient } of started) this.#lanes.forget(recipient.id)
    if (this.#isStopping()) return
    // Read anew, for one may have been cancelled meanwhile.
    const { store, clock } = this.#context
    const entryIds = new Set(started.map(({ recipient }) => recipient.entryId))
    for (const entryId of entryIds) this.#take(listDueOfEntry(store.read, entryId, clock.nowMs()))
  }

  async #serveLocal(lane: Lane): Promise<void> {
    const { store, clock, describe, resolveLocal } = this.#context
    while (!this.#isStopping()) {
      const taken = this.#takeJob(lane)
      if (taken.length === 0) return
      const { entries, started } = await this.#begin(taken)
      const entry = entries[0]
      if (!entry) continue
      try {
        const fields = await describe(await store.readBody(entry.view))
        const { outcomes, kept } = deliverLocally(entry, started, resolveLocal, fields, clock.nowMs())
        await this.#settle(lane, entry, outcomes, undefined, kept)
      } catch (error) {
        if (this.#isClosing) throw error
        const ended = started.map((one) => ({ started: one, outcome: deferredHere(one.recipient.to, reasonOf(error)) }))
        await this.#settle(lane, entry, ended, undefined)
      }
    }
  }
}

function kindOf(lane: Lane): keyof typeof MOST_CONNECTIONS {
  if (lane.route.kind === 'local') return 'local'
  return lane.isOwnNetwork ? 'ownNetwork' : 'elsewhere'
}
