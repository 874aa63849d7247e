import { reasonOf } from '../base/fault.ts'
import type { Cancel, Clock } from '../base/clock.ts'
import type { Settings } from '../settings.ts'

/** A look at everything that is due, whatever the timers think; heals what a jumping clock has done. */
const LOOK_AGAIN_MS = 300_000
/** When a try can't even be begun, such as on a full disk, nothing is begun for so long. */
export const HALT_MS = 5000
/** Without a network nothing goes out; it is asked for that often, and at once when one appears. */
const OFFLINE_MS = 60_000

/** What the alarm is wired to. */
export interface AlarmContext {
  readonly clock: Clock
  readonly settings: () => Settings
  readonly log: (words: string) => void
  /** True while no more work may be begun. */
  readonly isStopping: () => boolean
  /** When the first recipient is due that waits in the store; undefined when none is waited for. */
  readonly nextDueMs: () => number | undefined
  /** When the first destination has rested. */
  readonly nextRestMs: (nowMs: number) => number | undefined
  /** Told whether anything is timed. */
  readonly onArmed: (isTimed: boolean) => void
  /** The time has come: `ring` says for what. */
  readonly onRing: () => void
}

/** What it is time for. */
export type Ring =
  { readonly kind: 'read'; readonly isAll: boolean } | { readonly kind: 'turns' } | { readonly kind: 'nothing' }

/** When something is to be begun next: one timer serves what is due, rests, intervals and what keeps everything back. */
export class Alarm {
  readonly #context: AlarmContext
  /** Nothing is begun before that time (Unix ms). */
  #haltUntilMs = 0
  /** There is no network: no server out there is dialled before that time (Unix ms). */
  #offlineUntilMs = 0
  /** When the next run is, where mail leaves at intervals. */
  #nextRunMs: number
  #lookAgainMs = 0
  #cancel: Cancel = () => {}
  #arming: NodeJS.Immediate | undefined

  constructor(context: AlarmContext) {
    this.#context = context
    this.#nextRunMs = context.clock.nowMs()
  }

  /** Whether nothing at all may be begun now. */
  get isHalted(): boolean {
    return this.#context.clock.nowMs() < this.#haltUntilMs
  }

  /** Whether no server out there is dialled now. */
  get isOffline(): boolean {
    return this.#context.clock.nowMs() < this.#offlineUntilMs
  }

  /** Begins nothing for a while, and then looks at everything again. */
  halt(ms: number): void {
    this.#haltUntilMs = this.#context.clock.nowMs() + ms
    this.#lookAgainMs = 0
    this.arm()
  }

  /** The network is gone, or is asked for anew. */
  setOffline(isOffline: boolean): void {
    this.#offlineUntilMs = isOffline ? this.#context.clock.nowMs() + OFFLINE_MS : 0
  }

  /** The clock was set: times that were named before it say nothing. */
  forgetTimes(): void {
    this.#offlineUntilMs = 0
    this.#haltUntilMs = 0
    this.#nextRunMs = this.#context.clock.nowMs()
  }

  /** Everything that is due is being looked at. */
  looked(): void {
    this.#lookAgainMs = this.#context.clock.nowMs() + LOOK_AGAIN_MS
  }

  /**
   * What it is time for: reading what is due, from the longest overdue on where `isAll`; only turns of what was read; or nothing yet.
   */
  ring(): Ring {
    const { clock, settings } = this.#context
    const nowMs = clock.nowMs()
    if (nowMs < this.#haltUntilMs) return { kind: 'nothing' }
    const { 'queue.mode': mode, 'queue.intervalSeconds': intervalSeconds } = settings()
    const isBetweenRuns = nowMs < this.#nextRunMs && this.#nextRunMs - nowMs <= intervalSeconds * 1000
    if (mode === 'interval' && isBetweenRuns) return { kind: 'turns' }
    this.#nextRunMs = nowMs + intervalSeconds * 1000
    const isAll = mode === 'interval' || nowMs >= this.#lookAgainMs
    if (isAll) this.looked()
    return { kind: 'read', isAll }
  }

  /** Sets the timer anew, once for all that happens in this turn of the event loop. */
  arm(): void {
    this.#arming ??= setImmediate(() => {
      this.#arming = undefined
      try {
        this.#armNow()
      } catch (error) {
        // A damaged database: what can be read of the mail is shown all the same, and this is asked again now and then.
        this.#context.log(`ask when the queue is due: ${reasonOf(error)}`)
        this.#cancel = this.#context.clock.after(HALT_MS, this.#context.onRing)
      }
    })
  }

  stop(): void {
    this.#cancel()
  }

  #armNow(): void {
    const { clock, settings, isStopping, nextDueMs, nextRestMs, onArmed, onRing } = this.#context
    this.#cancel()
    if (isStopping()) return
    const nowMs = clock.nowMs()
    const next = settings()['queue.mode'] === 'interval' ? this.#nextRunMs : nextDueMs()
    const offlineMs = this.#offlineUntilMs > nowMs ? this.#offlineUntilMs : undefined
    const times = [next, offlineMs, nextRestMs(nowMs)].filter((ms) => ms !== undefined)
    if (this.#haltUntilMs > nowMs) times.splice(0, Infinity, this.#haltUntilMs)
    onArmed(times.length > 0)
    if (times.length === 0) return
    const waitMs = Math.min(Math.min(...times) - nowMs, LOOK_AGAIN_MS)
    this.#cancel = clock.after(Math.max(waitMs, 0), onRing)
  }
}
