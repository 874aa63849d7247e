import type { Changes } from '../base/changes.ts'
import type { Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { getMessage, type Message } from '../store/message-list.ts'
import { getRebuild, listUnindexed, type IndexedFields } from '../store/search-index.ts'
import type { Store } from '../store/types.ts'

/** What making the index anew needs. */
export interface ReindexDeps {
  readonly store: Pick<Store, 'read' | 'write' | 'openBody'>
  readonly clock: Pick<Clock, 'after'>
  readonly describe: (raw: Uint8Array) => MessageFields | Promise<MessageFields>
  readonly changes: Changes<'saved' | 'index'>
  readonly log: (line: string) => void
}

/** Messages and bytes of one step. */
const AT_ONCE = 50
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
  #closed = false
  #wake = () => {}

  constructor(deps: ReindexDeps) {
    this.#deps = deps
  }

  /** Goes on where the index is not whole. Resolves when it is, or when this was closed. */
  run(): Promise<void> {
    this.#running ??= this.#steps().finally(() => (this.#running = undefined))
    return this.#running
  }

  /** Empties the index and begins anew, unless that is under way. */
  async begin(): Promise<void> {
    if (this.#running === undefined) await this.#deps.store.write('search.begin-rebuild', null)
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
    for (let hasIndexed = false; ; hasIndexed = true) {
      const rebuild = getRebuild(store.read)
      if (this.#closed) return
      if (rebuild === null) return hasIndexed ? this.#merge() : undefined
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

  /** Many small steps leave the index in many pieces, and a search asks each. */
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
