import type { Changes } from '../base/changes.ts'
import { reasonOf } from '../base/fault.ts'
import type { AttemptFacts, Cause, Outcome } from '../model/outcome.ts'
import type { InBody, Kept, Settlement, Started } from '../store/queue-change.ts'
import type { QueueEntry } from '../store/queue.ts'
import type { DueRecipient } from '../store/queue-due.ts'
import type { Store } from '../store/types.ts'
import type { SignerFor } from './sign.ts'
import { isSignatureOver, signAnew } from './sign-anew.ts'
import { giveUpMs } from './schedule.ts'
import { Telling } from './telling.ts'
import { CANCELLED, isReportEntry, isTooLate, judge, sinceMs, type SettleContext } from './settle.ts'

/** A recipient's try and what came of it. */
export interface Ended {
  readonly started: Started
  readonly outcome: Outcome
  readonly facts?: AttemptFacts
}
/** Tries that were committed to, of one or more entries. */
export interface Begun {
  readonly entries: readonly QueueEntry[]
  readonly started: readonly Started[]
  /** When the first of those is due that were put off (Unix ms). */
  readonly laterMs?: number
}

/** What writing down tries is wired to. */
export interface AttemptsContext extends SettleContext {
  readonly store: Store
  readonly changes: Changes<number>
  readonly onFolders: (folderIds: readonly number[]) => void
  readonly log: (words: string) => void
  readonly isClosing: () => boolean
  readonly signerFor?: SignerFor
}

/** Writes down how each try begins and ends. What was known of an outcome is never lost while the program runs. */
export class Attempts {
  readonly #context: AttemptsContext
  readonly #telling: Telling

  constructor(context: AttemptsContext) {
    this.#context = context
    this.#telling = new Telling(context)
  }

  /** Resolves when all are told that are to be told now. */
  async close(): Promise<void> {
    await this.#telling.close()
  }

  /**
   * Commits phase `dialling`. Those that were cancelled meanwhile are left out, and those whose time is up after two sendings
   * without an answer (a third could be a third copy), or which were to be there by now. Whoever was cancelled while another try was
   * under way, and is to be told of, ends here.
   */
  async begin(taken: readonly DueRecipient[]): Promise<Begun> {
    const { store, clock, changes } = this.#context
    const begun = await store.write('queue.startAttempt', { recipientIds: taken.map(({ id }) => id) })
    changes.emit(...begun.entries.map(({ id }) => id))
    const nowMs = clock.nowMs()
    const late = new Set(begun.entries.filter((entry) => isTooLate(entry, nowMs)).map(({ id }) => id))
    const over = begun.started.filter(
      ({ recipient }) => recipient.unknowns >= 2 || recipient.cancelAsked || late.has(recipient.entryId),
    )
    if (over.length === 0) return this.#withSignatures(begun)
    let laterMs: number | undefined
    for (const entry of begun.entries) {
      const mine = over.filter(({ recipient }) => recipient.entryId === entry.id)
      const untilMs = giveUpMs({ createdMs: sinceMs(entry), isReport: isReportEntry(entry) }, this.#context.settings())
      // Somebody held it and let it go: it waits on for the end of its days.
      const isEarly = ({ recipient }: Started) => !recipient.cancelAsked && !late.has(entry.id) && nowMs < untilMs
      const early = mine.filter(isEarly)
      if (early.length > 0) laterMs = Math.min(laterMs ?? untilMs, untilMs)
      await this.release(early, untilMs)
      const ended = mine.filter((one) => !isEarly(one))
      await this.settle(
        entry,
        ended.map((started) => ({ started, outcome: endOf(started, entry, nowMs) })),
        undefined,
      )
    }
    const started = begun.started.filter((one) => !over.includes(one))
    const left = await this.#withSignatures({ entries: begun.entries, started })
    return laterMs === undefined ? left : { ...left, laterMs }
  }

  /** What waited for longer than its signature lasts, held by somebody or while the computer slept, is signed anew before it leaves. */
  async #withSignatures({ entries, started }: Begun): Promise<Begun> {
    const nowMs = this.#context.clock.nowMs()
    const stale = entries.filter((entry) => isSignatureOver(entry, nowMs))
    if (stale.length === 0) return { entries, started }
    const fresh = new Map<number, QueueEntry>()
    const held = new Set<number>()
    for (const one of stale) {
      const mine = started.filter(({ recipient }) => recipient.entryId === one.id)
      if (mine.length === 0) continue
      try {
        const { entry, held: why } = await signAnew(one, this.#context)
        fresh.set(one.id, entry)
        if (why === undefined) continue
        held.add(one.id)
        await this.settle(
          entry,
          mine.map((it) => ({ started: it, outcome: { kind: 'held', to: it.recipient.to, why } })),
          undefined,
        )
      } catch (error) {
        // It leaves as it is: a message that cannot be read is met, and told of, where it is sent.
        this.#context.log(`sign message ${one.id} anew: ${reasonOf(error)}`)
      }
    }
    return {
      entries: entries.map((entry) => fresh.get(entry.id) ?? entry),
      started: started.filter(({ recipient }) => !held.has(recipient.entryId)),
    }
  }

  /** Commits outcomes, the reports they cause, local deliveries and phase `body` of what goes out `next`, in one operation. */
  async settle(
    entry: QueueEntry,
    ended: readonly Ended[],
    sessionId: number | undefined,
    local: readonly Kept[] = [],
    next?: InBody,
  ): Promise<readonly Settlement[]> {
    if (ended.length === 0 && next === undefined) return []
    const { store, changes, onFolders } = this.#context
    // Judged anew with each try: that, too, reads the store.
    const { settled, folderIds, isUntold } = await this.#untilStored(async () => {
      const { settled, kept, warning, late } = await judge(entry, ended, this.#context)
      const args = {
        entryId: entry.id,
        sessionId: sessionId ?? null,
        settled,
        kept: local.length === 0 ? kept : [...kept, ...local],
        warning,
        late,
        ...(next && { next }),
      }
      return { ...(await store.write('queue.settle', args)), settled }
    })
    changes.emit(entry.id)
    if (folderIds.length > 0) onFolders(folderIds)
    await this.#telling.after(entry.id, isUntold)
    return settled
  }

  /** Gives back tries that never were; `dueMs`: when they are begun again, at once where it is left out. */
  async release(started: readonly Started[], dueMs?: number): Promise<void> {
    if (started.length === 0) return
    const later = dueMs === undefined ? {} : { dueMs }
    const ids = started.map(({ recipient, attemptId }) => ({ recipientId: recipient.id, attemptId, ...later }))
    await this.#untilStored(() => this.#context.store.write('queue.release', { started: ids }))
    this.#context.changes.emit(...new Set(started.map(({ recipient }) => recipient.entryId)))
  }

  /** A full disk is waited for, and the connection with it: a message must not go out twice for want of a row. */
  async #untilStored<T>(write: () => Promise<T>): Promise<T> {
    const { log, clock, isClosing } = this.#context
    for (let waitMs = 1000; ; waitMs = Math.min(waitMs * 2, 30_000)) {
      try {
        return await write()
      } catch (error) {
        // At the end the rows stay as they are: the next start finds them being tried, and recovers.
        if (isClosing()) throw error
        log(`store an outcome: ${reasonOf(error)}; trying again`)
        await new Promise<void>((resolve) => clock.after(waitMs, resolve))
      }
    }
  }
}

/** What becomes of a try whose recipient is not dialled for any more. */
function endOf({ recipient }: Started, entry: QueueEntry, nowMs: number): Outcome {
  const { to, lastCause, cancelAsked } = recipient
  // Stored as cancelled, with the report that was asked for.
  if (cancelAsked) return { kind: 'deferred', to, why: CANCELLED }
  const expired: Cause = { at: 'expired', queuedMs: nowMs - entry.createdMs }
  return { kind: 'bounced', to, why: lastCause === null ? expired : { ...expired, last: lastCause } }
}
