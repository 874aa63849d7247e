import type { Cancel, Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import { getEntry } from '../store/queue.ts'
import { hasPending, listUntold, listUntoldEntries } from '../store/queue-tell.ts'
import type { Store } from '../store/types.ts'
import { failureReport } from './report.ts'
import { CANCELLED } from './settle.ts'

/** Whoever failed first is told of after so long, however long the others are being tried. */
const LONGEST_MS = 180_000
/** Recipients of one report: each may bring a long reply of a stranger's server along. */
const MOST_IN_A_REPORT = 100

/** What telling of failures is wired to. */
export interface TellingContext {
  readonly store: Store
  readonly clock: Clock
  readonly onFolders: (folderIds: readonly number[]) => void
  readonly log: (words: string) => void
}

/**
 * Tells a sender of several recipients that failed in one report, once none of that message is being tried any more. Which those are
 * stands in the store from the moment they failed: a crash tells of them after the next start.
 */
export class Telling {
  readonly #context: TellingContext
  /** By entry, since when somebody is to be told (Unix ms). */
  readonly #untold: Map<number, number>
  #cancel: Cancel | undefined
  #isClosed = false
  /** What nobody else waits for. */
  #begun: Promise<void> = Promise.resolve()

  constructor(context: TellingContext) {
    this.#context = context
    this.#untold = new Map(listUntoldEntries(context.store.read).map(({ entryId, sinceMs }) => [entryId, sinceMs]))
    for (const entryId of this.#untold.keys())
      this.#begun = Promise.all([this.#begun, this.after(entryId)]).then(() => {})
  }

  /** An outcome of that entry was stored; `isUntold`: with failures of which nobody was told. Never rejects. */
  async after(entryId: number, isUntold = false): Promise<void> {
    const { store, clock } = this.#context
    if (isUntold && !this.#untold.has(entryId)) this.#untold.set(entryId, clock.nowMs())
    if (!this.#untold.has(entryId)) return
    this.#arm()
    if (!hasPending(store.read, entryId, clock.nowMs(), [])) await this.#tell(entryId)
  }

  /** Resolves when nothing is being told any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel?.()
    await this.#begun
  }

  #arm(): void {
    if (this.#isClosed || this.#cancel !== undefined) return
    const { clock } = this.#context
    // From when the first of them failed, were it before the program was started anew; a clock that was set back delays nothing.
    const dueMs = Math.min(...this.#untold.values()) + LONGEST_MS - clock.nowMs()
    this.#cancel = clock.after(Math.min(Math.max(dueMs, 0), LONGEST_MS), () => {
      this.#cancel = undefined
      this.#begun = this.#tellAll()
    })
  }

  async #tellAll(): Promise<void> {
    const nowMs = this.#context.clock.nowMs()
    for (const [entryId, sinceMs] of this.#untold)
      if (nowMs >= sinceMs + LONGEST_MS || nowMs < sinceMs) await this.#tell(entryId)
    // What could not be told, as on a full disk, has its time anew.
    for (const [entryId, sinceMs] of this.#untold) if (nowMs >= sinceMs + LONGEST_MS) this.#untold.set(entryId, nowMs)
    if (this.#untold.size > 0) this.#arm()
  }

  async #tell(entryId: number): Promise<void> {
    try {
      await this.#tellNow(entryId)
    } catch (error) {
      // Such as on a full disk: the timer comes back to it.
      this.#context.log(`tell of message ${entryId}: ${reasonOf(error)}`)
    }
  }

  async #tellNow(entryId: number): Promise<void> {
    const { store, clock, onFolders } = this.#context
    for (;;) {
      const entry = getEntry(store.read, entryId)
      const recipients = entry === undefined ? [] : listUntold(store.read, entryId).slice(0, MOST_IN_A_REPORT)
      if (entry === undefined || recipients.length === 0) return void this.#untold.delete(entryId)
      const failed = recipients.map((recipient) => ({
        recipient,
        why: recipient.state === 'cancelled' ? CANCELLED : recipient.lastCause,
      }))
      const report = await failureReport(entry, failed, { store, nowMs: clock.nowMs() })
      const recipientIds = recipients.map(({ id }) => id)
      const kept = report === undefined ? [] : [report]
      const { folderIds } = await store.write('queue.tell', { entryId, recipientIds, kept })
      if (folderIds.length > 0) onFolders(folderIds)
    }
  }
}
