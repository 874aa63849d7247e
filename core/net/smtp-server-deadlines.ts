import type { Reply } from '../model/reply.ts'
import { reply } from '../wire/smtp/server-reply.ts'

/** RFC 5321 §4.5.3.2.7: five minutes for each command. */
const COMMAND_MS = 300_000
/** From the connection to EHLO: nobody types it. */
const HELLO_MS = 60_000
/** Longest time without a login, a message or a minute of content at the least rate. */
const PROGRESS_MS = 600_000
const RATE_WINDOW_MS = 60_000
/** Content slower than this is a way to keep a connection busy, not a slow line. Postfix's number. */
const LEAST_BYTES_PER_SECOND = 500

const NO_COMMAND = { said: reply(421, '4.4.2', 'no command came in time'), why: 'no command came in time' }
const TOO_SLOW = { said: reply(421, '4.4.2', 'too slow'), why: 'the content came too slowly' }

/** Where a session stands, as far as its deadlines go. */
export interface Standing {
  readonly isGreeted: boolean
  readonly hasContent: boolean
}

/** When a client has been silent, slow or without any progress for too long. Times are monotonic ms. */
export class SmtpServerDeadlines {
  #commandAt: number
  #progressAt: number
  #windowAt = 0
  #windowBytes = 0

  constructor(nowMs: number) {
    this.#commandAt = this.#progressAt = nowMs
  }

  /** The client spoke, or has been answered: content that follows, as a chunk does, is measured from here. */
  onCommand(nowMs: number): void {
    this.#commandAt = nowMs
    this.beginContent(nowMs)
  }
  /** A login or a message: what a connection is for. */
  onProgress(nowMs: number): void {
    this.#progressAt = nowMs
  }
  beginContent(nowMs: number): void {
    this.#windowAt = nowMs
    this.#windowBytes = 0
  }
  onContent(bytes: number): void {
    this.#windowBytes += bytes
  }
  /** The client waits for us: nothing of this is its fault. */
  excuse(nowMs: number): void {
    this.#commandAt = this.#progressAt = this.#windowAt = nowMs
    this.#windowBytes = 0
  }

  dueAt({ isGreeted, hasContent }: Standing): number {
    const command = this.#commandAt + (isGreeted ? COMMAND_MS : HELLO_MS)
    const idle = hasContent ? this.#windowAt + RATE_WINDOW_MS : command
    return Math.min(idle, this.#progressAt + PROGRESS_MS)
  }

  /** Our last words to a client that is late; undefined while it may go on. */
  look(nowMs: number, standing: Standing): { readonly said: Reply; readonly why: string } | undefined {
    if (standing.hasContent && nowMs >= this.#windowAt + RATE_WINDOW_MS) {
      const least = (LEAST_BYTES_PER_SECOND * RATE_WINDOW_MS) / 1000
      if (this.#windowBytes < least) return TOO_SLOW
      // Content at that rate is progress.
      this.excuse(nowMs)
      return undefined
    }
    return nowMs >= this.dueAt(standing) ? NO_COMMAND : undefined
  }
}
