import { IdTable } from '../base/id-table.ts'
import { TimeHeap } from '../base/time-heap.ts'
import type { Route } from '../model/outcome.ts'
import type { DueRecipient } from '../store/queue-due.ts'
import type { Ahead } from './ahead.ts'

/** Recipients of one transaction: RFC 5321 §4.5.3.1.8 lets servers stop at 100, and many stop at 50. */
const MOST_IN_A_JOB = 50
/** Taken recipients whose places are given back only then: moving the rest each time would cost its length. */
const GIVE_BACK_FROM = 1024

/** Whose connections a lane's count to: servers out there, a network of one's own, or none at all. */
export type LaneKind = 'elsewhere' | 'ownNetwork' | 'local'

/** All that waits for one destination, and how it is being served. Made small: there may be as many as recipients. */
export interface Lane {
  readonly key: string
  /** No other lane ever has the same. */
  readonly number: number
  route: Route
  kind: LaneKind
  /** Due recipients in the order they came, beside the entry of each; those before `head` are taken. */
  readonly ids: number[]
  readonly entryIds: number[]
  head: number
  /** Jobs that were begun and wait for a connection of this lane; undefined until one is served. */
  ahead: Ahead | undefined
  connections: number
  /** Connections it may have at once. */
  limit: number
  /** Its pace allows no message more for now. */
  isFull: boolean
  /** Nothing is begun before that time (Unix ms). */
  notBeforeMs: number
  /** Its place among those that rest; 0 for none. */
  wakeMs: number
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
    case 'lab':
      return `lab ${route.domain}`
    case 'hold':
      return `hold ${route.key}`
  }
}

/** Recipients that wait in a lane. */
export const waitingIn = (lane: Lane): number => lane.ids.length - lane.head

/** What a lane is to begin with, as the pace of its destination has it. */
export type LaneTerms = Pick<Lane, 'kind' | 'limit' | 'notBeforeMs'>

/** In place of a lane's number, of a recipient that is on its way. */
const ON_ITS_WAY = 1

/**
 * What is due, by destination. Hands out turns in a circle, so that no destination waits for another's backlog. What one turn
 * costs does not grow with the number of lanes or recipients: those that could be served stand in a row of their own, those
 * that rest in a heap.
 */
export class Lanes {
  readonly #termsOf: (key: string, route: Route) => LaneTerms
  readonly #lanes = new Map<string, Lane>()
  /** Lanes that could be served now, least recently served first. */
  readonly #ready: Readonly<Record<LaneKind, Set<Lane>>> = {
    elsewhere: new Set(),
    ownNetwork: new Set(),
    local: new Set(),
  }
  readonly #resting = new TimeHeap<Lane>()
  /** Lanes with connections. */
  readonly #served = new Set<Lane>()
  /** In which lane recipients are, by its number. Whoever moved to another one leaves its place in the first one empty. */
  readonly #held = new IdTable()
  #lastNumber = ON_ITS_WAY
  #steps = 0

  constructor(termsOf: (key: string, route: Route) => LaneTerms) {
    this.#termsOf = termsOf
  }

  /** Recipients that are in a lane or being tried. */
  get held(): number {
    return this.#held.size
  }

  /** Lanes and places looked at so far, all in all. */
  get steps(): number {
    return this.#steps + this.#resting.steps
  }

  /** Destinations with recipients or connections. */
  get size(): number {
    return this.#lanes.size
  }

  get(key: string): Lane | undefined {
    return this.#lanes.get(key)
  }

  all(): Iterable<Lane> {
    return this.#lanes.values()
  }

  /** Lanes that have connections. */
  served(): Iterable<Lane> {
    return this.#served
  }

  /** Takes a due recipient in; one that is on its way, or in that lane already, is passed over. */
  add(due: Pick<DueRecipient, 'id' | 'entryId'>, route: Route, nowMs: number): void {
    const known = this.#held.get(due.id)
    if (known === 0 || (known !== ON_ITS_WAY && known !== this.#lanes.get(laneKey(route))?.number))
      this.putBack(due, route, nowMs)
  }

  /** Puts back a recipient that was taken and not tried. */
  putBack(due: Pick<DueRecipient, 'id' | 'entryId'>, route: Route, nowMs: number): void {
    const key = laneKey(route)
    let lane = this.#lanes.get(key)
    if (lane) {
      lane.ids.push(due.id)
      lane.entryIds.push(due.entryId)
    } else {
      lane = {
        key,
        number: ++this.#lastNumber,
        route,
        ...this.#termsOf(key, route),
        ids: [due.id],
        entryIds: [due.entryId],
        head: 0,
        ahead: undefined,
        connections: 0,
        isFull: false,
        wakeMs: 0,
      }
      this.#lanes.set(key, lane)
    }
    lane.route = route
    this.#held.set(due.id, lane.number)
    this.refresh(lane, nowMs)
  }

  /** Forgets a recipient whose try has ended, or who waits no more. */
  forget(id: number): void {
    this.#held.delete(id)
  }

  /** Up to `most` of the oldest recipients of a lane, no more than a transaction's worth of one entry side by side. */
  take(lane: Lane, most: number, mostRecipients: number, nowMs: number): number[][] {
    const jobs: number[][] = []
    let left = mostRecipients
    while (jobs.length < most && lane.head < lane.ids.length) {
      const entryId = lane.entryIds[lane.head]
      const longest = Math.min(MOST_IN_A_JOB, lane.ids.length - lane.head)
      let n = 1
      while (n < longest && lane.entryIds[lane.head + n] === entryId) n++
      if (jobs.length > 0 && n > left) break
      const job = lane.ids.slice(lane.head, lane.head + n).filter((id) => this.#held.get(id) === lane.number)
      for (const id of job) this.#held.set(id, ON_ITS_WAY)
      if (job.length > 0) jobs.push(job)
      lane.head += n
      left -= job.length
    }
    if (lane.head === lane.ids.length || lane.head >= GIVE_BACK_FROM) {
      lane.ids.splice(0, lane.head)
      lane.entryIds.splice(0, lane.head)
      lane.head = 0
    }
    this.refresh(lane, nowMs)
    return jobs
  }

  /** The next lane whose turn it is, of a kind that has room; undefined when none could be served. */
  next(nowMs: number, hasRoom: (kind: LaneKind) => boolean): Lane | undefined {
    this.#wake(nowMs)
    for (const kind of KINDS) {
      if (!hasRoom(kind)) continue
      const ready = this.#ready[kind]
      for (const lane of ready) {
        this.#steps++
        // To the end of the circle.
        ready.delete(lane)
        ready.add(lane)
        return lane
      }
    }
    return undefined
  }

  /** Whether any other lane than `lane` waits for a connection of the same kind. */
  othersWait(lane: Lane, nowMs: number): boolean {
    this.#wake(nowMs)
    const ready = this.#ready[lane.kind]
    return ready.size > (ready.has(lane) ? 1 : 0)
  }

  /** When the first resting lane may be served again (Unix ms); undefined when none rests. */
  nextRestMs(nowMs: number): number | undefined {
    this.#wake(nowMs)
    // A place that its lane has left tells of nothing.
    while (this.#resting.first && this.#resting.first.wakeMs !== this.#resting.firstMs) this.#resting.take()
    return this.#resting.firstMs
  }

  /** Another word on how a lane may be served. */
  setTerms(lane: Lane, { kind, limit, notBeforeMs }: LaneTerms, nowMs: number): void {
    if (lane.kind !== kind) this.#ready[lane.kind].delete(lane)
    lane.kind = kind
    lane.limit = limit
    lane.notBeforeMs = notBeforeMs
    lane.isFull = false
    this.refresh(lane, nowMs)
  }

  /** One connection more or less. */
  connect(lane: Lane, by: 1 | -1, nowMs: number): void {
    lane.connections += by
    if (lane.connections > 0) this.#served.add(lane)
    else this.#served.delete(lane)
    this.refresh(lane, nowMs)
  }

  /** Sorts a lane among the ready or the resting after anything of it changed. */
  refresh(lane: Lane, nowMs: number): void {
    this.#steps++
    const isOpen = waitingIn(lane) > 0 && lane.connections < lane.limit
    const ready = this.#ready[lane.kind]
    if (isOpen && lane.notBeforeMs <= nowMs) {
      lane.wakeMs = 0
      ready.add(lane)
      return
    }
    ready.delete(lane)
    if (isOpen && lane.wakeMs !== lane.notBeforeMs) {
      lane.wakeMs = lane.notBeforeMs
      this.#resting.add(lane.wakeMs, lane)
    } else if (!isOpen) lane.wakeMs = 0
    if (waitingIn(lane) === 0 && lane.connections === 0) this.#lanes.delete(lane.key)
  }

  /** Lanes whose rest is over become ready. */
  #wake(nowMs: number): void {
    for (;;) {
      const { firstMs } = this.#resting
      if (firstMs === undefined || firstMs > nowMs) return
      const lane = this.#resting.take()
      if (!lane || lane.wakeMs !== firstMs) continue
      lane.wakeMs = 0
      this.refresh(lane, nowMs)
    }
  }
}

/** Local mail first: it costs no connection. */
const KINDS: readonly LaneKind[] = ['local', 'ownNetwork', 'elsewhere']
