import { reasonOf } from '../base/fault.ts'
import { sampleOf } from '../message/sample.ts'
import type { Route } from '../model/outcome.ts'
import type { Kept } from '../store/queue-change.ts'
import type { DueRecipient } from '../store/queue-due.ts'
import type { QueueEntry } from '../store/queue.ts'
import type { Begun, Ended } from './attempts.ts'
import { deferredHere, deliverLocally } from './local.ts'
import type { QueueContext } from './queue.ts'

/** Of a message beyond that its beginning and its parts' are looked at. */
const LARGE_BYTES = 256 * 1024

/** What delivering into mailboxes needs of the scheduler. */
export interface LocalLaneContext {
  /** Oldest waiting recipients of one entry; undefined when none wait. */
  take(): readonly DueRecipient[] | undefined
  begin(taken: readonly DueRecipient[]): Promise<Begun>
  settle(entry: QueueEntry, ended: readonly Ended[], kept: readonly Kept[]): Promise<void>
  /** New work, such as what an alias sends on. */
  add(due: readonly DueRecipient[]): void
  isStopping(): boolean
  isClosing(): boolean
}

/** Delivers all that waits for mailboxes of this computer, one entry after the other. */
export async function serveLocal(context: QueueContext, lane: LocalLaneContext): Promise<void> {
  const { store, clock, describe, findLocal } = context
  while (!lane.isStopping()) {
    const taken = lane.take()
    if (taken === undefined) return
    const { entries, started } = await lane.begin(taken)
    const entry = entries[0]
    if (!entry) continue
    try {
      const { view } = entry
      // A large one is in the store already, and is neither copied nor read into memory as a whole.
      const isLarge = view.sizeBytes > LARGE_BYTES
      const fields = await describe(isLarge ? await sampleOf(store.openBody(view)) : await store.readBody(view))
      const { outcomes, kept, forwards } = deliverLocally(entry, started, findLocal, fields, clock.nowMs())
      if (forwards.length > 0) lane.add(await store.write('queue.forward', { forwards }))
      await lane.settle(entry, outcomes, kept)
    } catch (error) {
      if (lane.isClosing()) throw error
      const ended = started.map((one) => ({ started: one, outcome: deferredHere(one.recipient.to, reasonOf(error)) }))
      await lane.settle(entry, ended, [])
    }
  }
}

/** Holds all that waits for a way that is shut: a rule keeps it here, or the login of its smarthost fails. */
export async function serveHold(
  { cause, why }: Extract<Route, { kind: 'hold' }>,
  lane: LocalLaneContext,
): Promise<void> {
  while (!lane.isStopping()) {
    const taken = lane.take()
    if (taken === undefined) return
    const { entries, started } = await lane.begin(taken)
    const entry = entries[0]
    if (!entry) continue
    const ended = started.map((one) => ({
      started: one,
      outcome: { kind: 'held', to: one.recipient.to, why: cause } as const,
      ...(why !== undefined && { facts: { route: why } }),
    }))
    await lane.settle(entry, ended, [])
  }
}
