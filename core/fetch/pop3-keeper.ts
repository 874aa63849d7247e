import type { Account } from '../store/account.ts'
import type { Pop3Arrival } from '../store/pop3-seen.ts'
import type { Store } from '../store/types.ts'

/** A message that has come whole and is read. */
export interface Item {
  readonly number: number
  readonly arrival: Pop3Arrival
  readonly sizeBytes: number
  /** Lets go of what is stored of it. */
  readonly drop: () => Promise<void>
  /** It is not held in memory any more. */
  readonly letGo: () => void
}
/** What a keeper tells of. */
export interface KeeperEvents {
  /** It is durably here. `messageId` is null where it was here already. */
  readonly onKept: (item: Item, messageId: number | null) => void
  readonly onBatch: (folderId: number) => void
  /** A batch could not be kept: this one and all others are let go of. */
  readonly onFault: (error: unknown) => void
}

/** One operation of the writer takes at most this: more would be a long turn of the main thread for handing it over. */
const BATCH_MESSAGES = 256
const BATCH_BYTES = 2 * 1024 * 1024

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Commits what comes, in order, one batch at a time: what arrives while one is committed is the next one. */
export class Keeper {
  readonly #store: Pick<Store, 'write'>
  readonly #account: Pick<Account, 'id' | 'host' | 'user'>
  readonly #events: KeeperEvents
  #waiting: Item[] = []
  #keeping: Promise<void> | undefined

  constructor(store: Pick<Store, 'write'>, account: Pick<Account, 'id' | 'host' | 'user'>, events: KeeperEvents) {
    this.#store = store
    this.#account = account
    this.#events = events
  }

  keep(item: Item): void {
    this.#waiting.push(item)
    this.#keeping ??= this.#keepAll().finally(() => (this.#keeping = undefined))
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#keeping !== undefined) await this.#keeping
  }

  async #keepAll(): Promise<void> {
    await turn()
    while (this.#waiting.length > 0) {
      let bytes = 0
      let count = 0
      for (const item of this.#waiting) {
        if (count > 0 && (count >= BATCH_MESSAGES || bytes + item.sizeBytes > BATCH_BYTES)) break
        // What is staged is in the store already.
        if ('raw' in item.arrival.body) bytes += item.sizeBytes
        count++
      }
      const batch = this.#waiting.splice(0, count)
      try {
        await this.#keepBatch(batch)
      } catch (error) {
        this.#events.onFault(error)
        for (const item of [...batch, ...this.#waiting.splice(0)]) {
          item.letGo()
          await item.drop().catch(() => {})
        }
      }
    }
  }

  async #keepBatch(batch: readonly Item[]): Promise<void> {
    const { id: accountId, host, user } = this.#account
    const arrivals = batch.map((item) => item.arrival)
    const kept = await this.#store.write('pop3.keep', { accountId, from: { host, user }, arrivals })
    for (const [index, item] of batch.entries()) {
      const messageId = kept.messageIds[index] ?? null
      item.letGo()
      if (messageId === null) await item.drop()
      this.#events.onKept(item, messageId)
    }
    this.#events.onBatch(kept.folderId)
  }
}
