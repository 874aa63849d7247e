import type { Cancel, Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import type { Protocol } from '../model/transcript.ts'

/** How much of a protocol's log is kept; no bytes: no limit. */
export interface Keep {
  readonly days: number
  readonly bytes: number
}
/** Joints to the store, and what is wanted. */
export interface RetentionDeps {
  readonly clock: Clock
  /** How many bytes the sessions of each protocol take. */
  readonly use: () => Promise<readonly { readonly protocol: Protocol; readonly bytes: number }[]>
  /** Removes some of what is too old or too much. */
  readonly expire: (what: {
    readonly protocol: Protocol
    readonly keepMs: number
    readonly overBytes: number
  }) => Promise<{ readonly removed: number; readonly more: boolean; readonly freed: number }>
  readonly keep: (protocol: Protocol) => Keep
  readonly log: (line: string) => void
}

const DAY_MS = 86_400_000
const FIRST_MS = 60_000
/** A server under load says some megabytes a minute. */
const EVERY_MS = 60_000
/** Between two slices of a removal, so that mail goes before it. */
const BREATH_MS = 20
/** Removed down to a little less, so that a full log is not cut with every session. */
const ROOM = 0.05

/** Keeps the log as short as the settings want it, in slices between which everything else comes first. */
export class Retention {
  readonly #deps: RetentionDeps
  #cancel: Cancel = () => {}
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(deps: RetentionDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#cancel = this.#deps.clock.after(FIRST_MS, () => void this.run())
  }

  /** Removes what is too much now; one run at a time. Never throws. */
  run(): Promise<void> {
    return (this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      this.#cancel()
      if (!this.#isClosed) this.#cancel = this.#deps.clock.after(EVERY_MS, () => void this.run())
    }))
  }

  /** What is being removed is removed; nothing more is begun. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    await this.#running
  }

  async #run(): Promise<void> {
    const { use, keep, log } = this.#deps
    try {
      for (const { protocol, bytes } of await use()) {
        const { days, bytes: most } = keep(protocol)
        const over = most > 0 && bytes > most ? bytes - most * (1 - ROOM) : 0
        await this.#expire(protocol, days * DAY_MS, over)
      }
    } catch (error) {
      log(`protocol log: let go of old sessions: ${reasonOf(error)}`)
    }
  }

  async #expire(protocol: Protocol, keepMs: number, over: number): Promise<void> {
    const { clock, expire } = this.#deps
    let overBytes = over
    while (!this.#isClosed) {
      const slice = await expire({ protocol, keepMs, overBytes })
      overBytes = Math.max(0, overBytes - slice.freed)
      if (!slice.more) return
      await new Promise<void>((resolve) => clock.after(BREATH_MS, resolve))
    }
  }
}
