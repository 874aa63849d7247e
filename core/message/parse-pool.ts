import type { Worker } from 'node:worker_threads'
import type { Cancel, Clock } from '../base/clock.ts'
import { Fault, reasonOf } from '../base/fault.ts'
import { startThread } from '../base/start-thread.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { readReport, type IncomingReport } from './dsn-read.ts'
import { readAttachment, readFields, readMessage, type FullMessage } from './read.ts'
import { readStructure } from './structure.ts'
import { readPartAt, readTree, type PartNode } from './tree.ts'

/** One message to be read, as it goes to a thread. */
export interface ParseRequest {
  readonly id: number
  readonly what: 'fields' | 'message' | 'attachment' | 'report' | 'tree' | 'part'
  readonly chunks: readonly Uint8Array[]
  readonly index: number
  /** Of a part: where it stands in the tree. */
  readonly path?: string
}
/** What a thread says: a value, or why there is none. */
export type ParseAnswer =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly reason: string }

/** A decoded attachment. */
export interface AttachmentContent {
  readonly filename: string
  readonly contentType: string
  readonly bytes: Uint8Array
}
/** Reads messages: small ones here, larger ones in threads. Bytes are given whole or in chunks. */
export interface ParsePool {
  /** What is known of a message. Never fails: of mail that no reader survives, what its header says is kept. */
  fields(raw: Uint8Array | readonly Uint8Array[]): Promise<MessageFields>
  /** All that is shown. Throws `thread.died` when reading it ended the thread. */
  message(raw: Uint8Array | readonly Uint8Array[]): Promise<FullMessage>
  /** The bytes of one attachment, or undefined. Throws `thread.died`. */
  attachment(raw: Uint8Array | readonly Uint8Array[], index: number): Promise<AttachmentContent | undefined>
  /** A delivery report, or undefined. Throws `thread.died`. */
  report(raw: Uint8Array | readonly Uint8Array[]): Promise<IncomingReport | undefined>
  /** The tree of parts. Throws `thread.died`. */
  tree(raw: Uint8Array | readonly Uint8Array[]): Promise<PartNode>
  /** The decoded bytes of the part that has this path in the tree, or undefined. Throws `thread.died`. */
  part(raw: Uint8Array | readonly Uint8Array[], path: string): Promise<AttachmentContent | undefined>
  close(): Promise<void>
}

export interface ParsePoolOptions {
  readonly clock: Clock
  /** How many threads at most. They start when first needed. */
  readonly threads?: number
  /** Messages up to this size are read by the caller's thread: handing them over would take longer. */
  readonly inlineBytes?: number
  /** Starts one thread; the real one unless a test watches what becomes of a message whose thread dies. */
  readonly start?: () => Worker
}

const THREADS = 2
/** Mail of this size, made to be slow, takes some ten milliseconds: longer ones are not read on the window's thread. */
const INLINE_BYTES = 16 * 1024
/** Mail takes milliseconds; what takes this long was made to. */
const LONGEST_MS = 60_000
/** How much of a message that no reader survives is looked at again. */
const HEAD_BYTES = 32 * 1024

interface Job {
  readonly request: ParseRequest
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** Opens a pool of reading threads. */
export function openParsePool(options: ParsePoolOptions): ParsePool {
  return new Pool(options)
}

class Pool implements ParsePool {
  readonly #options: ParsePoolOptions
  readonly #lines: Line[] = []
  readonly #waiting: Job[] = []
  #lastId = 0
  #isClosed = false

  constructor(options: ParsePoolOptions) {
    this.#options = options
  }

  async fields(raw: Uint8Array | readonly Uint8Array[]): Promise<MessageFields> {
    const chunks = listOf(raw)
    const head = this.#isSmall(chunks) ? undefined : headOf(chunks)
    try {
      return await this.#ask('fields', chunks, 0, readFields)
    } catch {
      return readFieldsOfHead(head ?? headOf(chunks))
    }
  }

  message(raw: Uint8Array | readonly Uint8Array[]): Promise<FullMessage> {
    return this.#ask('message', listOf(raw), 0, readMessage)
  }

  attachment(raw: Uint8Array | readonly Uint8Array[], index: number): Promise<AttachmentContent | undefined> {
    return this.#ask('attachment', listOf(raw), index, (whole) => readAttachment(whole, index))
  }

  report(raw: Uint8Array | readonly Uint8Array[]): Promise<IncomingReport | undefined> {
    return this.#ask('report', listOf(raw), 0, readReport)
  }

  tree(raw: Uint8Array | readonly Uint8Array[]): Promise<PartNode> {
    return this.#ask('tree', listOf(raw), 0, (whole) => readTree(whole, readStructure(whole)))
  }

  part(raw: Uint8Array | readonly Uint8Array[], path: string): Promise<AttachmentContent | undefined> {
    return this.#ask('part', listOf(raw), 0, (whole) => readPartAt(whole, path), path)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const job of this.#waiting.splice(0)) job.reject(died('closed'))
    await Promise.all(this.#lines.splice(0).map((line) => line.close()))
  }

  #isSmall(chunks: readonly Uint8Array[]): boolean {
    const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    return sizeBytes <= (this.#options.inlineBytes ?? INLINE_BYTES)
  }

  async #ask<T>(
    what: ParseRequest['what'],
    chunks: readonly Uint8Array[],
    index: number,
    here: (raw: Uint8Array) => T,
    path?: string,
  ): Promise<T> {
    if (this.#isClosed) throw died('closed')
    if (this.#isSmall(chunks)) return here(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))
    // Copies: a view's whole buffer would be cloned with it, and the caller keeps its bytes.
    const own = chunks.map((chunk) => Uint8Array.from(chunk))
    const request = { id: ++this.#lastId, what, chunks: own, index, ...(path === undefined ? {} : { path }) }
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ request, resolve: resolve as (value: unknown) => void, reject })
      this.#next()
    })
  }

  #next(): void {
    if (this.#waiting.length === 0 || this.#isClosed) return
    let free = this.#lines.find((line) => line.isFree)
    if (free === undefined && this.#lines.length < (this.#options.threads ?? THREADS)) {
      const start = this.#options.start ?? (() => startThread('message', 'parse', null))
      free = new Line(start(), this.#options.clock, (line) => {
        const at = this.#lines.indexOf(line)
        if (at >= 0) this.#lines.splice(at, 1)
        this.#next()
      })
      this.#lines.push(free)
    }
    const job = free === undefined ? undefined : this.#waiting.shift()
    if (free === undefined || job === undefined) return
    free.run(job, () => this.#next())
    this.#next()
  }
}

/** One thread and the one message it reads. A thread that dies takes that message's answer with it and nothing else. */
class Line {
  readonly #worker: Worker
  readonly #clock: Clock
  #job: Job | undefined
  #onDone: () => void = () => {}
  #cancelTimer: Cancel | undefined

  constructor(worker: Worker, clock: Clock, onGone: (line: Line) => void) {
    this.#worker = worker
    this.#clock = clock
    worker.unref()
    const gone = (reason: string) => {
      this.#settle((job) => job.reject(died(reason)))
      onGone(this)
    }
    worker.on('message', (answer: ParseAnswer) => {
      this.#settle((job) => {
        if ('reason' in answer) job.reject(died(answer.reason))
        else job.resolve(answer.value)
      })
      this.#onDone()
    })
    let why = 'it ended'
    worker.on('error', (error) => (why = reasonOf(error)))
    worker.on('exit', () => gone(why))
  }

  get isFree(): boolean {
    return this.#job === undefined
  }

  run(job: Job, onDone: () => void): void {
    this.#job = job
    this.#onDone = onDone
    this.#worker.ref()
    this.#cancelTimer = this.#clock.after(LONGEST_MS, () => void this.#worker.terminate())
    this.#worker.postMessage(
      job.request,
      job.request.chunks.map((chunk) => chunk.buffer as ArrayBuffer),
    )
  }

  #settle(how: (job: Job) => void): void {
    const job = this.#job
    this.#job = undefined
    this.#cancelTimer?.()
    this.#worker.unref()
    if (job !== undefined) how(job)
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}

function listOf(raw: Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  return raw instanceof Uint8Array ? [raw] : raw
}

/** The first bytes of a message, as a copy. */
function headOf(chunks: readonly Uint8Array[]): Uint8Array {
  const head: Uint8Array[] = []
  let left = HEAD_BYTES
  for (const chunk of chunks) {
    if (left <= 0) break
    head.push(chunk.subarray(0, left))
    left -= chunk.length
  }
  return Buffer.concat(head)
}

/** Fields by the header alone; empty ones where even that fails. */
function readFieldsOfHead(head: Uint8Array): MessageFields {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  const ends = [text.indexOf('\r\n\r\n'), text.indexOf('\n\n')].filter((at) => at >= 0)
  try {
    return readFields(head.subarray(0, ends.length === 0 ? head.length : Math.min(...ends)))
  } catch {
    const none = { messageId: '', inReplyTo: '', references: '', subject: '', authorName: '', authorAddress: '' }
    return { ...none, addressees: '', preview: '', dateMs: null, attachments: 0, body: '' }
  }
}

function died(reason: string): Fault<'thread.died'> {
  return new Fault('thread.died', `read a message: ${reason}`, { name: 'parse', reason })
}
