import type { Worker } from 'node:worker_threads'
import type { Cancel, Clock } from '../base/clock.ts'
import { Fault, reasonOf } from '../base/fault.ts'
import { OneAtATime } from '../base/one-at-a-time.ts'
import { startThread } from '../base/start-thread.ts'
import type { Rule } from '../model/rule.ts'
import type { KnownOfMail, SendingFacts } from './rule-mail.ts'

/** One message, as it goes to the thread; `rules` where they are others than before. */
export interface JudgeRequest {
  readonly id: number
  readonly rules?: readonly Rule[]
  readonly raw: Uint8Array
  readonly known: KnownOfMail
  readonly tags: readonly number[]
}
/** What the thread says of it. */
export type JudgeAnswer = ({ readonly id: number } & Judged) | { readonly id: number; readonly reason: string }
/** Which rules fit, in order; `sending` where one of them sends something. */
export interface Judged {
  readonly fitting: readonly number[]
  readonly sending: SendingFacts | null
}

/** Mail takes milliseconds; what takes this long was made to. */
const LONGEST_MS = 30_000
/** A thread with nothing to do ends after so long. */
const IDLE_MS = 60_000

/** Asks rules about mail, in a thread of its own that starts when it is needed. One message at a time. */
export class RuleJudge {
  readonly #clock: Clock
  readonly #start: () => Worker
  readonly #longestMs: number
  readonly #line = new OneAtATime()
  #worker: Worker | undefined
  #known: readonly Rule[] | undefined
  #lastId = 0
  #cancelIdle: Cancel = () => {}
  #isClosed = false

  /** `start`: the real thread unless a test watches what becomes of one that dies. */
  constructor(clock: Clock, start = () => startThread('mailbox', 'rule', null), longestMs = LONGEST_MS) {
    this.#clock = clock
    this.#start = start
    this.#longestMs = longestMs
  }

  /** Throws `thread.died` where the message can't be judged. The bytes are the thread's from then on. */
  judge(
    rules: readonly Rule[],
    mail: { readonly raw: Uint8Array; readonly known: KnownOfMail; readonly tags: readonly number[] },
  ): Promise<Judged> {
    return this.#line.run(() => this.#ask(rules, mail))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#end()
  }

  async #end(): Promise<void> {
    this.#cancelIdle()
    const worker = this.#worker
    this.#worker = undefined
    this.#known = undefined
    await worker?.terminate()
  }

  #begin(): Worker {
    const worker = this.#start()
    // It may also end when it is asked nothing: then the next question begins another one.
    worker.on('error', () => {})
    worker.on('exit', () => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      this.#known = undefined
    })
    return worker
  }

  #ask(rules: readonly Rule[], mail: Omit<JudgeRequest, 'id' | 'rules'>): Promise<Judged> {
    if (this.#isClosed) return Promise.reject(died('closed'))
    this.#cancelIdle()
    const worker = (this.#worker ??= this.#begin())
    const id = ++this.#lastId
    // A view of a larger buffer would take all of that along.
    const raw = mail.raw.byteLength === mail.raw.buffer.byteLength ? mail.raw : Uint8Array.from(mail.raw)
    return new Promise<Judged>((resolve, reject) => {
      const settle = (how: () => void) => {
        cancel()
        worker.off('message', onMessage).off('error', onError).off('exit', onExit)
        worker.unref()
        this.#cancelIdle = this.#clock.after(IDLE_MS, () => void this.#end())
        how()
      }
      const fail = (reason: string) => {
        settle(() => reject(died(reason)))
        void this.#end()
      }
      const cancel = this.#clock.after(this.#longestMs, () => fail(`it took longer than ${this.#longestMs} ms`))
      const onMessage = (said: JudgeAnswer) => {
        if (said.id !== id) return
        settle(() => ('reason' in said ? reject(died(said.reason)) : resolve(said)))
      }
      const onError = (error: unknown) => fail(reasonOf(error))
      const onExit = () => fail('it ended')
      worker.ref()
      worker.on('message', onMessage).on('error', onError).on('exit', onExit)
      const isKnown = this.#known === rules
      this.#known = rules
      worker.postMessage({ ...mail, id, raw, ...(!isKnown && { rules }) }, [raw.buffer as ArrayBuffer])
    })
  }
}

const died = (reason: string) =>
  new Fault('thread.died', `ask the rules about a message: ${reason}`, { name: 'rule', reason })
