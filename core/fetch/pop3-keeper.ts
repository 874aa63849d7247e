import type { MessageFields } from '../model/message-fields.ts'
import type { Account } from '../store/account.ts'
import type { Pop3Arrival } from '../store/pop3-seen.ts'
import type { Body, Store } from '../store/types.ts'
import type { Bulk, BulkBatch } from './bulk.ts'
import { READ, TAKEN, UNREAD } from './bulk-words.ts'

/** A message that has come whole. */
export interface Item {
  readonly number: number
  readonly uidl: string
  readonly body: Body
  /** What it says of itself; of one that is read with many others the bytes that are looked at. */
  readonly read: Read | readonly Uint8Array[]
  /** Only its header came: what the server says the whole of it has. */
  readonly wholeBytes?: number
  /** Of such a one: the rest comes by itself. */
  readonly isComing?: boolean
  readonly sizeBytes: number
  /** Lets go of what is stored of it. */
  readonly drop: () => Promise<void>
  /** It is not held in memory any more. */
  readonly letGo: () => void
}
/** What is known of a message once it is read. */
export interface Read {
  readonly fields: MessageFields
  /** Unix ms. */
  readonly receivedMs: number
}
/** What a keeper tells of, and asks. */
export interface KeeperEvents {
  /** Reads a message that was not read in bulk. */
  readonly readOne: (pieces: readonly Uint8Array[]) => Promise<Read>
  /** When a message came that does not say. Unix ms. */
  readonly nowMs: () => number
  /** It is durably here. `messageId` is null where it was here already. */
  readonly onKept: (item: Item, messageId: number | null) => void
  readonly onBatch: (folderId: number) => void
  /** A batch could not be kept: this one and all others are let go of. */
  readonly onFault: (error: unknown) => void
}

/** One operation of the writer takes at most this: more would be a long turn of the main thread for handing it over. */
const BATCH_MESSAGES = 128
const BATCH_BYTES = 1024 * 1024
/** Batches that are read, or read and not yet stored. */
const BATCHES_AHEAD = 4

/** A batch with what was read of it. */
interface ReadBatch {
  readonly items: readonly Item[]
  readonly arrivals: readonly Pop3Arrival[]
  readonly batch: BulkBatch | undefined
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Commits what comes, in order, one batch at a time: what arrives while one is committed is the next one. */
export class Keeper {
  readonly #db: Pick<Store, 'write'>
  readonly #account: Pick<Account, 'id' | 'host' | 'user'>
  readonly #events: KeeperEvents
  readonly #bulk: () => Bulk | undefined
  #waiting: Item[] = []
  #keeping: Promise<void> | undefined
  #hasFailed = false

  constructor(
    store: Pick<Store, 'write'>,
    account: Pick<Account, 'id' | 'host' | 'user'>,
    events: KeeperEvents,
    bulk: () => Bulk | undefined = () => undefined,
  ) {
    this.#db = store
    this.#account = account
    this.#events = events
    this.#bulk = bulk
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
    const reading: Promise<ReadBatch>[] = []
    let storing: Promise<void> | undefined
    for (;;) {
      // While one is stored, the next ones are read.
      while (this.#waiting.length > 0 && reading.length < BATCHES_AHEAD) reading.push(this.#read(this.#take()))
      const next = await reading.shift()
      const stored = next && this.#store(next)
      await storing
      if (next === undefined && this.#waiting.length === 0) return
      storing = stored
    }
  }

  /** What is read together is stored together. */
  #take(): Item[] {
    const isRead = (item: Item | undefined) => item !== undefined && !isToBeRead(item)
    let bytes = 0
    let count = 0
    for (const item of this.#waiting) {
      if (isRead(item) !== isRead(this.#waiting[0])) break
      if (count > 0 && (count >= BATCH_MESSAGES || bytes + bytesOf(item) > BATCH_BYTES)) break
      bytes += bytesOf(item)
      count++
    }
    return this.#waiting.splice(0, count)
  }

  async #read(items: readonly Item[]): Promise<ReadBatch> {
    const unread = items.flatMap(({ read }) => ('fields' in read ? [] : [read]))
    const batch = unread.length === 0 ? undefined : await this.#bulk()?.read(unread)
    const arrivals: Pop3Arrival[] = []
    for (const [index, item] of items.entries()) {
      const { uidl, body, read, wholeBytes, isComing } = item
      const how = batch?.read?.how[index] ?? UNREAD
      const isPacked = how === READ || how === TAKEN
      const own = isPacked ? null : 'fields' in read ? read : await this.#events.readOne(read)
      arrivals.push({
        uidl,
        body,
        fields: own?.fields ?? null,
        receivedMs: own?.receivedMs ?? this.#events.nowMs(),
        ...(wholeBytes !== undefined && { wholeBytes }),
        ...(isComing !== undefined && { isComing }),
        ...(how === TAKEN && { isIndexedLater: true }),
      })
    }
    return { items, arrivals, batch }
  }

  /** Never rejects. */
  async #store({ items, arrivals, batch }: ReadBatch): Promise<void> {
    const { id: accountId, host, user } = this.#account
    let messageIds: readonly (number | null)[] = []
    try {
      if (this.#hasFailed) throw new Error('a batch before this one could not be kept')
      const packed = batch?.read?.packed
      const args = { accountId, from: { host, user }, arrivals, ...(packed !== undefined && { packed }) }
      const given = packed === undefined ? [] : [packed.buffer as ArrayBuffer]
      const kept = await this.#db.write('pop3.keep', args, given)
      messageIds = kept.messageIds
      for (const [index, item] of items.entries()) {
        const messageId = messageIds[index] ?? null
        item.letGo()
        if (messageId === null) await item.drop()
        this.#events.onKept(item, messageId)
      }
      for (const folderId of new Set([kept.folderId, ...kept.completedIn])) this.#events.onBatch(folderId)
    } catch (error) {
      if (!this.#hasFailed) this.#events.onFault(error)
      this.#hasFailed = true
      for (const item of [...items, ...this.#waiting.splice(0)]) {
        item.letGo()
        await item.drop().catch(() => {})
      }
    }
    batch?.number(arrivals.flatMap(({ isIndexedLater }, at) => (isIndexedLater ? [messageIds[at] ?? null] : [])))
  }
}

const isToBeRead = ({ read }: Item) => !('fields' in read)
/** What is staged is in the store already; what is looked at of it is not. */
const bytesOf = ({ body, sizeBytes, read }: Item) =>
  'raw' in body ? sizeBytes : 'fields' in read ? 0 : read.reduce((sum, piece) => sum + piece.length, 0)
