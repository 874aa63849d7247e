import type { Clock } from '../base/clock.ts'

const MINUTE_MS = 60_000
/** Clients remembered at once; a flood from many addresses makes room by forgetting those seen first. */
const MOST_CLIENTS = 10_000

/** Counts what each client does within a minute from its first. */
export class Rate {
  readonly #clock: Clock
  readonly #perMinute: () => number
  readonly #counts = new Map<string, { untilMs: number; count: number }>()

  constructor(clock: Clock, perMinute: () => number) {
    this.#clock = clock
    this.#perMinute = perMinute
  }

  /** Counts one more; false when it is one too many. */
  take(client: string): boolean {
    const nowMs = this.#clock.monotonicMs()
    let known = this.#counts.get(client)
    if (known === undefined || nowMs >= known.untilMs) {
      this.#counts.delete(client) // the order of the map is the order of the minutes
      this.#makeRoom(nowMs)
      this.#counts.set(client, (known = { untilMs: nowMs + MINUTE_MS, count: 0 }))
    }
    known.count++
    return known.count <= this.#perMinute()
  }

  #makeRoom(nowMs: number): void {
    for (const [client, { untilMs }] of this.#counts) {
      if (untilMs > nowMs && this.#counts.size < MOST_CLIENTS) return
      this.#counts.delete(client)
    }
  }
}
