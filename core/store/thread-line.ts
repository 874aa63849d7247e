import type { MessagePort, Worker } from 'node:worker_threads'
import { Fault } from '../base/fault.ts'
import { startThread } from '../base/start-thread.ts'
import { receiveFault } from './thread-messages.ts'
import type { QueryRequest, ReaderMessage, ThreadMessage, WriteRequest, WriterMessage } from './thread-messages.ts'

/** Every piece of work is small here: its garbage need not be given much room (MB). */
export const CALM = { maxYoungGenerationSizeMb: 1.5 }

interface Pending {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * The main thread's end of one of the store's threads. What is asked within one turn of the event loop goes over in one
 * message; every promise settles once: with its answer, or with `thread.died`.
 */
export class ThreadLine {
  readonly #name: 'writer' | 'reader'
  readonly #path: string
  readonly #worker: Worker
  /** Rung with each message, for a thread that waits for more in the middle of its work. */
  readonly #bell: Int32Array
  readonly #pending = new Map<number, Pending>()
  #requests: (WriteRequest | QueryRequest)[] = []
  #cancelled: number[] = []
  #buffers: ArrayBuffer[] = []
  /** Asked for more buffers to hand over, when a message leaves. */
  onPost: () => readonly ArrayBuffer[] = () => []
  #isPosting = false
  #lastId = 0
  #closing = false
  #idle: (() => void) | undefined
  #dead: Fault | undefined
  readonly #exited: Promise<void>

  private constructor(
    name: 'writer' | 'reader',
    path: string,
    worker: Worker,
    bell: Int32Array,
    onDied: (fault: Fault) => void,
  ) {
    this.#name = name
    this.#bell = bell
    this.#path = path
    this.#worker = worker
    worker.on('message', (message: ThreadMessage) => this.#receive(message))
    let reason = 'it ended'
    worker.on('error', (error) => (reason = error instanceof Error ? error.message : String(error)))
    this.#exited = new Promise((resolve) => {
      worker.on('exit', () => {
        this.#died(reason, onDied)
        resolve()
      })
    })
  }

  /** Starts `core/store/<name>-thread.ts`, hands it `ports` and waits until it serves. Throws the fault that kept it from it. */
  static async start(
    name: 'writer' | 'reader',
    path: string,
    workerData: object,
    ports: readonly MessagePort[],
    onDied: (fault: Fault) => void,
  ): Promise<ThreadLine> {
    const bell = new Int32Array(new SharedArrayBuffer(4))
    const worker = startThread('store', name, { ...workerData, bell }, CALM, ports)
    await new Promise<void>((resolve, reject) => {
      const died = (reason: unknown) => reject(diedFault(name, reason instanceof Error ? reason.message : 'it ended'))
      worker.once('error', died)
      worker.once('exit', died)
      worker.once('message', (message: ThreadMessage) => {
        worker.off('error', died)
        worker.off('exit', died)
        if ('failed' in message) reject(receiveFault(message.failed))
        else resolve()
      })
    })
    return new ThreadLine(name, path, worker, bell, onDied)
  }

  /** Asks, and hands `buffers` over with it. `signal` lets go of the answer and stops a query between two slices. */
  ask(
    request: Omit<WriteRequest, 'id'> | Omit<QueryRequest, 'id'>,
    buffers: ArrayBuffer[] = [],
    signal?: AbortSignal,
  ): Promise<unknown> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead)
    if (this.#closing)
      return Promise.reject(
        new Fault('store.closed', `use the store at "${this.#path}": it is closed`, { path: this.#path }),
      )
    if (signal?.aborted === true) return Promise.reject(signal.reason as unknown)
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#pending.delete(id)
        this.#cancelled.push(id)
        this.#post()
        reject(signal?.reason)
        this.#checkIdle()
      }
      if (signal === undefined) this.#pending.set(id, { resolve, reject })
      else {
        const letGo = () => signal.removeEventListener('abort', onAbort)
        this.#pending.set(id, {
          resolve: (value) => (letGo(), resolve(value)),
          reject: (error) => (letGo(), reject(error)),
        })
        signal.addEventListener('abort', onAbort, { once: true })
      }
      this.#requests.push({ ...request, id })
      for (const buffer of buffers) this.#buffers.push(buffer)
      this.#post()
    })
  }

  /** Waits for all that was asked, then ends the thread. */
  async close(): Promise<void> {
    if (this.#closing || this.#dead !== undefined) return this.#exited
    this.#closing = true
    if (this.#pending.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
    this.#worker.postMessage({ close: true } satisfies WriterMessage & ReaderMessage)
    return this.#exited
  }

  #post(): void {
    if (this.#isPosting) return
    this.#isPosting = true
    // After the poll phase: everything the sockets brought in this turn shares one message.
    setImmediate(() => this.#flush())
  }

  #flush(): void {
    this.#isPosting = false
    const message = { requests: this.#requests, cancelled: this.#cancelled }
    const buffers = [...this.#buffers, ...this.onPost()]
    this.#requests = []
    this.#cancelled = []
    this.#buffers = []
    this.#worker.postMessage(message, buffers)
    Atomics.add(this.#bell, 0, 1)
    Atomics.notify(this.#bell, 0)
  }

  #receive(message: ThreadMessage): void {
    if (!('answers' in message)) return
    for (const answer of message.answers) {
      const asked = this.#pending.get(answer.id)
      this.#pending.delete(answer.id)
      if ('fault' in answer) asked?.reject(receiveFault(answer.fault))
      else asked?.resolve(answer.value)
    }
    this.#checkIdle()
  }

  #checkIdle(): void {
    if (this.#pending.size === 0) this.#idle?.()
  }

  #died(reason: string, onDied: (fault: Fault) => void): void {
    const fault = diedFault(this.#name, reason)
    const expected = this.#closing && this.#pending.size === 0
    this.#dead = expected
      ? new Fault('store.closed', `use the store at "${this.#path}": it is closed`, { path: this.#path })
      : fault
    for (const { reject } of this.#pending.values()) reject(fault)
    this.#pending.clear()
    this.#checkIdle()
    if (!expected) onDied(fault)
  }
}

function diedFault(name: string, reason: string): Fault<'thread.died'> {
  return new Fault('thread.died', `ask the store's ${name} thread: it died: ${reason}`, { name, reason })
}
