import type { Clock } from '../base/clock.ts'
import type { NumberedEvent } from '../model/log-exchange.ts'
import type { TranscriptEvent } from '../model/transcript.ts'
import { keptLine } from './kept-line.ts'
import type { Transcript } from './sink.ts'

/** Events remembered of one session; the older half goes when there are more. */
const MOST = 10_000

type Said = TranscriptEvent extends infer E ? (E extends unknown ? Omit<E, 'atMs' | 'sinceMs'> : never) : never

/**
 * A transcript that is recorded and remembered as well, for whoever leads the session himself: he sees it where the log is switched
 * off, too. Secrets are cut out here as they are there.
 */
export class MirroredTranscript implements Transcript {
  readonly #to: Transcript
  readonly #clock: Clock
  readonly #startedAt: number
  #events: NumberedEvent[] = []
  #seq = 0
  #tls = false
  #isClosed = false

  constructor(to: Transcript, clock: Clock) {
    this.#to = to
    this.#clock = clock
    this.#startedAt = clock.monotonicMs()
  }

  get sessionId(): number | undefined {
    return this.#to.sessionId
  }

  /** Events from a number on; what is older than what is remembered is left out. */
  events(fromSeq: number, limit: number): NumberedEvent[] {
    const first = this.#events[0]?.seq ?? 0
    const from = Math.max(fromSeq - first, 0)
    return this.#events.slice(from, from + limit)
  }

  #push(said: Said): void {
    if (this.#isClosed) return
    if (this.#events.length >= MOST) this.#events = this.#events.slice(MOST / 2)
    const sinceMs = Math.round((this.#clock.monotonicMs() - this.#startedAt) * 10) / 10
    const event = { ...said, atMs: this.#clock.nowMs(), sinceMs } as TranscriptEvent
    this.#events.push({ seq: this.#seq++, event })
  }

  line(...args: Parameters<Transcript['line']>): void {
    const [from, line, { secrets = [], odd = false, user } = {}] = args
    const { spans, bytes } = keptLine(line, secrets, user)
    this.#push({ kind: 'line', from, tls: this.#tls, spans, bytes, ...(odd && { odd }) })
    this.#to.line(...args)
  }
  content(...args: Parameters<Transcript['content']>): void {
    const [from, bytes, ref] = args
    this.#push({ kind: 'content', from, tls: this.#tls, bytes, ref })
    this.#to.content(...args)
  }
  note(text: string): void {
    this.#push({ kind: 'note', text })
    this.#to.note(text)
  }
  secured(...args: Parameters<Transcript['secured']>): void {
    this.#tls = true
    this.#push({ kind: 'tls', facts: args[0] })
    this.#to.secured(...args)
  }
  link(...args: Parameters<Transcript['link']>): void {
    this.#to.link(...args)
  }
  countMessage(): void {
    this.#to.countMessage()
  }
  worst(code: string): void {
    this.#to.worst(code)
  }
  close(...args: Parameters<Transcript['close']>): void {
    const [, by, why] = args
    this.#push({ kind: 'closed', by, ...(why !== undefined && { why }) })
    this.#isClosed = true
    this.#to.close(...args)
  }
}
