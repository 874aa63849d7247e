import type { Changes } from '../base/changes.ts'
import type { Clock } from '../base/clock.ts'
import { isFault, reasonOf } from '../base/fault.ts'
import type { Accept } from '../model/submission.ts'
import type { RuleSend } from '../store/rule-send.ts'
import { getRule } from '../store/rule.ts'
import type { Store } from '../store/types.ts'
import { writeForRule } from './rule-write.ts'

/** What sending for rules needs. */
export interface SenderDeps {
  readonly store: Store
  readonly clock: Clock
  /** Joint: the queue's one way in. Its commit ends the job. */
  readonly accept: Accept
  readonly onFolders: (folderIds: readonly number[]) => void
  readonly ruleChanges: Changes<number>
}

/** Waits between tries: a minute, two, four and so on, at most an hour; some two days in all. */
const FIRST_WAIT_MS = 60_000
const LONGEST_WAIT_MS = 3_600_000
const MOST_TRIES = 50

/** Sends what rules have said is to be sent, each piece once. */
export class RuleSender {
  readonly #deps: SenderDeps

  constructor(deps: SenderDeps) {
    this.#deps = deps
  }

  /** Does one job. What fails is said on the rule; the job is tried again, or given up where that would not help. */
  async send(one: RuleSend): Promise<void> {
    const { store, onFolders, ruleChanges } = this.#deps
    if (one.job.kind === 'erase') {
      const folderId = await store.write('rule.erase', { id: one.id })
      if (folderId !== undefined) onFolders([folderId])
      return
    }
    const outcome = await this.#handIn(one)
    if (outcome === undefined) return
    await (outcome.isFinal || one.tries + 1 >= MOST_TRIES
      ? store.write('rule.send-failed', { id: one.id, reason: outcome.reason })
      : store.write('rule.send-later', { id: one.id, dueMs: this.#dueMs(one.tries), reason: outcome.reason }))
    ruleChanges.emit(one.ruleId)
  }

  #dueMs(tries: number): number {
    return this.#deps.clock.nowMs() + Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS)
  }

  /** Why it did not go; undefined where it did, now or before. */
  async #handIn(one: RuleSend): Promise<{ readonly reason: string; readonly isFinal: boolean } | undefined> {
    const { store, accept } = this.#deps
    if (one.job.kind === 'erase') return undefined
    let drop = async () => {}
    try {
      const name = getRule(store.read, one.ruleId)?.name ?? ''
      const written = await writeForRule(one.job, one.view, name, this.#deps)
      drop = written.drop
      const rule = { sendId: one.id, author: written.author }
      const answer = await accept({ ...written.submission, rule })
      if (answer.accepted) return undefined
      await drop()
      const { code, lines } = answer.reply
      return { reason: `The queue does not take it: ${lines.join(' ')}.`, isFinal: code >= 500 }
    } catch (error) {
      await drop().catch(() => {})
      // Its commit had been done when something before this stopped.
      if (isFault(error, 'conflict') && error.details.what === 'rule') return undefined
      const isFinal = isFault(error, 'blob.damaged') || isFault(error, 'message.refused')
      return { reason: `It could not be written: ${reasonOf(error)}.`, isFinal }
    }
  }
}
