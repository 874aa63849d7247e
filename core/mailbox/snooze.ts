import type { Cancel, Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import { nextWakeMs } from '../store/snooze.ts'
import type { Store } from '../store/types.ts'

/** The clock is looked at so often: a timer does not count the time a computer slept. */
const LOOK_MS = 30_000

/** Brings back what was snoozed when its time has come. */
export class Snoozer {
  readonly #store: Pick<Store, 'read' | 'write'>
  readonly #clock: Clock
  readonly #onFolders: (folderIds: readonly number[]) => void
  readonly #log: (line: string) => void
  #cancel: Cancel | undefined
  #waking: Promise<void> | undefined
  #isRunning = false

  constructor(deps: {
    readonly store: Pick<Store, 'read' | 'write'>
    readonly clock: Clock
    readonly onFolders: (folderIds: readonly number[]) => void
    readonly log: (line: string) => void
  }) {
    this.#store = deps.store
    this.#clock = deps.clock
    this.#onFolders = deps.onFolders
    this.#log = deps.log
  }

  /** Begins, with what has become due while nothing ran. */
  start(): void {
    this.#isRunning = true
    this.look()
  }

  /** Looks when the next one is due; to be called when one was snoozed. */
  look(): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (!this.#isRunning || this.#waking !== undefined) return
    const next = nextWakeMs(this.#store.read)
    if (next === undefined) return
    const inMs = next - this.#clock.nowMs()
    if (inMs > 0) this.#cancel = this.#clock.after(Math.min(inMs, LOOK_MS), () => this.look())
    else
      this.#waking = this.#wake().finally(() => {
        this.#waking = undefined
        this.look()
      })
  }

  async #wake(): Promise<void> {
    try {
      const { folderIds } = await this.#store.write('message.wake', null)
      this.#onFolders(folderIds)
    } catch (error) {
      this.#log(`bring back snoozed mail: ${reasonOf(error)}`)
      // Such as a full disk: what is due is looked for again, and not at once.
      await new Promise<void>((resolve) => {
        this.#release = resolve
        this.#cancel = this.#clock.after(LOOK_MS, resolve)
      })
    }
  }
  #release: () => void = () => {}

  async close(): Promise<void> {
    this.#isRunning = false
    this.#cancel?.()
    this.#release()
    await this.#waking
  }
}
