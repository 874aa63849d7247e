import { Changes } from '../base/changes.ts'
import type { Cancel, Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import { parseLogQuery, type LogNode } from '../model/log-query.ts'
import type { SessionHead } from '../model/transcript.ts'
import type { FindSessions, Found } from './log-find.ts'
import type { Recorder } from './sink.ts'

/** A query that notifies. */
export interface Watched {
  readonly id: number
  readonly name: string
  readonly text: string
  readonly notify: boolean
}
/** A session that ended and that a query wants to hear of. */
export interface Alert {
  readonly query: Watched
  readonly node: LogNode
  readonly found: Found
}
/** Joints to the store, which has the queries and what is found by them. */
export interface AlertDeps {
  readonly recorder: Recorder
  readonly clock: Clock
  readonly queries: () => readonly Watched[]
  readonly find: FindSessions
  readonly headOf: (id: number) => SessionHead | undefined
  readonly onFound: (
    found: readonly { readonly id: number; readonly sessions: number; readonly lastMs: number }[],
  ) => Promise<unknown>
  readonly log: (line: string) => void
}

/** Sessions that end within this are looked at together. */
const GATHER_MS = 300
const AT_ONCE = 200
/** A server under load ends thousands a second: who asks to be told of them all is told of the latest. */
const MOST_WAITING = 20_000
const REMEMBERED = 50_000

/** Holds each session that ends against the queries that notify. */
export class LogAlerts {
  readonly alerts = new Changes<Alert>()
  readonly #deps: AlertDeps
  readonly #waiting = new Set<number>()
  readonly #seen = new Set<number>()
  readonly #stop: () => void
  #queries: readonly Watched[]
  #cancel: Cancel | undefined
  #running: Promise<void> | undefined

  constructor(deps: AlertDeps) {
    this.#deps = deps
    this.#queries = this.#read()
    this.#stop = deps.recorder.watch((ids) => this.#note(ids))
  }

  /** Queries were changed. */
  changed(): void {
    this.#queries = this.#read()
  }

  async close(): Promise<void> {
    this.#stop()
    this.#cancel?.()
    this.#waiting.clear()
    await this.#running
  }

  #read(): readonly Watched[] {
    return this.#deps.queries().filter(({ notify }) => notify)
  }

  #note(ids: readonly number[]): void {
    if (this.#queries.length === 0) return
    const { recorder, headOf } = this.#deps
    const live = new Map(recorder.live().map((head) => [head.id, head.state]))
    for (const id of ids) {
      if (this.#seen.has(id) || (live.get(id) ?? headOf(id)?.state ?? 'live') === 'live') continue
      this.#seen.add(id)
      this.#waiting.add(id)
    }
    dropOldest(this.#seen, REMEMBERED)
    dropOldest(this.#waiting, MOST_WAITING)
    if (this.#waiting.size > 0) this.#begin()
  }

  #begin(): void {
    if (this.#running !== undefined) return
    this.#cancel ??= this.#deps.clock.after(GATHER_MS, () => {
      this.#cancel = undefined
      this.#running = this.#look().finally(() => {
        this.#running = undefined
        if (this.#waiting.size > 0) this.#begin()
      })
    })
  }

  async #look(): Promise<void> {
    try {
      await this.#deps.recorder.flush()
      for (const ids of takeSome(this.#waiting)) {
        const found: { id: number; sessions: number; lastMs: number }[] = []
        for (const query of this.#queries) {
          const sessions = await this.#ask(query, ids)
          const ends = sessions.map(({ head }) => head.endedMs ?? head.startedMs)
          if (ends.length > 0) found.push({ id: query.id, sessions: ends.length, lastMs: Math.max(...ends) })
        }
        if (found.length > 0) await this.#deps.onFound(found)
      }
    } catch (error) {
      this.#deps.log(`protocol log: look for what is to be told of: ${reasonOf(error)}`)
    }
  }

  async #ask(query: Watched, ids: readonly number[]): Promise<Found[]> {
    const { query: node } = parseLogQuery(query.text)
    if (node === null) return []
    const all: Found[] = []
    for (let before: number | null = null; ;) {
      const page = await this.#deps.find({ query: node, before, limit: AT_ONCE, nowMs: this.#deps.clock.nowMs(), ids })
      for (const found of page.found) this.alerts.emit({ query, node, found })
      all.push(...page.found)
      before = page.before
      if (before === null) return all
    }
  }
}

function dropOldest(ids: Set<number>, most: number): void {
  for (const id of ids) {
    if (ids.size <= most) return
    ids.delete(id)
  }
}

/** Takes all there is, some at a time. */
function* takeSome(ids: Set<number>): Generator<readonly number[], void, void> {
  while (ids.size > 0) {
    const some = [...ids].slice(0, AT_ONCE)
    for (const id of some) ids.delete(id)
    yield some
  }
}
