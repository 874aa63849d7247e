import type { Clock } from '../base/clock.ts'
import type { Route } from '../model/outcome.ts'
import { listDueByIds, type DueRecipient } from '../store/queue-due.ts'
import type { Store } from '../store/types.ts'
import type { Attempts, Begun } from './attempts.ts'
import type { RouteQuestion } from './connection.ts'
import { laneKey, type Lane, type Lanes } from './lanes.ts'

/** Rows read at once on the way into a try. */
const MOST_TAKEN = 200

/** What taking jobs out of lanes is wired to. */
export interface JobsContext {
  readonly store: Pick<Store, 'read'>
  readonly clock: Clock
  readonly lanes: Lanes
  readonly attempts: Pick<Attempts, 'begin'>
  /** Messages that may be begun now for a lane's destination. */
  readonly roomOf: (lane: Lane) => number
  /** Sorts a lane anew by what its destination allows. */
  readonly refresh: (lane: Lane) => void
  readonly routeOf: (one: RouteQuestion) => Route
  /** Tells of rows that are due later than now. */
  readonly expect: (ms: number) => void
  /** A try could not even be begun. */
  readonly onFault: () => void
}

/** Takes jobs out of lanes and begins them, as their recipients stand in the store by then. */
export class Jobs {
  readonly #context: JobsContext
  /** Entries somebody is changing, by how many: none of their recipients is begun meanwhile. */
  readonly #barred = new Map<number, number>()

  constructor(context: JobsContext) {
    this.#context = context
  }

  /** Somebody begins to change an entry, or has done so. */
  bar(entryId: number, isBarred: boolean): void {
    const count = (this.#barred.get(entryId) ?? 0) + (isBarred ? 1 : -1)
    if (count <= 0) this.#barred.delete(entryId)
    else this.#barred.set(entryId, count)
  }

  isBarred(entryId: number): boolean {
    return this.#barred.has(entryId)
  }

  /**
   * The next jobs of a lane, as its recipients stand now: who does not wait any more is forgotten, and whose route is another by now
   * moves there.
   */
  take(lane: Lane, most: number): DueRecipient[][] {
    const { store, clock, lanes, roomOf, refresh } = this.#context
    const nowMs = clock.nowMs()
    for (;;) {
      const room = Math.min(most, roomOf(lane))
      if (room === 0) {
        refresh(lane)
        lane.isFull = true
        return []
      }
      const taken = lanes.take(lane, room, MOST_TAKEN, nowMs)
      if (taken.length === 0) return []
      const rows = new Map(listDueByIds(store.read, taken.flat()).map((one) => [one.id, one]))
      const jobs = taken.map((ids) => ids.flatMap((id) => this.#stillIn(lane, id, rows.get(id), nowMs)))
      const left = jobs.filter((job) => job.length > 0)
      if (left.length > 0) return left
    }
  }

  /** Commits phase `dialling` of what was taken; what was not begun waits in the store as before. */
  async begin(taken: readonly DueRecipient[]): Promise<Begun> {
    const { lanes, attempts, expect, onFault } = this.#context
    try {
      const begun = await attempts.begin(taken)
      const started = new Set(begun.started.map(({ recipient }) => recipient.id))
      for (const { id } of taken) if (!started.has(id)) lanes.forget(id)
      if (begun.laterMs !== undefined) expect(begun.laterMs)
      return begun
    } catch (error) {
      for (const { id } of taken) lanes.forget(id)
      onFault()
      throw error
    }
  }

  #stillIn(lane: Lane, id: number, due: DueRecipient | undefined, nowMs: number): DueRecipient[] {
    const { lanes, expect, routeOf } = this.#context
    if (due === undefined || this.isBarred(due.entryId) || due.nextAttemptMs > nowMs) {
      lanes.forget(id)
      if (due !== undefined) expect(due.nextAttemptMs)
      return []
    }
    const route = routeOf(due)
    if (laneKey(route) === lane.key) return [due]
    lanes.putBack(due, route, nowMs)
    return []
  }
}
