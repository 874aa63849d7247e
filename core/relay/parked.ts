import type { Cancel, Clock } from '../base/clock.ts'
import type { AttemptTls } from '../model/attempt-tls.ts'
import type { SmtpConnection } from '../net/smtp-client-driver.ts'
import type { Transcript } from '../transcript/sink.ts'
import type { Address } from './open-session.ts'
import type { HostPlan } from './route-plan.ts'

/** A connection that is good and has nothing to do. */
export interface IdleConnection {
  readonly connection: SmtpConnection
  readonly tls: AttemptTls
  readonly address: Address
  readonly plan: HostPlan
  readonly transcript: Transcript
  /** Deliveries it has carried. */
  readonly uses: number
}

/** How long a connection waits for more mail; then it says goodbye. */
export const IDLE_MS = 2_000
/** Deliveries of one connection: one that is never idle for long must end all the same. */
const MOST_USES = 20
const MOST_PARKED = 50

/** Connections that wait a moment for more mail of the same route. */
export class Parked {
  readonly #clock: Clock
  readonly #idleMs: number
  readonly #byRoute = new Map<string, { readonly idle: IdleConnection; readonly cancel: Cancel }[]>()
  #count = 0
  #isClosed = false

  constructor(clock: Clock, idleMs = IDLE_MS) {
    this.#clock = clock
    this.#idleMs = idleMs
  }

  /** Keeps it for a while; false where it is not to be kept, and its owner says goodbye. */
  park(route: string, idle: IdleConnection): boolean {
    if (this.#isClosed || !idle.connection.isReady || idle.uses >= MOST_USES || this.#count >= MOST_PARKED) return false
    const cancel = this.#clock.after(this.#idleMs, () => {
      if (this.#remove(route, idle)) void idle.connection.quit()
    })
    this.#byRoute.set(route, [...(this.#byRoute.get(route) ?? []), { idle, cancel }])
    this.#count += 1
    return true
  }

  /** The latest one of that route that is still good and `fits`; it is its taker's from then on. */
  take(route: string, fits: (idle: IdleConnection) => boolean): IdleConnection | undefined {
    for (const { idle } of this.#byRoute.get(route)?.toReversed() ?? []) {
      if (idle.connection.isReady && !fits(idle)) continue
      this.#remove(route, idle)
      if (idle.connection.isReady) return idle
    }
    return undefined
  }

  /** Says goodbye to all, and keeps none from then on. */
  async close(): Promise<void> {
    this.#isClosed = true
    const all = [...this.#byRoute.entries()].flatMap(([route, list]) => list.map(({ idle }) => ({ route, idle })))
    await Promise.all(
      all.map(async ({ route, idle }) => {
        if (this.#remove(route, idle) && idle.connection.isReady) await idle.connection.quit()
      }),
    )
  }

  #remove(route: string, idle: IdleConnection): boolean {
    const list = this.#byRoute.get(route) ?? []
    const found = list.find((one) => one.idle === idle)
    if (!found) return false
    found.cancel()
    const left = list.filter((one) => one !== found)
    if (left.length === 0) this.#byRoute.delete(route)
    else this.#byRoute.set(route, left)
    this.#count -= 1
    return true
  }
}
