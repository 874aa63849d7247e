import type { Clock } from '../base/clock.ts'
import type { Cause, Outcome, Route } from '../model/outcome.ts'
import type { Settings } from '../settings.ts'
import { listPaceCounts, listPaces, SLOT_MS, type OwnPace } from '../store/pace.ts'
import type { ReadDb } from '../store/types.ts'
import { Handed } from './handed.ts'
import type { LaneKind, LaneTerms } from './lanes.ts'
import { paceOf, type Pace } from './pace.ts'
import { isOffline } from './schedule.ts'

/** Longest rest of a destination where nobody answers: a dial that times out costs the most. */
const SILENT_REST_MS = 900_000
const REST_MS = 120_000
/** A server that said 421 is left alone for so long at least, and longer each time it says so again. */
const BUSY_REST_MS = 1000
const MOST_EASE = 16
/** Successes in a row after which a destination that had too much gets more again. */
const FORGIVEN_AFTER = 10
/** What is remembered of destinations that had no mail for a while. */
const MOST_KEPT = 5000
const DAY_SLOTS = 288

/** What is known of one destination while it has mail, and for a while after. */
export interface Destination {
  readonly key: string
  /** The domain, or the name of the smarthost; '' for mail that stays here. */
  readonly name: string
  kind: LaneKind
  /** It is the rehearsal lab. */
  readonly isRehearsal: boolean
  /** Connections it has earned. */
  earned: number
  /** How much slower than its pace it is served: 1 for not at all, doubled by each 421. */
  ease: number
  successes: number
  /** The last dial found nobody: nothing is begun before that time (Unix ms). */
  restUntilMs: number
  /** The gap between connections, or a limit that is reached. */
  paceUntilMs: number
  handed: Handed | undefined
}

/** What remembering destinations is wired to. */
export interface DestinationsContext {
  readonly read: ReadDb
  readonly clock: Clock
  readonly settings: () => Settings
}

/** How each destination has been doing, and what that allows. */
export class Destinations {
  readonly #context: DestinationsContext
  /** Least recently used first. */
  readonly #known = new Map<string, Destination>()
  #own: ReadonlyMap<string, OwnPace> | undefined
  /** Destinations with a limit that is near. */
  readonly #near = new Set<Destination>()

  constructor(context: DestinationsContext) {
    this.#context = context
  }

  /** What somebody set for a destination. */
  own(name: string): OwnPace | undefined {
    this.#own ??= new Map(listPaces(this.#context.read).map((one) => [one.destination, one]))
    return this.#own.get(name)
  }

  /** Paces may have been changed: they are read anew, and who waits for a limit waits for the new one; the gap stays. */
  reread(): void {
    this.#own = undefined
    const nowMs = this.#context.clock.nowMs()
    for (const one of this.#known.values())
      one.paceUntilMs = Math.min(one.paceUntilMs, nowMs + this.paceOf(one).gapMs * one.ease)
  }

  find(key: string): Destination | undefined {
    return this.#known.get(key)
  }

  /** What is known of a route's destination, new when nothing is. */
  of(key: string, route: Route): Destination {
    const known = this.#known.get(key)
    if (known) {
      this.#known.delete(key)
      this.#known.set(key, known)
      return known
    }
    const one: Destination = {
      key,
      name: 'domain' in route ? route.domain : route.kind === 'smarthost' ? route.host : '',
      kind: kindOf(route),
      isRehearsal: route.kind === 'lab',
      earned: 1,
      ease: 1,
      successes: 0,
      restUntilMs: 0,
      paceUntilMs: 0,
      handed: undefined,
    }
    this.#known.set(key, one)
    this.#prune()
    return one
  }

  paceOf(one: Destination): Pace {
    return paceOf(one.kind, this.#context.settings(), this.own(one.name))
  }

  /** How a lane begins: by what is remembered, or as a stranger. */
  termsOf(key: string, route: Route): LaneTerms {
    const known = this.#known.get(key)
    return known ? this.terms(known) : { kind: kindOf(route), limit: 1, notBeforeMs: 0 }
  }

  terms(one: Destination): LaneTerms {
    return {
      kind: one.kind,
      limit: Math.min(one.earned, this.paceOf(one).connections),
      notBeforeMs: Math.max(one.restUntilMs, one.paceUntilMs),
    }
  }

  /** Messages that may be begun now. Where there are none, it waits until there are. */
  room(one: Destination): number {
    const nowMs = this.#context.clock.nowMs()
    const pace = this.#easedPaceOf(one)
    if (!isLimited(pace)) return Infinity
    const handed = this.#handedOf(one, nowMs)
    const room = handed.room(pace, nowMs)
    if (room === 0) one.paceUntilMs = Math.max(one.paceUntilMs, handed.roomAtMs(pace, nowMs))
    return room
  }

  promise(one: Destination): void {
    if (this.isCounted(one)) this.#handedOf(one, this.#context.clock.nowMs()).promise()
  }

  giveBack(one: Destination): void {
    one.handed?.giveBack()
  }

  /** A message is about to be handed over. */
  hand(one: Destination): void {
    if (!this.isCounted(one)) return
    const nowMs = this.#context.clock.nowMs()
    const handed = this.#handedOf(one, nowMs)
    handed.hand(nowMs)
    if (handed.words(one.name, this.paceOf(one), nowMs) === null) this.#near.delete(one)
    else this.#near.add(one)
  }

  /** Whether messages to it are counted at all. */
  isCounted(one: Destination): boolean {
    const pace = this.paceOf(one)
    return isLimited(pace) || pace.warnPerDay !== Infinity
  }

  /** A connection begins: the next one waits for the gap. */
  onConnecting(one: Destination): void {
    const { gapMs } = this.paceOf(one)
    if (gapMs > 0) one.paceUntilMs = Math.max(one.paceUntilMs, this.#context.clock.nowMs() + gapMs * one.ease)
  }

  /** A session has found whose network its server is in. */
  onConnected(one: Destination, isOwnNetwork: boolean): void {
    const kind = isOwnNetwork ? 'ownNetwork' : 'elsewhere'
    if (one.kind === kind) return
    one.kind = kind
    if (this.paceOf(one).gapMs === 0) one.paceUntilMs = 0
  }

  /**
   * Success earns a connection more. Where nobody answers the destination rests, no longer than until the recipient that found
   * out is due again (`nextMs`, Unix ms); a server that says 421 gets half as much.
   */
  onOutcomes(one: Destination, outcomes: readonly Outcome[], nextMs: readonly (number | null)[]): void {
    // What a rehearsal meets says nothing of the next one.
    if (one.isRehearsal) return
    const nowMs = this.#context.clock.nowMs()
    if (outcomes.some(isBusy)) {
      one.ease = Math.min(one.ease * 2, MOST_EASE)
      one.earned = Math.max(1, Math.floor(one.earned / 2))
      one.successes = 0
      one.paceUntilMs = Math.max(one.paceUntilMs, nowMs + one.ease * Math.max(BUSY_REST_MS, this.paceOf(one).gapMs))
      return
    }
    if (outcomes.some(({ kind }) => kind === 'delivered')) {
      one.successes++
      if (one.successes % FORGIVEN_AFTER === 0) one.ease = Math.max(1, one.ease / 2)
      if (one.ease === 1) one.earned = Math.min(one.earned + 1, this.paceOf(one).connections)
      one.restUntilMs = 0
      return
    }
    const dead = outcomes.flatMap((it) => (it.kind === 'deferred' && isDeadHost(it.why) ? [it.why] : []))
    if (dead.length === 0) return
    const isSilent = dead.some((why) => why.at === 'connect' && why.errno === 'ETIMEDOUT')
    one.earned = Math.max(1, one.earned - 1)
    one.successes = 0
    one.restUntilMs = Math.min(nowMs + (isSilent ? SILENT_REST_MS : REST_MS), ...nextMs.filter((ms) => ms !== null))
  }

  /** Ends the rest of one destination, or of all: somebody wants it tried now, or the network has changed. */
  endRest(one: Destination): void {
    one.restUntilMs = 0
  }

  endRests(): void {
    for (const one of this.#known.values()) this.endRest(one)
  }

  /** The clock was set: times that were named before it say nothing. */
  forgetTimes(): void {
    for (const one of this.#known.values()) {
      one.restUntilMs = 0
      one.paceUntilMs = 0
    }
  }

  /** What a person should know of limits that are near or reached. */
  warnings(): string[] {
    const nowMs = this.#context.clock.nowMs()
    return [...this.#near].flatMap((one) => {
      const words = one.handed?.words(one.name, this.paceOf(one), nowMs) ?? null
      if (words === null) this.#near.delete(one)
      return words === null ? [] : [words]
    })
  }

  #easedPaceOf(one: Destination): Pace {
    const pace = this.paceOf(one)
    return one.ease === 1 ? pace : { ...pace, perMinute: Math.max(1, Math.floor(pace.perMinute / one.ease)) }
  }

  #handedOf(one: Destination, nowMs: number): Handed {
    const after = Math.floor(nowMs / SLOT_MS) - DAY_SLOTS - 1
    return (one.handed ??= new Handed(listPaceCounts(this.#context.read, one.name, after)))
  }

  /** Lets go of those used longest ago: their counts are in the store, and their gap is over. */
  #prune(): void {
    const nowMs = this.#context.clock.nowMs()
    for (const [key, one] of this.#known) {
      if (this.#known.size <= MOST_KEPT || Math.max(one.restUntilMs, one.paceUntilMs) > nowMs) return
      this.#known.delete(key)
      this.#near.delete(one)
    }
  }
}

const kindOf = (route: Route): LaneKind => {
  if (route.kind === 'lab') return 'ownNetwork'
  return route.kind === 'local' || route.kind === 'hold' ? 'local' : 'elsewhere'
}

const isLimited = ({ perMinute, perHour, perDay }: Pace) => Math.min(perMinute, perHour, perDay) < Infinity

/** RFC 5321 §3.8: the server shuts the channel, which most do when they have too much of us. */
function isBusy(outcome: Outcome): boolean {
  return outcome.kind === 'deferred' && outcome.why.at === 'reply' && outcome.why.reply.code === 421
}

/** Whether the host could not be talked to at all, so that its next message would fare no better. */
function isDeadHost(why: Cause): boolean {
  if (isOffline(why, true) || why.at === 'connect' || why.at === 'greeting') return true
  return why.at === 'dns' && (why.rcode === 'SERVFAIL' || why.rcode === 'TIMEOUT')
}
