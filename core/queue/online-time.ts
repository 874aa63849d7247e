import type { Cancel, Clock } from '../base/clock.ts'

/** Time is stored that often while mail waits; a crash loses no more than this. */
const STORE_EVERY_MS = 600_000

/**
 * Counts the time the engine runs with mail waiting. A gap longer than a timer explains is sleep, in which nobody could have
 * tried anything: it does not count.
 */
export class OnlineTime {
  readonly #clock: Clock
  readonly #store: (addMs: number) => Promise<unknown>
  #sinceMs: number | undefined
  #cancel: Cancel = () => {}

  constructor(clock: Clock, store: (addMs: number) => Promise<unknown>) {
    this.#clock = clock
    this.#store = store
  }

  /** Counts from now on while `waits`; called again and again, it goes on. */
  run(waits: boolean): void {
    if (waits === (this.#sinceMs !== undefined)) return
    if (waits) {
      this.#sinceMs = this.#clock.nowMs()
      this.#cancel = this.#clock.after(STORE_EVERY_MS, () => this.#roll())
    } else void this.close().catch(() => {}) // time lost makes mail wait longer, nothing worse
  }

  /** What has run since the last time it was stored. */
  uncountedMs(): number {
    if (this.#sinceMs === undefined) return 0
    return Math.min(Math.max(this.#clock.nowMs() - this.#sinceMs, 0), 2 * STORE_EVERY_MS)
  }

  async close(): Promise<void> {
    const addMs = this.uncountedMs()
    this.#cancel()
    this.#sinceMs = undefined
    if (addMs >= 1) await this.#store(addMs)
  }

  #roll(): void {
    const addMs = this.uncountedMs()
    this.#sinceMs = this.#clock.nowMs()
    this.#cancel = this.#clock.after(STORE_EVERY_MS, () => this.#roll())
    this.#store(addMs).catch(() => {})
  }
}
