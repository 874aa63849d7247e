import type { Job } from '../model/delivery.ts'
import type { Started } from '../store/queue-change.ts'
import type { QueueEntry } from '../store/queue.ts'

/** One job with what is still open of it. */
export interface Work {
  readonly entry: QueueEntry
  readonly job: Job
  /** By recipient id; each leaves when it is settled. */
  readonly open: Map<number, Started>
  /** Recipients past phase `body`: what happens to them without a word is unknown. */
  readonly inBody: Set<number>
  /** The server phase `body` was committed for, with the outcome before it, when nothing of it was on its way yet. */
  earlyMx: string | undefined
  /** It was handed over, and counts towards the pace of its destination. */
  isHanded: boolean
}

/**
 * Jobs of one destination that were begun before a connection asks for them. All its connections share them: what is on its
 * way at one time then lies side by side in the store, and one commit touches few pages.
 */
export class Ahead {
  #begun: Work[] = []
  #filling: Promise<void> | undefined
  /** Connections that may ask. */
  users = 0

  get length(): number {
    return this.#begun.length
  }

  get isFilling(): boolean {
    return this.#filling !== undefined
  }

  /** Adds what `begin` begins; a call while one runs waits for that one. */
  fill(begin: () => Promise<readonly Work[]>): Promise<void> {
    this.#filling ??= begin()
      .then((works) => void this.#begun.push(...works))
      .finally(() => (this.#filling = undefined))
    return this.#filling
  }

  /** The oldest; undefined when there is none. */
  take(): Work | undefined {
    return this.#begun.shift()
  }

  /** Takes out those of one entry, or all of them: to be given back. */
  takeOut(entryId?: number): Work[] {
    const isMeant = ({ entry }: Work) => entryId === undefined || entry.id === entryId
    const out = this.#begun.filter(isMeant)
    this.#begun = this.#begun.filter((work) => !isMeant(work))
    return out
  }

  /** Resolves when nothing is being begun; never throws. */
  async settled(): Promise<void> {
    while (this.#filling) await this.#filling.catch(() => {}) // who asked for it hears of it
  }
}
