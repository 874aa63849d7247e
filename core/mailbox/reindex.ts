import type { Changes } from '../base/changes.ts'
import type { Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { getMessage, type Message } from '../store/message-list.ts'
import { getRebuild, listUnindexed, type IndexedFields } from '../store/search-index.ts'
import { listPending } from '../store/search-pending.ts'
import type { Store } from '../store/types.ts'

/** What making the index anew needs. */
export interface ReindexDeps {
  readonly store: Pick<Store, 'read' | 'write' | 'openBody'>
  readonly clock: Pick<Clock, 'after'>
  readonly describe: (raw: Uint8Array) => MessageFields | Promise<MessageFields>
  readonly changes: Changes<'saved' | 'index'>
  readonly log: (line: string) => void
}

/** Messages and bytes of one step, and ids that are listed in one. */
const AT_ONCE = 50
const LISTED_AT_ONCE = 200
const BYTES_AT_ONCE = 4 * 1024 * 1024
/** Of a message so much is read: texts are in front of what is attached, and the rest of a long one has its names. */
const READ_BYTES = 32 * 1024 * 1024
/** Pages of the index that one step of merging writes. */
const MERGED_PAGES = 250
/** Others get their turn between two steps. */
const PAUSE_MS = 2

/**
 * The full-text index, made anew from the messages: newest first and a few at a time, after an upgrade or when somebody asks.
 * What a stop interrupts goes on at the next start. Searches find what is in the index already.
 */
export class Reindexer {
  readonly #deps: ReindexDeps
  #running: Promise<void> | undefined
  #isAsked = false
  #closed = false
  #wake = () => {}

  constructor(deps: ReindexDeps) {
    this.#deps = deps
  }

  /** Goes on where the index is not whole, or in many pieces. Resolves when it is whole, or when this was closed. */
  run(): Promise<void> {
    this.#isAsked = true
    this.#running ??= this.#steps().finally(() => (this.#running = undefined))
    return this.#running
  }

  /** Merges the index's pieces: many steps leave many of them, and so does mail that came in bulk; a search asks each. */
  merge(): Promise<void> {
    this.#running ??= this.#merge()
      .then(() => (this.#isAsked ? this.#steps() : undefined))
      .finally(() => (this.#running = undefined))
    return this.#running
  }

  /** Empties the index and begins anew, unless that is under way. */
  async begin(): Promise<void> {
    if (getRebuild(this.#deps.store.read) === null) await this.#deps.store.write('search.begin-rebuild', null)
    this.#deps.changes.emit('index')
  }

  /** Waits for the step that is under way. */
  async close(): Promise<void> {
    this.#closed = true
    this.#wake()
    await this.#running?.catch(() => {})
  }

  async #steps(): Promise<void> {
    const { store, changes } = this.#deps
    while (!this.#closed) {
      const rebuild = getRebuild(store.read)
      if (rebuild === null) {
        this.#isAsked = false
        await this.#indexPending()
        await this.#merge()
        // Asked again meanwhile: there may be more by now.
        if (this.#isAsked) continue
        return
      }
      const ids = listUnindexed(store.read, rebuild.below, AT_ONCE)
      const messages: { id: number; fields: IndexedFields }[] = []
      let bytes = 0
      let below: number | null = ids.length < AT_ONCE ? null : (ids.at(-1) ?? null)
      for (const [i, id] of ids.entries()) {
        if (this.#closed) return
        const message = getMessage(store.read, id)
        if (message === undefined) continue
        messages.push({ id, fields: await this.#read(message) })
        bytes += message.view.sizeBytes
        if (bytes < BYTES_AT_ONCE || i === ids.length - 1) continue
        below = id
        break
      }
      await store.write('search.index', { messages, below })
      changes.emit('index')
      await this.#pause()
    }
  }

  /** What came in bulk and was not indexed then, because the program ended or the thread that does it. */
  async #indexPending(): Promise<void> {
    const { store } = this.#deps
    // Only what waits now: of what comes in meanwhile pieces are being made.
    const waiting: number[] = []
    for (let page: readonly number[] | undefined; page?.length !== 0; waiting.push(...page))
      page = listPending(store.read, waiting.at(-1) ?? 0, LISTED_AT_ONCE)
    while (waiting.length > 0) {
      const messages: { id: number; fields: IndexedFields }[] = []
      for (const id of waiting.splice(-AT_ONCE)) {
        if (this.#closed) return
        const message = getMessage(store.read, id)
        if (message !== undefined) messages.push({ id, fields: await this.#read(message) })
      }
      await store.write('search.index-pending', { messages })
      await this.#pause()
    }
  }

  async #merge(): Promise<void> {
    while (!this.#closed && (await this.#deps.store.write('search.merge', { pages: MERGED_PAGES })).more)
      await this.#pause()
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(PAUSE_MS, resolve)
      this.#wake = () => (cancel(), resolve())
    })
  }

  /** Of a message that can't be read, what its row says. */
  async #read(message: Message): Promise<IndexedFields> {
    const { store, describe, log } = this.#deps
    try {
      const chunks: Uint8Array[] = []
      let left = READ_BYTES
      for await (const chunk of store.openBody(message.view)) {
        chunks.push(chunk.subarray(0, left))
        left -= chunk.length
        if (left <= 0) break
      }
      const { subject, authorName, authorAddress, addressees, cc, body, parts } = await describe(Buffer.concat(chunks))
      const more = { ...(cc !== undefined && { cc }), ...(parts !== undefined && { parts }) }
      return { subject, authorName, authorAddress, addressees, body, ...more }
    } catch (error) {
      log(`index message ${message.id}: ${reasonOf(error)}`)
      const { subject, authorName, authorAddress, addressees, preview } = message
      return { subject, authorName, authorAddress, addressees, body: preview }
    }
  }
}
