import type { Route } from '../model/outcome.ts'
import type { DueRecipient } from '../store/queue.ts'
import { Ahead } from './ahead.ts'

/** Recipients of one transaction: RFC 5321 §4.5.3.1.8 lets servers stop at 100, and many stop at 50. */
const MOST_IN_A_JOB = 50

/** All that waits for one destination, and how it is being served. */
export interface Lane {
  readonly key: string
  route: Route
  /** Its server is in a network of one's own, as the last session there has found. */
  isOwnNetwork: boolean
  /** Due recipients by entry, in the order they came. */
  readonly entries: Map<number, DueRecipient[]>
  /** Jobs that were begun and wait for a connection of this lane. */
  readonly ahead: Ahead
  connections: number
  /** Connections it may have at once: grows with success, falls with failure. */
  limit: number
  /** Nothing is dialled before that time (Unix ms): the last dial found nobody. */
  restUntilMs: number
}

/** Names the destination of a route. */
export function laneKey(route: Route): string {
  switch (route.kind) {
    case 'local':
      return 'local'
    case 'direct':
      return `direct ${route.domain}`
    case 'smarthost':
      return `smarthost ${route.routeId}`
    case 'hold':
      return `hold ${route.key}`
  }
}

/** What is due, by destination. Hands out turns in a circle, so that no destination waits for another's backlog. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>()
  /** Lanes that could be served now, least recently served first. */
  readonly #open = new Set<Lane>()
  /** Recipients in a lane or on their way: none is in here twice. */
  readonly #held = new Set<number>()

  /** Recipients that are in a lane or being tried. */
  get held(): number {
    return this.#held.size
  }

  /** Takes a due recipient in; one that is held already is passed over. */
  add(due: DueRecipient, route: Route): void {
    if (this.#held.has(due.id)) return
    this.#held.add(due.id)
    this.#put(due, route)
  }

  /** Puts back a recipient that was taken and not tried. */
  putBack(due: DueRecipient, route: Route): void {
    this.#put(due, route)
  }

  #put(due: DueRecipient, route: Route): void {
    const key = laneKey(route)
    let lane = this.#lanes.get(key)
    if (!lane) {
      lane = {
        key,
        route,
        isOwnNetwork: false,
        entries: new Map(),
        ahead: new Ahead(),
        connections: 0,
        limit: 1,
        restUntilMs: 0,
      }
      this.#lanes.set(key, lane)
    }
    lane.route = route
    const known = lane.entries.get(due.entryId)
    if (known) known.push(due)
    else lane.entries.set(due.entryId, [due])
    this.refresh(lane)
  }

  /** Forgets a recipient whose try has ended. */
  forget(id: number): void {
    this.#held.delete(id)
  }

  /** Up to one transaction's recipients of the lane's oldest entry; empty when nothing waits there. */
  take(lane: Lane): DueRecipient[] {
    const first = lane.entries.entries().next().value
    if (!first) return []
    const [entryId, waiting] = first
    const taken = waiting.splice(0, MOST_IN_A_JOB)
    if (waiting.length === 0) lane.entries.delete(entryId)
    this.refresh(lane)
    return taken
  }

  /** The next lane whose turn it is and that `hasRoom`; undefined when none could be served. */
  next(nowMs: number, hasRoom: (lane: Lane) => boolean): Lane | undefined {
    for (const lane of this.#open) {
      if (lane.restUntilMs > nowMs || !hasRoom(lane)) continue
      // To the end of the circle.
      this.#open.delete(lane)
      this.#open.add(lane)
      return lane
    }
    return undefined
  }

  /** Whether any other lane than `lane` waits for a connection of the same kind. */
  othersWait(lane: Lane, nowMs: number): boolean {
    for (const other of this.#open) {
      if (other === lane || other.restUntilMs > nowMs || other.route.kind === 'local') continue
      if (other.isOwnNetwork === lane.isOwnNetwork) return true
    }
    return false
  }

  /** When the first resting lane may be dialled again (Unix ms); undefined when none rests. */
  nextRestMs(nowMs: number): number | undefined {
    let first: number | undefined
    for (const { restUntilMs } of this.#open)
      if (restUntilMs > nowMs && (first === undefined || restUntilMs < first)) first = restUntilMs
    return first
  }

  /** What was begun ahead in each lane. */
  ahead(): Ahead[] {
    return [...this.#lanes.values()].map((lane) => lane.ahead)
  }

  /** Ends every rest: somebody wants it tried now. */
  endRests(): void {
    for (const lane of this.#lanes.values()) lane.restUntilMs = 0
  }

  /** Forgets lanes that have rested and have nothing left. */
  prune(nowMs: number): void {
    for (const lane of this.#lanes.values()) {
      if (lane.restUntilMs === 0 || lane.restUntilMs > nowMs) continue
      lane.restUntilMs = 0
      this.refresh(lane)
    }
  }

  /** Sorts a lane among the open ones after anything of it changed. */
  refresh(lane: Lane): void {
    const isOpen = lane.entries.size > 0 && lane.connections < lane.limit
    if (isOpen) this.#open.add(lane)
    else this.#open.delete(lane)
    if (lane.entries.size === 0 && lane.connections === 0 && lane.restUntilMs === 0) this.#lanes.delete(lane.key)
  }
}
