import type { Clock } from '../base/clock.ts'
import type { Cause } from '../model/outcome.ts'

const MINUTE_MS = 60_000
/** A dial that times out costs the most, so it is repeated the least. */
const SILENT_MS = 15 * MINUTE_MS
const REFUSED_MS = 2 * MINUTE_MS
const LONGEST_MS = 60 * MINUTE_MS
/** A try that comes a little early, for the schedule has its jitter, is not turned away. */
const SLACK = 0.15
const MOST_KNOWN = 10_000

/** Having no network at all, or not being allowed out, says nothing of the host. */
const OURS = new Set(['ABORTED', 'ENETUNREACH', 'ENETDOWN', 'ENONET', 'EACCES', 'EPERM', 'EADDRNOTAVAIL', 'EMFILE'])

interface Known {
  readonly why: Cause
  readonly waitMs: number
  readonly untilMs: number
}

/**
 * Addresses at which nobody answered of late, by `address:port`. They are passed over for 15 minutes after silence and for
 * two after a refusal, twice as long each time it goes on, up to an hour; never longer than the schedule waits itself.
 */
export class DeadHosts {
  readonly #clock: Clock
  readonly #known = new Map<string, Known>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What was met there, and until when it is left alone (Unix ms); undefined where it may be dialled. */
  find(endpoint: string): { readonly why: Cause; readonly untilMs: number } | undefined {
    const known = this.#known.get(endpoint)
    if (known === undefined) return undefined
    const nowMs = this.#clock.nowMs()
    // A clock that was set back must not make a short wait a long one.
    const isSane = known.untilMs - nowMs <= known.waitMs
    return isSane && nowMs < known.untilMs - known.waitMs * SLACK ? known : undefined
  }

  /** Nobody answered there. `scheduleSeconds`: the waits between two tries. */
  failed(endpoint: string, why: Cause, scheduleSeconds: readonly number[]): void {
    const isTimeout = why.at === 'connect' && why.errno === 'ETIMEDOUT'
    if (why.at === 'connect' ? OURS.has(why.errno) : why.at !== 'greeting') return
    const nowMs = this.#clock.nowMs()
    const known = this.#known.get(endpoint)
    // What happened long ago is no series.
    const isSeries = known !== undefined && nowMs < known.untilMs + Math.max(known.waitMs, SILENT_MS)
    const first = isTimeout || why.at === 'greeting' ? SILENT_MS : REFUSED_MS
    const least = Math.min(...scheduleSeconds) * 1000
    const most = Math.max(...scheduleSeconds) * 1000
    const waitMs = isSeries ? Math.min(known.waitMs * 2, LONGEST_MS, most) : Math.min(first, least)
    this.#known.delete(endpoint)
    this.#known.set(endpoint, { why, waitMs, untilMs: nowMs + waitMs })
    const oldest = this.#known.size > MOST_KNOWN ? this.#known.keys().next().value : undefined
    if (oldest !== undefined) this.#known.delete(oldest)
  }

  /** Somebody answers there. */
  answered(endpoint: string): void {
    this.#known.delete(endpoint)
  }

  /** Forgets all: somebody wants everything tried now, or the network is another one. */
  forget(): void {
    this.#known.clear()
  }
}
